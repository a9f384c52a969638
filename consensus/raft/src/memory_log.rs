//! A pool of one in memory: plan against the view, apply, publish. For tests and benches of what sits above the log.
//!
//! Invariant: what [`PoolLog`] promises holds, but for durability: nothing survives the process.

use crate::{CommitError, HandOverError, NodeId, Plan, PoolLog, ReadError, Role};
use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use xenith_datamodel::Value;
use xenith_pooldb::{ApplyError, Transaction, View};

/// See the module. Cloning gives another handle of the same log.
#[derive(Clone)]
pub struct MemoryLog {
    shared: Arc<Shared>,
}

struct Shared {
    /// Serialises planners, as the leader's head lock does.
    head: Mutex<()>,
    applied: watch::Sender<Arc<View>>,
    role: watch::Sender<Role>,
    node: NodeId,
    /// Reads are refused while this is false: a leader that lost its lease and does not know it yet.
    reads: AtomicBool,
}

impl MemoryLog {
    /// A coordinator in term 1 that holds `view`.
    pub fn new(view: View) -> MemoryLog {
        let shared = Shared {
            head: Mutex::new(()),
            applied: watch::Sender::new(Arc::new(view)),
            role: watch::Sender::new(Role::Coordinator { term: 1 }),
            node: NodeId(1),
            reads: AtomicBool::new(true),
        };
        MemoryLog {
            shared: Arc::new(shared),
        }
    }

    /// Makes this host a supporter, or a host without coordinator, as a test wants it. Proposals are then refused.
    pub fn set_role(&self, role: Role) {
        self.shared.role.send_replace(role);
    }

    /// Whether linearizable reads can be had.
    pub fn set_reads(&self, possible: bool) {
        self.shared.reads.store(possible, Ordering::SeqCst);
    }

    /// Applies a transaction at once, whatever the role: what a coordinator elsewhere committed.
    pub fn commit(&self, transaction: &Transaction) -> Result<(), ApplyError> {
        let _head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, _changes) = self.applied().apply(transaction)?;
        self.shared.applied.send_replace(Arc::new(next));
        Ok(())
    }

    /// Puts another state in place of this one: a supporter that caught up.
    pub fn publish(&self, view: View) {
        let _head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.applied.send_replace(Arc::new(view));
    }

    fn run(&self, plan: Plan) -> Result<Value, CommitError> {
        let _head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*self.shared.role.borrow(), Role::Coordinator { .. }) {
            return Err(CommitError::NotCoordinator);
        }
        let view = self.applied();
        let (transaction, answer) = plan(&view).map_err(CommitError::Api)?;
        let (next, _changes) = view.apply(&transaction).map_err(refusal)?;
        self.shared.applied.send_replace(Arc::new(next));
        Ok(answer)
    }
}

#[async_trait]
impl PoolLog for MemoryLog {
    fn propose(&self, plan: Plan) -> BoxFuture<'static, Result<Value, CommitError>> {
        futures::future::ready(self.run(plan)).boxed()
    }

    async fn read(&self) -> Result<Arc<View>, ReadError> {
        if !self.shared.reads.load(Ordering::SeqCst) {
            return Err(ReadError::NoCoordinator);
        }
        match *self.shared.role.borrow() {
            Role::Coordinator { .. } | Role::Supporter { .. } => Ok(self.applied()),
            Role::NoCoordinator => Err(ReadError::NoCoordinator),
        }
    }

    fn applied(&self) -> Arc<View> {
        self.shared.applied.borrow().clone()
    }

    fn watch_applied(&self) -> watch::Receiver<Arc<View>> {
        self.shared.applied.subscribe()
    }

    fn watch_role(&self) -> watch::Receiver<Role> {
        self.shared.role.subscribe()
    }

    async fn hand_over(&self, host_uuid: &str) -> Result<(), HandOverError> {
        Err(HandOverError::Refused(format!(
            "host {host_uuid} cannot take over: this pool has one host"
        )))
    }

    fn metrics(&self) -> String {
        String::new()
    }

    fn node_id(&self) -> NodeId {
        self.shared.node
    }
}

fn refusal(error: ApplyError) -> CommitError {
    match error {
        ApplyError::Api(error) => CommitError::Api(error),
        // The plan ran against this very state, so its `expect` contradicts itself.
        ApplyError::Conflict { .. } => CommitError::Api(xenith_datamodel::ApiError::internal(error.to_string())),
    }
}
