//! `tunnel`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A private network between hosts, carried inside another network.
    tunnel "tunnel", Published "cowley" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "cowley";
        /// The interface of the inner network.
        ACCESS_PIF access_PIF [ref "PIF"] = reference(""), Constructor, Published "cowley";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "cowley";
        /// How frames are wrapped.
        PROTOCOL protocol [enum TunnelProtocol] = text("gre"), ReadWrite, Published "1.250.0";
        /// Whether it works, as the switch tells.
        STATUS status [map [string] [string]] = map(&[(text("active"), text("false"))]), ReadWrite, Published "cowley";
        /// The interface that carries it.
        TRANSPORT_PIF transport_PIF [ref "PIF"] = reference(""), Constructor, Published "cowley";
    }

    messages {
        /// Make a tunnel over an interface on a network.
        create(transport_PIF [ref "PIF"], network [ref "network"], protocol [enum TunnelProtocol] = text("gre")) -> [ref "tunnel"], PoolOperator, Published "cowley" { errors: &["OPENVSWITCH_NOT_ACTIVE", "TRANSPORT_PIF_NOT_CONFIGURED", "IS_TUNNEL_ACCESS_PIF"], route: Route::OwningHost, runs_on: "transport_PIF.host" };
        /// Remove a tunnel and its interface.
        destroy(self [ref "tunnel"]) -> [void], PoolOperator, Published "cowley" { route: Route::OwningHost, runs_on: "tunnel.transport_PIF.host" };
    }
}

enumeration! {
    /// How a tunnel wraps frames.
    TunnelProtocol "tunnel_protocol" { Gre "gre", Vxlan "vxlan" }
}
