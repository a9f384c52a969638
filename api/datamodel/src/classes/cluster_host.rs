//! `Cluster_host`: see the class.

use crate::macros::words::*;

class! {
    cluster_host "Cluster_host", Published "lima" {}

    fields {
        UUID uuid [string], Runtime, Published "lima";
        ALLOWED_OPERATIONS allowed_operations [set [enum ClusterHostOperation]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum ClusterHostOperation]] = map(&[]), Runtime, Published "rio" { persist: false };
        PIF PIF [ref "PIF"] = null(), Constructor, Published "lima";
        CLUSTER cluster [ref "Cluster"] = null(), Constructor, Published "lima";
        ENABLED enabled [bool] = flag(false), Runtime, Published "lima";
        HOST host [ref "host"] = null(), Constructor, Published "lima";
        JOINED joined [bool] = flag(true), Runtime, Published "lima";
        LAST_UPDATE_LIVE last_update_live [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "24.3.0";
        LIVE live [bool] = flag(false), Runtime, Prototyped "24.3.0";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), Constructor, Published "lima";
    }

    messages {
        create(cluster [ref "Cluster"], host [ref "host"], pif [ref "PIF"]) -> [ref "Cluster_host"], PoolOperator, Published "lima" { errors: &["PIF_NOT_ATTACHED_TO_HOST", "NO_CLUSTER_HOSTS_REACHABLE"], route: Route::OwningHost, runs_on: "host parameter", locks: &["Cluster:add"] };
        destroy(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE", "CLUSTERING_DISABLED", "CLUSTER_HOST_IS_LAST"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:remove"] };
        disable(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:disable", "Cluster_host:disable"] };
        enable(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["PIF_ALLOWS_UNPLUG", "REQUIRED_PIF_IS_UNPLUGGED"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:enable", "Cluster_host:enable"] };
        force_destroy(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:remove"] };
        forget(self [ref "Cluster_host"]) -> [void], LocalRoot, Published "lima" { hidden: true, route: Route::AnySuitableHost, runs_on: "first live host among the other Cluster_hosts", locks: &["Cluster:remove"] };
    }
}

enumeration! {
    ClusterHostOperation "cluster_host_operation" { Enable "enable", Disable "disable", Destroy "destroy" }
}
