//! The door to the replicated pool database, as the toolstack sees it: propose, read, follow, hand over.
//!
//! [`crate::RaftNode`] is the real one; [`crate::MemoryLog`] is a pool of one without disk for tests and benches.

use async_trait::async_trait;
use futures::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::watch;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// Raft node: 128 random bits made with the store (CORRECTNESS A1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct NodeId(pub u128);

/// This host's part in the pool, as of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Leader whose "opened" entry is applied: plans and commits.
    Coordinator { term: u64 },
    /// Follows `coordinator`, reachable by clients at `address`.
    Supporter { coordinator: NodeId, address: String },
    /// No leader is known, or the leader has not opened yet.
    NoCoordinator,
}

/// A plan: looks at the speculative head (applied + in flight, C1), returns what to commit and what to answer then.
/// Runs at most once, synchronously, under the head's lock: it must be short and must not block.
pub type Plan = Box<dyn FnOnce(&View) -> Result<(Transaction, Value), ApiError> + Send>;

#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// The plan refused, or the transaction could not be applied. Nothing was changed.
    #[error("{0}")]
    Api(ApiError),
    /// Not coordinator when proposed: nothing was proposed, asking elsewhere is safe.
    #[error("this host is not the coordinator")]
    NotCoordinator,
    /// Leadership was lost with the proposal in flight: it may or may not be committed.
    #[error("the coordinator changed while the change was under way; whether it was made is not known")]
    Unknown,
    /// The store failed (disk full, fault) with the proposal in flight: the same.
    #[error("this host's store could not be written ({0}); whether the change was made is not known")]
    UnknownByStoreFault(String),
    /// Proposals stand still for a hand-over; at most 150 ms (B5).
    #[error("a hand-over is under way")]
    Frozen,
    /// The store cannot be written (disk full, fault): nothing is acknowledged.
    #[error("the pool database's store cannot be written: {0}")]
    StoreFault(String),
    /// Too many proposals in flight.
    #[error("too many changes are in flight")]
    TooBusy,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// No linearizable read could be had in time.
    #[error("no coordinator could be reached in time")]
    NoCoordinator,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum HandOverError {
    /// Refused before anything stopped.
    #[error("{0}")]
    Refused(String),
    /// Tried, no new leader came, undone: this host leads again.
    #[error("the target did not take over; this host leads again")]
    Undone,
}

#[async_trait]
pub trait PoolLog: Send + Sync + 'static {
    /// Plan and propose in one synchronous step, then wait for the commit and for this host to have applied it.
    fn propose(&self, plan: Plan) -> BoxFuture<'static, Result<Value, CommitError>>;

    /// A view that holds everything acknowledged before this call (B1). Works on supporters too (read index, B2).
    async fn read(&self) -> Result<Arc<View>, ReadError>;

    /// The newest applied view; may be old on a supporter. For what needs no promise.
    fn applied(&self) -> Arc<View>;

    /// The newest view that may be told to a watcher: on the voter of a pool of two, what the learner has too (E1). Says each time that
    /// there is a newer one. May be older than what a read has shown; it gets there.
    fn watch_applied(&self) -> watch::Receiver<Arc<View>>;

    fn watch_role(&self) -> watch::Receiver<Role>;

    /// Gives coordination to the host (by its uuid). Returns when the new coordinator has opened.
    async fn hand_over(&self, host_uuid: &str) -> Result<(), HandOverError>;

    /// Prometheus text of term, role, indices, lag, fsync latency, elections.
    fn metrics(&self) -> String;

    fn node_id(&self) -> NodeId;

    /// The effect fence (C3) of the newest coordinator known here: (term, index) of its "opened" entry, and which node it is. A later
    /// coordinator's is always greater. Nothing for a log that has no such entry.
    fn fence(&self) -> Option<Fence> {
        None
    }
}

/// See [`PoolLog::fence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence {
    pub term: u64,
    pub index: u64,
    pub coordinator: NodeId,
}

/// What a new coordinator commits first, beside its "opened" entry: `pool.master` and the like.
pub type OpeningPlan = Arc<dyn Fn(&View) -> Transaction + Send + Sync>;

/// A member as the log knows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    pub node: NodeId,
    pub host_uuid: String,
    /// host:port of the member's link.
    pub link_address: String,
    /// SHA-256 of its certificate's DER.
    pub certificate_sha256: [u8; 32],
}

/// The host row's ref of a member, where planners need it.
pub fn host_of(view: &View, host_uuid: &str) -> Option<Ref> {
    view.by_uuid(xenith_datamodel::class("host")?, host_uuid)
}
