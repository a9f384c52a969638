//! `user`: its fields.

use crate::macros::words::*;

class! {
    /// A local user; no longer used.
    user "user", Deprecated "rio" { gen_constructor_destructor: true, events: false, get_all: false, writer: at(PoolAdmin), constructor: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Full name.
        FULLNAME fullname [string], ReadWrite, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
        /// Short name.
        SHORT_NAME short_name [string], Constructor, Published "rio";
    }

    messages {
    }
}
