//! What members ask each other over the host link (service [`PEER_SERVICE`]): calls to answer, hosts to let in, tasks to end.
//!
//! A question and its answer are (kind u16, version u16, bincode), numbers little-endian (CORRECTNESS A6).
//! Invariants: a member is trusted to say what its client was (the link has proven its certificate); a question is never
//! passed on a second time.

use crate::call::Client;
use crate::node::{Node, Toolstack};
use async_trait::async_trait;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use xenith_datamodel::{ApiError, Ref};
use xenith_link::{Link, LinkError, Refusal};
use xenith_raft::NodeId;
use xenith_wire::{Call, Origin, Reply};

/// The link's service that carries these; Raft has 1.
pub const PEER_SERVICE: u16 = 2;
/// A forwarded call may be a hand-over, which waits 30 s for a host to catch up.
const ASK_DEADLINE: Duration = Duration::from_secs(60);
/// Larger than any call (300 KiB) and any join request, smaller than the link's own limit.
const MAX_BYTES: usize = 8 << 20;

const KIND_QUESTION: u16 = 1;
const KIND_ANSWER: u16 = 2;
const VERSION: u16 = 1;

/// Sends bytes to a member and waits for its answer.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Of the link's service of that number, for at most `within`.
    async fn ask(&self, node: NodeId, service: u16, body: Bytes, within: Duration) -> Result<Bytes, PeerError>;
}

#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// Nothing was sent.
    #[error("the coordinator could not be reached: {0}")]
    NotSent(String),
    /// It may or may not have been done.
    #[error("the coordinator did not answer, so whether the call was done is not known: {0}")]
    Unknown(String),
    /// Of another version, or damaged.
    #[error("the coordinator's answer could not be understood")]
    Malformed(#[source] EnvelopeError),
}

impl PeerError {
    pub(crate) fn nothing_was_done(&self) -> bool {
        match self {
            PeerError::NotSent(_) => true,
            PeerError::Unknown(_) | PeerError::Malformed(_) => false,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    #[error("too short or too long")]
    Length,
    #[error("kind {kind} of version {version}")]
    Unexpected { kind: u16, version: u16 },
    #[error("contents")]
    Decode(#[source] bincode::error::DecodeError),
    #[error("contents")]
    Encode(#[source] bincode::error::EncodeError),
}

/// Version 1. Variants and fields are only ever added together with a new version.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Question {
    /// `origin` is that of the member's client.
    Call(Box<Call>),
    /// A host wants in: its certificate as the link saw it, and its request.
    Join { certificate_der: Vec<u8>, body: Vec<u8> },
    /// Keep the hash of a join token's secret.
    Invite {
        secret_hash: String,
        expires_ms: i64,
        created_by: String,
    },
    FinishTask {
        task: Ref,
        outcome: Result<String, ApiError>,
    },
    /// The asking member's daemon has started: a [`crate::HostStart`] in JSON.
    HostStarted { body: Vec<u8> },
    /// A user's password was changed: keep its hash.
    KeepPassword { user: String, hash: String },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Reply(Reply),
    Joined(Result<Vec<u8>, ApiError>),
    Done,
    /// The asked host is not the coordinator: nothing was done.
    NotCoordinator,
    /// The coordinator's no.
    Refused(ApiError),
}

/// [`Peers`] over the host link.
pub struct LinkPeers {
    pub link: Link,
}

#[async_trait]
impl Peers for LinkPeers {
    async fn ask(&self, node: NodeId, service: u16, body: Bytes, within: Duration) -> Result<Bytes, PeerError> {
        self.link
            .request(node.0, service, body, within)
            .await
            .map_err(|error| match error {
                LinkError::Refused(Refusal::Busy | Refusal::UnknownService(_)) => PeerError::NotSent(error.to_string()),
                _ if error.surely_not_sent() => PeerError::NotSent(error.to_string()),
                _ => PeerError::Unknown(error.to_string()),
            })
    }
}

impl Toolstack {
    /// Answers another member's question: the link's service [`PEER_SERVICE`].
    pub async fn answer_peer(&self, from: NodeId, body: Bytes) -> Result<Bytes, Refusal> {
        let question: Question = open(KIND_QUESTION, &body).map_err(|error| Refusal::Failed(format!("{error}")))?;
        drop(body);
        let answer = self.node.answer_peer(from, question).await;
        seal(KIND_ANSWER, &answer).map_err(|error| Refusal::Failed(format!("{error}")))
    }
}

impl Node {
    pub(crate) async fn ask(&self, node: NodeId, question: &Question) -> Result<Answer, PeerError> {
        let body = seal(KIND_QUESTION, question).map_err(|error| PeerError::NotSent(error.to_string()))?;
        let answer = self.peers.ask(node, PEER_SERVICE, body, ASK_DEADLINE).await?;
        open(KIND_ANSWER, &answer).map_err(PeerError::Malformed)
    }

    async fn answer_peer(self: &Arc<Node>, from: NodeId, question: Question) -> Answer {
        match question {
            Question::Call(mut call) => {
                let client = Client::of(&call.origin);
                call.origin = Origin::Member { node: from.0 };
                match self.call_as(*call, client).await {
                    Reply::Failure(error) if is_elsewhere(&error) => Answer::NotCoordinator,
                    reply => Answer::Reply(reply.alone()),
                }
            }
            Question::Join { certificate_der, body } => match self.join_here(from, &certificate_der, &body).await {
                Err(error) if is_elsewhere(&error) => Answer::NotCoordinator,
                result => Answer::Joined(result),
            },
            Question::Invite {
                secret_hash,
                expires_ms,
                created_by,
            } => match self.invite_here(secret_hash, expires_ms, created_by).await {
                Ok(()) => Answer::Done,
                Err(_) => Answer::NotCoordinator,
            },
            Question::HostStarted { body } => match self.member_started(from, &body).await {
                Ok(()) => Answer::Done,
                Err(error) if is_elsewhere(&error) => Answer::NotCoordinator,
                Err(error) => Answer::Refused(error),
            },
            Question::KeepPassword { user, hash } => self.keep_password(&user, &hash).await,
            Question::FinishTask { task, outcome } => {
                if self.finish_task_here(task, outcome).await {
                    Answer::Done
                } else {
                    Answer::NotCoordinator
                }
            }
        }
    }
}

/// Both say that nothing was done because this host does not lead.
pub(crate) fn is_elsewhere(error: &ApiError) -> bool {
    error.code == "HOST_IS_SLAVE" || error.code == "HOST_STILL_BOOTING"
}

pub(crate) fn seal<T: Serialize>(kind: u16, contents: &T) -> Result<Bytes, EnvelopeError> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&kind.to_le_bytes());
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bincode::serde::encode_into_std_write(contents, &mut bytes, bincode::config::standard())
        .map_err(EnvelopeError::Encode)?;
    Ok(Bytes::from(bytes))
}

pub(crate) fn open<T: DeserializeOwned>(expected: u16, bytes: &[u8]) -> Result<T, EnvelopeError> {
    let Some(([k0, k1, v0, v1], contents)) = bytes.split_first_chunk() else {
        return Err(EnvelopeError::Length);
    };
    let (kind, version) = (u16::from_le_bytes([*k0, *k1]), u16::from_le_bytes([*v0, *v1]));
    if kind != expected || version != VERSION {
        return Err(EnvelopeError::Unexpected { kind, version });
    }
    let config = bincode::config::standard().with_limit::<MAX_BYTES>();
    let (decoded, used) = bincode::serde::decode_from_slice(contents, config).map_err(EnvelopeError::Decode)?;
    if used == contents.len() {
        Ok(decoded)
    } else {
        Err(EnvelopeError::Length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_wire::WireValue;

    fn question() -> Question {
        Question::Call(Box::new(Call {
            method: "VM.get_all".to_owned(),
            params: vec![WireValue::Text("OpaqueRef:x".to_owned()), WireValue::Int(5)],
            origin: Origin::UnixSocket,
            task_id: None,
            subtask_of: Some("OpaqueRef:t".to_owned()),
            task_other_config: vec![("a".to_owned(), "b".to_owned())],
            user_agent: None,
        }))
    }

    /// The encoding of version 1. It may only change together with `VERSION`.
    #[test]
    fn golden_bytes_of_version_1() {
        let sealed = seal(KIND_QUESTION, &question()).unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let golden = "01000100000a564d2e6765745f616c6c02000b4f70617175655265663a78010a0000010b4f70617175655265663a740101610162\
                      00";
        assert_eq!(hex, golden);
        assert_eq!(open::<Question>(KIND_QUESTION, &sealed).unwrap(), question());
    }

    #[test]
    fn damaged_and_foreign_envelopes_are_refused() {
        let sealed = seal(KIND_QUESTION, &question()).unwrap();
        for end in 0..sealed.len() {
            assert!(open::<Question>(KIND_QUESTION, &sealed[..end]).is_err(), "cut at {end}");
        }
        assert!(matches!(
            open::<Answer>(KIND_ANSWER, &sealed),
            Err(EnvelopeError::Unexpected { .. })
        ));
        let mut newer = sealed.to_vec();
        newer[2] = 9;
        assert!(matches!(
            open::<Question>(KIND_QUESTION, &newer),
            Err(EnvelopeError::Unexpected { version: 9, .. })
        ));
    }
}
