//! Prometheus text of one node.

use crate::members;
use crate::pool_log::Role;
use crate::store::{LATENCY_BOUNDS_US, StoreCondition, StoreHealth};
use crate::types::TypeConfig;
use openraft::RaftMetrics;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the text is made of.
pub struct Figures<'a> {
    pub raft: &'a RaftMetrics<TypeConfig>,
    pub store: &'a StoreHealth,
    pub role: &'a Role,
    pub elections: u64,
    pub in_flight: usize,
    pub quarantined: bool,
    /// By host uuid.
    pub clock_skews_ms: &'a BTreeMap<String, i64>,
}

pub fn text(figures: &Figures<'_>) -> String {
    let mut out = Text(String::with_capacity(4096));
    let raft = figures.raft;
    let role = match figures.role {
        Role::Coordinator { .. } => 2,
        Role::Supporter { .. } => 1,
        Role::NoCoordinator => 0,
    };
    out.gauge(
        "xenith_raft_role",
        "2 coordinator, 1 supporter, 0 no coordinator known",
        role,
    );
    out.gauge("xenith_raft_term", "Current term", raft.vote.leader_id.term);
    out.gauge(
        "xenith_raft_last_index",
        "Newest log entry",
        raft.last_log_index.unwrap_or(0),
    );
    out.gauge(
        "xenith_raft_commit_index",
        "Newest committed entry",
        raft.cluster_committed.map_or(0, |id| id.index),
    );
    out.gauge(
        "xenith_raft_applied_index",
        "Newest applied entry",
        raft.last_applied.map_or(0, |id| id.index),
    );
    out.gauge(
        "xenith_raft_snapshot_index",
        "Newest entry in a snapshot",
        raft.snapshot.map_or(0, |id| id.index),
    );
    out.gauge(
        "xenith_raft_voters",
        "Voting members",
        raft.membership_config.voter_ids().count() as u64,
    );
    out.gauge(
        "xenith_raft_members",
        "Members",
        raft.membership_config.nodes().count() as u64,
    );
    out.gauge("xenith_raft_in_flight", "Changes in flight", figures.in_flight as u64);
    out.gauge(
        "xenith_raft_quarantined",
        "1 when this host's state is not the pool's",
        u64::from(figures.quarantined),
    );
    out.counter(
        "xenith_raft_terms_seen_total",
        "Changes of term since the start",
        figures.elections,
    );
    out.per_host(raft);
    out.head(
        "xenith_clock_skew_ms",
        "By how much a host's clock is ahead of the coordinator's",
        "gauge",
    );
    for (host, skew) in figures.clock_skews_ms {
        out.line(format_args!("xenith_clock_skew_ms{{host=\"{host}\"}} {skew}"));
    }
    out.store(figures.store);
    out.0
}

struct Text(String);

impl Text {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "gauge");
        self.line(format_args!("{name} {value}"));
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        self.line(format_args!("{name} {value}"));
    }

    fn per_host(&mut self, raft: &RaftMetrics<TypeConfig>) {
        let others = || raft.membership_config.nodes().filter(|(node, _)| **node != raft.id);
        self.head(
            "xenith_raft_lag_entries",
            "Entries a member is behind the coordinator",
            "gauge",
        );
        for (node, member) in others() {
            if let Some(lag) = members::lag(raft, *node) {
                self.line(format_args!(
                    "xenith_raft_lag_entries{{host=\"{}\"}} {lag}",
                    member.host_uuid
                ));
            }
        }
        self.head(
            "xenith_raft_heard_seconds",
            "Since a member was heard by the coordinator",
            "gauge",
        );
        for (node, member) in others() {
            if let Some(ago) = members::heard(raft, *node) {
                let seconds = ago.as_secs_f64();
                self.line(format_args!(
                    "xenith_raft_heard_seconds{{host=\"{}\"}} {seconds:.3}",
                    member.host_uuid
                ));
            }
        }
    }

    fn store(&mut self, store: &StoreHealth) {
        let condition = match store.condition {
            StoreCondition::Ok => 0,
            StoreCondition::Full(_) => 1,
            StoreCondition::Faulty(_) => 2,
        };
        self.gauge("xenith_store_condition", "0 well, 1 disk full, 2 faulty", condition);
        self.counter(
            "xenith_store_commits_total",
            "Group commits made durable",
            store.commits,
        );
        self.counter("xenith_store_fsyncs_total", "fdatasync and fsync calls", store.fsyncs);
        self.gauge(
            "xenith_store_disk_bytes",
            "Bytes of the store's files",
            store.disk_bytes,
        );
        self.gauge(
            "xenith_store_queued",
            "Calls accepted and not yet durable",
            store.queued as u64,
        );
        let name = "xenith_store_commit_seconds";
        self.head(name, "Time of a group commit", "histogram");
        let mut below = 0;
        for (count, bound) in store.latency.buckets.iter().zip(LATENCY_BOUNDS_US) {
            below += count;
            self.line(format_args!("{name}_bucket{{le=\"{}\"}} {below}", bound as f64 / 1e6));
        }
        let count = store.latency.count();
        self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        self.line(format_args!("{name}_sum {}", store.latency.sum_us as f64 / 1e6));
        self.line(format_args!("{name}_count {count}"));
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}
