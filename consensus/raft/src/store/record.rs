//! How the log's bounds are laid out in bytes: keys, the checksum chain, the meta record. Entries are in [`super::run`].
//!
//! Invariant: the chain value of an entry covers its own bytes and position and, through its predecessor's value, every entry
//! since the last purge. So one (position, chain) pair, a [`Tip`], stands for the whole log up to there.

use super::{LogPos, StoredEntry, StoredVote};
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
    pub fn describe(&self) -> String {
        let end = self.last.map_or_else(|| "empty".to_owned(), |tip| tip.pos.to_string());
        format!("commit {} at {end}", self.seq)
    }

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

/// Keys of runs sort by their first entry, then part.
pub(super) fn entry_key(index: u64, part: u32) -> [u8; 13] {
    let mut key = [b'e'; 13];
    let (_, rest) = key.split_at_mut(1);
    let (at_index, at_part) = rest.split_at_mut(8);
    at_index.copy_from_slice(&index.to_be_bytes());
    at_part.copy_from_slice(&part.to_be_bytes());
    key
}

/// First index and part, or `None` when it is no run's key.
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

pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    pub fn u64(&mut self) -> Option<u64> {
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
