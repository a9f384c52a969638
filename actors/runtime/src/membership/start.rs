//! A daemon's start: its host's rows are brought up to date through the coordinator.

use super::invite::commit_error;
use super::rows;
use crate::background::{done_or_nothing, some_or_nothing};
use crate::ids::SystemIds;
use crate::node::{Node, Toolstack};
use crate::peers::{Answer, Question};
use crate::role::{Kind, Place, no_coordinator};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::info;
use xenith_classes::birth::{HostBirth, ServerCertificate, refresh_host};
use xenith_datamodel::ApiError;
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, NodeId};
use xenith_wire::Origin;
use xenith_xen_port::HostFacts;

/// What a host finds when its daemon starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostStart {
    pub member: Member,
    /// The management address, as clients reach it.
    pub address: String,
    pub facts: HostFacts,
    /// What it shows to clients. Absent in what an older daemon says.
    #[serde(default)]
    pub certificate: Option<ServerCertificate>,
    /// Its configuration refuses plain HTTP.
    #[serde(default)]
    pub https_only: bool,
}

impl Toolstack {
    /// Writes what changed since the last start; nothing if nothing did. To be tried again after an error.
    pub async fn host_started(&self, start: &HostStart) -> Result<(), ApiError> {
        self.node.host_started(start).await
    }
}

impl Node {
    async fn host_started(self: &Arc<Node>, start: &HostStart) -> Result<(), ApiError> {
        let deadline = Instant::now() + self.config.hold;
        // As the unix socket: passed on to whoever leads.
        match self.place(&Origin::UnixSocket, Kind::InSession, deadline).await? {
            Place::Here => self.host_started_here(start.clone()).await,
            Place::Forward(node) => {
                let body = serde_json::to_vec(start).map_err(|error| ApiError::internal(error.to_string()))?;
                match self.ask(node, &Question::HostStarted { body }).await {
                    Ok(Answer::Done) => Ok(()),
                    Ok(Answer::Refused(error)) => Err(error),
                    Ok(Answer::NotCoordinator | Answer::Reply(_) | Answer::Joined(_)) => Err(no_coordinator()),
                    Err(error) => Err(ApiError::internal(error.to_string())),
                }
            }
            Place::Redirect { address } => Err(ApiError::host_is_slave(&address)),
        }
    }

    /// Another member's start. A member speaks for its own host only.
    pub(crate) async fn member_started(self: &Arc<Node>, from: NodeId, body: &[u8]) -> Result<(), ApiError> {
        let start: HostStart =
            serde_json::from_slice(body).map_err(|error| ApiError::invalid_value("host start", &error.to_string()))?;
        if start.member.node == from {
            self.host_started_here(start).await
        } else {
            Err(ApiError::invalid_value("host start", "not of the member that asks"))
        }
    }

    async fn host_started_here(self: &Arc<Node>, start: HostStart) -> Result<(), ApiError> {
        self.take_over_address(&start.member).await?;
        let node = Arc::clone(self);
        let plan: xenith_raft::Plan = Box::new(move |view: &View| {
            let now_ms = Node::pool_now_ms(&*node.clock, view);
            let birth = HostBirth {
                facts: &start.facts,
                host_uuid: &start.member.host_uuid,
                address: &start.address,
                certificate_sha256: start.member.certificate_sha256,
                certificate: start.certificate.as_ref(),
                https_only: start.https_only,
            };
            let mut tx = refresh_host(view, &mut SystemIds, now_ms, birth)?.unwrap_or_else(|| Transaction::new(now_ms));
            rows::keep_in_step(view, &mut tx, &start.member)?;
            rows::keep_certificate(view, &mut tx, &start.member, start.certificate.as_ref())?;
            some_or_nothing(Some(tx))
        });
        done_or_nothing(self.log.propose(plan).await).map_err(commit_error)
    }

    /// Its link address may be another than at its last start. Its host and its certificate are what make it the member that it is.
    async fn take_over_address(&self, member: &Member) -> Result<(), ApiError> {
        let members = self.membership.members();
        let known = members.iter().find(|known| known.node == member.node);
        let known = known.filter(|known| {
            known.host_uuid == member.host_uuid && known.certificate_sha256 == member.certificate_sha256
        });
        match known {
            None => Err(ApiError::invalid_value("host start", "of no member")),
            Some(known) if known == member => Ok(()),
            Some(known) => {
                info!(
                    host = member.host_uuid,
                    from = known.link_address,
                    to = member.link_address,
                    "a link address has changed"
                );
                let updated = self.membership.update_member(member.clone()).await;
                updated.map_err(|error| ApiError::internal(error.to_string()))
            }
        }
    }
}
