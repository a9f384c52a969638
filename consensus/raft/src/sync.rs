//! Pools of two (CORRECTNESS E1): one voter, and one learner whose fsync is awaited before a change is acknowledged.
//!
//! Which learners are awaited is in the log: a learner joins that set and leaves it by a committed record only. A learner that does not
//! follow leaves after [`SYNC_PATIENCE`], and what waited for it is acknowledged: losing it stops nothing for longer.
//!
//! Invariant: a change applied while the set is not empty is acknowledged only when every learner of the set has it durably, or after a
//! committed record has emptied the set. A read on the coordinator shows only what could be acknowledged: else it may show a change that
//! is lost with the voter.

use crate::config::RaftConfig;
use crate::entry::{Body, SyncSet};
use crate::head::Head;
use crate::members;
use crate::pool_log::NodeId;
use crate::state_machine::{Published, StateMachine};
use crate::types::TypeConfig;
use openraft::RaftMetrics;
use openraft::async_runtime::WatchReceiver;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a change waits for a learner before the learner is left behind.
const SYNC_PATIENCE: Duration = Duration::from_secs(1);
/// A learner this close to the log's end may be awaited: it was heard, and the rest is on its way.
const JOIN_LAG_MAX: u64 = 16;
/// Looks without an event, where learners are or may be awaited; elsewhere it is only a net.
const TICK: Duration = Duration::from_millis(50);
const IDLE_TICK: Duration = Duration::from_secs(1);

type Release = Box<dyn FnOnce() + Send>;

/// Acknowledgements that wait for a learner.
pub struct SyncGate {
    published: Arc<Published>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By index, with when the wait began.
    waiting: BTreeMap<u64, (Instant, Vec<Release>)>,
    /// The newest index that every awaited learner has.
    matched: u64,
}

impl SyncGate {
    pub fn new(published: Arc<Published>) -> Arc<SyncGate> {
        Arc::new(SyncGate {
            published,
            state: Mutex::default(),
        })
    }

    /// Runs `release` when the entry is where it must be; at once when nobody is awaited.
    pub fn after(&self, index: u64, release: Release) {
        let awaited = self.published.awaits_learners();
        let mut state = self.state();
        if awaited && index > state.matched {
            let (_, releases) = state
                .waiting
                .entry(index)
                .or_insert_with(|| (Instant::now(), Vec::new()));
            releases.push(release);
            return;
        }
        drop(state);
        release();
    }

    /// Waits until the entry is where it must be; false when leadership is gone before.
    pub async fn passed(&self, index: u64) -> bool {
        let (tx, rx) = oneshot::channel();
        // A reader that went away needs no answer.
        self.after(
            index,
            Box::new(move || {
                let _ = tx.send(());
            }),
        );
        rx.await.is_ok()
    }

    /// Leadership is gone: whoever waits has been told so.
    pub fn clear(&self) {
        let waiting = {
            let mut state = self.state();
            state.matched = 0;
            std::mem::take(&mut state.waiting)
        };
        drop(waiting);
    }

    /// Every awaited learner has everything up to `matched`; nobody is awaited without it.
    fn reached(&self, matched: Option<u64>) {
        let released = {
            let mut state = self.state();
            // Of an empty set nothing is remembered: it would hold for a learner that comes later.
            state.matched = matched.unwrap_or(0);
            let matched = matched.unwrap_or(u64::MAX);
            let later = state.waiting.split_off(&matched.saturating_add(1));
            std::mem::replace(&mut state.waiting, later)
        };
        for release in released.into_values().flat_map(|(_, releases)| releases) {
            release();
        }
    }

    fn oldest_wait(&self) -> Option<Duration> {
        self.state()
            .waiting
            .first_key_value()
            .map(|(_, (since, _))| since.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches the learners while this host coordinates. One task per node.
pub async fn run(
    config: Arc<RaftConfig>,
    raft: openraft::Raft<TypeConfig, StateMachine>,
    head: Arc<Head>,
    gate: Arc<SyncGate>,
) {
    let (mut progress, mut server) = (raft.data_metrics(), raft.server_metrics());
    let mut phase = head.watch();
    loop {
        let metrics = raft.metrics().borrow_watched().clone();
        if metrics.running_state.is_err() {
            return;
        }
        if head.open_leader().is_none() {
            gate.clear();
        } else if let Some(next) = look(&config, &metrics, &gate) {
            tracing::info!(learners = ?next, "learners awaited");
            // Not open any more, or too busy: looked at again soon.
            if let Ok(done) = head.enqueue_marker(Body::SyncSet(SyncSet { learners: next })) {
                let _ = tokio::time::timeout(SYNC_PATIENCE, done).await;
            }
        }
        let awaits = head.open_leader().is_some() && is_only_voter(&config, &metrics);
        // Woken by progress (told with every step of Raft, so asked for only while it matters), by the head or by the tick; an error is
        // Raft's end, which the metrics tell.
        tokio::select! {
            _ = progress.changed(), if awaits => {}
            changed = server.changed() => if changed.is_err() { return },
            _ = phase.changed() => {}
            () = tokio::time::sleep(if awaits { TICK } else { IDLE_TICK }) => {}
        }
    }
}

/// Releases what may be, and says which set to commit next, if another.
fn look(config: &RaftConfig, metrics: &RaftMetrics<TypeConfig>, gate: &SyncGate) -> Option<BTreeSet<NodeId>> {
    let set = gate.published.standing().sync.learners;
    let matched = |node: &NodeId| {
        let replication = metrics.replication.as_ref()?;
        Some(replication.get(node)?.as_ref()?.index)
    };
    gate.reached(set.iter().map(|node| matched(node).unwrap_or(0)).min());
    let membership = metrics.membership_config.membership();
    if !is_only_voter(config, metrics) {
        return (!set.is_empty()).then(BTreeSet::new);
    }
    let late = gate.oldest_wait().is_some_and(|wait| wait > SYNC_PATIENCE);
    let last = metrics.last_log_index.unwrap_or(0);
    let follows = |node: &NodeId| {
        let heard = members::heard(metrics, *node).is_some_and(|ago| ago < SYNC_PATIENCE);
        heard && matched(node).is_some_and(|at| last.saturating_sub(at) <= JOIN_LAG_MAX)
    };
    let stays = |node: &NodeId| membership.get_node(node).is_some() && (!late || follows(node));
    let next: BTreeSet<NodeId> = membership
        .learner_ids()
        .filter(|node| if set.contains(node) { stays(node) } else { follows(node) })
        .collect();
    (next != set).then_some(next)
}

/// Only then are learners awaited.
fn is_only_voter(config: &RaftConfig, metrics: &RaftMetrics<TypeConfig>) -> bool {
    let mut voters = metrics.membership_config.voter_ids();
    voters.all(|voter| voter == config.member.node)
}
