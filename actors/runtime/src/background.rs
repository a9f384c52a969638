//! What the coordinator does by itself: ends old sessions and tasks, writes the uses of sessions.

use crate::limits::accesses;
use crate::liveness;
use crate::node::Node;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use tracing::warn;
use xenith_classes::session::{plan_touch, reap_sessions};
use xenith_classes::task::reap_tasks;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_raft::{CommitError, Plan, Role};

/// Progress of old pending tasks as the last pass saw it.
type Progress = Arc<Mutex<BTreeMap<Ref, String>>>;

/// Refused by a plan that found nothing to do, so that nothing is proposed. Never seen by a client.
const NOTHING: &str = "NOTHING_TO_DO";

/// Runs until aborted.
pub(crate) async fn run(node: Arc<Node>) {
    let mut ticks = tokio::time::interval(node.config.reap_every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let progress = Progress::default();
    let mut leads_since = None;
    loop {
        ticks.tick().await;
        let coordinator = matches!(*node.log.watch_role().borrow(), Role::Coordinator { .. });
        if !coordinator {
            // A new coordinator gives every task a full period again.
            progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
            node.touches.take();
            leads_since = None;
            continue;
        }
        propose(&node, "uses of sessions", touch(&node)).await;
        propose(&node, "uses of callers", accesses(&node)).await;
        propose(&node, "reaping sessions", sessions(&node)).await;
        propose(&node, "reaping tasks", tasks(&node, &progress)).await;
        node.drop_leftovers().await;
        let led_for = leads_since.get_or_insert_with(Instant::now).elapsed();
        propose(&node, "liveness of hosts", liveness::plan(&node, led_for)).await;
    }
}

async fn propose(node: &Node, what: &str, plan: Plan) {
    match done_or_nothing(node.log.propose(plan).await) {
        Ok(()) => {}
        // The next pass does it again.
        Err(error) => warn!(what, %error, "background work was not done"),
    }
}

/// A transaction without changes is nothing, too.
pub(crate) fn some_or_nothing(transaction: Option<Transaction>) -> Result<(Transaction, Value), ApiError> {
    transaction
        .filter(|transaction| !transaction.changes.is_empty())
        .map(|transaction| (transaction, Value::Void))
        .ok_or_else(|| ApiError::plain(NOTHING))
}

/// What became of a plan that ended with [`some_or_nothing`].
pub(crate) fn done_or_nothing(proposed: Result<Value, CommitError>) -> Result<(), CommitError> {
    match proposed {
        Ok(_) => Ok(()),
        Err(CommitError::Api(error)) if error.code == NOTHING => Ok(()),
        Err(error) => Err(error),
    }
}

fn touch(node: &Arc<Node>) -> Plan {
    let node = Arc::clone(node);
    Box::new(move |view: &View| {
        let now_ms = Node::pool_now_ms(&*node.clock, view);
        let mut all = Transaction::new(now_ms);
        for row in node.touches.take() {
            // A session that ended meanwhile needs no touch.
            if let Ok(Some(one)) = plan_touch(view, &row, now_ms) {
                all.changes.extend(one.changes);
            }
        }
        some_or_nothing((!all.changes.is_empty()).then_some(all))
    })
}

fn sessions(node: &Arc<Node>) -> Plan {
    let node = Arc::clone(node);
    Box::new(move |view: &View| some_or_nothing(reap_sessions(view, Node::pool_now_ms(&*node.clock, view))?))
}

fn tasks(node: &Arc<Node>, progress: &Progress) -> Plan {
    let (node, progress) = (Arc::clone(node), Arc::clone(progress));
    Box::new(move |view: &View| {
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        let reaped = reap_tasks(view, Node::pool_now_ms(&*node.clock, view), &progress)?;
        *progress = reaped.progress;
        some_or_nothing(reaped.transaction)
    })
}
