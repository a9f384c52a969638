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
/// Callers do not wait for a silent host any longer than so many times the time after which nothing new is asked of it; what can do
/// without it goes on then.
const GIVEN_UP_AFTER: u32 = 3;
/// Operations that go on without their host with one look; more with the next.
const GO_ON_AT_ONCE: usize = 64;

/// What one look after another has found. A single one says nothing: this host itself may have stood still.
#[derive(Debug, Default, PartialEq, Eq)]
struct Silent {
    suspected: BTreeSet<Ref>,
    unasked: BTreeSet<Ref>,
    given_up: BTreeSet<Ref>,
}

impl Silent {
    /// By for how long each host has been silent; nothing new is asked of it `after` this.
    fn next(&self, silent_for: &[(Ref, Duration)], after: Duration) -> Silent {
        let longer = |than: Duration| silent_for.iter().filter(move |(_, silent)| *silent >= than);
        let twice = |(host, _): &&(Ref, Duration)| self.suspected.contains(host);
        let hosts = |(host, _): &(Ref, Duration)| host.clone();
        Silent {
            suspected: longer(after).map(hosts).collect(),
            unasked: longer(after).filter(twice).map(hosts).collect(),
            given_up: longer(after * GIVEN_UP_AFTER).filter(twice).map(hosts).collect(),
        }
    }
}

/// Runs until aborted.
pub(super) async fn run(node: Arc<Node>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut leads_since, mut silent) = (None, Silent::default());
    loop {
        ticks.tick().await;
        if !matches!(*node.log.watch_role().borrow(), Role::Coordinator { .. }) {
            (leads_since, silent) = (None, Silent::default());
            node.operations.set_silent(BTreeSet::new());
            continue;
        }
        let led_for = leads_since.get_or_insert_with(Instant::now).elapsed();
        silent = silent.next(&look(&node, led_for), node.config.silent_after);
        node.operations.set_silent(silent.unasked.clone());
        if !silent.given_up.is_empty() {
            go_on_without(&node, &Arc::new(silent.given_up.clone())).await;
        }
    }
}

/// For how long each other host has said nothing.
fn look(node: &Node, led_for: Duration) -> Vec<(Ref, Duration)> {
    let view = node.log.applied();
    let heard = node.membership.heard().into_iter();
    // Not heard since this host leads: silent since then, as far as it knows.
    let silent = heard.filter_map(|(member, heard)| {
        let host = xenith_raft::host_of(&view, &member.host_uuid)?;
        Some((host, heard.unwrap_or(led_for)))
    });
    silent.collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(of: &[(&str, u64)]) -> Vec<(Ref, Duration)> {
        of.iter()
            .map(|(host, silent)| (Ref::new(*host), Duration::from_secs(*silent)))
            .collect()
    }

    const AFTER: Duration = Duration::from_secs(20);

    fn hosts(of: &[&str]) -> BTreeSet<Ref> {
        of.iter().map(|host| Ref::new(*host)).collect()
    }

    #[test]
    fn a_host_is_silent_when_two_looks_say_so() {
        let first = Silent::default().next(&seconds(&[("a", 19), ("b", 20), ("c", 60)]), AFTER);
        assert_eq!(first.unasked, hosts(&[]));
        let second = first.next(&seconds(&[("a", 20), ("b", 21), ("c", 61)]), AFTER);
        assert_eq!(second.unasked, hosts(&["b", "c"]));
        assert_eq!(second.given_up, hosts(&["c"]));
        // Heard again.
        assert_eq!(second.next(&seconds(&[("b", 0), ("c", 1)]), AFTER), Silent::default());
    }

    #[test]
    fn a_coordinator_that_stood_still_gives_nobody_up() {
        let woken = Silent::default().next(&seconds(&[("a", 300), ("b", 300)]), AFTER);
        assert_eq!((woken.unasked.len(), woken.given_up.len()), (0, 0));
        assert_eq!(woken.next(&seconds(&[("a", 0), ("b", 0)]), AFTER), Silent::default());
    }
}
