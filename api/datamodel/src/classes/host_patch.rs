//! `host_patch`: see the class.

use crate::macros::words::*;

class! {
    host_patch "host_patch", Deprecated "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        APPLIED applied [bool], Runtime, Published "rio";
        FILENAME filename [string], Runtime, Published "rio" { internal: true };
        HOST host [ref "host"], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        POOL_PATCH pool_patch [ref "pool_patch"] = reference(""), Constructor, Published "miami";
        SIZE size [int], Runtime, Published "rio";
        TIMESTAMP_APPLIED timestamp_applied [datetime], Runtime, Published "rio";
        VERSION version [string], Constructor, Published "rio";
    }

    messages {
        apply(self [ref "host_patch"]) -> [string], PoolOperator, Deprecated "rio" { route: Route::OwningHost, runs_on: "host_patch.host" };
        destroy(self [ref "host_patch"]) -> [void], PoolOperator, Deprecated "rio";
    }
}
