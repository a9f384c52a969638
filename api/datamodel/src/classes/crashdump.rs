//! `crashdump`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A memory image left by a crashed VM.
    crashdump "crashdump", Deprecated "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Disk that holds it.
        VDI VDI [ref "VDI"], Constructor, Published "rio";
        /// The VM.
        VM VM [ref "VM"], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
    }

    messages {
        /// Remove the image.
        destroy(self [ref "crashdump"]) -> [void], PoolOperator, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host of crashdump.VDI" };
    }
}
