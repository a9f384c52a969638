//! Linearizable reads (CORRECTNESS B1, B2): ask Raft which index holds everything acknowledged, wait until that is applied here, *then*
//! load the view. Concurrent reads share one question.
//!
//! Invariants: every batch asks openraft anew: by the leader lease, or by a round of heartbeats when the lease does not hold or must not
//! be trusted; a read joins only a question that is asked after it came; never a remembered is-leader flag.

use crate::dto::{ReadIndexDto, ReadIndexReplyDto};
use crate::network::{self, Identity, RaftNet};
use crate::pool_log::{NodeId, ReadError};
use crate::state_machine::{Published, StateMachine};
use crate::types::{LeaderId, TypeConfig};
use openraft::ReadPolicy;
use openraft::async_runtime::WatchReceiver;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use xenith_pooldb::View;

/// Reads that wait for the next question.
const WAITING_MAX: usize = 65_536;
/// Reads answered by one question.
const BATCH_MAX: usize = 8_192;
/// How long a read waits for a coordinator. Callers that hold a call longer (B3) ask again.
const READ_WAIT_MAX: Duration = Duration::from_secs(1);
/// Between tries while nobody leads.
const RETRY_AFTER: Duration = Duration::from_millis(10);
/// Of one question to the coordinator.
const ASK_DEADLINE: Duration = Duration::from_millis(500);

/// Far below any lease, far above what reading two clocks takes.
const SLEEP_NOTICED_NS: u64 = 1_000_000;

/// A view and, when this host leads, the leadership that vouched for it.
pub type Read = (Option<LeaderId>, Arc<View>);

type Reply = oneshot::Sender<Result<Read, ReadError>>;

pub struct Reads {
    raft: OnceLock<openraft::Raft<TypeConfig, StateMachine>>,
    net: Arc<dyn RaftNet>,
    identity: Identity,
    published: Arc<Published>,
    queue: mpsc::Sender<Reply>,
    /// How long the machine had slept when that was last looked at, in nanoseconds.
    slept: AtomicU64,
    /// The term whose lease must not be trusted any more: somebody was asked to stand for election regardless of it.
    distrusted_term: AtomicU64,
}

impl Reads {
    pub fn new(
        net: Arc<dyn RaftNet>,
        identity: Identity,
        published: Arc<Published>,
    ) -> (Arc<Reads>, mpsc::Receiver<Reply>) {
        let (queue, rx) = mpsc::channel(WAITING_MAX);
        let reads = Reads {
            raft: OnceLock::new(),
            net,
            identity,
            published,
            queue,
            slept: AtomicU64::new(slept_ns()),
            distrusted_term: AtomicU64::new(0),
        };
        (Arc::new(reads), rx)
    }

    /// Reads fail until this is called.
    pub fn attach(&self, raft: openraft::Raft<TypeConfig, StateMachine>) {
        // Attached once, at start.
        let _ = self.raft.set(raft);
    }

    pub async fn read(&self) -> Result<Read, ReadError> {
        let (tx, rx) = oneshot::channel();
        self.queue.send(tx).await.map_err(|_| ReadError::NoCoordinator)?;
        rx.await.unwrap_or(Err(ReadError::NoCoordinator))
    }

    /// From now on reads of this term are confirmed by a round of heartbeats.
    pub fn distrust_lease(&self, term: u64) {
        self.distrusted_term.fetch_max(term, Ordering::SeqCst);
    }

    /// The lease runs on a clock that stands still while the machine sleeps; the others' clocks did not (A8). So after a sleep the lease
    /// of `term`, though it seems to hold, is worth nothing.
    fn notice_sleep(&self, slept_ns: u64, term: u64) {
        if slept_ns.saturating_sub(self.slept.load(Ordering::SeqCst)) < SLEEP_NOTICED_NS {
            return;
        }
        // Distrusted first: who finds the new figure finds this too.
        self.distrust_lease(term);
        self.slept.fetch_max(slept_ns, Ordering::SeqCst);
        tracing::warn!(
            term,
            "the machine has slept: reads of this term are confirmed by a majority"
        );
    }

    /// The index for a supporter's read; nothing when this host does not lead.
    pub async fn index_for_peer(&self) -> Option<u64> {
        Some(self.index_as_leader().await?.1)
    }

    /// Answers reads. One task per node.
    pub async fn run(self: Arc<Reads>, mut queue: mpsc::Receiver<Reply>) {
        let mut batch = Vec::new();
        while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let outcome = tokio::time::timeout(READ_WAIT_MAX, self.until_answered()).await;
            let outcome = outcome.map_err(|_| ReadError::NoCoordinator);
            for reply in batch.drain(..) {
                // A reader that went away needs no answer.
                let _ = reply.send(outcome.clone());
            }
        }
    }

    async fn until_answered(&self) -> Read {
        loop {
            let asked = Instant::now();
            if let Some((leader, index)) = self.ask().await
                && self.applied(index).await
            {
                return (leader, self.published.view());
            }
            tokio::time::sleep_until(asked + RETRY_AFTER).await;
        }
    }

    async fn ask(&self) -> Option<(Option<LeaderId>, u64)> {
        let leader = self.leader()?;
        if leader == self.identity.node {
            let (leader, index) = self.index_as_leader().await?;
            return Some((Some(leader), index));
        }
        // A coordinator that died answers nobody: the reads that wait must go to its successor as soon as there is one.
        let answer = tokio::select! {
            answer = network::request(&*self.net, &self.identity, leader, &ReadIndexDto {}, ASK_DEADLINE) => answer,
            () = self.no_longer_led_by(leader) => return None,
        };
        let ReadIndexReplyDto { index } = answer
            .inspect_err(|error| tracing::debug!(%leader, %error, "the coordinator gave no read index"))
            .ok()?;
        Some((None, index?))
    }

    fn leader(&self) -> Option<NodeId> {
        let metrics = self.raft.get()?.server_metrics();
        let metrics = metrics.borrow_watched();
        metrics.current_leader
    }

    /// Returns when another host, or nobody, leads.
    async fn no_longer_led_by(&self, leader: NodeId) {
        let Some(raft) = self.raft.get() else { return };
        let mut metrics = raft.server_metrics();
        while metrics.borrow_watched().current_leader == Some(leader) {
            if metrics.changed().await.is_err() {
                return;
            }
        }
    }

    async fn index_as_leader(&self) -> Option<(LeaderId, u64)> {
        let raft = self.raft.get()?;
        if let Ok(linearizer) = raft.get_read_linearizer(ReadPolicy::LeaseRead).await {
            let leader = *linearizer.read_log_id().committed_leader_id();
            self.notice_sleep(slept_ns(), leader.term);
            if leader.term != self.distrusted_term.load(Ordering::SeqCst) {
                return Some((leader, linearizer.read_log_id().index()));
            }
        }
        let linearizer = raft.get_read_linearizer(ReadPolicy::ReadIndex).await.ok()?;
        Some((
            *linearizer.read_log_id().committed_leader_id(),
            linearizer.read_log_id().index(),
        ))
    }

    /// Whether the index is applied; false when this host applies nothing any more.
    async fn applied(&self, index: u64) -> bool {
        let mut progress = self.published.watch_progress();
        let reached = progress
            .wait_for(|p| p.halted || p.applied.is_some_and(|at| at.index >= index))
            .await;
        reached.is_ok_and(|p| !p.halted)
    }
}

/// How long this machine has slept since it was started. A delay between the two looks makes it less, never more.
fn slept_ns() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let (with_sleep, without) = (clock_gettime(ClockId::Boottime), clock_gettime(ClockId::Monotonic));
    let ns = |at: rustix::time::Timespec| i128::from(at.tv_sec) * 1_000_000_000 + i128::from(at.tv_nsec);
    u64::try_from(ns(with_sleep) - ns(without)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::MemoryNet;

    #[test]
    fn after_a_sleep_the_lease_of_the_term_is_not_trusted() {
        let me = NodeId(1);
        let identity = Identity {
            pool: 1,
            incarnation: 1,
            node: me,
        };
        let (reads, _queue) = Reads::new(MemoryNet::new().door(me), identity, Published::new());
        let distrusted = || reads.distrusted_term.load(Ordering::SeqCst);
        let slept = reads.slept.load(Ordering::SeqCst);
        reads.notice_sleep(slept + SLEEP_NOTICED_NS / 2, 3);
        assert_eq!(distrusted(), 0);
        reads.notice_sleep(slept + 1_000 * SLEEP_NOTICED_NS, 3);
        assert_eq!(distrusted(), 3);
        // The next term's lease began after it.
        reads.notice_sleep(slept + 1_000 * SLEEP_NOTICED_NS, 4);
        assert_eq!(distrusted(), 3);
    }
}
