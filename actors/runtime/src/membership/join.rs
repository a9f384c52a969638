//! The server's half of a join: proof, rows, certificate, membership, answer.
//!
//! ```text
//! link -> any member -> coordinator: proof -> commit(rows, member, invitation used up) -> log member -> answer
//! ```
//! A join that broke after its commit is repeated by the same node with the same certificate: that needs no new proof. A host
//! whose certificate is pinned may come back as another node (A3), and says so by [`Proof::Member`]: the link has seen that it
//! holds the key. Its older nodes are unpinned at once and leave the log when the new one, or another, can vote in their place.

use super::dto::{JOIN_VERSION, JoinReply, JoinRequest, Proof};
use super::invite::{commit_error, consume, drop_expired, invitation};
use super::rows;
use crate::background::{done_or_nothing, some_or_nothing};
use crate::ids::SystemIds;
use crate::node::{Node, Toolstack};
use crate::peers::{Answer, Question};
use crate::penalty::Source;
use crate::role::{Kind, Place, no_coordinator};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::{info, warn};
use xenith_classes::birth::{HostBirth, join_host};
use xenith_datamodel::{ApiError, Value, class};
use xenith_link::Refusal;
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, NodeId};
use xenith_wire::Origin;

impl Toolstack {
    /// Answers the link's join requests, on any member. `body` is a [`JoinRequest`] in JSON, the answer a [`JoinReply`].
    pub async fn join(&self, certificate_der: Vec<u8>, body: Bytes) -> Result<Bytes, Refusal> {
        let host =
            Joiner::read(&certificate_der, &body).map_or_else(|_| String::new(), |joiner| joiner.member.host_uuid);
        let result = self.node.join(certificate_der, body.into()).await;
        self.node.audit_join(&host, result.as_ref().map(|_| ())).await;
        match result {
            Ok(reply) => Ok(Bytes::from(reply)),
            Err(error) => {
                warn!(%error, "a host was not let in");
                Err(refusal(&error))
            }
        }
    }
}

/// A request that was read.
struct Joiner {
    request: JoinRequest,
    member: Member,
}

impl Node {
    async fn join(self: &Arc<Node>, certificate_der: Vec<u8>, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let deadline = Instant::now() + self.config.hold;
        // As the unix socket: passed on to whoever leads.
        match self.place(&Origin::UnixSocket, Kind::InSession, deadline).await? {
            Place::Here => self.join_here(self.log.node_id(), &certificate_der, &body).await,
            Place::Forward(node) => match self.ask(node, &Question::Join { certificate_der, body }).await {
                Ok(Answer::Joined(result)) => result,
                Ok(Answer::NotCoordinator) => Err(no_coordinator()),
                Ok(Answer::Reply(_) | Answer::Done | Answer::Refused(_)) => {
                    Err(ApiError::internal("an answer to another question"))
                }
                Err(error) => Err(ApiError::internal(error.to_string())),
            },
            Place::Redirect { address } => Err(ApiError::host_is_slave(&address)),
        }
    }

    /// On the coordinator; HOST_STILL_BOOTING elsewhere. `by`: the member that the host asked.
    pub(crate) async fn join_here(
        self: &Arc<Node>,
        by: NodeId,
        certificate_der: &[u8],
        body: &[u8],
    ) -> Result<Vec<u8>, ApiError> {
        let joiner = Joiner::read(certificate_der, body)?;
        if joiner.member.host_uuid == self.host.uuid {
            // It runs here and now: taken in as another node, the pool would have a member that never comes.
            let text = "a host cannot join its own pool";
            return Err(ApiError::new("OPERATION_NOT_ALLOWED", [text]));
        }
        let view = self.linearizable().await?;
        self.check_node_id(&view, &joiner.member)?;
        if !rows::is_member(&view, &joiner.member)? {
            self.commit_rows(&joiner, Source::Joins(by)).await?;
        }
        let member = joiner.member;
        info!(
            host = member.host_uuid,
            link_address = member.link_address,
            "a host joins"
        );
        self.membership
            .add_member(member.clone())
            .await
            .map_err(|error| ApiError::internal(error.to_string()))?;
        self.drop_older_nodes(&member).await?;
        self.chase_leftovers();
        self.reply()
    }

    /// Rows of the nodes that the host was before. Their stores are lost, so they can never answer again; they leave the log when another
    /// can vote in their place.
    async fn drop_older_nodes(self: &Arc<Node>, member: &Member) -> Result<(), ApiError> {
        let (node, member) = (Arc::clone(self), member.clone());
        let plan: xenith_raft::Plan = Box::new(move |view: &View| {
            let mut tx = Transaction::new(Node::pool_now_ms(&*node.clock, view));
            rows::drop_others_of_host(view, &mut tx, &member)?;
            some_or_nothing(Some(tx))
        });
        done_or_nothing(self.log.propose(plan).await).map_err(commit_error)
    }

    /// A node id is one host's for ever (A1), and 0 is nobody's.
    fn check_node_id(&self, view: &View, member: &Member) -> Result<(), ApiError> {
        let other = |m: &Member| {
            m.node == member.node
                && (m.host_uuid != member.host_uuid || m.certificate_sha256 != member.certificate_sha256)
        };
        let taken = self.membership.members().iter().any(other) || rows::is_anothers(view, member)?;
        if member.node.0 == 0 || taken {
            warn!(node = %member.node, host = member.host_uuid, "a host asked for a node id that it cannot have");
            return Err(ApiError::invalid_value("join request node", &member.node.to_string()));
        }
        Ok(())
    }

    async fn commit_rows(self: &Arc<Node>, joiner: &Joiner, source: Source) -> Result<(), ApiError> {
        let secret = match &joiner.request.proof {
            Proof::Token { secret } => Some(secret.clone()),
            Proof::Password { user, password } => {
                self.prove(user, password, source).await?;
                None
            }
            Proof::Member => None,
        };
        let is_member = matches!(joiner.request.proof, Proof::Member);
        let is_token = secret.is_some();
        let (node, request, member) = (Arc::clone(self), joiner.request.clone(), joiner.member.clone());
        let plan: xenith_raft::Plan = Box::new(move |view: &View| {
            let now_ms = Node::pool_now_ms(&*node.clock, view);
            let used = match secret {
                Some(secret) => Some(invitation(view, &secret, now_ms)?.ok_or_else(bad_token)?),
                None => None,
            };
            // A host of the pool takes its own place; only its certificate makes it that host.
            let pinned = rows::is_pinned(view, &member)?;
            if is_member && !pinned {
                return Err(not_pinned());
            }
            let birth = HostBirth {
                facts: &request.facts,
                host_uuid: &member.host_uuid,
                address: &request.address,
                certificate_sha256: member.certificate_sha256,
                certificate: request.certificate.as_ref(),
                https_only: request.https_only,
            };
            let mut tx = if pinned {
                Transaction::new(now_ms)
            } else {
                join_host(view, &mut SystemIds, now_ms, birth)?
            };
            drop_expired(view, &mut tx)?;
            if let Some(row) = used {
                consume(&mut tx, &row)?;
            }
            rows::add(&mut tx, &member)?;
            Ok((tx, Value::Void))
        });
        let committed = self.log.propose(plan).await.map(|_| ()).map_err(commit_error);
        if is_token && committed.as_ref().is_err_and(|error| *error == bad_token()) {
            // Guessing 128 bits is hopeless; this keeps it from being busy work for us.
            self.penalties.wait(source, self.config.login_failure_delay).await;
        }
        committed
    }

    fn reply(&self) -> Result<Vec<u8>, ApiError> {
        let view = self.log.applied();
        let pool = class("pool").and_then(|pool| {
            let uuid = view.value(view.refs(pool).next()?, pool.column("uuid")?)?;
            uuid.as_text().map(str::to_owned)
        });
        let reply = JoinReply {
            version: JOIN_VERSION,
            pool_uuid: pool.ok_or_else(|| ApiError::internal("the pool has no row"))?,
            incarnation: self.membership.incarnation(),
            members: self.membership.members(),
        };
        serde_json::to_vec(&reply).map_err(|error| ApiError::internal(error.to_string()))
    }
}

impl Joiner {
    fn read(certificate_der: &[u8], body: &[u8]) -> Result<Joiner, ApiError> {
        // The parser's words are not passed on: they quote the request, which holds a password, and the refusal is logged.
        let request: JoinRequest = serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid_value("join request", &format!("bad at byte {}", error.column())))?;
        if request.version != JOIN_VERSION {
            return Err(ApiError::invalid_value(
                "join request version",
                &request.version.to_string(),
            ));
        }
        let node = u128::from_str_radix(&request.node, 16)
            .map_err(|_| ApiError::invalid_value("join request node", &request.node))?;
        let is_uuid = uuid::Uuid::try_parse(&request.host_uuid).is_ok_and(|uuid| uuid.to_string() == request.host_uuid);
        if !is_uuid {
            return Err(ApiError::invalid_value("join request host_uuid", &request.host_uuid));
        }
        let member = Member {
            node: NodeId(node),
            host_uuid: request.host_uuid.clone(),
            link_address: request.link_address.clone(),
            certificate_sha256: Sha256::digest(certificate_der).into(),
        };
        Ok(Joiner { request, member })
    }
}

fn bad_token() -> ApiError {
    ApiError::new(
        "SESSION_AUTHENTICATION_FAILED",
        ["join token", "not valid, used already, or over"],
    )
}

fn not_pinned() -> ApiError {
    ApiError::new(
        "SESSION_AUTHENTICATION_FAILED",
        ["member certificate", "not pinned for this host"],
    )
}

/// Whether the pool's answer to a member of it, by [`Proof::Member`], is that it is none.
pub fn says_not_a_member(error: &ApiError) -> bool {
    *error == not_pinned()
}

/// Carries the error whole: [`join_error`] reads it.
fn refusal(error: &ApiError) -> Refusal {
    let words: Vec<&str> = std::iter::once(&*error.code)
        .chain(error.params.iter().map(String::as_str))
        .collect();
    Refusal::Denied(serde_json::json!(words).to_string())
}

/// The error in a refusal's text, as the pool gave it.
pub fn join_error(text: &str) -> ApiError {
    match serde_json::from_str::<Vec<String>>(text).ok().map(Vec::into_iter) {
        Some(mut words) => match words.next() {
            Some(code) => ApiError {
                code: code.into(),
                params: words.collect(),
            },
            None => ApiError::internal(text),
        },
        None => ApiError::internal(text),
    }
}
