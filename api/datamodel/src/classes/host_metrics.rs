//! `host_metrics`: see the class.

use crate::macros::words::*;

class! {
    host_metrics "host_metrics", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        MEMORY_TOTAL memory_total [int], Runtime, Published "rio" { db: Some("memory__total") };
        MEMORY_FREE memory_free [int] = int(0), Runtime, Removed "rio" { db: Some("memory__free") };
        LIVE live [bool], Runtime, Published "rio";
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
    }

    messages {
    }
}
