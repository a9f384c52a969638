//! `PIF_metrics`: see the class.

use crate::macros::words::*;

class! {
    pif_metrics "PIF_metrics", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        CARRIER carrier [bool], Runtime, Published "rio";
        DEVICE_ID device_id [string], Runtime, Published "rio";
        DEVICE_NAME device_name [string], Runtime, Published "rio";
        DUPLEX duplex [bool], Runtime, Published "rio";
        IO_READ_KBS io_read_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__read_kbs"), persist: false };
        IO_WRITE_KBS io_write_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__write_kbs"), persist: false };
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
        PCI_BUS_PATH pci_bus_path [string], Runtime, Published "rio";
        SPEED speed [int], Runtime, Published "rio";
        VENDOR_ID vendor_id [string], Runtime, Published "rio";
        VENDOR_NAME vendor_name [string], Runtime, Published "rio";
    }

    messages {
    }
}
