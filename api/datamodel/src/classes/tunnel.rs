//! `tunnel`: see the class.

use crate::macros::words::*;

class! {
    tunnel "tunnel", Published "cowley" {}

    fields {
        UUID uuid [string], Runtime, Published "cowley";
        ACCESS_PIF access_PIF [ref "PIF"] = reference(""), Constructor, Published "cowley";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "cowley";
        PROTOCOL protocol [enum TunnelProtocol] = text("gre"), ReadWrite, Published "1.250.0";
        STATUS status [map [string] [string]] = map(&[(text("active"), text("false"))]), ReadWrite, Published "cowley";
        TRANSPORT_PIF transport_PIF [ref "PIF"] = reference(""), Constructor, Published "cowley";
    }

    messages {
        create(transport_PIF [ref "PIF"], network [ref "network"], protocol [enum TunnelProtocol] = text("gre")) -> [ref "tunnel"], PoolOperator, Published "cowley" { errors: &["OPENVSWITCH_NOT_ACTIVE", "TRANSPORT_PIF_NOT_CONFIGURED", "IS_TUNNEL_ACCESS_PIF"], route: Route::OwningHost, runs_on: "transport_PIF.host" };
        destroy(self [ref "tunnel"]) -> [void], PoolOperator, Published "cowley" { route: Route::OwningHost, runs_on: "tunnel.transport_PIF.host" };
    }
}

enumeration! {
    TunnelProtocol "tunnel_protocol" { Gre "gre", Vxlan "vxlan" }
}
