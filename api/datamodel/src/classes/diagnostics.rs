//! `Diagnostics`: see the class.

use crate::macros::words::*;

class! {
    diagnostics "Diagnostics", Published "stockholm" { in_database: false, events: false, persist: false, get_all: false, in_2024_dump: false }

    fields {
    }

    messages {
        db_stats() -> [map [string] [string]], PoolOperator, Published "stockholm" { hidden: true };
        gc_compact(host [ref "host"]) -> [void], PoolOperator, Published "stockholm" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        gc_stats(host [ref "host"]) -> [map [string] [string]], PoolOperator, Published "stockholm" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        network_stats(host [ref "host"], params [map [string] [string]]) -> [set [set [string]]], PoolOperator, Published "stockholm" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}
