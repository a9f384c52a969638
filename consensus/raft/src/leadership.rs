//! Follows Raft's state: opens the head when this host is elected, drops it when leadership is gone or doubtful, and says which role
//! this host has.
//!
//! Invariants: the role is Coordinator only after this leadership's own "opened" entry is applied here (C3); a coordinator that hears no
//! majority for [`DOUBT_LEASES`] leases stops planning, and opens anew when it hears one again; so it does after a suspend (A8).

use crate::config::{RaftConfig, WallClock};
use crate::entry::{Body, Opened, StateHash};
use crate::head::Head;
use crate::pool_log::{CommitError, NodeId, OpeningPlan, Role, host_of};
use crate::reads::Reads;
use crate::state_machine::{Published, Standing, StateMachine};
use crate::suspend::SuspendGuard;
use crate::types::{LeaderId, LogId, TypeConfig, Vote};
use openraft::async_runtime::{Instant as _, WatchReceiver};
use openraft::raft::VoteRequest;
use openraft::{RaftMetrics, ServerState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use xenith_datamodel::Value;

/// Between two looks at what no event tells: how long ago a majority, or the coordinator, was heard; and whether time has jumped.
const TICK: Duration = Duration::from_millis(50);
const LOOK_MAX: Duration = Duration::from_millis(200);
/// Leases without word from a majority, after which those that wait are told that the outcome is not known.
const DOUBT_LEASES: u32 = 3;
/// No node has this id: ids are random.
const NOBODY: NodeId = NodeId(0);
/// Of opening: longer than a commit takes on a slow disk; then it is tried again.
const OPENING_DEADLINE: Duration = Duration::from_secs(5);
/// Between tries to open.
const REOPEN_AFTER: Duration = Duration::from_millis(20);

/// A host that heard nothing for this long stood still or was cut off: heartbeats are far more frequent.
const SILENT: Duration = Duration::from_millis(500);
/// When this host last heard an accepted message of a coordinator.
pub struct LastHeard {
    start: Instant,
    millis: AtomicU64,
}

impl LastHeard {
    pub fn new() -> Arc<LastHeard> {
        Arc::new(LastHeard {
            start: Instant::now(),
            millis: AtomicU64::new(0),
        })
    }

    pub fn now(&self) {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }

    /// False while what comes in may be of long ago: this host stood still and has heard no heartbeat since.
    pub fn is_up_to_date(&self) -> bool {
        self.ago() <= SILENT
    }

    pub fn ago(&self) -> Duration {
        self.start
            .elapsed()
            .saturating_sub(Duration::from_millis(self.millis.load(Ordering::Relaxed)))
    }
}

pub struct Leadership {
    pub config: Arc<RaftConfig>,
    pub raft: openraft::Raft<TypeConfig, StateMachine>,
    pub head: Arc<Head>,
    pub reads: Arc<Reads>,
    pub published: Arc<Published>,
    pub opening: OpeningPlan,
    pub clock: WallClock,
    pub heard: Arc<LastHeard>,
    pub role: watch::Sender<Role>,
    pub elections: Arc<AtomicU64>,
    pub suspend: Arc<SuspendGuard>,
}

impl Leadership {
    /// Runs until Raft stops. One task per node.
    pub async fn run(self) {
        let mut server = self.raft.server_metrics();
        let mut standing = self.published.watch_standing();
        let mut head = self.head.watch();
        let (mut term, mut jumps) = (0, self.suspend.jumps());
        loop {
            let metrics = self.raft.metrics().borrow_watched().clone();
            if let Err(fatal) = &metrics.running_state {
                tracing::error!(%fatal, "Raft has stopped");
                self.head.stop(fatal.to_string());
                self.role.send_replace(Role::NoCoordinator);
                return;
            }
            if metrics.vote.leader_id.term > term {
                term = metrics.vote.leader_id.term;
                self.elections.fetch_add(1, Ordering::Relaxed);
            }
            if std::mem::replace(&mut jumps, self.suspend.jumps()) != jumps {
                // Others may have gone on meanwhile: this host coordinates again when a majority has taken a new "opened" entry.
                self.head.lose();
                self.say(Role::NoCoordinator);
            }
            let retry = self.follow(&metrics).await;
            let look_after = match retry {
                true => REOPEN_AFTER,
                false => self.next_look(&metrics),
            };
            tokio::select! {
                // Woken by a change, or by the tick. An error is Raft's end; the metrics tell it, unless Raft has panicked.
                changed = server.changed() => if changed.is_err() && self.raft.metrics().borrow_watched().running_state.is_ok() {
                    self.head.stop("Raft has ended without a word".into());
                    self.role.send_replace(Role::NoCoordinator);
                    return;
                },
                _ = standing.changed() => {}
                _ = head.changed() => {}
                () = tokio::time::sleep(look_after) => {}
            }
        }
    }

    /// When the coordinator, or the majority, may be late; soon enough for a suspend to be noticed.
    fn next_look(&self, metrics: &RaftMetrics<TypeConfig>) -> Duration {
        let (allowed, silent) = match metrics.state {
            ServerState::Follower | ServerState::Learner => (self.allowed_silence(), self.heard.ago()),
            ServerState::Leader => {
                let acked = metrics.last_quorum_acked.map(|acked| acked.elapsed());
                (self.doubt(), acked.unwrap_or_default())
            }
            ServerState::Candidate | ServerState::Shutdown => (Duration::ZERO, Duration::ZERO),
        };
        allowed.saturating_sub(silent).clamp(TICK, LOOK_MAX)
    }

    /// A coordinator that is not heard for so long may have a successor.
    fn allowed_silence(&self) -> Duration {
        self.config.election_max + self.config.election_min
    }

    /// A majority that is not heard for so long may have another coordinator.
    fn doubt(&self) -> Duration {
        self.config.election_max * DOUBT_LEASES
    }

    /// True when opening failed and is to be tried again.
    async fn follow(&self, metrics: &RaftMetrics<TypeConfig>) -> bool {
        let standing = self.published.standing();
        if standing.quarantine.is_some() {
            self.step_down(metrics).await;
        }
        let Some(leader) = self.led_by_me(metrics, &standing) else {
            self.head.lose();
            self.say(self.role_of_follower(metrics, &standing));
            return false;
        };
        if self.head.open_leader() == Some(leader) {
            self.say(Role::Coordinator { term: leader.term });
            return false;
        }
        if !matches!(&*self.role.borrow(), Role::Coordinator { term } if *term == leader.term) {
            self.say(Role::NoCoordinator);
        }
        match tokio::time::timeout(OPENING_DEADLINE, self.open(leader)).await {
            Ok(Ok(())) => {
                tracing::info!(term = leader.term, "this host coordinates the pool");
                self.say(Role::Coordinator { term: leader.term });
                false
            }
            Ok(Err(error)) => {
                tracing::info!(term = leader.term, %error, "opening failed, trying again");
                true
            }
            Err(_) => {
                tracing::warn!(term = leader.term, "opening takes long, trying again");
                true
            }
        }
    }

    /// Stands for no election any more and, when leading, gives way at once: openraft has no call for that, so this host is made to
    /// see a vote of a later term, for nobody.
    async fn step_down(&self, metrics: &RaftMetrics<TypeConfig>) {
        self.raft.runtime_config().elect(false);
        let leader = metrics.vote.leader_id;
        if metrics.state != ServerState::Leader || leader.node_id != self.config.member.node {
            return;
        }
        let nobody = LeaderId {
            term: leader.term + 1,
            node_id: NOBODY,
        };
        let mut request = VoteRequest::new(
            Vote {
                leader_id: nobody,
                committed: false,
            },
            Some(LogId::new(nobody, u64::MAX)),
        );
        request.leadership_transfer = true;
        match self.raft.vote(request).await {
            Ok(_) => tracing::warn!("this host has stepped down"),
            Err(error) => tracing::error!(%error, "this host could not step down"),
        }
    }

    /// This leadership, while a majority is heard and this host is sound.
    fn led_by_me(&self, metrics: &RaftMetrics<TypeConfig>, standing: &Standing) -> Option<LeaderId> {
        let leader = metrics.vote.leader_id;
        if metrics.state != ServerState::Leader
            || leader.node_id != self.config.member.node
            || standing.quarantine.is_some()
        {
            return None;
        }
        let alone = metrics
            .membership_config
            .voter_ids()
            .all(|voter| voter == self.config.member.node);
        let silent = metrics
            .last_quorum_acked
            .is_some_and(|acked| acked.elapsed() > self.doubt());
        (alone || !silent).then_some(leader)
    }

    fn role_of_follower(&self, metrics: &RaftMetrics<TypeConfig>, standing: &Standing) -> Role {
        let me = self.config.member.node;
        let known = metrics.current_leader.filter(|leader| *leader != me);
        let opened = standing
            .opened
            .as_ref()
            .filter(|opened| opened.at.leader_id == metrics.vote.leader_id);
        let (Some(coordinator), Some(_)) = (known, opened) else {
            return Role::NoCoordinator;
        };
        if self.heard.ago() > self.allowed_silence() || standing.quarantine.is_some() {
            return Role::NoCoordinator;
        }
        match self.address_of(metrics, coordinator) {
            Some(address) => Role::Supporter { coordinator, address },
            None => Role::NoCoordinator,
        }
    }

    /// Where clients reach the member: its host row's address. Nothing else is said in its place (B3).
    fn address_of(&self, metrics: &RaftMetrics<TypeConfig>, node: NodeId) -> Option<String> {
        let member = metrics.membership_config.get_node(&node)?;
        let view = self.published.view();
        host_of(&view, &member.host_uuid)
            .and_then(|host| view.record(xenith_datamodel::class("host")?, &host))
            .and_then(|record| field_text(&record, "address"))
            .filter(|address| !address.is_empty())
    }

    fn say(&self, role: Role) {
        self.role.send_if_modified(|now| {
            let changed = *now != role;
            if changed {
                tracing::info!(?role, "role");
                *now = role;
            }
            changed
        });
    }

    /// Commits this leadership's "opened" entry and opens the head right after it.
    async fn open(&self, leader: LeaderId) -> Result<(), CommitError> {
        // Everything committed before this leadership is applied first: the opening plan must see it.
        let (by, view) = self
            .reads
            .read_to_open()
            .await
            .map_err(|_| CommitError::NotCoordinator)?;
        if by != Some(leader) {
            return Err(CommitError::NotCoordinator);
        }
        let opened = Opened {
            node: self.config.member.node,
            host_uuid: self.config.member.host_uuid.clone(),
            term: leader.term,
            time_ms: (self.clock)().max(view.pool_time_ms()),
            transaction: (self.opening)(&view),
        };
        let reply = self.head.enqueue_opened(leader, Body::Opened(opened))?;
        reply.await.unwrap_or(Err(CommitError::Unknown))?;
        self.head.open(leader, (*self.published.view()).clone());
        Ok(())
    }
}

/// Proposes the hash of each checkpoint while this host coordinates (A7). One task per node.
pub async fn propose_hashes(head: Arc<Head>, published: Arc<Published>) {
    let mut checkpoints = published.watch_checkpoint();
    while checkpoints.changed().await.is_ok() {
        let Some((index, view)) = checkpoints.borrow_and_update().clone() else {
            continue;
        };
        if head.open_leader().is_none() {
            continue;
        }
        let hashed = crate::blocking::run(move || Ok(view.state_hash())).await;
        let Ok(hash) = hashed else { continue };
        // Not the coordinator any more, or too busy: the next checkpoint is compared instead.
        let _ = head.enqueue_marker(Body::StateHash(StateHash { index, hash }));
    }
}

fn field_text(record: &Value, name: &str) -> Option<String> {
    let Value::Record(fields) = record else {
        return None;
    };
    let (_, value) = fields.iter().find(|(field, _)| &**field == name)?;
    match value {
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    }
}
