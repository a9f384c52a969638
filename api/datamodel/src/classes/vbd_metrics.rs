//! `VBD_metrics`: see the class.

use crate::macros::words::*;

class! {
    vbd_metrics "VBD_metrics", Removed "rio" { persist: false, writer: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        IO_READ_KBS io_read_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__read_kbs"), persist: false };
        IO_WRITE_KBS io_write_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__write_kbs"), persist: false };
        LAST_UPDATED last_updated [datetime] = date("19700101T00:00:00Z"), Runtime, Removed "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Removed "orlando";
    }

    messages {
    }
}
