//! `Rate_limit`: see the class.

use crate::macros::words::*;

class! {
    rate_limit "Rate_limit", Prototyped "26.17.0" { gen_constructor_destructor: true, in_2024_dump: false, writer: at(PoolAdmin), constructor: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        NAME_LABEL name_label [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__label"), in_2024_dump: false };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__description"), in_2024_dump: false };
        BURST_SIZE burst_size [float] = float(0.0), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
        CALLERS callers [set [ref "Caller"]], Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        FILL_RATE fill_rate [float] = float(0.0), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
    }

    messages {
        add_caller(self [ref "Rate_limit"], caller [ref "Caller"]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
        remove_caller(self [ref "Rate_limit"], caller [ref "Caller"]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
        set_burst_size(self [ref "Rate_limit"], value [float]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
        set_fill_rate(self [ref "Rate_limit"], value [float]) -> [void], PoolAdmin, Prototyped "26.17.0" { in_2024_dump: false };
    }
}
