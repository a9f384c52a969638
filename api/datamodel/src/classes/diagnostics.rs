//! `Diagnostics`: its fields, messages.

use crate::macros::words::*;

class! {
    /// Figures about the toolstack process, for its developers.
    diagnostics "Diagnostics", Published "stockholm" { in_database: false, events: false, persist: false, get_all: false, in_2024_dump: false }

    fields {
    }

    messages {
        /// Times spent waiting for and holding the database.
        db_stats() -> [map [string] [string]], PoolOperator, Published "stockholm" { hidden: true };
        /// Compact the heap of the toolstack on a host.
        gc_compact(host [ref "host"]) -> [void], PoolOperator, Published "stockholm" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Memory figures of the toolstack on a host.
        gc_stats(host [ref "host"]) -> [map [string] [string]], PoolOperator, Published "stockholm" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Request figures of the toolstack on a host.
        network_stats(host [ref "host"], params [map [string] [string]]) -> [set [set [string]]], PoolOperator, Published "stockholm" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}
