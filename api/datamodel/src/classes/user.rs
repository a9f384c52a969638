//! `user`: see the class.

use crate::macros::words::*;

class! {
    user "user", Deprecated "rio" { gen_constructor_destructor: true, events: false, get_all: false, writer: at(PoolAdmin), constructor: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        FULLNAME fullname [string], ReadWrite, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
        SHORT_NAME short_name [string], Constructor, Published "rio";
    }

    messages {
    }
}
