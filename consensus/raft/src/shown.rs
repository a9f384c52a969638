//! What watchers may be shown in a pool of two (CORRECTNESS E1): on the voter, what the awaited learner has. Else they hear of a change
//! that is lost with the voter, and a token stands for it.
//!
//! While nobody is awaited the state machine shows each view itself.

use crate::pool_log::NodeId;
use crate::state_machine::{Published, StateMachine};
use crate::sync::SyncGate;
use crate::types::TypeConfig;
use openraft::async_runtime::WatchReceiver;
use std::sync::Arc;
use std::time::Duration;

/// Between looks while nobody leads.
const PAUSE: Duration = Duration::from_millis(20);

/// Shows the views while learners are awaited. One task per node.
pub async fn run(
    raft: openraft::Raft<TypeConfig, StateMachine>,
    published: Arc<Published>,
    gate: Arc<SyncGate>,
    node: NodeId,
) {
    let (mut views, mut standing) = (published.watch_view(), published.watch_standing());
    loop {
        let is_awaited = match standing.wait_for(|it| !it.sync.learners.is_empty()).await {
            Ok(it) => it.sync.learners.contains(&node),
            Err(_) => return,
        };
        views.mark_unchanged();
        let (view, newest) = published.view_up_to();
        let leader = raft.server_metrics().borrow_watched().current_leader;
        let may_be_shown = match leader {
            // What a learner shows, it has; and no read of another host is held back either.
            _ if is_awaited => true,
            Some(leader) if leader != node => true,
            Some(_) => gate.passed(newest).await,
            None => false,
        };
        if !may_be_shown {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        published.show(&view);
        tokio::select! {
            changed = views.changed() => if changed.is_err() { return },
            changed = standing.changed() => if changed.is_err() { return },
        }
    }
}
