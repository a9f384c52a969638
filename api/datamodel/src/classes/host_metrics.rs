//! `host_metrics`: its fields.

use crate::macros::words::*;

class! {
    /// Figures of a host.
    host_metrics "host_metrics", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// All its memory, in bytes.
        MEMORY_TOTAL memory_total [int], Runtime, Published "rio" { db: Some("memory__total") };
        /// Free memory, in bytes.
        MEMORY_FREE memory_free [int] = int(0), Runtime, Removed "rio" { db: Some("memory__free") };
        /// True while the coordinator hears from it.
        LIVE live [bool], Runtime, Published "rio";
        /// When these figures were last written.
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
    }

    messages {
    }
}
