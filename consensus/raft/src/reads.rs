//! Linearizable reads (CORRECTNESS B1, B2): ask Raft which index holds everything acknowledged, wait until that is applied here, *then*
//! load the view. Concurrent reads share one question.
//!
//! Invariants: every batch asks openraft anew: by the leader lease, or by a round of heartbeats when the lease does not hold or must not
//! be trusted (a hand-over is under way, the machine was suspended); a read joins only a question that is asked after it came; never a
//! remembered is-leader flag.

use crate::dto::{ReadIndexDto, ReadIndexReplyDto};
use crate::network::{self, Identity, RaftNet};
use crate::pool_log::{NodeId, ReadError};
use crate::state_machine::{Published, StateMachine};
use crate::suspend::SuspendGuard;
use crate::sync::SyncGate;
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

/// A view and, when this host leads, the leadership that vouched for it.
pub type Read = (Option<LeaderId>, Arc<View>);

type Reply = oneshot::Sender<Result<Read, ReadError>>;

pub struct Reads {
    raft: OnceLock<openraft::Raft<TypeConfig, StateMachine>>,
    net: Arc<dyn RaftNet>,
    identity: Identity,
    published: Arc<Published>,
    gate: Arc<SyncGate>,
    queue: mpsc::Sender<Reply>,
    /// The term whose lease must not be trusted any more: somebody was asked to stand for election regardless of it.
    distrusted_term: AtomicU64,
    suspend: Arc<SuspendGuard>,
}

impl Reads {
    pub fn new(
        net: Arc<dyn RaftNet>,
        identity: Identity,
        published: Arc<Published>,
        (suspend, gate): (Arc<SuspendGuard>, Arc<SyncGate>),
    ) -> (Arc<Reads>, mpsc::Receiver<Reply>) {
        let (queue, rx) = mpsc::channel(WAITING_MAX);
        let reads = Reads {
            raft: OnceLock::new(),
            net,
            identity,
            published,
            gate,
            queue,
            distrusted_term: AtomicU64::new(0),
            suspend,
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

    /// For opening: that is what comes before anything can be acknowledged again.
    pub async fn read_to_open(&self) -> Result<Read, ReadError> {
        let read = tokio::time::timeout(READ_WAIT_MAX, self.until_answered(false)).await;
        read.map_err(|_| ReadError::NoCoordinator)
    }

    /// From now on reads of this term are confirmed by a round of heartbeats.
    pub fn distrust_lease(&self, term: u64) {
        self.distrusted_term.fetch_max(term, Ordering::SeqCst);
    }

    /// The index for a supporter's read; nothing when this host does not lead.
    pub async fn index_for_peer(&self) -> Option<u64> {
        Some(self.index_as_leader().await?.1)
    }

    /// Answers reads. One task per node.
    pub async fn run(self: Arc<Reads>, mut queue: mpsc::Receiver<Reply>) {
        let mut batch = Vec::new();
        while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let outcome = tokio::time::timeout(READ_WAIT_MAX, self.until_answered(true)).await;
            let outcome = outcome.map_err(|_| ReadError::NoCoordinator);
            for reply in batch.drain(..) {
                // A reader that went away needs no answer.
                let _ = reply.send(outcome.clone());
            }
        }
    }

    /// `gated`: what an awaited learner may not have is not shown (E1).
    async fn until_answered(&self, gated: bool) -> Read {
        loop {
            let asked = Instant::now();
            if let Some((leader, index)) = self.ask().await
                && self.applied(index).await
            {
                let (view, newest) = self.published.view_up_to();
                // What a learner shows, it has. The progress tells whether anybody is awaited for what is in the view.
                if leader.is_none() || !gated || (self.applied(newest).await && self.gate.passed(newest).await) {
                    return (leader, view);
                }
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
            if leader.term != self.distrusted_term.load(Ordering::SeqCst) && self.suspend.lease_holds() {
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
