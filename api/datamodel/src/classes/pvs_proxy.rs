//! `PVS_proxy`: see the class.

use crate::macros::words::*;

class! {
    pvs_proxy "PVS_proxy", Published "ely" {}

    fields {
        UUID uuid [string], Runtime, Published "ely";
        VIF VIF [ref "VIF"] = null(), Constructor, Published "ely";
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Runtime, Published "ely";
        SITE site [ref "PVS_site"] = null(), Constructor, Published "ely";
        STATUS status [enum PvsProxyStatus] = text("stopped"), Runtime, Published "ely";
    }

    messages {
        create(site [ref "PVS_site"], VIF [ref "VIF"]) -> [ref "PVS_proxy"], PoolOperator, Published "ely" { route: Route::OwningHost, runs_on: "resident host of the VIF VM, else coordinator" };
        destroy(self [ref "PVS_proxy"]) -> [void], PoolOperator, Published "ely" { route: Route::OwningHost, runs_on: "resident host of the VIF VM, else coordinator" };
    }
}

enumeration! {
    PvsProxyStatus "pvs_proxy_status" {
        Stopped "stopped", Initialised "initialised", Caching "caching",
        IncompatibleWriteCacheMode "incompatible_write_cache_mode",
        IncompatibleProtocolVersion "incompatible_protocol_version",
    }
}
