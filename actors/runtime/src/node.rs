//! What every part of the toolstack on this host shares, and the door [`Dispatch`] that the HTTP edge knocks at.

use crate::accounts::Authenticator;
use crate::audit::{Audit, AuditLog};
use crate::config::RuntimeConfig;
use crate::crowd::Crowd;
use crate::events::{Answers, Hub, Registered, Waiters};
use crate::fragments::Fragments;
use crate::ids::Clock;
use crate::limits::Limits;
use crate::local_sessions::LocalSessions;
use crate::membership::{JoinPool, Membership};
use crate::metrics::Metrics;
use crate::operations::{ActorsHere, JournalError, Operations, ThisMachine};
use crate::peers::Peers;
use crate::penalty::Penalties;
use crate::role::ForwardWindow;
use crate::sessions::Sessions;
use crate::touch::Touches;
use async_trait::async_trait;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::error;
use xenith_classes::host::Digest;
use xenith_datamodel::{ApiError, Ref};
use xenith_raft::{PoolLog, Role};
use xenith_wire::{
    Call, Credentials, Dispatch, Download, HandlerRefusal, HandlerRequest, InUse, Reply, ThumbprintDigest,
};

/// This host, as the pool's rows and the other hosts know it.
#[derive(Clone, Debug)]
pub struct ThisHost {
    pub uuid: String,
    /// host:port of this host's link.
    pub link_address: String,
    /// SHA-256 of the link certificate's DER.
    pub certificate_sha256: [u8; 32],
}

/// What a node is built of.
pub struct Parts {
    pub log: Arc<dyn PoolLog>,
    pub peers: Arc<dyn Peers>,
    pub accounts: Arc<dyn Authenticator>,
    pub membership: Arc<dyn Membership>,
    pub clock: Arc<dyn Clock>,
    pub audit: Arc<AuditLog>,
    pub host: ThisHost,
    pub config: RuntimeConfig,
    /// Without one this host works no operations.
    pub machine: Option<ThisMachine>,
}

/// The toolstack of one host. Its background tasks end when it is dropped.
pub struct Toolstack {
    pub(crate) node: Arc<Node>,
    _background: JoinSet<()>,
}

/// The shared state. No lock in it is held across an await.
pub(crate) struct Node {
    pub log: Arc<dyn PoolLog>,
    pub peers: Arc<dyn Peers>,
    pub accounts: Arc<dyn Authenticator>,
    pub membership: Arc<dyn Membership>,
    pub clock: Arc<dyn Clock>,
    pub audit: Audit,
    pub host: ThisHost,
    pub config: RuntimeConfig,
    pub metrics: Metrics,
    pub penalties: Penalties,
    pub waiters: Waiters,
    pub hub: Arc<Hub>,
    pub answers: Answers,
    pub registered: Registered,
    pub fragments: Arc<Fragments>,
    pub window: ForwardWindow,
    pub touches: Touches,
    pub limits: Limits,
    pub crowd: Crowd,
    /// One hand-over at a time.
    pub handing_over: Arc<Semaphore>,
    pub started: tokio::time::Instant,
    pub joiner: OnceLock<Arc<dyn JoinPool>>,
    pub local_sessions: LocalSessions,
    pub sessions: Sessions,
    pub operations: Operations,
}

impl Toolstack {
    /// Starts the background tasks too; must be called inside a tokio runtime.
    pub fn start(parts: Parts) -> Result<Toolstack, JournalError> {
        Toolstack::start_with(parts, None)
    }

    /// The same with its actors on the caller's thread; must be called on that very runtime.
    pub fn start_here(parts: Parts, here: &ActorsHere) -> Result<Toolstack, JournalError> {
        Toolstack::start_with(parts, Some(here))
    }

    fn start_with(parts: Parts, here: Option<&ActorsHere>) -> Result<Toolstack, JournalError> {
        let Parts {
            log,
            peers,
            accounts,
            membership,
            clock,
            audit,
            host,
            config,
            machine,
        } = parts;
        let waiters = Waiters::new(config.max_event_waiters);
        let fragments = Arc::new(Fragments::new(config.encoded_bytes));
        let operations = Operations::start(Arc::clone(&log), here);
        let node = Arc::new(Node {
            operations,
            log,
            peers,
            accounts,
            membership,
            clock,
            metrics: Metrics::new(audit.lost()),
            audit: Audit::new(audit),
            host,
            config,
            penalties: Penalties::default(),
            waiters,
            hub: Arc::default(),
            answers: Answers::default(),
            registered: Registered::default(),
            fragments,
            window: ForwardWindow::default(),
            touches: Touches::default(),
            limits: Limits::default(),
            crowd: Crowd::default(),
            handing_over: Arc::new(Semaphore::new(1)),
            started: tokio::time::Instant::now(),
            joiner: OnceLock::new(),
            local_sessions: LocalSessions::default(),
            sessions: Sessions::default(),
        });
        let mut background = JoinSet::new();
        background.spawn(crate::background::run(Arc::clone(&node)));
        background.spawn(crate::events::follow(Arc::clone(&node)));
        crate::operations::start(&node, machine, &mut background)?;
        Ok(Toolstack {
            node,
            _background: background,
        })
    }

    /// Ends what works beside calls, and waits until it has let go of the log and of this host's journal. Calls must not come any more.
    pub async fn stop(&self) {
        self.node.operations.stop().await;
    }

    /// Who does `pool.join`; given once, before the first call. Without it the message is not built.
    pub fn serve_pool_join(&self, joiner: Arc<dyn JoinPool>) {
        // The first one stays.
        drop(self.node.joiner.set(joiner));
    }
}

#[async_trait]
impl Dispatch for Toolstack {
    async fn call(&self, call: Call) -> Reply {
        self.node.call(call).await
    }

    async fn authorise(&self, request: HandlerRequest) -> Result<InUse, HandlerRefusal> {
        let session = match &request.credentials {
            Credentials::Session(session) => Some(Ref::new(session)),
            Credentials::Nothing | Credentials::PoolSecret(_) | Credentials::Basic { .. } => None,
        };
        let (node, origin) = (Arc::clone(&self.node), request.origin.clone());
        self.node.authorise(request).await?;
        Ok(Arc::new(move || {
            if let Some(session) = &session {
                node.session_in_use(session, &origin);
            }
        }))
    }

    async fn audit_log(&self, since: &str) -> Result<Download, ApiError> {
        match self.node.audit.log.since(since).await {
            Ok(lines) => Ok(Box::new(lines)),
            Err(cause) => {
                error!(%cause, "the audit log cannot be read");
                Err(ApiError::internal("the audit log cannot be read"))
            }
        }
    }

    fn is_https_only(&self) -> bool {
        xenith_classes::host::is_https_only(&self.node.log.applied(), &self.node.host.uuid)
    }

    fn thumbprint(&self, address: &str, digest: ThumbprintDigest) -> Option<String> {
        let digest = match digest {
            ThumbprintDigest::Sha256 => Digest::Sha256,
            ThumbprintDigest::Sha1 => Digest::Sha1,
        };
        xenith_classes::host::thumbprint_at(&self.node.log.applied(), address, digest)
    }

    fn health(&self) -> Result<String, String> {
        match &*self.node.log.watch_role().borrow() {
            Role::Coordinator { .. } => Ok("coordinator\n".to_owned()),
            Role::Supporter { address, .. } => Ok(format!("supporter of {address}\n")),
            Role::NoCoordinator => Err("no coordinator is known\n".to_owned()),
        }
    }

    fn metrics(&self) -> String {
        let mut text = self.node.log.metrics();
        self.node.metrics.write(&mut text, &self.node.waiters);
        text
    }

    async fn admin(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        self.node.admin(path, &body).await
    }
}
