//! `host_crashdump`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A memory image left by a crashed host.
    host_crashdump "host_crashdump", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// File that holds it.
        FILENAME filename [string], Constructor, Published "rio" { internal: true };
        /// The host.
        HOST host [ref "host"], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// Its size, in bytes.
        SIZE size [int], Runtime, Published "rio";
        /// When the host crashed.
        TIMESTAMP timestamp [datetime], Runtime, Published "rio";
    }

    messages {
        /// Remove the image.
        destroy(self [ref "host_crashdump"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host_crashdump.host" };
        /// Send the image to a server.
        upload(self [ref "host_crashdump"], url [string], options [map [string] [string]]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host_crashdump.host" };
    }
}
