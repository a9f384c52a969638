//! `PIF_metrics`: its fields.

use crate::macros::words::*;

class! {
    /// Figures of a network interface.
    pif_metrics "PIF_metrics", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// True while the link is up.
        CARRIER carrier [bool], Runtime, Published "rio";
        /// PCI device, in hexadecimal.
        DEVICE_ID device_id [string], Runtime, Published "rio";
        /// Name of the device.
        DEVICE_NAME device_name [string], Runtime, Published "rio";
        /// True for full duplex.
        DUPLEX duplex [bool], Runtime, Published "rio";
        /// Read rate in KiB/s; no longer written.
        IO_READ_KBS io_read_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__read_kbs"), persist: false };
        /// Write rate in KiB/s; no longer written.
        IO_WRITE_KBS io_write_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__write_kbs"), persist: false };
        /// When these figures were last written.
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
        /// Address on the PCI bus.
        PCI_BUS_PATH pci_bus_path [string], Runtime, Published "rio";
        /// Link speed, in Mbit/s.
        SPEED speed [int], Runtime, Published "rio";
        /// PCI vendor, in hexadecimal.
        VENDOR_ID vendor_id [string], Runtime, Published "rio";
        /// Name of the vendor.
        VENDOR_NAME vendor_name [string], Runtime, Published "rio";
    }

    messages {
    }
}
