//! How entries and the log's bounds are laid out in bytes: keys, entry headers, the checksum chain, the meta record.
//!
//! Invariant: the chain value of an entry covers its own bytes and position and, through its predecessor's value, every entry
//! since the last purge. So one (position, chain) pair, a [`Tip`], stands for the whole log up to there.

use super::{LogPos, StoredEntry, StoredVote};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// First 128 bits of a SHA-256.
pub(super) type Chain = [u8; 16];

/// Where the log's ends, and what everything up to there must hash to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tip {
    pub pos: LogPos,
    pub chain: Chain,
}

/// The log's bounds and the vote; one group commit writes one of these, into the log and then into the mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    /// Raised by one with each group commit that changes anything below.
    pub seq: u64,
    pub last: Option<Tip>,
    pub purged: Option<Tip>,
    pub vote: Option<StoredVote>,
}

/// Of the meta record's layout.
const META_VERSION: u8 = 1;
const TIP_BYTES: usize = 48;

impl Meta {
    pub fn encode(&self, genesis: &Chain) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.push(META_VERSION);
        out.extend_from_slice(&self.seq.to_le_bytes());
        put_tip(&mut out, self.last.as_ref());
        put_tip(&mut out, self.purged.as_ref());
        match &self.vote {
            None => out.push(0),
            Some(vote) => {
                out.push(1);
                out.extend_from_slice(&(vote.bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(&vote.bytes);
            }
        }
        let sum = digest(&[b"meta", genesis, &out]);
        out.extend_from_slice(&sum);
        out
    }

    /// `None` when the bytes are damaged, or another store's.
    pub fn decode(bytes: &[u8], genesis: &Chain) -> Option<Self> {
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(16)?)?;
        if digest(&[b"meta", genesis, body]) != sum {
            return None;
        }
        let mut rest = Reader(body);
        if rest.take::<1>()? != [META_VERSION] {
            return None;
        }
        let seq = rest.u64()?;
        let last = rest.tip()?;
        let purged = rest.tip()?;
        let vote = match rest.take::<1>()? {
            [0] => None,
            _ => {
                let len = u32::from_le_bytes(rest.take()?) as usize;
                Some(StoredVote {
                    bytes: rest.slice(len)?.to_vec(),
                })
            }
        };
        rest.0.is_empty().then_some(Self {
            seq,
            last,
            purged,
            vote,
        })
    }
}

/// What precedes an entry's first chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub term: u64,
    pub leader: u128,
    pub bytes: u64,
    pub parts: u32,
    pub before: Chain,
    pub chain: Chain,
}

pub(super) const HEADER_BYTES: usize = 8 + 16 + 8 + 4 + 16 + 16;

impl Header {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(&self.term.to_le_bytes());
        out.extend_from_slice(&self.leader.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.parts.to_le_bytes());
        out.extend_from_slice(&self.before);
        out.extend_from_slice(&self.chain);
        out
    }

    /// The header and the first chunk behind it.
    pub fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = Reader(bytes);
        let header = Self {
            term: rest.u64()?,
            leader: u128::from_le_bytes(rest.take()?),
            bytes: rest.u64()?,
            parts: u32::from_le_bytes(rest.take()?),
            before: rest.take()?,
            chain: rest.take()?,
        };
        Some((header, rest.0))
    }

    pub fn tip(&self, index: u64) -> Tip {
        Tip {
            pos: LogPos {
                term: self.term,
                leader: self.leader,
                index,
            },
            chain: self.chain,
        }
    }
}

/// The chunks of an entry: the header with the first one, then the others, in order.
pub(super) fn chunks(entry: &StoredEntry, before: Chain, chunk: usize) -> (Header, Vec<Vec<u8>>) {
    let mut parts: Vec<Vec<u8>> = Vec::with_capacity(1 + entry.bytes.len() / chunk);
    let first = entry.bytes.len().min(chunk);
    let header = Header {
        term: entry.term,
        leader: entry.leader,
        bytes: entry.bytes.len() as u64,
        parts: 1 + (entry.bytes.len() - first).div_ceil(chunk) as u32,
        before,
        chain: next_chain(&before, entry),
    };
    let (head, tail) = entry.bytes.split_at(first);
    let mut value = header.encode();
    value.extend_from_slice(head);
    parts.push(value);
    parts.extend(tail.chunks(chunk).map(<[u8]>::to_vec));
    (header, parts)
}

pub(super) fn next_chain(before: &Chain, entry: &StoredEntry) -> Chain {
    digest(&[
        before,
        &entry.index.to_le_bytes(),
        &entry.term.to_le_bytes(),
        &entry.leader.to_le_bytes(),
        &(entry.bytes.len() as u64).to_le_bytes(),
        &entry.bytes,
    ])
}

/// Where the chain starts in a store that was never purged.
pub(super) fn genesis(identity: &[u8]) -> Chain {
    digest(&[b"genesis", identity])
}

/// The tip of a log that starts behind a position it never held (a snapshot was installed).
pub(super) fn tip_from_nothing(genesis: &Chain, pos: LogPos) -> Tip {
    let chain = digest(&[
        b"purged",
        genesis,
        &pos.index.to_le_bytes(),
        &pos.term.to_le_bytes(),
        &pos.leader.to_le_bytes(),
    ]);
    Tip { pos, chain }
}

pub(super) fn digest(parts: &[&[u8]]) -> Chain {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let full = hash.finalize();
    let mut out = Chain::default();
    for (to, from) in out.iter_mut().zip(full) {
        *to = from;
    }
    out
}

/// The meta record's key.
pub(super) const META_KEY: &[u8] = b"m";
/// The committed hint's key.
pub(super) const COMMITTED_KEY: &[u8] = b"c";
/// The identity's key.
pub(super) const IDENTITY_KEY: &[u8] = b"i";

/// Entry keys sort by index, then part.
pub(super) fn entry_key(index: u64, part: u32) -> [u8; 13] {
    let mut key = [b'e'; 13];
    let (_, rest) = key.split_at_mut(1);
    let (at_index, at_part) = rest.split_at_mut(8);
    at_index.copy_from_slice(&index.to_be_bytes());
    at_part.copy_from_slice(&part.to_be_bytes());
    key
}

/// Index and part, or `None` when it is no entry's key.
pub(super) fn parse_entry_key(key: &[u8]) -> Option<(u64, u32)> {
    let mut rest = Reader(key.strip_prefix(b"e")?);
    let index = u64::from_be_bytes(rest.take()?);
    let part = u32::from_be_bytes(rest.take()?);
    rest.0.is_empty().then_some((index, part))
}

pub(super) fn encode_pos(pos: LogPos) -> Vec<u8> {
    let mut out = Vec::with_capacity(TIP_BYTES);
    put_tip(
        &mut out,
        Some(&Tip {
            pos,
            chain: Chain::default(),
        }),
    );
    out
}

pub(super) fn decode_pos(bytes: &[u8]) -> Option<LogPos> {
    Some(Reader(bytes).tip()??.pos)
}

/// An entry put together again from its chunks; `None` when they do not match the header.
pub(super) fn assemble(index: u64, header: &Header, bytes: Vec<u8>) -> Option<StoredEntry> {
    let bytes = Bytes::from(bytes);
    let entry = StoredEntry {
        index,
        term: header.term,
        leader: header.leader,
        bytes,
    };
    let whole = entry.bytes.len() as u64 == header.bytes;
    (whole && next_chain(&header.before, &entry) == header.chain).then_some(entry)
}

fn put_tip(out: &mut Vec<u8>, tip: Option<&Tip>) {
    let Some(tip) = tip else {
        out.push(0);
        return;
    };
    out.push(1);
    out.extend_from_slice(&tip.pos.term.to_le_bytes());
    out.extend_from_slice(&tip.pos.leader.to_le_bytes());
    out.extend_from_slice(&tip.pos.index.to_le_bytes());
    out.extend_from_slice(&tip.chain);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take()?))
    }

    fn tip(&mut self) -> Option<Option<Tip>> {
        if self.take::<1>()? == [0] {
            return Some(None);
        }
        let term = self.u64()?;
        let leader = u128::from_le_bytes(self.take()?);
        let index = self.u64()?;
        Some(Some(Tip {
            pos: LogPos { term, leader, index },
            chain: self.take()?,
        }))
    }
}
