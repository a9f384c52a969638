//! What a seed stands for: the pool's size, its settings, the clients' load and how hard the nemesis tries.

use crate::plant::Plant;
use crate::random::Random;
use std::time::Duration;
use xenith_raft::RaftConfig;

#[derive(Clone, Debug)]
pub struct Scenario {
    /// Hosts that are members before the trouble begins.
    pub formed: usize,
    /// Hosts in all; the rest joins during the trouble.
    pub hosts: usize,
    pub clients: usize,
    pub watchers: usize,
    pub registers: usize,
    /// A client's longest rest between two calls.
    pub rest_ms: u64,
    /// Virtual time under the nemesis.
    pub trouble_ms: u64,
    /// Between two deeds of the nemesis, on average.
    pub deed_every_ms: u64,
    pub plant: Plant,
    /// VMs are started and stopped, instead of registers written.
    pub operations: bool,
    snapshot_every: u64,
    keep_entries: u64,
    hash_every: u64,
    in_flight_max: usize,
    freeze_max: Duration,
    voter_gone_after: Duration,
}

impl Scenario {
    pub fn new(random: &mut Random, trouble_ms: u64, plant: Plant) -> Scenario {
        let (formed, hosts) = random.one_of([
            (3, 3),
            (3, 3),
            (3, 3),
            (1, 3),
            (2, 3),
            (3, 5),
            (5, 5),
            (4, 6),
            (5, 7),
            (1, 2),
        ]);
        Scenario {
            formed,
            hosts,
            clients: 3 + random.index(5),
            watchers: 2,
            registers: 2 + random.index(5),
            rest_ms: random.one_of([5, 20, 60]),
            trouble_ms,
            deed_every_ms: random.one_of([150, 400, 1_000]),
            plant,
            operations: false,
            snapshot_every: random.one_of([20, 60, 300, 20_000]),
            keep_entries: random.one_of([0, 5, 50, 1_000]),
            hash_every: random.one_of([8, 64, 512]),
            in_flight_max: random.one_of([2, 16, 16_384]),
            freeze_max: Duration::from_millis(random.one_of([40, 150])),
            voter_gone_after: Duration::from_millis(random.one_of([1_500, 5_000, 60_000])),
        }
    }

    /// Three hosts from the beginning, and less trouble: an operation takes many commits and messages, and some are to come to their end.
    pub fn with_operations(self, random: &mut Random) -> Scenario {
        Scenario {
            formed: 3,
            hosts: 3,
            watchers: 0,
            deed_every_ms: random.one_of([400, 1_000, 2_000]),
            in_flight_max: self.in_flight_max.max(16),
            operations: true,
            ..self
        }
    }

    pub fn tune(&self, config: &mut RaftConfig) {
        config.snapshot_every = self.snapshot_every;
        config.keep_entries = self.keep_entries;
        config.hash_every = self.hash_every;
        config.in_flight_max = self.in_flight_max;
        config.freeze_max = self.freeze_max;
        config.voter_gone_after = self.voter_gone_after;
        config.catch_up_max = CATCH_UP_MAX;
        config.planner_every = PLANNER_EVERY;
    }
}

/// Shorter than in production, or one hand-over would last the whole run.
const CATCH_UP_MAX: Duration = Duration::from_secs(3);
const PLANNER_EVERY: Duration = Duration::from_millis(250);
