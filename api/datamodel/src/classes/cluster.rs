//! `Cluster`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A cluster stack run by the hosts of the pool for clustered storage.
    cluster "Cluster", Published "lima" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "lima";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum ClusterOperation]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum ClusterOperation]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Settings handed to the cluster stack.
        CLUSTER_CONFIG cluster_config [map [string] [string]] = map(&[]), Constructor, Published "lima";
        /// The hosts that take part.
        CLUSTER_HOSTS cluster_hosts [set [ref "Cluster_host"]], Runtime, Published "lima";
        /// Name of the cluster stack.
        CLUSTER_STACK cluster_stack [string] = text("corosync"), Constructor, Published "lima";
        /// Version of the cluster stack.
        CLUSTER_STACK_VERSION cluster_stack_version [int] = int(2), Constructor, Prototyped "24.15.0" { in_2024_dump: false };
        /// Secret shared by the members.
        CLUSTER_TOKEN cluster_token [string] = text(""), Constructor, Published "lima";
        /// Hosts the stack counts towards quorum.
        EXPECTED_HOSTS expected_hosts [int] = int(0), Runtime, Prototyped "25.17.0" { in_2024_dump: false };
        /// True while enough members see each other.
        IS_QUORATE is_quorate [bool] = flag(false), Runtime, Prototyped "24.3.0";
        /// Hosts the stack sees alive.
        LIVE_HOSTS live_hosts [int] = int(0), Runtime, Prototyped "24.3.0";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "lima";
        /// Addresses of members that could not yet be forgotten.
        PENDING_FORGET pending_forget [set [string]] = set(&[]), Runtime, Published "lima";
        /// True if hosts that join the pool also join the cluster.
        POOL_AUTO_JOIN pool_auto_join [bool] = flag(true), Constructor, Published "lima";
        /// Number of live members needed.
        QUORUM quorum [int] = int(0), Runtime, Prototyped "24.3.0";
        /// Seconds without the token before a member counts as lost.
        TOKEN_TIMEOUT token_timeout [float] = float(20.0), Constructor, Published "lima";
        /// Seconds added to that timeout for each member beyond two.
        TOKEN_TIMEOUT_COEFFICIENT token_timeout_coefficient [float] = float(1.0), Constructor, Published "lima";
    }

    messages {
        /// Start a cluster with the coordinator as its one member.
        create(PIF [ref "PIF"], cluster_stack [string], pool_auto_join [bool], token_timeout [float] = float(20.0), token_timeout_coefficient [float] = float(1.0)) -> [ref "Cluster"], PoolOperator, Published "lima" { errors: &["INVALID_CLUSTER_STACK", "INVALID_VALUE", "PIF_ALLOWS_UNPLUG", "REQUIRED_PIF_IS_UNPLUGGED"], locks: &["pool:cluster_create"] };
        /// Copy what the cluster stack reports into the database.
        cstack_sync(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { hidden: true, pool_internal: true };
        /// End a cluster that has one member.
        destroy(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_DOES_NOT_HAVE_ONE_NODE", "CLUSTER_STACK_IN_USE"], route: Route::AnySuitableHost, runs_on: "coordinator if it has a Cluster_host, else the first Cluster_host.host", locks: &["Cluster:destroy"] };
        /// Network the members use; an error if they differ.
        get_network(self [ref "Cluster"]) -> [ref "network"], ReadOnly, Published "lima";
        /// Start a cluster with every host of the pool.
        pool_create(network [ref "network"], cluster_stack [string], token_timeout [float] = float(20.0), token_timeout_coefficient [float] = float(1.0)) -> [ref "Cluster"], PoolOperator, Published "lima";
        /// End the cluster on every host of the pool.
        pool_destroy(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_STACK_IN_USE", "CLUSTERING_DISABLED", "CLUSTER_HOST_IS_LAST"] };
        /// End the cluster on every host, also where hosts cannot be reached.
        pool_force_destroy(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { errors: &["CLUSTER_FORCE_DESTROY_FAILED"] };
        /// Bring each host's part in line with the database.
        pool_resync(self [ref "Cluster"]) -> [void], PoolOperator, Published "lima" { route: Route::FanOut, runs_on: "every host, coordinator first" };
    }
}

enumeration! {
    /// Operations on a cluster.
    ClusterOperation "cluster_operation" { Add "add", Remove "remove", Enable "enable", Disable "disable", Destroy "destroy" }
}
