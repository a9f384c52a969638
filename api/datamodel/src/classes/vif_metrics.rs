//! `VIF_metrics`: its fields.

use crate::macros::words::*;

class! {
    /// Figures of a VIF; no longer written.
    vif_metrics "VIF_metrics", Removed "rio" { persist: false, writer: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Read rate in KiB/s; no longer written.
        IO_READ_KBS io_read_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__read_kbs"), persist: false };
        /// Write rate in KiB/s; no longer written.
        IO_WRITE_KBS io_write_kbs [float] = float(0.0), Runtime, Removed "rio" { db: Some("io__write_kbs"), persist: false };
        /// When these figures were last written.
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
    }

    messages {
    }
}
