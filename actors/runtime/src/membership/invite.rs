//! `xenith token`: makes an invitation; `/xenith/` paths of the local socket.

use super::token::{JoinToken, hex, secret_hash};
use crate::ids::{SystemIds, random_128};
use crate::node::Node;
use crate::peers::{Answer, Question};
use crate::role::{Kind, Place, no_coordinator};
use serde::Deserialize;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::info;
use xenith_classes::Ids as _;
use xenith_datamodel::{ApiError, Ref, Value, class};
use xenith_pooldb::{Transaction, View};
use xenith_raft::CommitError;
use xenith_wire::Origin;

/// An invitation lasts this long unless the operator says otherwise.
const DEFAULT_LIFE_S: i64 = 60 * 60;
/// The longest an operator may ask for.
const LONGEST_LIFE_S: i64 = 7 * 24 * 60 * 60;

/// Body of `/xenith/token`; may be empty.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TokenBody {
    /// Seconds until the token ends.
    expires_s: Option<i64>,
}

impl Node {
    /// Paths of [`xenith_wire::Dispatch::admin`].
    pub(crate) async fn admin(self: &Arc<Node>, path: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        match path {
            "token" => self.token(body).await,
            _ => Err(ApiError::new("MESSAGE_METHOD_UNKNOWN", [format!("/xenith/{path}")])),
        }
    }

    /// Answers `{"token": text}`.
    async fn token(self: &Arc<Node>, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        let asked: TokenBody = if body.is_empty() {
            TokenBody::default()
        } else {
            serde_json::from_slice(body).map_err(|error| ApiError::invalid_value("body", &error.to_string()))?
        };
        let life_s = asked.expires_s.unwrap_or(DEFAULT_LIFE_S);
        if !(1..=LONGEST_LIFE_S).contains(&life_s) {
            return Err(ApiError::invalid_value("expires_s", &life_s.to_string()));
        }
        let secret = random_128().map_err(|error| ApiError::internal(error.to_string()))?;
        let token = JoinToken {
            secret,
            fingerprint: self.host.certificate_sha256,
        };
        let hash = secret_hash(&hex(&secret));
        self.invite(hash, self.clock.now_ms().saturating_add(life_s * 1000))
            .await?;
        info!(life_s, "made a join token");
        Ok(serde_json::json!({ "token": token.to_text() }).to_string().into_bytes())
    }

    async fn invite(self: &Arc<Node>, secret_hash: String, expires_ms: i64) -> Result<(), ApiError> {
        let created_by = self.host.uuid.clone();
        let deadline = Instant::now() + self.config.hold;
        match self.place(&Origin::UnixSocket, Kind::InSession, deadline).await? {
            Place::Here => self.invite_here(secret_hash, expires_ms, created_by).await,
            Place::Forward(node) => {
                let question = Question::Invite {
                    secret_hash,
                    expires_ms,
                    created_by,
                };
                match self.ask(node, &question).await {
                    Ok(Answer::Done) => Ok(()),
                    Ok(_) => Err(no_coordinator()),
                    Err(error) => Err(ApiError::internal(error.to_string())),
                }
            }
            Place::Redirect { address } => Err(ApiError::host_is_slave(&address)),
        }
    }

    pub(crate) async fn invite_here(
        self: &Arc<Node>,
        secret_hash: String,
        expires_ms: i64,
        created_by: String,
    ) -> Result<(), ApiError> {
        let node = Arc::clone(self);
        let plan: xenith_raft::Plan = Box::new(move |view: &View| {
            let mut tx = Transaction::new(Node::pool_now_ms(&*node.clock, view));
            drop_expired(view, &mut tx)?;
            let mut ids = SystemIds;
            let row = Ref::from_uuid_text(&ids.uuid());
            let class = class(CLASS).ok_or_else(no_class)?;
            let mut fields = Vec::new();
            for (name, value) in [
                ("uuid", Value::from(ids.uuid())),
                ("secret_hash", Value::from(secret_hash)),
                ("expires_ms", Value::Int(expires_ms)),
                ("created_by", Value::from(created_by)),
            ] {
                fields.push((class.column(name).ok_or_else(no_class)?, value));
            }
            tx.create(class, &row, fields);
            Ok((tx, Value::Void))
        });
        self.log.propose(plan).await.map(|_| ()).map_err(commit_error)
    }
}

const CLASS: &str = "xenith_join_token";

fn no_class() -> ApiError {
    ApiError::internal("class xenith_join_token is not as it should be")
}

/// What a failed proposal is to a caller that does not look for another coordinator.
pub(super) fn commit_error(error: CommitError) -> ApiError {
    match error {
        CommitError::Api(error) => error,
        CommitError::NotCoordinator | CommitError::Frozen => no_coordinator(),
        CommitError::TooBusy => ApiError::plain("TOO_BUSY"),
        CommitError::Unknown | CommitError::UnknownByStoreFault(_) | CommitError::StoreFault(_) => {
            ApiError::internal(error.to_string())
        }
    }
}

/// Ends the invitations whose time is over; done whenever one is made or used, so there are never many.
pub(super) fn drop_expired(view: &View, tx: &mut Transaction) -> Result<(), ApiError> {
    let class = class(CLASS).ok_or_else(no_class)?;
    let expires = class.column("expires_ms").ok_or_else(no_class)?;
    for row in view.refs(class) {
        if view.value(row, expires).and_then(|at| at.as_int()).unwrap_or(0) <= tx.time_ms {
            tx.destroy(class, row);
        }
    }
    Ok(())
}

/// The live invitation with this secret.
pub(super) fn invitation(view: &View, secret_hex: &str, now_ms: i64) -> Result<Option<Ref>, ApiError> {
    let class = class(CLASS).ok_or_else(no_class)?;
    let (hash, expires) = (
        class.column("secret_hash").ok_or_else(no_class)?,
        class.column("expires_ms").ok_or_else(no_class)?,
    );
    let wanted = secret_hash(secret_hex);
    let live = |row: &&Ref| {
        let same = view
            .value(row, hash)
            .is_some_and(|value| value.as_text() == Some(wanted.as_str()));
        same && view.value(row, expires).and_then(|at| at.as_int()).unwrap_or(0) > now_ms
    };
    Ok(view.refs(class).find(live).cloned())
}

/// Uses it up.
pub(super) fn consume(tx: &mut Transaction, row: &Ref) -> Result<(), ApiError> {
    tx.destroy(class(CLASS).ok_or_else(no_class)?, row);
    Ok(())
}
