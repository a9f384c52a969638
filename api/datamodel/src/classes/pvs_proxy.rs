//! `PVS_proxy`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// The cache of a provisioning site in front of one virtual interface.
    pvs_proxy "PVS_proxy", Published "ely" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "ely";
        /// The interface.
        VIF VIF [ref "VIF"] = null(), Constructor, Published "ely";
        /// True while plugged in.
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Runtime, Published "ely";
        /// The provisioning site.
        SITE site [ref "PVS_site"] = null(), Constructor, Published "ely";
        /// What the proxy is doing.
        STATUS status [enum PvsProxyStatus] = text("stopped"), Runtime, Published "ely";
    }

    messages {
        /// Put a proxy in front of an interface.
        create(site [ref "PVS_site"], VIF [ref "VIF"]) -> [ref "PVS_proxy"], PoolOperator, Published "ely" { route: Route::OwningHost, runs_on: "resident host of the VIF VM, else coordinator" };
        /// Remove the proxy; the VM keeps running.
        destroy(self [ref "PVS_proxy"]) -> [void], PoolOperator, Published "ely" { route: Route::OwningHost, runs_on: "resident host of the VIF VM, else coordinator" };
    }
}

enumeration! {
    /// What a proxy is doing.
    PvsProxyStatus "pvs_proxy_status" {
        Stopped "stopped", Initialised "initialised", Caching "caching",
        IncompatibleWriteCacheMode "incompatible_write_cache_mode",
        IncompatibleProtocolVersion "incompatible_protocol_version",
    }
}
