//! The receiving side: messages and streams of peers into Raft.
//!
//! Invariants: a quarantined host and a host whose start-up wait has not passed give no vote; a message of another pool, incarnation or
//! for another node is refused (CORRECTNESS A1).

use super::frame::{self, Identity};
use super::snapshot_stream;
use super::{BoxedStream, NetError};
use crate::codec::{self, CodecError, Coded};
use crate::config::WallClock;
use crate::dto::{
    AppendReplyDto, AppendRequestDto, ClockDto, ClockReplyDto, MemberDto, MembersDto, MembersReplyDto, ReadIndexDto,
    ReadIndexReplyDto, RefusedDto, SnapshotOfferDto, SnapshotReplyDto, TransferDto, TransferReplyDto, VoteReplyDto,
    VoteRequestDto,
};
use crate::leadership::LastHeard;
use crate::pool_log::NodeId;
use crate::reads::Reads;
use crate::snapshot::{self, SnapshotFile, SnapshotHead};
use crate::state_machine::{Published, StateMachine};
use crate::types::{LogId, TypeConfig, Vote};
use async_trait::async_trait;
use bytes::Bytes;
use openraft::async_runtime::WatchReceiver;
use openraft::raft::{AppendEntriesResponse, TransferLeaderRequest};
use std::sync::Arc;
use std::time::Duration;

/// Of a stream's first message.
const HELLO_DEADLINE: Duration = Duration::from_secs(5);

/// What a link hands to Raft. `from` is the node the link's handshake has proven.
#[async_trait]
pub trait RaftService: Send + Sync + 'static {
    async fn request(&self, from: NodeId, message: Bytes) -> Bytes;

    async fn stream(&self, from: NodeId, stream: BoxedStream);
}

pub struct Server {
    pub raft: openraft::Raft<TypeConfig, StateMachine>,
    pub identity: Identity,
    pub published: Arc<Published>,
    pub reads: Arc<Reads>,
    pub heard: Arc<LastHeard>,
    pub clock: WallClock,
}

#[async_trait]
impl RaftService for Server {
    async fn request(&self, from: NodeId, message: Bytes) -> Bytes {
        let outcome = match self.opened(from, &message) {
            Ok(message) => self.answer(&message).await,
            Err(error) => Err(error),
        };
        outcome.unwrap_or_else(|error| refused(&error))
    }

    async fn stream(&self, from: NodeId, mut stream: BoxedStream) {
        let answer = match self.snapshot(from, &mut stream).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%from, %error, "a snapshot was not taken");
                refused(&error)
            }
        };
        // Without the answer the sender runs into its deadline and tries again.
        let _ = tokio::time::timeout(HELLO_DEADLINE, frame::write_message(&mut stream, &answer)).await;
    }
}

impl Server {
    fn opened(&self, from: NodeId, frame: &Bytes) -> Result<Bytes, NetError> {
        let (claimed, message) = self.identity.unwrap(frame)?;
        if claimed != from {
            return Err(NetError::Refused(format!("{from} speaks for {claimed}")));
        }
        Ok(message)
    }

    async fn answer(&self, message: &Bytes) -> Result<Bytes, NetError> {
        let (kind, _, _) = codec::unwrap(message)?;
        match kind {
            AppendRequestDto::KIND => self.append(codec::decode(message)?).await,
            VoteRequestDto::KIND => self.vote(codec::decode(message)?).await,
            TransferDto::KIND => self.transfer(codec::decode(message)?).await,
            ReadIndexDto::KIND => {
                let ReadIndexDto {} = codec::decode(message)?;
                let index = self.reads.index_for_peer().await;
                Ok(codec::encode(&ReadIndexReplyDto { index })?)
            }
            ClockDto::KIND => {
                let ClockDto {} = codec::decode(message)?;
                Ok(codec::encode(&ClockReplyDto {
                    time_ms: (self.clock)(),
                })?)
            }
            MembersDto::KIND => {
                let MembersDto {} = codec::decode(message)?;
                let members = self.raft.server_metrics().borrow_watched().membership_config.clone();
                let members = members.nodes().map(|(_, member)| MemberDto::from(member)).collect();
                Ok(codec::encode(&MembersReplyDto { members })?)
            }
            unknown => Err(CodecError::UnknownKind(unknown).into()),
        }
    }

    async fn append(&self, request: AppendRequestDto) -> Result<Bytes, NetError> {
        let answer = self
            .raft
            .append_entries(request.into_request()?)
            .await
            .map_err(stopped)?;
        match answer {
            AppendEntriesResponse::HigherVote(_) => {}
            AppendEntriesResponse::Success
            | AppendEntriesResponse::PartialSuccess(_)
            | AppendEntriesResponse::Conflict => self.heard.now(),
        }
        Ok(codec::encode(&AppendReplyDto::from(answer))?)
    }

    async fn vote(&self, request: VoteRequestDto) -> Result<Bytes, NetError> {
        if let Some(why) = self.published.standing().quarantine {
            return Err(NetError::Refused(format!("quarantined: {why}")));
        }
        let pre_vote = request.pre_vote;
        let request = request.into_request();
        let answer = if pre_vote {
            self.raft.pre_vote(request).await
        } else {
            self.raft.vote(request).await
        };
        Ok(codec::encode(&VoteReplyDto::from(answer.map_err(stopped)?))?)
    }

    async fn transfer(&self, request: TransferDto) -> Result<Bytes, NetError> {
        if let Some(why) = self.published.standing().quarantine {
            return Err(NetError::Refused(format!("quarantined: {why}")));
        }
        if !self.heard.is_up_to_date() {
            // Perhaps an old request, which the coordinator has given up: to stand now would cost the pool an election.
            let refused = Some("this host has not heard its coordinator lately".to_owned());
            return Ok(codec::encode(&TransferReplyDto { refused })?);
        }
        let request = TransferLeaderRequest::new(
            Vote::from(request.from),
            NodeId(request.to),
            request.last.map(Into::into),
        );
        let answer = self.raft.handle_transfer_leader(request).await.map_err(stopped)?;
        let refused = answer.err().map(|error| error.to_string());
        Ok(codec::encode(&TransferReplyDto { refused })?)
    }

    async fn snapshot(&self, from: NodeId, stream: &mut BoxedStream) -> Result<Bytes, NetError> {
        let hello = tokio::time::timeout(HELLO_DEADLINE, frame::read_message(stream)).await;
        let hello = hello
            .map_err(|_| NetError::Timeout)?
            .map_err(|e| NetError::Unreachable(e.to_string()))?;
        let offer: SnapshotOfferDto = codec::decode(&self.opened(from, &hello)?)?;
        let head = SnapshotHead::from_dto(offer.head).map_err(|e| NetError::Refused(e.to_string()))?;
        let file = snapshot_stream::receive(stream, offer.size).await?;
        sound(file.clone(), head.meta.last_log_id).await?;
        let snapshot = openraft::Snapshot {
            meta: head.meta,
            snapshot: file,
        };
        let answer = self
            .raft
            .install_full_snapshot(offer.vote.into(), snapshot)
            .await
            .map_err(stopped)?;
        Ok(codec::encode(&SnapshotReplyDto {
            vote: answer.vote.into(),
        })?)
    }
}

/// Looked at before Raft has it: an installation that fails stops Raft for good, and the fault may be the sender's disk or version.
async fn sound(file: Arc<dyn SnapshotFile>, of: Option<LogId>) -> Result<(), NetError> {
    let read = tokio::task::spawn_blocking(move || snapshot::read_snapshot(&*file)).await;
    let (head, _view) = read
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(|error| NetError::Refused(format!("the snapshot cannot be read: {error}")))?;
    if head.meta.last_log_id == of {
        Ok(())
    } else {
        Err(NetError::Refused(
            "the snapshot is not of the state that was announced".into(),
        ))
    }
}

fn refused(error: &NetError) -> Bytes {
    codec::encode(&RefusedDto { why: error.to_string() }).unwrap_or_default()
}

fn stopped(error: impl std::fmt::Display) -> NetError {
    NetError::Refused(format!("Raft has stopped: {error}"))
}
