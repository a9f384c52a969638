//! `LVHD`: its fields, messages.

use crate::macros::words::*;

class! {
    /// Actions on LVM storage that have no better place.
    lvhd "LVHD", Published "dundee" { get_all: false }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
    }

    messages {
        /// Turn an SR from thick to thin provisioning.
        enable_thin_provisioning(host [ref "host"], SR [ref "SR"], initial_allocation [int], allocation_quantum [int]) -> [string], PoolAdmin, Published "dundee" { effect: false, forward_to: Some("host_extension:LVHD.enable_thin_provisioning"), route: Route::OwningHost, runs_on: "host parameter" };
    }
}
