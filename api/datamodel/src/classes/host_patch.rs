//! `host_patch`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A patch on one host; superseded by pool_update.
    host_patch "host_patch", Deprecated "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        /// True if installed.
        APPLIED applied [bool], Runtime, Published "rio";
        /// File that holds it.
        FILENAME filename [string], Runtime, Published "rio" { internal: true };
        /// The host.
        HOST host [ref "host"], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// The patch.
        POOL_PATCH pool_patch [ref "pool_patch"] = reference(""), Constructor, Published "miami";
        /// Its size, in bytes.
        SIZE size [int], Runtime, Published "rio";
        /// When it was installed.
        TIMESTAMP_APPLIED timestamp_applied [datetime], Runtime, Published "rio";
        /// Its version.
        VERSION version [string], Constructor, Published "rio";
    }

    messages {
        /// Install it.
        apply(self [ref "host_patch"]) -> [string], PoolOperator, Deprecated "rio" { route: Route::OwningHost, runs_on: "host_patch.host" };
        /// Remove its file.
        destroy(self [ref "host_patch"]) -> [void], PoolOperator, Deprecated "rio";
    }
}
