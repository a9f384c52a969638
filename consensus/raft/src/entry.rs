//! What a log entry carries, and its stored form.
//!
//! A [`Record`] keeps its encoded form: it is encoded once, by the coordinator, then stored and sent as it is; a supporter decodes it
//! when it is applied. Invariant: the bytes alone say what is applied (CORRECTNESS A7).

use crate::codec::{self, CodecError};
use crate::dto::MembershipDto;
use crate::pool_log::NodeId;
use crate::types::{Entry, LeaderId, LogId, Payload};
use bytes::Bytes;
use openraft::EntryPayload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use xenith_pooldb::codec::{decode_transaction, encode_transaction};
use xenith_pooldb::{Transaction, View};

pub const KIND_BLANK: u16 = 1;
pub const KIND_MEMBERSHIP: u16 = 2;
pub const KIND_TRANSACTION: u16 = 3;
pub const KIND_OPENED: u16 = 4;
pub const KIND_STATE_HASH: u16 = 5;
pub const KIND_SYNC_SET: u16 = 6;

/// All entry kinds are in their first version.
pub const ENTRY_VERSION: u16 = 1;

/// What the coordinator proposes.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Transaction(Transaction),
    /// First entry of every coordinator, before it serves (C3). Its log id is the effect fence.
    Opened(Opened),
    /// The hash that every host's state must have after the entry `index` (A7).
    StateHash(StateHash),
    /// The learners whose fsync is awaited before a change is acknowledged (E1).
    SyncSet(SyncSet),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub node: NodeId,
    pub host_uuid: String,
    pub term: u64,
    pub time_ms: i64,
    pub transaction: Transaction,
}

/// [`Opened`] as it is stored: the transaction in the pool database's own form.
#[derive(Serialize, Deserialize)]
struct StoredOpened {
    node: NodeId,
    host_uuid: String,
    term: u64,
    time_ms: i64,
    transaction: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHash {
    pub index: u64,
    pub hash: [u8; 32],
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSet {
    pub learners: BTreeSet<NodeId>,
}

/// An application entry with its encoded form.
#[derive(Clone)]
pub struct Record {
    envelope: Bytes,
    body: Option<Arc<Body>>,
    /// Of a proposal on its way into this host's log; never stored or sent.
    guard: Option<Guard>,
    /// Of a transaction that this host's head has applied already; never stored or sent.
    foreseen: Option<Foreseen>,
}

/// The state that a transaction was applied to, and the one after it. Gone once asked for: a record is kept long after.
type Foreseen = Arc<Mutex<Option<(View, View)>>>;

/// Whether a proposal may still be appended. Raft may refuse a proposal (its lease had run out) and take the next one a moment later;
/// that one was planned on top of the refused one, so it must not be made.
#[derive(Clone, Debug)]
pub struct Guard {
    current: Arc<AtomicU64>,
    epoch: u64,
    voided: Arc<AtomicBool>,
}

impl Guard {
    /// `current` is the epoch of the head that is open now.
    pub fn new(current: Arc<AtomicU64>, epoch: u64) -> Guard {
        Guard {
            current,
            epoch,
            voided: Arc::default(),
        }
    }

    /// Whether nothing of the proposal was appended.
    pub fn is_void(&self) -> bool {
        self.voided.load(Ordering::SeqCst)
    }

    fn void_if_stale(&self) -> bool {
        let stale = self.current.load(Ordering::SeqCst) != self.epoch;
        if stale {
            self.voided.store(true, Ordering::SeqCst);
        }
        stale
    }
}

impl Record {
    pub fn guarded(mut self, guard: Guard) -> Record {
        self.guard = Some(guard);
        self
    }

    /// `after` is what the record's transaction makes of `before`.
    pub fn foreseen(mut self, before: View, after: View) -> Record {
        self.foreseen = Some(Arc::new(Mutex::new(Some((before, after)))));
        self
    }

    /// The state after this record, when it was foreseen on exactly `now`. Answers once.
    pub fn take_foreseen(&self, now: &View) -> Option<View> {
        let mut foreseen = self.foreseen.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, after) = foreseen.take()?;
        before.is_same(now).then_some(after)
    }

    /// Asked once, when the record is appended: true when a blank entry must take its place.
    pub fn void_if_stale(&self) -> bool {
        self.guard.as_ref().is_some_and(Guard::void_if_stale)
    }

    pub fn new(body: Body) -> Result<Record, CodecError> {
        let envelope = match &body {
            Body::Transaction(transaction) => codec::wrap(KIND_TRANSACTION, ENTRY_VERSION, &stored(transaction)?),
            Body::Opened(opened) => encode_opened(opened)?,
            Body::StateHash(hash) => encode_as(KIND_STATE_HASH, hash)?,
            Body::SyncSet(set) => encode_as(KIND_SYNC_SET, set)?,
        };
        Ok(Record {
            envelope,
            body: Some(Arc::new(body)),
            guard: None,
            foreseen: None,
        })
    }

    pub fn envelope(&self) -> &Bytes {
        &self.envelope
    }

    /// Fails when the bytes are damaged or of a newer program: such an entry must not be passed over.
    pub fn body(&self) -> Result<Arc<Body>, CodecError> {
        if let Some(body) = &self.body {
            return Ok(body.clone());
        }
        let (kind, version, body) = codec::unwrap(&self.envelope)?;
        if version > ENTRY_VERSION {
            return Err(CodecError::TooNew { kind, version });
        }
        let body = match kind {
            KIND_TRANSACTION => Body::Transaction(loaded(body)?),
            KIND_OPENED => Body::Opened(decode_opened(body)?),
            KIND_STATE_HASH => Body::StateHash(codec::decode_body(kind, body)?),
            KIND_SYNC_SET => Body::SyncSet(codec::decode_body(kind, body)?),
            unknown => return Err(CodecError::UnknownKind(unknown)),
        };
        Ok(Arc::new(body))
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        self.envelope == other.envelope
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Kind and size only: the content may hold secrets.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = codec::unwrap(&self.envelope).map_or(0, |(kind, _, _)| kind);
        write!(f, "record(kind {kind}, {} bytes)", self.envelope.len())
    }
}

/// The stored and sent form of an entry's payload.
pub fn payload_to_bytes(payload: &Payload) -> Result<Bytes, CodecError> {
    match payload {
        EntryPayload::Blank => Ok(codec::wrap(KIND_BLANK, ENTRY_VERSION, &[])),
        EntryPayload::Normal(record) => Ok(record.envelope.clone()),
        EntryPayload::Membership(membership) => codec::encode(&MembershipDto::from(membership)),
    }
}

pub fn payload_from_bytes(bytes: Bytes) -> Result<Payload, CodecError> {
    let (kind, version, body) = codec::unwrap(&bytes)?;
    match kind {
        KIND_BLANK if version > ENTRY_VERSION => Err(CodecError::TooNew { kind, version }),
        KIND_BLANK if body.is_empty() => Ok(EntryPayload::Blank),
        KIND_BLANK => Err(CodecError::Damaged {
            kind,
            cause: "a blank entry has content".into(),
        }),
        KIND_MEMBERSHIP => Ok(EntryPayload::Membership(
            codec::decode::<MembershipDto>(&bytes)?.into_membership()?,
        )),
        // Anything else is kept as it is; applying it says whether it is known.
        _ => Ok(EntryPayload::Normal(Record {
            envelope: bytes,
            body: None,
            guard: None,
            foreseen: None,
        })),
    }
}

pub fn entry(term: u64, leader: u128, index: u64, bytes: Bytes) -> Result<Entry, CodecError> {
    let leader = LeaderId {
        term,
        node_id: NodeId(leader),
    };
    Ok(Entry {
        log_id: LogId::new(leader, index),
        payload: payload_from_bytes(bytes)?,
    })
}

fn encode_as<T: Serialize>(kind: u16, value: &T) -> Result<Bytes, CodecError> {
    codec::encode_body(kind, ENTRY_VERSION, value)
}

fn encode_opened(opened: &Opened) -> Result<Bytes, CodecError> {
    let stored = StoredOpened {
        node: opened.node,
        host_uuid: opened.host_uuid.clone(),
        term: opened.term,
        time_ms: opened.time_ms,
        transaction: stored(&opened.transaction)?,
    };
    encode_as(KIND_OPENED, &stored)
}

fn decode_opened(body: &[u8]) -> Result<Opened, CodecError> {
    let opened: StoredOpened = codec::decode_body(KIND_OPENED, body)?;
    Ok(Opened {
        node: opened.node,
        host_uuid: opened.host_uuid,
        term: opened.term,
        time_ms: opened.time_ms,
        transaction: loaded(&opened.transaction)?,
    })
}

fn stored(transaction: &Transaction) -> Result<Vec<u8>, CodecError> {
    encode_transaction(transaction).map_err(CodecError::Transaction)
}

fn loaded(bytes: &[u8]) -> Result<Transaction, CodecError> {
    decode_transaction(bytes).map_err(CodecError::Transaction)
}
