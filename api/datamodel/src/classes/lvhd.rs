//! `LVHD`: see the class.

use crate::macros::words::*;

class! {
    lvhd "LVHD", Published "dundee" { get_all: false }

    fields {
        UUID uuid [string], Runtime, Published "rio";
    }

    messages {
        enable_thin_provisioning(host [ref "host"], SR [ref "SR"], initial_allocation [int], allocation_quantum [int]) -> [string], PoolAdmin, Published "dundee" { effect: false, forward_to: Some("host_extension:LVHD.enable_thin_provisioning"), route: Route::OwningHost, runs_on: "host parameter" };
    }
}
