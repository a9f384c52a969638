//! Builds a node from its configuration and its state folder, in order: identity, store, link, Raft, toolstack, HTTP.

use super::door::Door;
use super::guard;
use super::join::Joiner;
use super::rejoin::rejoin;
use super::services::LinkServices;
use super::state_dir::StateDir;
use super::tls::Tls;
use super::{Again, NodeError};
use crate::config::{Config, HypervisorConfig, SupporterCalls};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use xenith_classes::birth::{self, HostBirth, PoolBirth, ServerCertificate};
use xenith_datamodel::{Value, class};
use xenith_link::{Hello, Identity, Link, LinkConfig};
use xenith_pooldb::Transaction;
use xenith_raft::network::{LinkNet, RaftNet};
use xenith_raft::snapshot::DiskSnapshots;
use xenith_raft::store::{OpenError, OpenOptions, SledLog, SnapshotFiles, StoreIdentity};
use xenith_raft::{Member, NodeId, Plan, PoolLog as _, RaftConfig, RaftNode, RaftParts, Role};
use xenith_runtime::{
    AuditLimits, AuditLog, Clock, FileAuthenticator, HostStart, LinkPeers, Parts, RaftMembership, RuntimeConfig,
    SystemClock, SystemIds, ThisHost, ThisMachine, Toolstack, add_member_row,
};
use xenith_server::{Limits, RunningServer, ServerConfig};
use xenith_xen_port::{HostFacts, Machine};
use xenith_xen_sim::SimulatedHost;

/// The first incarnation of a pool; forced recoveries count up from here.
pub const FIRST_INCARNATION: u64 = 1;

/// A daemon that was killed may take a moment to be gone; its successor waits so long for the store.
const STORE_IN_USE_MAX: Duration = Duration::from_secs(5);
const STORE_LOOK_EVERY: Duration = Duration::from_millis(10);
/// A pool of one elects itself at once.
const LEADS_WITHIN: Duration = Duration::from_secs(30);
/// Entries: of a pool of one whose first start was cut off the log holds a few at most.
const YOUNG_LOG: u64 = 16;

/// A node that serves.
pub struct RunningNode {
    server: RunningServer,
    toolstack: Arc<Toolstack>,
    raft: Arc<RaftNode>,
    link: Link,
    again: watch::Receiver<Option<Again>>,
    /// Of this run; end before anything else does.
    tasks: JoinSet<()>,
}

/// What the daemon knows of this host before it is a member of anything.
pub struct Local {
    pub config: Config,
    pub state: StateDir,
    pub host_uuid: String,
    pub identity: Arc<Identity>,
    pub machine: Arc<dyn Machine>,
    pub facts: HostFacts,
    /// How clients are served over TLS; `None` if they are not.
    pub tls: Option<Tls>,
}

impl RunningNode {
    pub async fn start(config: &Config) -> Result<RunningNode, NodeError> {
        let local = Arc::new(Local::load(config).await?);
        if let Some(pending) = local.state.rejoin()? {
            rejoin(&local, &pending).await?;
        }
        let (store, fresh) = match open_or_create_store(&local).await {
            Err(Unopened::Lost(why)) => {
                set_aside(config, &why)?;
                // What follows is the start of a host that has to rejoin.
                return Box::pin(RunningNode::start(config)).await;
            }
            Err(Unopened::Node(error)) => return Err(error),
            Ok(store) => store,
        };
        let me = Member {
            node: NodeId(store.identity().node),
            host_uuid: local.host_uuid.clone(),
            link_address: config.link_address(),
            certificate_sha256: local.identity.fingerprint(),
        };
        let net = LinkNet::new();
        net.learn(&local.state.known_members()?);
        let services = Arc::new(LinkServices::default());
        let link = start_link(&local, store.identity(), net.clone(), services.clone()).await?;
        net.attach(link.clone());
        let ground = Ground {
            local,
            me,
            link: link.clone(),
            services,
        };
        let running = ground.start(store, fresh, net).await;
        if running.is_err() {
            // It would keep the address from the next start.
            link.shutdown().await;
        }
        running
    }

    /// Returns when this host has to start anew from what is on disk, and why.
    pub async fn ended(&mut self) -> Again {
        let told = async {
            match self.again.wait_for(Option::is_some).await.map(|again| again.clone()) {
                Ok(Some(again)) => again,
                // Nobody is left who could say so.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            again = told => again,
            // A quarantined node's Raft may end before its guard looks: such a store must not be started again and again.
            why = self.raft.failed() => match self.raft.quarantine() {
                Some(why) => Again::SetAside(why),
                None => Again::LogFailed(why),
            },
        }
    }

    /// Clients first, the log last.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Err(error) = self.server.stop().await {
            tracing::error!(%error, "the HTTP server did not stop cleanly");
        }
        self.toolstack.flush_audit().await;
        self.toolstack.stop().await;
        drop(self.toolstack);
        self.raft.stop().await;
        self.link.shutdown().await;
    }
}

/// What a node stands on while it starts; whoever made it takes it down when the start fails.
struct Ground {
    local: Arc<Local>,
    me: Member,
    link: Link,
    services: Arc<LinkServices>,
}

impl Ground {
    /// Raft and what stands on it.
    async fn start(self, store: SledLog, fresh: bool, net: Arc<LinkNet>) -> Result<RunningNode, NodeError> {
        let (pool_uuid, incarnation) = (store.identity().pool_uuid.clone(), store.identity().incarnation);
        let raft = start_raft(&self.local, store, self.me.clone(), net).await?;
        let running = self.start_on(&raft, fresh, (incarnation, &pool_uuid)).await;
        if running.is_err() {
            raft.stop().await;
        }
        running
    }

    async fn start_on(
        self,
        raft: &Arc<RaftNode>,
        fresh: bool,
        (incarnation, pool_uuid): (u64, &str),
    ) -> Result<RunningNode, NodeError> {
        drop(self.services.raft.set(Arc::downgrade(&raft.service())));
        if fresh {
            bootstrap(&self.local, raft, pool_uuid, &self.me).await?;
        }
        let toolstack = start_toolstack(&self.local, raft, &self.link, (&self.me, incarnation, pool_uuid))?;
        let toolstack = Arc::new(toolstack);
        drop(self.services.toolstack.set(Arc::downgrade(&toolstack)));
        let (tell, again) = watch::channel(None);
        let joiner = Arc::new(Joiner::new(self.local.clone(), raft.clone(), tell.clone()));
        toolstack.serve_pool_join(joiner.clone());
        let door = Door::new(toolstack.clone(), joiner, raft.clone(), self.local.host_uuid.clone());
        let server = match start_server(&self.local, Arc::new(door)) {
            Ok(server) => server,
            Err(error) => {
                toolstack.stop().await;
                return Err(error);
            }
        };
        let (me, local) = (self.me, self.local);
        tracing::info!(host = %local.host_uuid, node = %me.node, pool = %pool_uuid, "serving");
        let start = HostStart {
            member: me,
            address: local.config.host.address.to_string(),
            facts: local.facts.clone(),
            certificate: local.server_certificate().cloned(),
            https_only: local.config.listen.https_only,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(guard::watch_membership(local, raft.clone(), tell));
        tasks.spawn(guard::report_start(toolstack.clone(), start));
        Ok(RunningNode {
            server,
            toolstack,
            raft: raft.clone(),
            link: self.link,
            again,
            tasks,
        })
    }
}

impl Local {
    async fn load(config: &Config) -> Result<Local, NodeError> {
        let state = StateDir::open(&config.dir)?;
        let host_uuid = state.host_uuid(&uuid::Uuid::new_v4().to_string())?;
        let identity = Identity::load_or_generate(&state.link(), &host_uuid)
            .map_err(NodeError::part("the link's identity could not be loaded"))?;
        let machine: Arc<dyn Machine> = match &config.hypervisor {
            HypervisorConfig::Sim { socket } => Arc::new(SimulatedHost::new(socket.clone())),
            HypervisorConfig::Xen => return Err(NodeError::NoXenYet),
        };
        let mut facts = machine
            .host_facts()
            .await
            .map_err(NodeError::part("the machine's facts could not be read"))?;
        if !config.host.name_label.is_empty() {
            facts.hostname.clone_from(&config.host.name_label);
        }
        let tls = match config.tls_address() {
            Some(_) => Some(Tls::load(state.path(), config.host.address, &facts.hostname)?),
            None => None,
        };
        Ok(Local {
            config: config.clone(),
            tls,
            state,
            host_uuid,
            identity: Arc::new(identity),
            machine,
            facts,
        })
    }

    /// This host as the planners of [`birth`] want it.
    fn birth<'a>(&'a self, address: &'a str) -> HostBirth<'a> {
        HostBirth {
            facts: &self.facts,
            host_uuid: &self.host_uuid,
            address,
            certificate_sha256: self.identity.fingerprint(),
            certificate: self.server_certificate(),
            https_only: self.config.listen.https_only,
        }
    }

    pub fn server_certificate(&self) -> Option<&ServerCertificate> {
        self.tls.as_ref().map(|tls| &tls.certificate)
    }
}

/// Why there is no store to run with.
enum Unopened {
    /// It has lost something that it had promised: it must not be used (A3).
    Lost(String),
    Node(NodeError),
}

impl From<NodeError> for Unopened {
    fn from(error: NodeError) -> Unopened {
        Unopened::Node(error)
    }
}

/// The store of the pool that this host is a member of; `true` when the pool of one in it may not have its rows yet.
async fn open_or_create_store(local: &Local) -> Result<(SledLog, bool), Unopened> {
    let dir = local.state.store();
    match open_store(&dir).await {
        Ok(store) => {
            // A short log and no other members: perhaps a first start that was cut off.
            let last = xenith_raft::store::DurableLog::state(&store).map(|state| state.last);
            let young = last.is_ok_and(|last| last.is_none_or(|last| last.index < YOUNG_LOG));
            let alone = local
                .state
                .known_members()?
                .iter()
                .all(|member| member.host_uuid == local.host_uuid);
            Ok((store, young && alone))
        }
        // A host that knows members has been one: its store is lost, and a blank pool in its place would answer for the old one.
        Err(OpenError::Missing) if !local.state.known_members()?.is_empty() => {
            Err(Unopened::Lost("the store is missing".to_owned()))
        }
        Err(OpenError::Missing) => {
            std::fs::create_dir_all(local.state.member()).map_err(NodeError::file(&local.state.member()))?;
            let identity = StoreIdentity {
                node: uuid::Uuid::new_v4().as_u128(),
                pool_uuid: uuid::Uuid::new_v4().to_string(),
                incarnation: FIRST_INCARNATION,
                host_uuid: local.host_uuid.clone(),
            };
            let store = SledLog::create(&dir, &identity, OpenOptions::default())
                .map_err(NodeError::part("the store could not be made"))?;
            Ok((store, true))
        }
        Err(lost) if lost.must_set_aside() => Err(Unopened::Lost(lost.to_string())),
        Err(other) => Err(NodeError::part("the store could not be opened")(other).into()),
    }
}

async fn open_store(dir: &std::path::Path) -> Result<SledLog, OpenError> {
    let until = tokio::time::Instant::now() + STORE_IN_USE_MAX;
    loop {
        match SledLog::open(dir, OpenOptions::default()) {
            Err(OpenError::InUse) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(STORE_LOOK_EVERY).await;
            }
            result => return result,
        }
    }
}

/// Nothing of the old membership is used again; the next start rejoins the pool.
pub fn set_aside(config: &Config, why: &str) -> Result<(), NodeError> {
    StateDir::open(&config.dir)?.begin_rejoin(why, uuid::Uuid::new_v4().as_u128())
}

async fn start_link(
    local: &Local,
    store: &StoreIdentity,
    net: Arc<LinkNet>,
    services: Arc<LinkServices>,
) -> Result<Link, NodeError> {
    let hello = Hello {
        pool_uuid: store.pool_uuid.clone(),
        incarnation: store.incarnation,
        node: store.node,
        host_uuid: store.host_uuid.clone(),
    };
    let config = LinkConfig::new(local.config.link_listen_address().to_string());
    Link::start(config, local.identity.clone(), hello, net, services)
        .await
        .map_err(NodeError::part("the host link could not be started"))
}

async fn start_raft(local: &Local, store: SledLog, me: Member, net: Arc<LinkNet>) -> Result<Arc<RaftNode>, NodeError> {
    let broken = "the pool's log could not be started";
    let pool_uuid: uuid::Uuid = store.identity().pool_uuid.parse().map_err(NodeError::part(broken))?;
    let incarnation = store.identity().incarnation;
    // Chance: election timeouts of two hosts must not march in step.
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    let timings = &local.config.raft;
    let config = RaftConfig {
        incarnation,
        heartbeat: Duration::from_millis(timings.heartbeat_ms),
        election_min: Duration::from_millis(timings.election_min_ms),
        election_max: Duration::from_millis(timings.election_max_ms),
        snapshot_every: timings.snapshot_every_entries,
        keep_entries: timings.snapshot_every_entries / 2,
        ..RaftConfig::new(me, pool_uuid.as_u128(), seed)
    };
    let snapshots = SnapshotFiles::open(&local.state.snapshots()).map_err(NodeError::part(broken))?;
    let host_uuid = local.host_uuid.clone();
    let parts = RaftParts {
        log: Arc::new(store),
        snapshots: Arc::new(DiskSnapshots::new(snapshots)),
        net,
        opening: Arc::new(move |view| birth::opening(view, SystemClock.now_ms(), &host_uuid)),
        clock: Arc::new(|| SystemClock.now_ms()),
    };
    RaftNode::start(config, parts).await.map_err(NodeError::part(broken))
}

/// The first transaction of a fresh pool of one: its rows. A first start that was cut off before them is ended here.
async fn bootstrap(local: &Local, raft: &RaftNode, pool_uuid: &str, me: &Member) -> Result<(), NodeError> {
    let failed = "the pool could not be formed";
    let address = local.config.host.address.to_string();
    let pool = PoolBirth {
        pool_uuid,
        name_label: "",
        host: local.birth(&address),
    };
    let mut first = birth::new_pool(&mut SystemIds, SystemClock.now_ms(), pool).map_err(NodeError::part(failed))?;
    add_member_row(&mut first, me).map_err(NodeError::part(failed))?;
    if !raft.is_member().await {
        return raft.bootstrap(first).await.map_err(NodeError::part(failed));
    }
    let mut role = raft.watch_role();
    let leads = role.wait_for(|role| matches!(role, Role::Coordinator { .. }));
    let leads = tokio::time::timeout(LEADS_WITHIN, leads).await;
    drop(
        leads
            .map_err(NodeError::part(failed))?
            .map_err(NodeError::part(failed))?,
    );
    let plan: Plan = Box::new(move |view| {
        let born = class("pool").is_some_and(|pool| view.count(pool) > 0);
        Ok((
            if born {
                Transaction::new(view.pool_time_ms())
            } else {
                first
            },
            Value::Void,
        ))
    });
    raft.propose(plan).await.map(|_| ()).map_err(NodeError::part(failed))
}

fn start_toolstack(
    local: &Local,
    raft: &Arc<RaftNode>,
    link: &Link,
    (me, incarnation, pool_uuid): (&Member, u64, &str),
) -> Result<Toolstack, NodeError> {
    let accounts = FileAuthenticator::open(&local.config.accounts.file)
        .map_err(NodeError::part("the accounts file cannot be used"))?;
    let limits = AuditLimits {
        file_bytes: local.config.audit.file_bytes,
        old_files: local.config.audit.old_files,
    };
    let audit = AuditLog::open(&local.state.audit_log(), limits)
        .map_err(NodeError::part("the audit log could not be opened"))?;
    let config = RuntimeConfig {
        supporter_calls: match local.config.supporter_calls {
            SupporterCalls::Redirect => xenith_runtime::SupporterCalls::Redirect,
            SupporterCalls::Forward => xenith_runtime::SupporterCalls::Forward,
        },
        hand_over_forward: local.config.hand_over_forward(),
        silent_after: Duration::from_secs(local.config.silent_after_s),
        event_batch: Duration::from_millis(local.config.event_batch_ms),
        ..RuntimeConfig::default()
    };
    let toolstack = Toolstack::start(Parts {
        log: raft.clone(),
        peers: Arc::new(LinkPeers { link: link.clone() }),
        accounts: Arc::new(accounts),
        membership: Arc::new(RaftMembership {
            node: raft.clone(),
            incarnation,
        }),
        clock: Arc::new(SystemClock),
        audit: Arc::new(audit),
        host: ThisHost {
            uuid: me.host_uuid.clone(),
            link_address: me.link_address.clone(),
            certificate_sha256: me.certificate_sha256,
        },
        config,
        machine: Some(ThisMachine {
            machine: local.machine.clone(),
            boot_id: local.facts.boot_id.clone(),
            journal: local.state.agent(pool_uuid),
        }),
    });
    toolstack.map_err(NodeError::part("the journal of this host's work cannot be used"))
}

fn start_server(local: &Local, door: Arc<Door>) -> Result<RunningServer, NodeError> {
    let config = &local.config;
    let https = config.tls_address().zip(local.tls.as_ref());
    let https = https.map(|(address, tls)| (address, tls.config.clone()));
    let server = ServerConfig {
        http: config.http_address(),
        https,
        unix: Some(config.unix_socket.clone()),
        workers: config.listen.workers,
        https_only: config.listen.https_only,
        limits: Limits {
            reply_bytes: config.listen.reply_memory_mib << 20,
            ..Limits::default()
        },
    };
    xenith_server::serve(server, door).map_err(NodeError::part("the HTTP server could not be started"))
}
