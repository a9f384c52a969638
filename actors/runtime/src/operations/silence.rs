//! Which hosts the coordinator does not hear: it asks nothing new of them, and after a while nobody waits for them any more.
//!
//! Known from the log's heartbeats, and to the coordinator alone; whether such a host lives is another matter (CORRECTNESS D1).

use super::Operations;
use crate::background::{done_or_nothing, some_or_nothing};
use crate::ids::SystemIds;
use crate::node::Node;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{debug, info};
use xenith_classes::operation;
use xenith_datamodel::Ref;
use xenith_pooldb::View;
use xenith_raft::{Plan, Role};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Nothing new is asked of a host from then on. Longer than a daemon takes to start again.
const UNASKED_AFTER: Duration = Duration::from_secs(20);
/// Callers do not wait for a host any longer than this, and what can do without it goes on.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(60);
/// Operations that go on without their host with one look; more with the next.
const GO_ON_AT_ONCE: usize = 64;

#[derive(Debug, Default, PartialEq, Eq)]
struct Silent {
    unasked: BTreeSet<Ref>,
    given_up: BTreeSet<Ref>,
}

/// Runs until aborted.
pub(super) async fn run(node: Arc<Node>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut leads_since = None;
    loop {
        ticks.tick().await;
        if !matches!(*node.log.watch_role().borrow(), Role::Coordinator { .. }) {
            leads_since = None;
            node.operations.set_silent(BTreeSet::new());
            continue;
        }
        let led_for = leads_since.get_or_insert_with(Instant::now).elapsed();
        let Silent { unasked, given_up } = look(&node, led_for);
        node.operations.set_silent(unasked);
        if !given_up.is_empty() {
            go_on_without(&node, &Arc::new(given_up)).await;
        }
    }
}

fn look(node: &Node, led_for: Duration) -> Silent {
    let view = node.log.applied();
    let mut silent = Silent::default();
    for (member, heard) in node.membership.heard() {
        // Not heard since this host leads: silent since then, as far as it knows.
        let silent_for = heard.unwrap_or(led_for);
        if silent_for < UNASKED_AFTER {
            continue;
        }
        if let Some(host) = xenith_raft::host_of(&view, &member.host_uuid) {
            if silent_for >= GIVEN_UP_AFTER {
                silent.given_up.insert(host.clone());
            }
            silent.unasked.insert(host);
        }
    }
    silent
}

async fn go_on_without(node: &Arc<Node>, silent: &Arc<BTreeSet<Ref>>) {
    for _ in 0..GO_ON_AT_ONCE {
        let (planner, silent) = (Arc::clone(node), Arc::clone(silent));
        let plan: Plan = Box::new(move |view: &View| {
            let now_ms = Node::pool_now_ms(&*planner.clock, view);
            some_or_nothing(operation::go_on_without(view, now_ms, &mut SystemIds, &silent)?)
        });
        let mut went_on = false;
        let proposed = node.log.propose(plan).await.inspect(|_| went_on = true);
        if let Err(error) = done_or_nothing(proposed) {
            return debug!(%error, "operations of a silent host stay as they are");
        }
        if !went_on {
            return;
        }
    }
}

impl Operations {
    /// Hosts of which nothing new is asked.
    pub(crate) fn silent(&self) -> Arc<BTreeSet<Ref>> {
        Arc::clone(&self.silent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_silent(&self, silent: BTreeSet<Ref>) {
        let mut shown = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if **shown != silent {
            info!(?silent, "hosts that are not heard");
            *shown = Arc::new(silent);
        }
    }
}
