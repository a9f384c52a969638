//! `secret`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A password or key kept by the pool.
    secret "secret", Published "midnight-ride" { gen_constructor_destructor: true, events: false, reader: at(PoolOperator) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "rio" { reader: Some(at(ReadOnly)) };
        /// The secret.
        VALUE value [string], ReadWrite, Published "rio";
    }

    messages {
        /// Record a secret under a uuid.
        introduce(uuid [string], value [string], other_config [map [string] [string]] = map(&[])) -> [ref "secret"], PoolOperator, Published "midnight-ride" { is_async: false, hidden: true, secret: true };
    }
}
