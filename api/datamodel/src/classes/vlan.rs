//! `VLAN`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A VLAN on top of an interface of a host.
    vlan "VLAN", Published "miami" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// VLAN tag.
        TAG tag [int] = int(-1), Constructor, Published "miami";
        /// The interface that carries tagged frames.
        TAGGED_PIF tagged_PIF [ref "PIF"] = reference(""), Constructor, Published "miami";
        /// The interface made for the VLAN.
        UNTAGGED_PIF untagged_PIF [ref "PIF"] = reference(""), Runtime, Published "miami";
    }

    messages {
        /// Make a VLAN and its interface on a network.
        create(tagged_PIF [ref "PIF"], tag [int], network [ref "network"]) -> [ref "VLAN"], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "VLAN.tagged_PIF.host" };
        /// Remove a VLAN and its interface.
        destroy(self [ref "VLAN"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "VLAN.tagged_PIF.host" };
        /// Make the record for a host that joins the pool.
        pool_introduce(tagged_PIF [ref "PIF"], untagged_PIF [ref "PIF"], tag [int], other_config [map [string] [string]]) -> [ref "VLAN"], PoolOperator, Published "inverness" { hidden: true };
    }
}
