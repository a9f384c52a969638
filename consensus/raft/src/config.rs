//! What a node is told at start. Plain values; nothing is read from the environment later.

use crate::network::RaftNet;
use crate::pool_log::{Member, OpeningPlan};
use crate::snapshot::SnapshotStore;
use crate::store::DurableLog;
use crate::suspend::SuspendClock;
use std::sync::Arc;
use std::time::Duration;

/// Settings of one node.
///
/// Timing: after the coordinator dies, a new one is elected after `election_max` (the lease) plus a random time between `election_min`
/// and `election_max`. Small values make that short; too small, and a slow disk or a busy processor looks like a death. With pre-vote a
/// false alarm costs nothing as long as a majority still hears the coordinator. Keep the two close together (CORRECTNESS A5).
#[derive(Clone, Debug)]
pub struct RaftConfig {
    pub member: Member,
    pub pool_uuid: u128,
    /// Raised by a forced recovery (E3).
    pub incarnation: u64,
    pub heartbeat: Duration,
    pub election_min: Duration,
    pub election_max: Duration,
    /// Entries between two snapshots.
    pub snapshot_every: u64,
    /// Entries kept in the log though a snapshot holds them, so that a host that was away shortly needs no snapshot.
    pub keep_entries: u64,
    /// Entries between two comparisons of the state (A7).
    pub hash_every: u64,
    /// Changes planned and not yet answered.
    pub in_flight_max: usize,
    /// How long a hand-over may wait for the target to catch up, before anything stops (B5).
    pub catch_up_max: Duration,
    /// How long proposals may stand still for a hand-over (B5).
    pub freeze_max: Duration,
    /// Between two looks at who should vote.
    pub planner_every: Duration,
    /// A voter not heard for this long is replaced by a healthy learner, if there is one.
    pub voter_gone_after: Duration,
    /// Tells suspends of this machine from which leases must be kept (A8). A simulation sets [`SuspendClock::never`] or its own.
    pub suspended: SuspendClock,
    /// Seed of the election timeouts' randomness: chance in production, the run's in a simulation.
    pub seed: u64,
}

impl RaftConfig {
    pub fn new(member: Member, pool_uuid: u128, seed: u64) -> RaftConfig {
        RaftConfig {
            member,
            pool_uuid,
            incarnation: 1,
            heartbeat: Duration::from_millis(180),
            election_min: Duration::from_millis(220),
            election_max: Duration::from_millis(360),
            snapshot_every: 20_000,
            keep_entries: 10_000,
            hash_every: 4_096,
            in_flight_max: 16_384,
            catch_up_max: Duration::from_secs(30),
            freeze_max: Duration::from_millis(150),
            planner_every: Duration::from_secs(1),
            voter_gone_after: Duration::from_secs(60),
            suspended: SuspendClock::system(),
            seed,
        }
    }

    pub(crate) fn openraft(&self) -> Result<openraft::Config, openraft::ConfigError> {
        let (min, max) = (millis(self.election_min), millis(self.election_max));
        let config = openraft::Config {
            cluster_name: format!("{:032x}", self.pool_uuid),
            heartbeat_interval: millis(self.heartbeat),
            election_timeout_min: min,
            election_timeout_max: max,
            // A coordinator that sends but does not hear must let the others elect.
            quorum_loss_probe_interval: Some(2 * max + min),
            snapshot_policy: openraft::SnapshotPolicy::LogsSinceLast(self.snapshot_every.max(1)),
            max_in_snapshot_log_to_keep: self.keep_entries,
            // A supporter further behind than the log reaches gets a snapshot; sooner would waste work.
            replication_lag_threshold: self.snapshot_every.saturating_add(self.keep_entries),
            purge_batch_size: PURGE_BATCH,
            max_payload_entries: PAYLOAD_ENTRIES_MAX,
            install_snapshot_timeout: SNAPSHOT_TIMEOUT_MS,
            // We never remove the coordinator from the members: it hands over first.
            removed_leader_step_down: openraft::StepDownPolicy::Never,
            enable_pre_vote: Some(true),
            // With a state machine in memory a restored leader would serve an old state (A5).
            enable_leader_restore: Some(false),
            allow_log_reversion: Some(false),
            backoff: BACKOFF.to_owned(),
            ..openraft::Config::default()
        };
        config.validate()
    }
}

/// Purging in batches spares a write per entry.
const PURGE_BATCH: u64 = 256;
/// Entries of one append: bounded by bytes in the log adapter.
const PAYLOAD_ENTRIES_MAX: u64 = 2_000;
/// A snapshot's transfer watches its own progress; this only bounds the whole.
const SNAPSHOT_TIMEOUT_MS: u64 = 3_600_000;
/// Between tries to reach a host that is away.
const BACKOFF: &str = "20ms 50ms 100ms ...500ms";

/// What a node works with.
pub struct RaftParts {
    pub log: Arc<dyn DurableLog>,
    pub snapshots: Arc<dyn SnapshotStore>,
    pub net: Arc<dyn RaftNet>,
    pub opening: OpeningPlan,
    /// Only stamps the coordinator's own entries, and is compared among the members: pool time never goes back (A8).
    pub clock: WallClock,
}

/// Now, in milliseconds since 1970.
pub type WallClock = Arc<dyn Fn() -> i64 + Send + Sync>;

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
