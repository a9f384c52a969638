//! The server's half of a join: proof, rows, certificate, membership, answer.
//!
//! ```text
//! link -> any member -> coordinator: proof -> commit(rows, member, invitation used up) -> log member -> answer
//! ```
//! A join that broke after its commit is repeated by the same host with the same certificate: that needs no new proof,
//! since the certificate is pinned by then and the link has seen that the host holds its key.
//! A host that has lost its store, or never heard that it was let in, comes as a new node (A1): with a proof and the certificate that was
//! pinned for it, it takes the place of the node that it was.

use super::dto::{JOIN_VERSION, JoinReply, JoinRequest, Proof};
use super::invite::{commit_error, consume, drop_expired, invitation};
use super::token::hex;
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
use xenith_classes::birth::{HostBirth, join_host, refresh_host};
use xenith_datamodel::{ApiError, ClassId, Column, Ref, Value, class};
use xenith_link::Refusal;
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, NodeId};
use xenith_wire::Origin;

const CLASS: &str = "xenith_member";

impl Toolstack {
    /// Answers the link's join requests, on any member. `body` is a [`JoinRequest`] in JSON, the answer a [`JoinReply`].
    pub async fn join(&self, certificate_der: Vec<u8>, body: Bytes) -> Result<Bytes, Refusal> {
        match self.node.join(certificate_der, body.into()).await {
            Ok(reply) => Ok(Bytes::from(reply)),
            Err(error) => {
                warn!(%error, "a host was not let in");
                Err(Refusal::Denied(error.to_string()))
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
                Ok(Answer::Reply(_) | Answer::Done) => Err(ApiError::internal("an answer to another question")),
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
        let view = self.linearizable().await?;
        self.check_node_id(&view, &joiner.member)?;
        if !is_member(&view, &joiner.member)? {
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
        self.drop_earlier_nodes(&member).await;
        self.reply()
    }

    /// The nodes that this host was before. One that stays is no voter for long; the next join of the host drops it.
    async fn drop_earlier_nodes(&self, member: &Member) {
        for earlier in self.membership.members() {
            if earlier.host_uuid == member.host_uuid
                && earlier.node != member.node
                && let Err(error) = self.membership.remove_member(earlier.node).await
            {
                warn!(node = %earlier.node, %error, "a node that a host was before could not be dropped");
            }
        }
    }

    /// Whether the log has had this host, with this certificate.
    fn was_member(&self, member: &Member) -> bool {
        let same = |m: &Member| m.host_uuid == member.host_uuid && m.certificate_sha256 == member.certificate_sha256;
        self.membership.members().iter().any(same)
    }

    /// A node id is one host's for ever (A1), and 0 is nobody's.
    fn check_node_id(&self, view: &View, member: &Member) -> Result<(), ApiError> {
        let other = |m: &Member| {
            m.node == member.node
                && (m.host_uuid != member.host_uuid || m.certificate_sha256 != member.certificate_sha256)
        };
        let taken = self.membership.members().iter().any(other) || is_anothers(view, member)?;
        if member.node.0 == 0 || taken {
            warn!(node = %member.node, host = member.host_uuid, "a host asked for a node id that it cannot have");
            return Err(ApiError::invalid_value("join request node", &member.node.to_string()));
        }
        Ok(())
    }

    async fn commit_rows(self: &Arc<Node>, joiner: &Joiner, source: Source) -> Result<(), ApiError> {
        let mut secret = None;
        match &joiner.request.proof {
            Proof::Token { secret: given } => secret = Some(given.clone()),
            Proof::Password { user, password } => self.prove(user, password, source).await?,
        }
        let (node, request, member) = (Arc::clone(self), joiner.request.clone(), joiner.member.clone());
        let (is_token, was_member) = (secret.is_some(), self.was_member(&joiner.member));
        let plan: xenith_raft::Plan = Box::new(move |view: &View| {
            let now_ms = Node::pool_now_ms(&*node.clock, view);
            let birth = HostBirth {
                facts: &request.facts,
                host_uuid: &member.host_uuid,
                address: &request.address,
                certificate_sha256: member.certificate_sha256,
            };
            let used = match secret {
                Some(secret) => Some(invitation(view, &secret, now_ms)?.ok_or_else(bad_token)?),
                None => None,
            };
            let earlier = earlier_rows(view, &member)?;
            let mut tx = if was_member || !earlier.is_empty() {
                refresh_host(view, now_ms, birth)?.unwrap_or_else(|| Transaction::new(now_ms))
            } else {
                join_host(view, &mut SystemIds, now_ms, birth)?
            };
            for row in earlier {
                tx.destroy(class(CLASS).ok_or_else(no_class)?, &row);
            }
            drop_expired(view, &mut tx)?;
            if let Some(row) = used {
                consume(&mut tx, &row)?;
            }
            add_row(&mut tx, &member)?;
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
        let request: JoinRequest = serde_json::from_slice(body)
            .map_err(|error| ApiError::invalid_value("join request", &error.to_string()))?;
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

fn no_class() -> ApiError {
    ApiError::internal("class xenith_member is not as it should be")
}

type Row = (ClassId, Ref, Vec<(Column, Value)>);

fn fields(member: &Member) -> Result<Row, ApiError> {
    let class = class(CLASS).ok_or_else(no_class)?;
    let uuid = uuid::Uuid::from_u128(member.node.0).to_string();
    let mut fields = Vec::new();
    for (name, text) in [
        ("uuid", &uuid),
        ("host_uuid", &member.host_uuid),
        ("link_address", &member.link_address),
        ("certificate_sha256", &hex(&member.certificate_sha256)),
    ] {
        fields.push((class.column(name).ok_or_else(no_class)?, Value::text(text)));
    }
    Ok((class, Ref::from_uuid_text(&uuid), fields))
}

fn add_row(tx: &mut Transaction, member: &Member) -> Result<(), ApiError> {
    let (class, row, fields) = fields(member)?;
    tx.create(class, &row, fields);
    Ok(())
}

/// What the host has as other nodes, with the same certificate.
fn earlier_rows(view: &View, member: &Member) -> Result<Vec<Ref>, ApiError> {
    let (class, own, fields) = fields(member)?;
    let same = |row: &Ref| {
        fields.iter().all(|(column, value)| {
            !matches!(column.desc().name, "host_uuid" | "certificate_sha256")
                || view.value(row, *column).as_ref() == Some(value)
        })
    };
    Ok(view
        .refs(class)
        .filter(|row| **row != own && same(row))
        .cloned()
        .collect())
}

/// Whether another host, or this one with another certificate, has the node id.
fn is_anothers(view: &View, member: &Member) -> Result<bool, ApiError> {
    let (_, row, fields) = fields(member)?;
    Ok(fields.into_iter().any(|(column, value)| {
        matches!(column.desc().name, "host_uuid" | "certificate_sha256")
            && view.value(&row, column).is_some_and(|now| now != value)
    }))
}

/// True if this very host, with this very certificate, has its rows already.
fn is_member(view: &View, member: &Member) -> Result<bool, ApiError> {
    let (_, row, fields) = fields(member)?;
    Ok(fields
        .into_iter()
        .all(|(column, value)| view.value(&row, column) == Some(value)))
}
