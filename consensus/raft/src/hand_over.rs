//! Giving coordination away (CORRECTNESS B5).
//!
//! openraft's own transfer makes the leader mute and never undoes that when the target does not act. So it is not used: proposals stand
//! still here, and the target is asked, by our own message, to stand for election with the mark "on behalf of the leader", which the
//! others grant without waiting for the lease. When nothing comes of it, going on is all the undoing there is.
//!
//! Invariants: nothing stops before the target has caught up; from the moment the target is asked, this term's lease is not trusted for
//! reads (the target may win without this host hearing of it at once).

use crate::dto::{TransferDto, TransferReplyDto};
use crate::members::{Members, caught_up};
use crate::network;
use crate::planner;
use crate::pool_log::{HandOverError, NodeId, Role};
use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use std::time::Duration;
use tokio::time::Instant;

/// The target must be this close to the log's end before proposals stand still: the rest is sent while they do.
const CLOSE_ENTRIES: u64 = 200;
/// Between looks at the target's progress.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// After the new coordinator is elected: of its opening, as seen here.
const OPENING_MAX: Duration = Duration::from_secs(10);

impl Members {
    pub async fn hand_over(&self, host_uuid: &str) -> Result<(), HandOverError> {
        let target = self.target(host_uuid)?;
        if target == self.config.member.node {
            return Ok(());
        }
        let _one_at_a_time = self.changing.lock().await;
        self.make_voter(target).await?;
        let close = || self.lag_of(target).is_some_and(|lag| lag <= CLOSE_ENTRIES);
        if !within(self.config.catch_up_max, close).await {
            return refused("the host does not catch up with the coordinator");
        }
        if !self.head.freeze() {
            return refused("this host does not coordinate");
        }
        let outcome = self.transfer(target).await;
        self.head.thaw();
        outcome
    }

    fn target(&self, host_uuid: &str) -> Result<NodeId, HandOverError> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        if metrics.current_leader != Some(self.config.member.node) {
            return refused("this host does not coordinate");
        }
        let found = metrics
            .membership_config
            .nodes()
            .find(|(_, member)| member.host_uuid == host_uuid);
        match found {
            Some((node, _)) => Ok(*node),
            None => refused(format!("host {host_uuid} is not a member")),
        }
    }

    async fn make_voter(&self, target: NodeId) -> Result<(), HandOverError> {
        let voters = self.voters();
        if voters.contains(&target) {
            return Ok(());
        }
        // A learner that cannot catch up must not become a voter: it would only weaken the majority.
        let close = || self.lag_of(target).is_some_and(|lag| lag <= CLOSE_ENTRIES);
        if !within(self.config.catch_up_max, close).await {
            return refused("the host does not catch up with the coordinator");
        }
        let next = planner::voters_with(&voters, target, self.config.member.node);
        self.set_voters(next)
            .await
            .map_err(|error| HandOverError::Refused(error.to_string()))
    }

    /// From here proposals stand still. Every way out thaws them.
    async fn transfer(&self, target: NodeId) -> Result<(), HandOverError> {
        let until = Instant::now() + self.config.freeze_max;
        let asked = tokio::time::timeout_at(until, self.ask(target)).await;
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(why)) => {
                tracing::warn!(%target, why, "hand-over undone");
                return Err(HandOverError::Undone);
            }
            Err(_) => {
                tracing::warn!(%target, "hand-over undone: it took too long");
                return Err(HandOverError::Undone);
            }
        }
        let mut server = self.raft.server_metrics();
        let mine = self.config.member.node;
        loop {
            let leader = server.borrow_watched().current_leader;
            if leader.is_some_and(|leader| leader != mine) {
                break;
            }
            if tokio::time::timeout_at(until, server.changed()).await.is_err() {
                // Voted out already: what is proposed here from now on is lost, so there is nothing to go on with.
                if server.borrow_watched().state != ServerState::Leader {
                    break;
                }
                tracing::warn!(%target, "hand-over undone: no other coordinator was elected");
                return Err(HandOverError::Undone);
            }
        }
        self.head.lose();
        self.role.send_replace(Role::NoCoordinator);
        self.await_opening().await;
        match &*self.role.borrow() {
            Role::Coordinator { .. } => Err(HandOverError::Undone),
            Role::Supporter { .. } | Role::NoCoordinator => Ok(()),
        }
    }

    async fn ask(&self, target: NodeId) -> Result<(), String> {
        // What fails on the way out answers its own proposer.
        let _ = self.head.drained().await;
        loop {
            let metrics = self.raft.metrics().borrow_watched().clone();
            if caught_up(&metrics, target) {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let metrics = self.raft.metrics().borrow_watched().clone();
        if metrics.current_leader != Some(self.config.member.node) {
            return Err("this host does not coordinate any more".into());
        }
        self.reads.distrust_lease(metrics.vote.leader_id.term);
        let last = metrics
            .replication
            .as_ref()
            .and_then(|all| all.get(&target).copied().flatten());
        let message = TransferDto {
            from: metrics.vote.into(),
            to: target.0,
            last: last.map(Into::into),
        };
        let answer = network::request(&*self.net, &self.identity, target, &message, self.config.freeze_max).await;
        match answer {
            Ok(TransferReplyDto { refused: None }) => Ok(()),
            Ok(TransferReplyDto { refused: Some(why) }) => Err(why),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Until the new coordinator's "opened" entry is applied here. If that takes long the hand-over has been made all the same.
    async fn await_opening(&self) {
        let mut role = self.role.subscribe();
        let opened = role.wait_for(|role| match role {
            Role::Supporter { .. } | Role::Coordinator { .. } => true,
            Role::NoCoordinator => false,
        });
        if tokio::time::timeout(OPENING_MAX, opened).await.is_err() {
            tracing::warn!("the new coordinator has not opened yet");
        }
    }
}

async fn within(limit: Duration, mut reached: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + limit;
    while !reached() {
        if Instant::now() >= until {
            return false;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    true
}

fn refused<T>(why: impl Into<String>) -> Result<T, HandOverError> {
    Err(HandOverError::Refused(why.into()))
}
