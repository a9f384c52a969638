//! `crashdump`: see the class.

use crate::macros::words::*;

class! {
    crashdump "crashdump", Deprecated "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        VDI VDI [ref "VDI"], Constructor, Published "rio";
        VM VM [ref "VM"], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
    }

    messages {
        destroy(self [ref "crashdump"]) -> [void], PoolOperator, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host of crashdump.VDI" };
    }
}
