//! `VLAN`: see the class.

use crate::macros::words::*;

class! {
    vlan "VLAN", Published "miami" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        TAG tag [int] = int(-1), Constructor, Published "miami";
        TAGGED_PIF tagged_PIF [ref "PIF"] = reference(""), Constructor, Published "miami";
        UNTAGGED_PIF untagged_PIF [ref "PIF"] = reference(""), Runtime, Published "miami";
    }

    messages {
        create(tagged_PIF [ref "PIF"], tag [int], network [ref "network"]) -> [ref "VLAN"], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "VLAN.tagged_PIF.host" };
        destroy(self [ref "VLAN"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "VLAN.tagged_PIF.host" };
        pool_introduce(tagged_PIF [ref "PIF"], untagged_PIF [ref "PIF"], tag [int], other_config [map [string] [string]]) -> [ref "VLAN"], PoolOperator, Published "inverness" { hidden: true };
    }
}
