//! The client's half of a join: this blank host, a pool of one, becomes a member of another pool; or a member that lost its
//! store comes back as a new node.
//!
//! ```text
//! check blank → ask the pool → make member.joining: the new node's store, the pool's members → rename to member.next
//!   → the daemon stops and starts as a member of the pool
//! ```
//! Invariant: nothing of the pool of one is touched before the other pool has agreed, and it is kept aside afterwards.

use super::wire_up::Local;
use super::{Again, NodeError};
use crate::commands::with_link_port;
use async_trait::async_trait;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use xenith_datamodel::{ApiError, class};
use xenith_link::{LinkError, Refusal, ServerTrust, join_request};
use xenith_pooldb::View;
use xenith_raft::store::{OpenOptions, SledLog, StoreIdentity};
use xenith_raft::{PoolLog, RaftNode};
use xenith_runtime::{JOIN_VERSION, JoinPool, JoinReply, JoinRequest, JoinToken, Proof, join_error};

/// The pool commits the new host's rows and membership meanwhile.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

const UNREACHABLE: &str = "JOINING_HOST_CONNECTION_FAILED";
const NOT_UNDERSTOOD: &str = "JOINING_HOST_SERVICE_FAILED";

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
    tell: watch::Sender<Option<Again>>,
    /// One join at a time.
    busy: Mutex<()>,
}

/// One question to a pool.
pub struct Ask<'a> {
    /// host:port of a member's link.
    pub address: &'a str,
    pub trust: ServerTrust,
    pub proof: Proof,
    /// The Raft node that this host wants to be.
    pub node: u128,
}

impl Joiner {
    pub fn new(local: Arc<Local>, raft: Arc<RaftNode>, tell: watch::Sender<Option<Again>>) -> Joiner {
        Joiner {
            local,
            raft,
            tell,
            busy: Mutex::new(()),
        }
    }

    pub async fn join(&self, body: &[u8]) -> Result<(), ApiError> {
        let body: JoinBody = serde_json::from_slice(body)
            .map_err(|malformed| ApiError::invalid_value("body", &malformed.to_string()))?;
        let token = JoinToken::parse(&body.token).map_err(|bad| ApiError::invalid_value("token", &bad.to_string()))?;
        let trust = ServerTrust::Fingerprint(token.fingerprint);
        self.join_with(
            &body.address,
            trust,
            Proof::Token {
                secret: token.secret_hex(),
            },
        )
        .await
    }

    async fn join_with(&self, address: &str, trust: ServerTrust, proof: Proof) -> Result<(), ApiError> {
        let _busy = self.busy.try_lock().map_err(|_| not_allowed("a join is under way"))?;
        if self.tell.borrow().is_some() {
            return Err(not_allowed(
                "this host has joined a pool and is about to start as its member",
            ));
        }
        self.check_blank().await?;
        let node = uuid::Uuid::new_v4().as_u128();
        let reply = ask(
            &self.local,
            Ask {
                address,
                trust,
                proof,
                node,
            },
        )
        .await?;
        become_member(&self.local, node, &reply).map_err(internal)?;
        tracing::info!(address, pool = %reply.pool_uuid, "the pool has taken this host in");
        self.tell.send_replace(Some(Again::Joined));
        Ok(())
    }

    /// Only a pool of one without objects of its own may be left behind.
    async fn check_blank(&self) -> Result<(), ApiError> {
        if self.raft.members().len() > 1 {
            return Err(ApiError::plain("JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS"));
        }
        let view = self
            .raft
            .read()
            .await
            .map_err(|cause| ApiError::internal(cause.to_string()))?;
        not_blank(&view).map_or(Ok(()), Err)
    }
}

#[async_trait]
impl JoinPool for Joiner {
    /// Trusts whoever answers at the address, as XenAPI's join does; from then on the certificates that the pool names are pinned.
    async fn join_by_password(&self, address: &str, user: &str, password: &str) -> Result<(), ApiError> {
        let address = with_link_port(address, self.local.config.listen.link_port);
        let proof = Proof::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        let joined = self.join_with(&address, ServerTrust::FirstUse, proof).await;
        joined.map_err(|mut error| {
            tracing::warn!(address, %error, "this host did not join");
            if error.code == UNREACHABLE || error.code == NOT_UNDERSTOOD {
                // XenAPI gives these two no parameters.
                error.params.clear();
            }
            error
        })
    }
}

/// Asks to be let in. Errors are the pool's own, or say that it could not be asked.
pub async fn ask(local: &Local, ask: Ask<'_>) -> Result<JoinReply, ApiError> {
    let Ask {
        address,
        trust,
        proof,
        node,
    } = ask;
    let request = JoinRequest {
        version: JOIN_VERSION,
        proof,
        host_uuid: local.host_uuid.clone(),
        node: format!("{node:032x}"),
        link_address: local.config.link_address(),
        address: local.config.host.address.to_string(),
        facts: local.facts.clone(),
        certificate: local.server_certificate().cloned(),
        https_only: local.config.listen.https_only,
    };
    let body = serde_json::to_vec(&request).map_err(internal)?;
    let asked = join_request(address, trust, &local.identity, body.into(), ANSWER_WITHIN).await;
    let (answer, fingerprint) = asked.map_err(|error| match error {
        LinkError::Refused(Refusal::Denied(text)) => join_error(&text),
        other => ApiError::new(UNREACHABLE, [crate::with_causes(&other)]),
    })?;
    let reply: JoinReply = serde_json::from_slice(&answer).map_err(|odd| not_understood(&odd.to_string()))?;
    if reply.version != JOIN_VERSION {
        return Err(not_understood(&format!("version {} of the join", reply.version)));
    }
    if !reply
        .members
        .iter()
        .any(|member| member.certificate_sha256 == fingerprint)
    {
        return Err(not_understood(
            "the host that answered is none of the members that it names",
        ));
    }
    Ok(reply)
}

/// The pool has agreed: makes the new node's store. In force at [`super::state_dir::StateDir::finish_join`].
pub fn become_member(local: &Local, node: u128, reply: &JoinReply) -> Result<(), NodeError> {
    let joining = local.state.begin_join()?;
    let identity = StoreIdentity {
        node,
        pool_uuid: reply.pool_uuid.clone(),
        incarnation: reply.incarnation,
        host_uuid: local.host_uuid.clone(),
    };
    let store = SledLog::create(&joining.join("store"), &identity, OpenOptions::default());
    drop(store.map_err(NodeError::part("the store could not be made"))?);
    local.state.agree_join(&reply.members)
}

/// XenAPI's code for what keeps this host from leaving its pool of one: guests in any state, disks. The join of a host with
/// halted guests and disks of its own comes later.
fn not_blank(view: &View) -> Option<ApiError> {
    use xenith_datamodel::classes::vm;
    let guests: Vec<_> = view
        .refs(vm::CLASS)
        .filter(|vm| {
            let flag = |field| view.get(vm, field).unwrap_or(false);
            !flag(vm::IS_A_TEMPLATE) && !flag(vm::IS_CONTROL_DOMAIN)
        })
        .collect();
    let state = vm::CLASS.column("power_state");
    let halted = |vm| {
        state
            .and_then(|state| view.value(vm, state))
            .is_some_and(|now| now.as_text() == Some("Halted"))
    };
    if !guests.iter().copied().all(halted) {
        return Some(ApiError::plain("JOINING_HOST_CANNOT_HAVE_RUNNING_OR_SUSPENDED_VMS"));
    }
    let disks = class("VDI").map_or(0, |vdis| view.count(vdis));
    (guests.len() + disks > 0).then(|| {
        let guests = guests.len();
        not_allowed(&format!(
            "this host has {guests} VMs and {disks} VDIs; only a blank host can join a pool yet"
        ))
    })
}

fn not_allowed(why: &str) -> ApiError {
    ApiError::new("OPERATION_NOT_ALLOWED", [why])
}

fn not_understood(why: &str) -> ApiError {
    ApiError::new(NOT_UNDERSTOOD, [why])
}

fn internal(cause: impl std::error::Error) -> ApiError {
    ApiError::internal(crate::with_causes(&cause))
}
