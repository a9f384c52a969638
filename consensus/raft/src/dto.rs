//! Our own forms of Raft's messages and of the stored vote and membership: what is on the wire and on disk never depends on openraft's
//! types (CORRECTNESS A6).
//!
//! Invariant: a field is only ever added in a new version of its kind; numbers of kinds are never reused.

use crate::codec::{CodecError, Coded};
use crate::entry::{self, KIND_MEMBERSHIP};
use crate::pool_log::{Member, NodeId};
use crate::store::LogPos;
use crate::types::{LeaderId, LogId, Membership, TypeConfig, Vote};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, VoteRequest, VoteResponse};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Gives each message its kind and version.
macro_rules! coded {
    ($($kind:literal $version:literal $name:ty;)*) => {
        $(impl Coded for $name { const KIND: u16 = $kind; const VERSION: u16 = $version; })*
    };
}

coded! {
    16 1 VoteDto;
    17 1 SnapshotHeadDto;
    32 1 VoteRequestDto;
    33 1 VoteReplyDto;
    34 1 AppendRequestDto;
    35 1 AppendReplyDto;
    36 1 SnapshotOfferDto;
    37 1 SnapshotReplyDto;
    38 1 TransferDto;
    39 1 TransferReplyDto;
    40 1 ReadIndexDto;
    41 1 ReadIndexReplyDto;
    42 1 RefusedDto;
    43 1 ClockDto;
    44 1 ClockReplyDto;
    45 1 MembersDto;
    46 1 MembersReplyDto;
}

impl Coded for MembershipDto {
    const KIND: u16 = KIND_MEMBERSHIP;
    const VERSION: u16 = entry::ENTRY_VERSION;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIdDto {
    pub term: u64,
    pub leader: u128,
    pub index: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteDto {
    pub term: u64,
    pub node: u128,
    pub committed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDto {
    pub node: u128,
    pub host_uuid: String,
    pub link_address: String,
    pub certificate_sha256: [u8; 32],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipDto {
    /// One set of voters, or two while the membership changes.
    pub configs: Vec<Vec<u128>>,
    pub members: Vec<MemberDto>,
}

/// Sent for votes and for pre-votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteRequestDto {
    /// Asks only whether the vote would be given; nothing is promised (A5).
    pub pre_vote: bool,
    pub vote: VoteDto,
    pub last: Option<LogIdDto>,
    pub transfer: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteReplyDto {
    pub vote: VoteDto,
    pub granted: bool,
    pub last: Option<LogIdDto>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDto {
    pub id: LogIdDto,
    #[serde(with = "raw")]
    pub bytes: bytes::Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendRequestDto {
    pub vote: VoteDto,
    pub previous: Option<LogIdDto>,
    pub entries: Vec<EntryDto>,
    pub commit: Option<LogIdDto>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppendReplyDto {
    Success,
    Partial(Option<LogIdDto>),
    Conflict,
    HigherVote(VoteDto),
}

/// The head of a snapshot file and of a snapshot on the wire: what the state is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHeadDto {
    pub last: Option<LogIdDto>,
    pub membership_at: Option<LogIdDto>,
    pub membership: MembershipDto,
    pub opened: Option<OpenedAtDto>,
    pub sync_learners: BTreeSet<u128>,
}

/// The newest "opened" entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedAtDto {
    pub at: LogIdDto,
    pub node: u128,
    pub host_uuid: String,
}

/// First on a snapshot stream; the state's bytes follow in length-prefixed chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotOfferDto {
    pub vote: VoteDto,
    pub head: SnapshotHeadDto,
    pub size: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReplyDto {
    pub vote: VoteDto,
}

/// The coordinator asks the receiver to stand for election at once (B5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDto {
    pub from: VoteDto,
    pub to: u128,
    pub last: Option<LogIdDto>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReplyDto {
    /// Why it does not stand, if so.
    pub refused: Option<String>,
}

/// A supporter asks which index holds everything acknowledged so far (B2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadIndexDto {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadIndexReplyDto {
    /// Nothing when the receiver does not lead.
    pub index: Option<u64>,
}

/// The coordinator asks what time it is (A8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockDto {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReplyDto {
    /// Milliseconds since 1970.
    pub time_ms: i64,
}

/// A host that hears no coordinator asks who the members are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersDto {}

/// As the receiver's log has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersReplyDto {
    pub members: Vec<MemberDto>,
}

/// The receiver does not take the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDto {
    pub why: String,
}

/// Entry bytes as one block instead of a sequence of numbers.
mod raw {
    use serde::{Deserializer, Serializer, de::Visitor};
    use std::fmt;

    pub fn serialize<S: Serializer>(bytes: &bytes::Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<bytes::Bytes, D::Error> {
        from.deserialize_byte_buf(Block)
    }

    struct Block;

    impl Visitor<'_> for Block {
        type Value = bytes::Bytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a block of bytes")
        }

        fn visit_bytes<E>(self, v: &[u8]) -> Result<bytes::Bytes, E> {
            Ok(bytes::Bytes::copy_from_slice(v))
        }

        fn visit_byte_buf<E>(self, v: Vec<u8>) -> Result<bytes::Bytes, E> {
            Ok(v.into())
        }
    }
}

impl From<LogId> for LogIdDto {
    fn from(id: LogId) -> LogIdDto {
        LogIdDto {
            term: id.leader_id.term,
            leader: id.leader_id.node_id.0,
            index: id.index,
        }
    }
}

impl From<LogIdDto> for LogId {
    fn from(id: LogIdDto) -> LogId {
        LogId::new(
            LeaderId {
                term: id.term,
                node_id: NodeId(id.leader),
            },
            id.index,
        )
    }
}

impl From<LogId> for LogPos {
    fn from(id: LogId) -> LogPos {
        LogPos {
            term: id.leader_id.term,
            leader: id.leader_id.node_id.0,
            index: id.index,
        }
    }
}

impl From<LogPos> for LogId {
    fn from(pos: LogPos) -> LogId {
        LogId::new(
            LeaderId {
                term: pos.term,
                node_id: NodeId(pos.leader),
            },
            pos.index,
        )
    }
}

impl From<Vote> for VoteDto {
    fn from(vote: Vote) -> VoteDto {
        VoteDto {
            term: vote.leader_id.term,
            node: vote.leader_id.node_id.0,
            committed: vote.committed,
        }
    }
}

impl From<VoteDto> for Vote {
    fn from(vote: VoteDto) -> Vote {
        Vote {
            leader_id: LeaderId {
                term: vote.term,
                node_id: NodeId(vote.node),
            },
            committed: vote.committed,
        }
    }
}

impl From<&Membership> for MembershipDto {
    fn from(membership: &Membership) -> MembershipDto {
        let configs = membership
            .get_joint_config()
            .iter()
            .map(|set| set.iter().map(|node| node.0).collect());
        MembershipDto {
            configs: configs.collect(),
            members: membership.nodes().map(|(_, m)| MemberDto::from(m)).collect(),
        }
    }
}

impl MembershipDto {
    pub fn into_membership(self) -> Result<Membership, CodecError> {
        let configs = self
            .configs
            .into_iter()
            .map(|set| set.into_iter().map(NodeId).collect::<BTreeSet<_>>())
            .collect();
        let members: BTreeMap<NodeId, Member> = self
            .members
            .into_iter()
            .map(|member| (NodeId(member.node), Member::from(member)))
            .collect();
        Membership::new(configs, members).map_err(|e| CodecError::Damaged {
            kind: KIND_MEMBERSHIP,
            cause: e.to_string(),
        })
    }
}

impl From<&Member> for MemberDto {
    fn from(member: &Member) -> MemberDto {
        MemberDto {
            node: member.node.0,
            host_uuid: member.host_uuid.clone(),
            link_address: member.link_address.clone(),
            certificate_sha256: member.certificate_sha256,
        }
    }
}

impl From<MemberDto> for Member {
    fn from(member: MemberDto) -> Member {
        Member {
            node: NodeId(member.node),
            host_uuid: member.host_uuid,
            link_address: member.link_address,
            certificate_sha256: member.certificate_sha256,
        }
    }
}

impl VoteRequestDto {
    pub fn new(request: VoteRequest<TypeConfig>, pre_vote: bool) -> VoteRequestDto {
        VoteRequestDto {
            pre_vote,
            vote: request.vote.into(),
            last: request.last_log_id.map(Into::into),
            transfer: request.leadership_transfer,
        }
    }

    pub fn into_request(self) -> VoteRequest<TypeConfig> {
        let mut request = VoteRequest::new(self.vote.into(), self.last.map(Into::into));
        request.leadership_transfer = self.transfer;
        request
    }
}

impl From<VoteResponse<TypeConfig>> for VoteReplyDto {
    fn from(reply: VoteResponse<TypeConfig>) -> VoteReplyDto {
        VoteReplyDto {
            vote: reply.vote.into(),
            granted: reply.vote_granted,
            last: reply.last_log_id.map(Into::into),
        }
    }
}

impl From<VoteReplyDto> for VoteResponse<TypeConfig> {
    fn from(reply: VoteReplyDto) -> VoteResponse<TypeConfig> {
        VoteResponse::new(Vote::from(reply.vote), reply.last.map(Into::into), reply.granted)
    }
}

impl AppendRequestDto {
    pub fn new(request: AppendEntriesRequest<TypeConfig>) -> Result<AppendRequestDto, CodecError> {
        let entries = request.entries.into_iter().map(|entry| {
            Ok(EntryDto {
                id: entry.log_id.into(),
                bytes: entry::payload_to_bytes(&entry.payload)?,
            })
        });
        Ok(AppendRequestDto {
            vote: request.vote.into(),
            previous: request.prev_log_id.map(Into::into),
            entries: entries.collect::<Result<_, CodecError>>()?,
            commit: request.leader_commit.map(Into::into),
        })
    }

    pub fn into_request(self) -> Result<AppendEntriesRequest<TypeConfig>, CodecError> {
        let entries = self
            .entries
            .into_iter()
            .map(|e| entry::entry(e.id.term, e.id.leader, e.id.index, e.bytes));
        Ok(AppendEntriesRequest {
            vote: self.vote.into(),
            prev_log_id: self.previous.map(Into::into),
            entries: entries.collect::<Result<_, CodecError>>()?,
            leader_commit: self.commit.map(Into::into),
        })
    }
}

impl From<AppendEntriesResponse<TypeConfig>> for AppendReplyDto {
    fn from(reply: AppendEntriesResponse<TypeConfig>) -> AppendReplyDto {
        match reply {
            AppendEntriesResponse::Success => AppendReplyDto::Success,
            AppendEntriesResponse::PartialSuccess(last) => AppendReplyDto::Partial(last.map(Into::into)),
            AppendEntriesResponse::Conflict => AppendReplyDto::Conflict,
            AppendEntriesResponse::HigherVote(vote) => AppendReplyDto::HigherVote(vote.into()),
        }
    }
}

impl From<AppendReplyDto> for AppendEntriesResponse<TypeConfig> {
    fn from(reply: AppendReplyDto) -> AppendEntriesResponse<TypeConfig> {
        match reply {
            AppendReplyDto::Success => AppendEntriesResponse::Success,
            AppendReplyDto::Partial(last) => AppendEntriesResponse::PartialSuccess(last.map(Into::into)),
            AppendReplyDto::Conflict => AppendEntriesResponse::Conflict,
            AppendReplyDto::HigherVote(vote) => AppendEntriesResponse::HigherVote(vote.into()),
        }
    }
}
