//! The members: adding and removing, and keeping the right ones voting.
//!
//! Invariants: one change of membership at a time; the coordinator is never removed or demoted: it hands over first.

use crate::config::RaftConfig;
use crate::dto::{MembersDto, MembersReplyDto};
use crate::head::Head;
use crate::network::{self, Identity, RaftNet};
use crate::planner::{self, MemberHealth};
use crate::pool_log::{Member, NodeId, Role};
use crate::reads::Reads;
use crate::state_machine::StateMachine;
use crate::types::TypeConfig;
use openraft::async_runtime::{Instant as _, WatchReceiver};
use openraft::{ChangeMembers, RaftMetrics, ServerState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// Of one change of membership: two commits.
const CHANGE_DEADLINE: Duration = Duration::from_secs(20);
/// A member not heard for this long is not fit to become a voter.
const FIT_HEARD_WITHIN: Duration = Duration::from_secs(2);
/// Nor one that is further behind.
const FIT_LAG_MAX: u64 = 1_000;
/// Right before it becomes a voter it must be closer still: until the change is made, both majorities wait for it.
const READY_LAG_MAX: u64 = 64;
/// How long a member that is fit is given to be ready; then the planner looks again later.
const READY_WAIT_MAX: Duration = Duration::from_millis(500);
/// Between looks at whether it is.
const READY_LOOK_EVERY: Duration = Duration::from_millis(5);

/// Longer than any election: who hears no coordinator for this long asks the others who the members are, as often as this.
const ASK_AROUND_EVERY: Duration = Duration::from_secs(2);
/// Of one such question.
const ASK_DEADLINE: Duration = Duration::from_secs(1);
/// Members taken from one answer: more than any pool has.
const MEMBERS_MAX: usize = 1_024;

#[derive(Debug, Clone, thiserror::Error)]
pub enum MemberError {
    #[error("this host does not coordinate")]
    NotCoordinator,
    #[error("the coordinator cannot be removed; hand coordination over first")]
    IsCoordinator,
    /// May still be made.
    #[error("the change of membership takes too long; whether it was made is not known")]
    TooLong,
    /// To be asked again.
    #[error("no other member is fit to vote in its place yet")]
    NoSubstitute,
    #[error("the change of membership was not made: {0}")]
    Failed(String),
}

pub struct Members {
    pub config: Arc<RaftConfig>,
    pub raft: openraft::Raft<TypeConfig, StateMachine>,
    pub head: Arc<Head>,
    pub reads: Arc<Reads>,
    pub net: Arc<dyn RaftNet>,
    pub identity: Identity,
    pub role: watch::Sender<Role>,
    pub changing: Mutex<()>,
}

impl Members {
    /// Adds a learner; the planner makes it a voter when it is wanted and fit. A member that is there already stays as it is.
    pub async fn add(&self, member: Member) -> Result<(), MemberError> {
        let _one_at_a_time = self.changing.lock().await;
        self.net.learn(std::slice::from_ref(&member));
        self.change(ChangeMembers::AddNodes(BTreeMap::from([(member.node, member)])))
            .await
    }

    /// Sets the addresses and the certificate of a member that is there.
    pub async fn update(&self, member: Member) -> Result<(), MemberError> {
        let _one_at_a_time = self.changing.lock().await;
        let metrics = self.raft.metrics().borrow_watched().clone();
        if metrics.membership_config.get_node(&member.node).is_none() {
            return Err(MemberError::Failed("it is no member".into()));
        }
        self.change(ChangeMembers::SetNodes(BTreeMap::from([(member.node, member)])))
            .await
    }

    pub async fn remove(&self, node: NodeId) -> Result<(), MemberError> {
        if node == self.config.member.node {
            return Err(MemberError::IsCoordinator);
        }
        let _one_at_a_time = self.changing.lock().await;
        let voters = self.voters();
        if voters.contains(&node) {
            let metrics = self.raft.metrics().borrow_watched().clone();
            let next = planner::voters_without(&self.health_of_all(&metrics), &voters, node, self.config.member.node);
            self.set_voters(next.ok_or(MemberError::NoSubstitute)?).await?;
        }
        self.change(ChangeMembers::RemoveNodes(BTreeSet::from([node]))).await
    }

    pub fn voters(&self) -> BTreeSet<NodeId> {
        self.raft.voter_ids().collect()
    }

    /// Demoted voters stay members.
    pub async fn set_voters(&self, voters: BTreeSet<NodeId>) -> Result<(), MemberError> {
        self.change(ChangeMembers::ReplaceAllVoters(voters)).await
    }

    async fn change(&self, change: ChangeMembers<NodeId, Member>) -> Result<(), MemberError> {
        let changed = tokio::time::timeout(CHANGE_DEADLINE, self.raft.change_membership(change, true)).await;
        match changed {
            Err(_) => Err(MemberError::TooLong),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.forward_to_leader().is_some() => Err(MemberError::NotCoordinator),
            Ok(Err(error)) => Err(MemberError::Failed(error.to_string())),
        }
    }

    /// Entries the member is behind, while this host leads and the member was heard lately.
    pub fn lag_of(&self, node: NodeId) -> Option<u64> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        heard(&metrics, node).filter(|ago| *ago <= FIT_HEARD_WITHIN)?;
        lag(&metrics, node)
    }

    /// Looks at who votes, every so often, while this host coordinates. One task per node.
    pub async fn plan(self: Arc<Members>) {
        let mut role = self.role.subscribe();
        loop {
            let due = tokio::select! {
                () = tokio::time::sleep(self.config.planner_every) => true,
                // A new coordinator finishes at once what the one before left half done.
                changed = role.changed() => match changed {
                    Ok(()) => false,
                    Err(_) => return,
                },
            };
            let metrics = self.raft.metrics().borrow_watched().clone();
            if metrics.running_state.is_err() {
                return;
            }
            if metrics.state != ServerState::Leader || !matches!(*self.role.borrow(), Role::Coordinator { .. }) {
                continue;
            }
            let Ok(_one_at_a_time) = self.changing.try_lock() else {
                continue;
            };
            if metrics.membership_config.get_joint_config().len() != 1 {
                // A change was left half done: finish it.
                if let Err(error) = self.change(ChangeMembers::AddVoterIds(BTreeSet::new())).await {
                    tracing::warn!(%error, "a change of membership could not be finished");
                }
            } else if due {
                self.plan_once(&metrics).await;
            }
        }
    }

    async fn plan_once(&self, metrics: &RaftMetrics<TypeConfig>) {
        let health = self.health_of_all(metrics);
        let voters = self.voters();
        if let Some(next) = planner::next_voters(&health, &voters, self.config.member.node) {
            if !self.ready(next.difference(&voters)).await {
                tracing::info!(
                    ?voters,
                    ?next,
                    "the voters are not changed yet: a new one does not keep up"
                );
                return;
            }
            tracing::info!(?voters, ?next, "voters change");
            let began = Instant::now();
            match self.set_voters(next).await {
                Ok(()) => tracing::info!(took = ?began.elapsed(), "voters changed"),
                Err(error) => tracing::warn!(%error, took = ?began.elapsed(), "the voters could not be changed"),
            }
        }
    }

    /// Whether all of them have nearly the whole log and answer as a voter must. While voters change, losing either majority stops the
    /// pool: so this is looked at right before, and the change itself is two commits.
    async fn ready(&self, joining: impl Iterator<Item = &NodeId> + Clone) -> bool {
        let until = Instant::now() + READY_WAIT_MAX;
        loop {
            let metrics = self.raft.metrics().borrow_watched().clone();
            let is_ready = |node: &NodeId| {
                heard(&metrics, *node).is_some_and(|ago| ago <= self.config.election_max)
                    && lag(&metrics, *node).is_some_and(|lag| lag <= READY_LAG_MAX)
            };
            if joining.clone().all(is_ready) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(READY_LOOK_EVERY).await;
        }
    }

    fn health_of_all(&self, metrics: &RaftMetrics<TypeConfig>) -> Vec<MemberHealth> {
        let members = metrics.membership_config.nodes();
        members.map(|(node, _)| self.health(metrics, *node)).collect()
    }

    fn health(&self, metrics: &RaftMetrics<TypeConfig>, node: NodeId) -> MemberHealth {
        if node == self.config.member.node {
            return MemberHealth {
                node,
                fit: true,
                gone: false,
            };
        }
        let heard = heard(metrics, node);
        let near = lag(metrics, node).is_some_and(|lag| lag <= FIT_LAG_MAX);
        MemberHealth {
            node,
            fit: near && heard.is_some_and(|ago| ago <= FIT_HEARD_WITHIN),
            // Never heard since this host leads: gone when it has led for that long; left to the next coordinator's patience.
            gone: heard.is_some_and(|ago| ago > self.config.voter_gone_after),
        }
    }
}

/// Whether the member has the whole log.
pub fn caught_up(metrics: &RaftMetrics<TypeConfig>, node: NodeId) -> bool {
    lag(metrics, node) == Some(0)
}

/// Nothing while this host does not lead or knows nothing of the member.
pub fn lag(metrics: &RaftMetrics<TypeConfig>, node: NodeId) -> Option<u64> {
    let matched = metrics.replication.as_ref()?.get(&node)?.as_ref()?;
    Some(metrics.last_log_index.unwrap_or(0).saturating_sub(matched.index))
}

pub fn heard(metrics: &RaftMetrics<TypeConfig>, node: NodeId) -> Option<Duration> {
    let at = metrics.heartbeat.as_ref()?.get(&node)?.as_ref()?;
    Some(at.elapsed())
}

impl Members {
    /// A host that was away may have no pin for a member that came meanwhile, and when that one leads, this host never hears the log
    /// that holds the pin. So while it hears no coordinator, it asks the members it knows. One task per node.
    pub async fn ask_around(self: Arc<Members>) {
        let mut role = self.role.subscribe();
        loop {
            // An error would mean that the role is gone, which it is not while it is held here.
            let alone = role.wait_for(|role| *role == Role::NoCoordinator).await.map(|_| ());
            if alone.is_err() {
                return;
            }
            let heard = role.wait_for(|role| *role != Role::NoCoordinator);
            if let Ok(ended) = tokio::time::timeout(ASK_AROUND_EVERY, heard)
                .await
                .map(|heard| heard.map(|_| ()))
            {
                if ended.is_err() {
                    return;
                }
                continue;
            }
            self.ask_members().await;
        }
    }

    /// What is known is not replaced: only the log does that. A stranger that is learnt may be heard, and what it says is judged by Raft.
    async fn ask_members(&self) {
        let membership = self.raft.server_metrics().borrow_watched().membership_config.clone();
        let known: BTreeSet<NodeId> = membership.nodes().map(|(node, _)| *node).collect();
        let asked = known
            .iter()
            .filter(|node| **node != self.config.member.node)
            .map(|node| {
                network::request::<_, MembersReplyDto>(&*self.net, &self.identity, *node, &MembersDto {}, ASK_DEADLINE)
            });
        for answer in futures::future::join_all(asked).await {
            // Who does not answer is asked again.
            let Ok(MembersReplyDto { members }) = answer else {
                continue;
            };
            let strangers: Vec<Member> = members
                .into_iter()
                .take(MEMBERS_MAX)
                .map(Member::from)
                .filter(|member| !known.contains(&member.node))
                .collect();
            if !strangers.is_empty() {
                tracing::info!(?strangers, "members that came while this host was away");
                self.net.learn(&strangers);
            }
        }
    }
}

/// Keeps the network's knowledge of the members. One task per node. Only who is seen to leave is forgotten: a log that is behind does not
/// name members that this host was told of at its start or has asked for.
pub async fn teach(raft: openraft::Raft<TypeConfig, StateMachine>, net: Arc<dyn RaftNet>) {
    let mut server = raft.server_metrics();
    let mut known: Vec<Member> = Vec::new();
    loop {
        let members: Vec<Member> = server
            .borrow_watched()
            .membership_config
            .nodes()
            .map(|(_, member)| member.clone())
            .collect();
        if members != known {
            let is_member = |node: NodeId| members.iter().any(|member| member.node == node);
            let left: Vec<NodeId> = known.iter().map(|m| m.node).filter(|node| !is_member(*node)).collect();
            net.forget(&left);
            net.learn(&members);
            known = members;
        }
        if server.changed().await.is_err() {
            return;
        }
    }
}
