//! `host_metrics.live` without HA (CORRECTNESS D1): what clients are shown of a silent host. It frees nothing.
//!
//! Invariant: written only when it changes; a new coordinator gives every member the full time again.

use crate::background::some_or_nothing;
use crate::node::Node;
use std::sync::Arc;
use std::time::Duration;
use xenith_classes::birth::set_live;
use xenith_pooldb::View;
use xenith_raft::Plan;

/// Without HA a host is called dead no sooner (semantics.md §18).
const DEAD_AFTER: Duration = Duration::from_secs(10 * 60);
/// Heard so lately it lives. Well above a heartbeat and above the pause of a slow disk.
const ALIVE_WITHIN: Duration = Duration::from_secs(30);

/// What is to be shown of a member that was last heard so long ago; `None`: as it is.
pub(crate) fn verdict(silent_for: Duration) -> Option<bool> {
    if silent_for >= DEAD_AFTER {
        Some(false)
    } else if silent_for <= ALIVE_WITHIN {
        Some(true)
    } else {
        None
    }
}

/// `led_for`: how long this host coordinates.
pub(crate) fn plan(node: &Arc<Node>, led_for: Duration) -> Plan {
    let node = Arc::clone(node);
    let mut verdicts = vec![(node.host.uuid.clone(), true)];
    for (member, heard) in node.membership.heard() {
        // Not heard since this host leads: silent since then, as far as it knows. That alone makes nobody alive.
        let verdict = match heard {
            Some(ago) => verdict(ago),
            None => verdict(led_for).filter(|live| !live),
        };
        if let Some(live) = verdict {
            verdicts.push((member.host_uuid, live));
        }
    }
    Box::new(move |view: &View| some_or_nothing(set_live(view, Node::pool_now_ms(&*node.clock, view), &verdicts)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_after_ten_minutes_alive_when_heard_and_unchanged_between() {
        let after = |seconds| verdict(Duration::from_secs(seconds));
        assert_eq!([after(0), after(30)], [Some(true); 2]);
        assert_eq!([after(31), after(599)], [None; 2]);
        assert_eq!([after(600), after(100_000)], [Some(false); 2]);
    }
}
