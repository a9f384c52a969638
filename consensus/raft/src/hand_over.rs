//! Giving coordination away (CORRECTNESS B5).
//!
//! openraft's own transfer makes the leader mute and never undoes that when the target does not act. So it is not used: proposals stand
//! still here, and the target is asked, by our own message, to stand for election with the mark "on behalf of the leader", which the
//! others grant without waiting for the lease. When nothing comes of it, going on is all the undoing there is.
//!
//! Invariants: nothing stops before the target has caught up; from the moment the target is asked, this term's lease is not trusted for
//! reads (the target may win without this host hearing of it at once); once it is asked, proposals go on here only when it is known not to
//! stand, for what is proposed while it does is lost without an answer.

use crate::dto::{TransferDto, TransferReplyDto};
use crate::members::{self, Members, caught_up};
use crate::network;
use crate::planner;
use crate::pool_log::{HandOverError, NodeId, Role};
use crate::types::{LeaderId, TypeConfig};
use openraft::async_runtime::WatchReceiver;
use openraft::{RaftMetrics, ServerState};
use std::time::Duration;
use tokio::time::Instant;

/// The target must be this close to the log's end before proposals stand still: the rest is sent while they do.
const CLOSE_ENTRIES: u64 = 200;
/// Thirds of `freeze_max` in which the target must have the rest; else proposals go on and it is tried again. Longer in the end, for a
/// pool that is so busy that its commits take that long.
const READY_THIRDS: [u32; 6] = [1, 1, 2, 2, 3, 3];
/// How much longer than `freeze_max` proposals stand still for a target that was asked and is silent. Callers hold a proposal for 3 s (B3).
const UNDECIDED_MAX: Duration = Duration::from_secs(1);
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
        for thirds in READY_THIRDS {
            let close = || self.lag_of(target).is_some_and(|lag| lag <= CLOSE_ENTRIES);
            if !within(self.config.catch_up_max, close).await {
                return refused("the host does not catch up with the coordinator");
            }
            if !self.head.freeze() {
                return refused("this host does not coordinate");
            }
            let ready = self.drained_and_caught_up(target);
            let outcome = match tokio::time::timeout(self.config.freeze_max * thirds / 3, ready).await {
                Ok(()) => Some(self.transfer(target).await),
                Err(_) => None,
            };
            self.head.thaw();
            match outcome {
                Some(outcome) => return outcome,
                // Nobody was asked yet, so nothing is lost by another try.
                None => tokio::time::sleep(self.config.freeze_max).await,
            }
        }
        tracing::warn!(%target, "hand-over undone: the host does not have the whole log in time");
        Err(HandOverError::Undone)
    }

    fn target(&self, host_uuid: &str) -> Result<NodeId, HandOverError> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        if metrics.current_leader != Some(self.config.member.node) {
            return refused("this host does not coordinate");
        }
        let found = metrics
            .membership_config
            .nodes()
            .filter(|(_, member)| member.host_uuid == host_uuid)
            // A host that came back as another node has two for a while, of which the old one is never heard.
            .max_by_key(|(node, _)| members::heard(&metrics, **node).map(std::cmp::Reverse));
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

    /// Until nothing is in flight and the target has it all.
    async fn drained_and_caught_up(&self, target: NodeId) {
        // What fails on the way out answers its own proposer.
        let _ = self.head.drained().await;
        while !caught_up(&self.raft.metrics().borrow_watched().clone(), target) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Proposals stand still meanwhile; the caller thaws them.
    async fn transfer(&self, target: NodeId) -> Result<(), HandOverError> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        let Some(leader) = self.head.open_leader() else {
            return refused("this host does not coordinate any more");
        };
        let until = Instant::now() + self.config.freeze_max;
        let answer = tokio::select! {
            answer = self.ask(target, &metrics) => answer,
            () = self.lost(leader) => Ok(()),
        };
        if let Err(why) = answer {
            tracing::warn!(%target, why, "hand-over undone");
            return Err(HandOverError::Undone);
        }
        let asked = Instant::now();
        let lost = tokio::time::timeout_at(until, self.lost(leader)).await;
        if lost.is_err() && self.still_leads(leader, target, asked).await {
            tracing::warn!(%target, "hand-over undone: no other coordinator was elected");
            return Err(HandOverError::Undone);
        }
        self.head.lose();
        self.role.send_replace(Role::NoCoordinator);
        self.await_opening().await;
        match &*self.role.borrow() {
            Role::Coordinator { .. } => Err(HandOverError::Undone),
            Role::Supporter { .. } | Role::NoCoordinator => Ok(()),
        }
    }

    /// The target's no. Without an answer it may stand all the same.
    async fn ask(&self, target: NodeId, metrics: &RaftMetrics<TypeConfig>) -> Result<(), String> {
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
        match network::request(&*self.net, &self.identity, target, &message, self.config.freeze_max).await {
            Ok(TransferReplyDto { refused: None }) => Ok(()),
            Ok(TransferReplyDto { refused: Some(why) }) => Err(why),
            Err(error) => {
                tracing::warn!(%target, %error, "whether the host stands for election is not known");
                Ok(())
            }
        }
    }

    /// Returns when this leadership is over, in Raft or in the head.
    async fn lost(&self, leader: LeaderId) {
        let (mut server, mut head) = (self.raft.server_metrics(), self.head.watch());
        while self.raft_leads(leader) && self.head.open_leader() == Some(leader) {
            tokio::select! {
                changed = server.changed() => if changed.is_err() { return },
                changed = head.changed() => if changed.is_err() { return },
            }
        }
    }

    fn raft_leads(&self, leader: LeaderId) -> bool {
        let server = self.raft.server_metrics();
        let server = server.borrow_watched();
        server.state == ServerState::Leader && server.vote.leader_id == leader
    }

    /// The target did not win in time: false when it does after all. A target that stands answers no heartbeat of this term any more, so
    /// one that has answered a heartbeat sent after it was asked does not stand. From one that is silent nothing can be known; it is
    /// waited for as long as those whose proposals stand still can bear. In the end a majority has to say that this host leads.
    async fn still_leads(&self, leader: LeaderId, target: NodeId, asked: Instant) -> bool {
        let until = Instant::now() + UNDECIDED_MAX;
        let decided = async {
            while Instant::now() < until && !self.heard_since(target, asked) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            while self.reads.index_for_peer().await.is_none() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            () = decided => self.raft_leads(leader) && self.head.open_leader() == Some(leader),
            () = self.lost(leader) => false,
        }
    }

    /// Whether the member has answered a message of this term that was sent after `since`.
    fn heard_since(&self, node: NodeId, since: Instant) -> bool {
        let metrics = self.raft.metrics().borrow_watched().clone();
        members::heard(&metrics, node).is_some_and(|ago| ago < since.elapsed())
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
