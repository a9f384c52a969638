//! The client's half of a join: this blank host, a pool of one, becomes a member of another pool.
//!
//! ```text
//! check blank → make member.joining with a new node id → ask the pool → write its members → rename to member.next
//!   → the daemon stops and starts as a member of the pool
//! ```
//! Invariant: nothing of the pool of one is touched before the other pool has agreed, and it is kept aside afterwards.

use super::wire_up::Local;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use xenith_datamodel::{ApiError, class};
use xenith_link::{ServerTrust, join_request};
use xenith_pooldb::View;
use xenith_raft::store::{OpenOptions, SledLog, StoreIdentity};
use xenith_raft::{PoolLog, RaftNode};
use xenith_runtime::{JOIN_VERSION, JoinReply, JoinRequest, JoinToken, Proof};

/// The pool commits the new host's rows and membership meanwhile.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Body of `/xenith/join`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinBody {
    /// host:port of a member's link.
    address: String,
    token: String,
}

pub struct Joiner {
    local: Arc<Local>,
    raft: Arc<RaftNode>,
    tell_joined: watch::Sender<bool>,
    /// One join at a time.
    busy: Mutex<()>,
}

impl Joiner {
    pub fn new(local: Arc<Local>, raft: Arc<RaftNode>, tell_joined: watch::Sender<bool>) -> Joiner {
        Joiner { local, raft, tell_joined, busy: Mutex::new(()) }
    }

    pub async fn join(&self, body: &[u8]) -> Result<(), ApiError> {
        let body: JoinBody =
            serde_json::from_slice(body).map_err(|malformed| ApiError::invalid_value("body", &malformed.to_string()))?;
        let token = JoinToken::parse(&body.token).map_err(|bad| ApiError::invalid_value("token", &bad.to_string()))?;
        let _busy = self.busy.try_lock().map_err(|_| ApiError::internal("a join is under way"))?;
        self.check_blank().await?;
        let node = uuid::Uuid::new_v4().as_u128();
        let joining = self.local.state.begin_join().map_err(internal)?;
        let reply = self.ask(&body.address, &token, node).await?;
        let identity = StoreIdentity {
            node,
            pool_uuid: reply.pool_uuid,
            incarnation: reply.incarnation,
            host_uuid: self.local.host_uuid.clone(),
        };
        let store = SledLog::create(&joining.join("store"), &identity, OpenOptions::default()).map_err(internal)?;
        drop(store);
        self.local.state.agree_join(&reply.members).map_err(internal)?;
        tracing::info!(address = %body.address, pool = %identity.pool_uuid, "the pool has taken this host in");
        self.tell_joined.send_replace(true);
        Ok(())
    }

    /// Only a pool of one without objects of its own may be left behind.
    async fn check_blank(&self) -> Result<(), ApiError> {
        if self.raft.members().len() > 1 {
            return Err(ApiError::internal("this host is a member of a pool already"));
        }
        let view = self.raft.read().await.map_err(|cause| ApiError::internal(cause.to_string()))?;
        match own_objects(&view) {
            0 => Ok(()),
            count => Err(ApiError::internal(format!(
                "this host has {count} objects of its own; only a blank host can join a pool yet"
            ))),
        }
    }

    async fn ask(&self, address: &str, token: &JoinToken, node: u128) -> Result<JoinReply, ApiError> {
        let local = &self.local;
        let request = JoinRequest {
            version: JOIN_VERSION,
            proof: Proof::Token { secret: token.secret_hex() },
            host_uuid: local.host_uuid.clone(),
            node: format!("{node:032x}"),
            link_address: local.config.link_address(),
            address: local.config.host.address.to_string(),
            facts: local.facts.clone(),
        };
        let body = serde_json::to_vec(&request).map_err(internal)?;
        let trust = ServerTrust::Fingerprint(token.fingerprint);
        let (answer, _) = join_request(address, trust, &local.identity, body.into(), ANSWER_WITHIN)
            .await
            .map_err(|cause| ApiError::new("POOL_JOINING_HOST_FAILED", [crate::with_causes(&cause)]))?;
        let reply: JoinReply = serde_json::from_slice(&answer).map_err(internal)?;
        if reply.version == JOIN_VERSION {
            return Ok(reply);
        }
        Err(ApiError::internal(format!("the pool answered with version {} of the join", reply.version)))
    }
}

/// VMs that are neither templates nor control domains, and VDIs.
fn own_objects(view: &View) -> usize {
    use xenith_datamodel::classes::vm;
    let vms = view.refs(vm::CLASS).filter(|vm| {
        let flag = |field| view.get(vm, field).unwrap_or(false);
        !flag(vm::IS_A_TEMPLATE) && !flag(vm::IS_CONTROL_DOMAIN)
    });
    vms.count() + class("VDI").map_or(0, |vdis| view.count(vdis))
}

fn internal(cause: impl std::error::Error) -> ApiError {
    ApiError::internal(crate::with_causes(&cause))
}
