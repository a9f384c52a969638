//! `Rate_limit`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A limit on API calls, shared by the clients it is given to.
    rate_limit "Rate_limit", Prototyped "26.17.0" { gen_constructor_destructor: true, in_2024_dump: false, writer: at(PoolAdmin), constructor: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__label"), in_2024_dump: false };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__description"), in_2024_dump: false };
        /// Most tokens that can be saved up.
        BURST_SIZE burst_size [float] = float(0.0), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
        /// Clients it applies to.
        CALLERS callers [set [ref "Caller"]], Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// Tokens regained each second.
        FILL_RATE fill_rate [float] = float(0.0), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
    }

    messages {
        /// Apply the limit to a client.
        add_caller(self [ref "Rate_limit"], caller [ref "Caller"]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
        /// Stop applying the limit to a client.
        remove_caller(self [ref "Rate_limit"], caller [ref "Caller"]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
        /// Change how many tokens can be saved up.
        set_burst_size(self [ref "Rate_limit"], value [float]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
        /// Change how fast tokens come back.
        set_fill_rate(self [ref "Rate_limit"], value [float]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
    }
}
