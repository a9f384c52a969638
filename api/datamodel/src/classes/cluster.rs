//! `Cluster`: see the class.

use crate::macros::words::*;

class! {
    cluster "Cluster", Published "lima" {}

    fields {
        UUID uuid [string], Runtime, Published "lima";
        ALLOWED_OPERATIONS allowed_operations [set [enum ClusterOperation]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum ClusterOperation]] = map(&[]), Runtime, Published "rio" { persist: false };
        CLUSTER_CONFIG cluster_config [map [string] [string]] = map(&[]), Constructor, Published "lima";
        CLUSTER_HOSTS cluster_hosts [set [ref "Cluster_host"]], Runtime, Published "lima";
        CLUSTER_STACK cluster_stack [string] = text("corosync"), Constructor, Published "lima";
        CLUSTER_STACK_VERSION cluster_stack_version [int] = int(2), Constructor, Prototyped "24.15.0" { in_2024_dump: false };
        CLUSTER_TOKEN cluster_token [string] = text(""), Constructor, Published "lima";
        EXPECTED_HOSTS expected_hosts [int] = int(0), Runtime, Prototyped "25.17.0" { in_2024_dump: false };
        IS_QUORATE is_quorate [bool] = flag(false), Runtime, Prototyped "24.3.0";
        LIVE_HOSTS live_hosts [int] = int(0), Runtime, Prototyped "24.3.0";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "lima";
        PENDING_FORGET pending_forget [set [string]] = set(&[]), Runtime, Published "lima";
        POOL_AUTO_JOIN pool_auto_join [bool] = flag(true), Constructor, Published "lima";
        QUORUM quorum [int] = int(0), Runtime, Prototyped "24.3.0";
        TOKEN_TIMEOUT token_timeout [float] = float(20.0), Constructor, Published "lima";
        TOKEN_TIMEOUT_COEFFICIENT token_timeout_coefficient [float] = float(1.0), Constructor, Published "lima";
    }

    messages {
        create(PIF [ref "PIF"], cluster_stack [string], pool_auto_join [bool], token_timeout [float] = float(20.0), token_timeout_coefficient [float] = float(1.0)) -> [ref "Cluster"], PoolOperator, Published "lima" { errors: &["INVALID_CLUSTER_STACK", "INVALID_VALUE", "PIF_ALLOWS_UNPLUG", "REQUIRED_PIF_IS_UNPLUGGED"], locks: &["pool:cluster_create"] };
        cstack_sync(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { hidden: true, pool_internal: true };
        destroy(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_DOES_NOT_HAVE_ONE_NODE", "CLUSTER_STACK_IN_USE"], route: Route::AnySuitableHost, runs_on: "coordinator if it has a Cluster_host, else the first Cluster_host.host", locks: &["Cluster:destroy"] };
        get_network(self [ref "Cluster"]) -> [ref "network"], ReadOnly, Published "lima";
        pool_create(network [ref "network"], cluster_stack [string], token_timeout [float] = float(20.0), token_timeout_coefficient [float] = float(1.0)) -> [ref "Cluster"], PoolOperator, Published "lima";
        pool_destroy(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE", "CLUSTERING_DISABLED", "CLUSTER_HOST_IS_LAST"] };
        pool_force_destroy(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_FORCE_DESTROY_FAILED"] };
        pool_resync(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { route: Route::FanOut, runs_on: "every host, coordinator first" };
    }
}

enumeration! {
    ClusterOperation "cluster_operation" { Add "add", Remove "remove", Enable "enable", Disable "disable", Destroy "destroy" }
}
