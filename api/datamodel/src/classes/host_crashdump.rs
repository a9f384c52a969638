//! `host_crashdump`: see the class.

use crate::macros::words::*;

class! {
    host_crashdump "host_crashdump", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        FILENAME filename [string], Constructor, Published "rio" { internal: true };
        HOST host [ref "host"], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        SIZE size [int], Runtime, Published "rio";
        TIMESTAMP timestamp [datetime], Runtime, Published "rio";
    }

    messages {
        destroy(self [ref "host_crashdump"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host_crashdump.host" };
        upload(self [ref "host_crashdump"], url [string], options [map [string] [string]]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host_crashdump.host" };
    }
}
