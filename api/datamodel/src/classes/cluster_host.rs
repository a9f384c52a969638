//! `Cluster_host`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// One host's part in a cluster.
    cluster_host "Cluster_host", Published "lima" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "lima";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum ClusterHostOperation]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum ClusterHostOperation]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Interface used for cluster traffic.
        PIF PIF [ref "PIF"] = null(), Constructor, Published "lima";
        /// The cluster it belongs to.
        CLUSTER cluster [ref "Cluster"] = null(), Constructor, Published "lima";
        /// True if the cluster stack is to run on the host.
        ENABLED enabled [bool] = flag(false), Runtime, Published "lima";
        /// The host.
        HOST host [ref "host"] = null(), Constructor, Published "lima";
        /// True once the stack has admitted the host.
        JOINED joined [bool] = flag(true), Runtime, Published "lima";
        /// When liveness was last written.
        LAST_UPDATE_LIVE last_update_live [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "24.3.0";
        /// True while the stack sees the host alive.
        LIVE live [bool] = flag(false), Runtime, Prototyped "24.3.0";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), Constructor, Published "lima";
    }

    messages {
        /// Add a host to a cluster.
        create(cluster [ref "Cluster"], host [ref "host"], pif [ref "PIF"]) -> [ref "Cluster_host"], PoolOperator, Published "lima" { errors: &["PIF_NOT_ATTACHED_TO_HOST", "NO_CLUSTER_HOSTS_REACHABLE"], route: Route::OwningHost, runs_on: "host parameter", locks: &["Cluster:add"] };
        /// Take a host out of its cluster.
        destroy(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE", "CLUSTERING_DISABLED", "CLUSTER_HOST_IS_LAST"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:remove"] };
        /// Stop the cluster stack on the host.
        disable(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:disable", "Cluster_host:disable"] };
        /// Start the cluster stack on the host.
        enable(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["PIF_ALLOWS_UNPLUG", "REQUIRED_PIF_IS_UNPLUGGED"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:enable", "Cluster_host:enable"] };
        /// Take a host out even if its stack does not answer.
        force_destroy(self [ref "Cluster_host"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE"], route: Route::OwningHost, runs_on: "Cluster_host.host", locks: &["Cluster:remove"] };
        /// Drop a dead host from the cluster for good.
        forget(self [ref "Cluster_host"]) -> [void], LocalRoot, Published "lima" { hidden: true, route: Route::AnySuitableHost, runs_on: "first live host among the other Cluster_hosts", locks: &["Cluster:remove"] };
    }
}

enumeration! {
    /// Operations on a member of a cluster.
    ClusterHostOperation "cluster_host_operation" { Enable "enable", Disable "disable", Destroy "destroy" }
}
