//! A running member of the pool: Raft, store, state and network put together, and the [`PoolLog`] over them.

use crate::config::{RaftConfig, RaftParts};
use crate::head::{self, Attempt, Head};
use crate::leadership::{self, LastHeard, Leadership};
use crate::log_adapter::LogAdapter;
use crate::members::{self, MemberError, Members};
use crate::metrics::{self, Figures};
use crate::network::{Identity, Peers, RaftService, Server};
use crate::pool_log::{CommitError, Fence, HandOverError, Member, NodeId, Plan, PoolLog, ReadError, Role};
use crate::reads::Reads;
use crate::shown;
use crate::skew::{SkewWatch, Skews};
use crate::snapshot::SnapshotStore;
use crate::state_machine::{Published, StateMachine};
use crate::store::{DurableLog, StoreCondition};
use crate::suspend::SuspendGuard;
use crate::sync::{self, SyncGate};
use crate::types::{Runtime, TypeConfig};
use async_trait::async_trait;
use futures::future::BoxFuture;
use openraft::async_runtime::WatchReceiver;
use openraft::error::Fatal;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use xenith_datamodel::Value;
use xenith_pooldb::{Transaction, View};

/// How long a proposal waits while the head is frozen or being opened.
const HOLD_MAX: Duration = Duration::from_millis(500);
/// How long a proposal in flight is waited for.
const COMMIT_WAIT_MAX: Duration = Duration::from_secs(30);
/// Between tries to keep a quarantine in the store.
const KEEP_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Of forming a pool of one.
const BOOTSTRAP_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the settings are not sound")]
    Config(#[from] openraft::ConfigError),
    #[error("the newest snapshot could not be read")]
    Snapshot(#[source] std::io::Error),
    #[error("the store could not be read")]
    Store(#[from] crate::store::StoreError),
    #[error("Raft did not start: {0}")]
    Raft(String),
}

#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    #[error("the store holds a pool already")]
    NotEmpty,
    #[error("the pool was not formed: {0}")]
    Failed(String),
    #[error("the first transaction was not made")]
    First(#[from] CommitError),
}

/// Cheap to share. Dropping the last one does not stop it; [`RaftNode::stop`] does.
pub struct RaftNode {
    config: Arc<RaftConfig>,
    log: Arc<dyn DurableLog>,
    snapshots: Arc<dyn SnapshotStore>,
    raft: openraft::Raft<TypeConfig, StateMachine>,
    head: Arc<Head>,
    reads: Arc<Reads>,
    published: Arc<Published>,
    members: Arc<Members>,
    role: watch::Sender<Role>,
    service: Arc<Server>,
    elections: Arc<AtomicU64>,
    skews: Arc<Skews>,
    quarantined: watch::Sender<Option<String>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl RaftNode {
    /// Starts from what the store holds. A store that has voted waits out a lease first: what it promised before it stopped is in no
    /// memory any more.
    pub async fn start(config: RaftConfig, parts: RaftParts) -> Result<Arc<RaftNode>, StartError> {
        let openraft_config = Arc::new(config.openraft()?);
        if parts.log.state()?.vote.is_some() {
            tokio::time::sleep(config.election_max).await;
        }
        let config = Arc::new(config);
        let node = config.member.node;
        let identity = Identity {
            pool: config.pool_uuid,
            incarnation: config.incarnation,
            node,
        };
        let published = Published::new();
        if let Some(why) = parts.log.distrusted() {
            published.quarantine(why);
        }
        let state = {
            let (snapshots, published, every) = (parts.snapshots.clone(), published.clone(), config.hash_every);
            crate::blocking::run(move || StateMachine::open(snapshots, published, every)).await
        };
        let state = state.map_err(StartError::Snapshot)?;
        let peers = Peers {
            net: parts.net.clone(),
            identity,
            append_deadline: config.election_max * 2,
        };
        let starting = openraft::Raft::new(node, openraft_config, peers, LogAdapter::new(parts.log.clone()), state);
        let raft = Runtime::scope(config.seed, starting)
            .await
            .map_err(|e| StartError::Raft(e.to_string()))?;
        Ok(Arc::new(Self::assemble(config, parts, raft, published, identity)))
    }

    #[expect(clippy::too_many_lines, reason = "a list of parts")]
    fn assemble(
        config: Arc<RaftConfig>,
        parts: RaftParts,
        raft: openraft::Raft<TypeConfig, StateMachine>,
        published: Arc<Published>,
        identity: Identity,
    ) -> RaftNode {
        let gate = SyncGate::new(published.clone());
        let (head, queue) = Head::new(config.in_flight_max);
        let suspend = SuspendGuard::new(config.suspended.clone(), config.election_max);
        let (reads, waiting) = Reads::new(
            parts.net.clone(),
            identity,
            published.clone(),
            (suspend.clone(), gate.clone()),
        );
        reads.attach(raft.clone());
        let (heard, elections) = (LastHeard::new(), Arc::<AtomicU64>::default());
        let role = watch::Sender::new(Role::NoCoordinator);
        let members = Arc::new(Members {
            config: config.clone(),
            raft: raft.clone(),
            head: head.clone(),
            reads: reads.clone(),
            net: parts.net.clone(),
            identity,
            role: role.clone(),
            changing: tokio::sync::Mutex::new(()),
        });
        let service = Arc::new(Server {
            raft: raft.clone(),
            identity,
            published: published.clone(),
            reads: reads.clone(),
            heard: heard.clone(),
            clock: parts.clock.clone(),
        });
        let (skew_watch, skews) = SkewWatch::new(raft.clone(), &parts, identity, role.subscribe());
        let leadership = Leadership {
            config: config.clone(),
            raft: raft.clone(),
            head: head.clone(),
            reads: reads.clone(),
            published: published.clone(),
            opening: parts.opening,
            clock: parts.clock,
            heard,
            role: role.clone(),
            elections: elections.clone(),
            suspend,
        };
        let quarantined = watch::Sender::new(published.standing().quarantine);
        let tasks = vec![
            tokio::spawn(head::drain(head.clone(), raft.clone(), gate.clone(), queue)),
            tokio::spawn(sync::run(config.clone(), raft.clone(), head.clone(), gate.clone())),
            tokio::spawn(shown::run(raft.clone(), published.clone(), gate, identity.node)),
            tokio::spawn(reads.clone().run(waiting)),
            tokio::spawn(leadership.run()),
            tokio::spawn(leadership::propose_hashes(head.clone(), published.clone())),
            tokio::spawn(members.clone().plan()),
            tokio::spawn(members::teach(raft.clone(), parts.net)),
            tokio::spawn(skew_watch.run()),
            tokio::spawn(keep_quarantine(
                published.clone(),
                parts.log.clone(),
                quarantined.clone(),
            )),
            tokio::spawn(members.clone().ask_around()),
        ];
        RaftNode {
            config,
            log: parts.log,
            snapshots: parts.snapshots,
            raft,
            head,
            reads,
            published,
            members,
            role,
            service,
            elections,
            skews,
            quarantined,
            tasks: Mutex::new(tasks),
        }
    }

    /// What the link hands peers' messages to.
    pub fn service(&self) -> Arc<dyn RaftService> {
        self.service.clone()
    }

    /// Forms a pool of one on an empty store and makes the first transaction; goes on with one that was cut off before that. Returns
    /// when it is committed.
    pub async fn bootstrap(&self, first: Transaction) -> Result<(), BootstrapError> {
        let initialized = self
            .raft
            .is_initialized()
            .await
            .map_err(|e| BootstrapError::Failed(e.to_string()))?;
        if initialized && self.members().len() > 1 {
            return Err(BootstrapError::NotEmpty);
        }
        if !initialized {
            let member = self.config.member.clone();
            let members = BTreeMap::from([(member.node, member)]);
            self.raft
                .initialize(members)
                .await
                .map_err(|e| BootstrapError::Failed(e.to_string()))?;
        }
        let mut role = self.watch_role();
        let opened = role.wait_for(|role| matches!(role, Role::Coordinator { .. }));
        let opened = tokio::time::timeout(BOOTSTRAP_DEADLINE, opened).await;
        opened
            .map_err(|_| BootstrapError::Failed("this host was not elected in time".into()))?
            .map_err(|e| BootstrapError::Failed(e.to_string()))?;
        if self.applied().generation() > 0 {
            return Err(BootstrapError::NotEmpty);
        }
        self.propose(Box::new(move |_| Ok((first, Value::Void)))).await?;
        Ok(())
    }

    /// Whether the store has ever been part of a pool.
    pub async fn is_member(&self) -> bool {
        self.raft.is_initialized().await.unwrap_or(false)
    }

    /// Adds a member, on the coordinator. It copies the state first and votes when the planner wants it to.
    pub async fn add_member(&self, member: Member) -> Result<(), MemberError> {
        self.members.add(member).await
    }

    /// Takes over the link address of a member, on the coordinator.
    pub async fn update_member(&self, member: Member) -> Result<(), MemberError> {
        self.members.update(member).await
    }

    /// Removes a member, on the coordinator.
    pub async fn remove_member(&self, node: NodeId) -> Result<(), MemberError> {
        self.members.remove(node).await
    }

    /// The members and whether each votes, as the log has them.
    pub fn members(&self) -> Vec<(Member, bool)> {
        let membership = self.raft.server_metrics().borrow_watched().membership_config.clone();
        let voters: Vec<NodeId> = membership.voter_ids().collect();
        membership
            .nodes()
            .map(|(node, member)| (member.clone(), voters.contains(node)))
            .collect()
    }

    /// How long ago each other member was heard, while this host leads; `None` for one not heard since it does.
    pub fn heard(&self) -> Vec<(Member, Option<Duration>)> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        if metrics.state != openraft::ServerState::Leader {
            return Vec::new();
        }
        let others = metrics
            .membership_config
            .nodes()
            .filter(|(node, _)| **node != metrics.id);
        others
            .map(|(node, member)| (member.clone(), members::heard(&metrics, *node)))
            .collect()
    }

    /// Whether a change of voters is half way: until it is done, majorities of both the old and the new voters are needed.
    pub fn voters_change(&self) -> bool {
        let metrics = self.raft.server_metrics().borrow_watched().clone();
        metrics.membership_config.get_joint_config().len() != 1
    }

    /// Why this host serves nothing, if its state was found to differ from the pool's (A7).
    pub fn quarantine(&self) -> Option<String> {
        self.published.standing().quarantine
    }

    /// Follows [`RaftNode::quarantine`]. The store keeps it: a quarantined host stays so over restarts, until its store is set aside.
    pub fn watch_quarantine(&self) -> watch::Receiver<Option<String>> {
        self.quarantined.subscribe()
    }

    /// Resolves when Raft has ended by itself, with the cause: the store failed (its disk is full, a sync went wrong), or a defect.
    /// Nothing is acknowledged from then on and proposals are told [`CommitError::StoreFault`]. What helps is to [`RaftNode::stop`]
    /// and drop this node, and to start another over the store opened anew, again and again with a pause while the cause lasts: what
    /// was acknowledged is in the store, what was not is dropped. Never resolves after [`RaftNode::stop`].
    pub async fn failed(&self) -> String {
        // These change seldom, `metrics` with every tick; both end with Raft.
        let mut server = self.raft.server_metrics();
        while server.changed().await.is_ok() {}
        let ended = self.raft.metrics().borrow_watched().running_state.clone();
        match ended {
            Err(Fatal::Stopped) => std::future::pending().await,
            Err(fatal) => self.cause_of(&fatal),
            Ok(()) => self.cause_of(&Fatal::Panicked),
        }
    }

    fn cause_of(&self, fatal: &Fatal<TypeConfig>) -> String {
        match self.log.health().condition {
            StoreCondition::Ok => fatal.to_string(),
            StoreCondition::Full(why) | StoreCondition::Faulty(why) => why,
        }
    }

    /// By host uuid: by how many milliseconds the host's clock is ahead of this one's, as asked every 10 s while this host coordinates.
    /// More than [`crate::SKEW_MAX_MS`] either way is worth an alert.
    pub fn clock_skews(&self) -> BTreeMap<String, i64> {
        self.skews.all()
    }

    /// Whether this host is in the committed set of learners without which nothing is acknowledged (E1): then it holds everything
    /// that was, even if the voter is lost.
    pub fn is_in_sync(&self) -> bool {
        self.published
            .standing()
            .sync
            .learners
            .contains(&self.config.member.node)
    }

    /// Takes this host out of service: something found that its state cannot be trusted. It gives coordination up, does not vote and
    /// serves nothing until its store is made anew.
    pub fn distrust(&self, why: impl Into<String>) {
        self.published.quarantine(why.into());
    }

    /// Stops Raft. What was acknowledged is in the store, which is free again soon after the last handle on this node is gone.
    pub async fn stop(&self) {
        if let Err(error) = self.raft.shutdown().await {
            tracing::error!(%error, "Raft did not stop cleanly");
        }
        self.head.stop("this node was stopped".into());
        self.role.send_replace(Role::NoCoordinator);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(JoinHandle::abort);
        for task in tasks {
            // Cancelled, or it had ended: either way it holds nothing any more.
            let _ = task.await;
        }
        let snapshots = self.snapshots.clone();
        let close = move || {
            snapshots.close();
            Ok(())
        };
        if let Err(error) = crate::blocking::run(close).await {
            tracing::error!(%error, "the snapshots' store was not closed");
        }
    }
}

#[async_trait]
impl PoolLog for RaftNode {
    fn propose(&self, plan: Plan) -> BoxFuture<'static, Result<Value, CommitError>> {
        let (head, reads, log) = (self.head.clone(), self.reads.clone(), self.log.clone());
        let mut attempt = head.attempt(plan);
        Box::pin(async move {
            let hold_until = Instant::now() + HOLD_MAX;
            loop {
                attempt = match attempt {
                    Attempt::Done(error) => return Err(error),
                    Attempt::InFlight(reply, value) => return settle(reply, value, &*log).await,
                    Attempt::Confirm(leader, value) => {
                        let read = reads.read().await.map_err(|_| CommitError::NotCoordinator)?;
                        let holds = read.0 == Some(leader) && head.open_leader() == Some(leader);
                        return if holds {
                            Ok(value)
                        } else {
                            Err(CommitError::NotCoordinator)
                        };
                    }
                    Attempt::Hold(plan) => {
                        let mut changed = head.watch();
                        match head.attempt(plan) {
                            Attempt::Hold(plan) => {
                                // An error would mean that the head is gone, which it is not while it is held here.
                                let woken = tokio::time::timeout_at(hold_until, changed.changed()).await;
                                if woken.is_err() {
                                    return Err(CommitError::NotCoordinator);
                                }
                                head.attempt(plan)
                            }
                            other => other,
                        }
                    }
                }
            }
        })
    }

    async fn read(&self) -> Result<Arc<View>, ReadError> {
        Ok(self.reads.read().await?.1)
    }

    fn applied(&self) -> Arc<View> {
        self.published.view()
    }

    fn watch_applied(&self) -> watch::Receiver<Arc<View>> {
        self.published.watch_shown()
    }

    fn watch_role(&self) -> watch::Receiver<Role> {
        self.role.subscribe()
    }

    async fn hand_over(&self, host_uuid: &str) -> Result<(), HandOverError> {
        self.members.hand_over(host_uuid).await
    }

    fn metrics(&self) -> String {
        let raft = self.raft.metrics().borrow_watched().clone();
        metrics::text(&Figures {
            raft: &raft,
            store: &self.log.health(),
            role: &self.role.borrow().clone(),
            elections: self.elections.load(Ordering::Relaxed),
            in_flight: self.head.in_flight(),
            quarantined: self.quarantine().is_some(),
            clock_skews_ms: &self.skews.all(),
        })
    }

    fn node_id(&self) -> NodeId {
        self.config.member.node
    }

    fn fence(&self) -> Option<Fence> {
        let opened = self.published.standing().opened?;
        let (term, index) = (opened.at.leader_id.term, opened.at.index);
        Some(Fence {
            term,
            index,
            coordinator: opened.node,
        })
    }
}

/// Keeps a quarantine in the store and tells who watches. One task per node; a store that cannot keep it is asked again as long as the
/// node runs.
async fn keep_quarantine(
    published: Arc<Published>,
    log: Arc<dyn DurableLog>,
    quarantined: watch::Sender<Option<String>>,
) {
    let mut standing = published.watch_standing();
    let found = standing.wait_for(|standing| standing.quarantine.is_some()).await;
    let Some(why) = found.ok().and_then(|standing| standing.quarantine.clone()) else {
        return;
    };
    quarantined.send_replace(Some(why.clone()));
    // Blocks for two fsyncs, once in a store's life.
    while let Err(error) = log.distrust(&why) {
        tracing::error!(%error, "the quarantine could not be kept in the store: a restart would forget it");
        tokio::time::sleep(KEEP_AGAIN_AFTER).await;
    }
}

async fn settle(
    reply: tokio::sync::oneshot::Receiver<head::Outcome>,
    value: Value,
    log: &dyn DurableLog,
) -> Result<Value, CommitError> {
    let settled = tokio::time::timeout(COMMIT_WAIT_MAX, reply).await;
    let outcome = match settled {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(CommitError::Unknown),
    };
    match outcome {
        Err(CommitError::Unknown) => Err(match log.health().condition {
            StoreCondition::Ok => CommitError::Unknown,
            // Others may have it on their disks.
            StoreCondition::Full(why) | StoreCondition::Faulty(why) => CommitError::UnknownByStoreFault(why),
        }),
        outcome => outcome.map(|()| value),
    }
}
