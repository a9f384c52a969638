//! `PVS_server`: see the class.

use crate::macros::words::*;

class! {
    pvs_server "PVS_server", Published "ely" {}

    fields {
        UUID uuid [string], Runtime, Published "ely";
        ADDRESSES addresses [set [string]] = set(&[]), Constructor, Published "ely";
        FIRST_PORT first_port [int] = int(0), Constructor, Published "ely";
        LAST_PORT last_port [int] = int(0), Constructor, Published "ely";
        SITE site [ref "PVS_site"] = null(), Constructor, Published "ely";
    }

    messages {
        forget(self [ref "PVS_server"]) -> [void], PoolOperator, Published "ely";
        introduce(addresses [set [string]], first_port [int], last_port [int], site [ref "PVS_site"]) -> [ref "PVS_server"], PoolOperator, Published "ely";
    }
}
