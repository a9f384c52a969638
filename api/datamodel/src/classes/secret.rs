//! `secret`: see the class.

use crate::macros::words::*;

class! {
    secret "secret", Published "midnight-ride" { gen_constructor_destructor: true, events: false, reader: at(PoolOperator) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "rio" { reader: Some(at(ReadOnly)) };
        VALUE value [string], ReadWrite, Published "rio";
    }

    messages {
        introduce(uuid [string], value [string], other_config [map [string] [string]] = map(&[])) -> [ref "secret"], PoolOperator, Published "midnight-ride" { is_async: false, hidden: true, secret: true };
    }
}
