//! Sends the coordinator's heartbeats, and keeps openraft's own clock still while nothing can run out.
//!
//! openraft ticks a fifth of a heartbeat long on every host, for heartbeats and elections. An idle host would spend most of its
//! processor time on that: the coordinator is woken by its heartbeats instead, and a supporter ticks only once its coordinator is late.
//!
//! Invariant: ticks run whenever this host may have to stand for election: from one lease after it last heard a coordinator (an election
//! is due after a lease and `election_min` more, see [`RaftConfig`]), and from the start until it first hears one.

use crate::config::RaftConfig;
use crate::leadership::LastHeard;
use crate::state_machine::StateMachine;
use crate::types::TypeConfig;
use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use std::sync::Arc;
use std::time::Duration;

/// What to do now, and when to look again.
#[derive(Debug, PartialEq, Eq)]
struct Pace {
    heartbeat: bool,
    ticks: bool,
    look_after: Duration,
}

/// `heard`: how long ago a coordinator was heard, if ever.
fn pace(leads: bool, heard: Option<Duration>, config: &RaftConfig) -> Pace {
    let left = heard.and_then(|ago| config.election_max.checked_sub(ago));
    match (leads, left) {
        (true, _) => Pace {
            heartbeat: true,
            ticks: false,
            look_after: config.heartbeat,
        },
        (false, Some(left)) if !left.is_zero() => Pace {
            heartbeat: false,
            ticks: false,
            look_after: left,
        },
        (false, _) => Pace {
            heartbeat: false,
            ticks: true,
            look_after: config.heartbeat,
        },
    }
}

/// Runs until Raft stops. One task per node.
pub async fn run(config: Arc<RaftConfig>, raft: openraft::Raft<TypeConfig, StateMachine>, heard: Arc<LastHeard>) {
    let mut server = raft.server_metrics();
    loop {
        let leads = server.borrow_watched().state == ServerState::Leader;
        let pace = pace(leads, heard.if_ever(), &config);
        raft.runtime_config().tick(pace.ticks);
        if pace.heartbeat && raft.trigger().heartbeat().await.is_err() {
            return;
        }
        tokio::select! {
            changed = server.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(pace.look_after) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool_log::{Member, NodeId};

    #[test]
    fn ticks_run_exactly_when_an_election_may_be_due() {
        let member = Member {
            node: NodeId(1),
            host_uuid: "host".into(),
            link_address: "10.0.0.1:4443".into(),
            certificate_sha256: [0; 32],
        };
        let config = RaftConfig::new(member, 1, 1);
        let (lease, beat) = (config.election_max, config.heartbeat);
        let paced = |heartbeat, ticks, look_after| Pace {
            heartbeat,
            ticks,
            look_after,
        };
        assert_eq!(pace(true, None, &config), paced(true, false, beat));
        assert_eq!(pace(true, Some(lease * 9), &config), paced(true, false, beat));
        assert_eq!(pace(false, None, &config), paced(false, true, beat));
        assert_eq!(pace(false, Some(lease), &config), paced(false, true, beat));
        assert_eq!(pace(false, Some(lease * 9), &config), paced(false, true, beat));
        assert_eq!(pace(false, Some(beat), &config), paced(false, false, lease - beat));
        // What is heard at the last moment before the next look is far from an election.
        assert!(lease < config.election_max + config.election_min);
    }
}
