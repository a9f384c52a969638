//! A run: consecutive entries of one leader in one sled value, because sled's cost is per value and not per byte.
//!
//! ```text
//! parts u32, count u32, term u64, leader u128, before 16, chain 16, count × length u64, then the entries' bytes
//! ```
//! The value is cut into `parts` pieces, each a sled value of its own; only a single large entry has more than one. `before` is the
//! chain value ahead of the first entry, `chain` that of the last one.
//!
//! Invariant: every entry keeps a chain value of its own, made from its predecessor's and not from where its run begins. So a run may
//! be cut anywhere, and a tip does not depend on how entries were grouped.

use super::StoredEntry;
use super::record::{Chain, Reader, Tip, next_chain};
use bytes::Bytes;

const HEAD_BYTES: usize = 4 + 4 + 8 + 16 + 16 + 16;
const LENGTH_BYTES: usize = 8;

/// At least one entry.
pub(super) struct Run {
    before: Chain,
    /// Each with its chain value.
    entries: Vec<(StoredEntry, Chain)>,
    /// Of the encoded form.
    bytes: usize,
}

impl Run {
    pub fn of(before: Chain, entry: &StoredEntry) -> Self {
        let mut run = Self {
            before,
            entries: Vec::new(),
            bytes: HEAD_BYTES,
        };
        run.push(entry);
        run
    }

    /// Whether the entry belongs into this run, and the run stays within `bytes_max`.
    pub fn takes(&self, entry: &StoredEntry, bytes_max: usize) -> bool {
        let Some((last, _)) = self.entries.last() else {
            return false;
        };
        (last.term, last.leader, last.index + 1) == (entry.term, entry.leader, entry.index)
            && self.bytes + LENGTH_BYTES + entry.bytes.len() <= bytes_max
    }

    pub fn push(&mut self, entry: &StoredEntry) {
        self.bytes += LENGTH_BYTES + entry.bytes.len();
        let chain = next_chain(&self.end_chain(), entry);
        self.entries.push((entry.clone(), chain));
    }

    /// Drops `index` and everything after it; the first entry must lie before it.
    pub fn cut(&mut self, index: u64) {
        while self.entries.len() > 1
            && let Some((entry, _)) = self.entries.pop_if(|(entry, _)| entry.index >= index)
        {
            self.bytes -= LENGTH_BYTES + entry.bytes.len();
        }
    }

    pub fn first(&self) -> u64 {
        self.entries.first().map_or(0, |(entry, _)| entry.index)
    }

    pub fn last(&self) -> u64 {
        self.entries.last().map_or(0, |(entry, _)| entry.index)
    }

    pub fn before(&self) -> Chain {
        self.before
    }

    fn end_chain(&self) -> Chain {
        self.entries.last().map_or(self.before, |(_, chain)| *chain)
    }

    pub fn tip_at(&self, index: u64) -> Option<Tip> {
        let at = usize::try_from(index.checked_sub(self.first())?).ok()?;
        self.entries.get(at).map(tip)
    }

    pub fn into_entries(self) -> impl Iterator<Item = StoredEntry> {
        self.entries.into_iter().map(|(entry, _)| entry)
    }

    pub fn tips(&self) -> impl Iterator<Item = Tip> {
        self.entries.iter().map(tip)
    }

    /// To be cut into pieces of `chunk` bytes, each a value.
    pub fn encode(&self, chunk: usize) -> Vec<u8> {
        let (term, leader) = self.entries.first().map_or((0, 0), |(e, _)| (e.term, e.leader));
        let mut out = Vec::with_capacity(self.bytes);
        out.extend_from_slice(&self.parts(chunk).to_le_bytes());
        out.extend_from_slice(&(self.entries.len() as u32).to_le_bytes());
        out.extend_from_slice(&term.to_le_bytes());
        out.extend_from_slice(&leader.to_le_bytes());
        out.extend_from_slice(&self.before);
        out.extend_from_slice(&self.end_chain());
        for (entry, _) in &self.entries {
            out.extend_from_slice(&(entry.bytes.len() as u64).to_le_bytes());
        }
        for (entry, _) in &self.entries {
            out.extend_from_slice(&entry.bytes);
        }
        out
    }

    /// Pieces of the encoded form.
    pub fn parts(&self, chunk: usize) -> u32 {
        self.bytes.div_ceil(chunk) as u32
    }

    /// Of all pieces in a row; `None` when they do not match the chain.
    pub fn decode(first: u64, value: Vec<u8>) -> Option<Self> {
        let value = Bytes::from(value);
        let head = Head::decode(&value)?;
        let mut lengths = Reader(value.get(HEAD_BYTES..)?);
        let mut at = HEAD_BYTES.checked_add(LENGTH_BYTES.checked_mul(head.count as usize)?)?;
        let mut run = Self {
            before: head.before,
            entries: Vec::new(),
            bytes: HEAD_BYTES,
        };
        for index in (first..).take(head.count as usize) {
            let end = at.checked_add(usize::try_from(lengths.u64()?).ok()?)?;
            if end > value.len() {
                return None;
            }
            run.push(&StoredEntry {
                index,
                term: head.term,
                leader: head.leader,
                bytes: value.slice(at..end),
            });
            at = end;
        }
        (head.count > 0 && at == value.len() && run.end_chain() == head.chain).then_some(run)
    }
}

fn tip((entry, chain): &(StoredEntry, Chain)) -> Tip {
    Tip {
        pos: entry.pos(),
        chain: *chain,
    }
}

/// What a run's first piece begins with.
pub(super) struct Head {
    pub parts: u32,
    pub count: u32,
    term: u64,
    leader: u128,
    before: Chain,
    chain: Chain,
}

impl Head {
    pub fn decode(value: &[u8]) -> Option<Self> {
        let mut rest = Reader(value);
        Some(Self {
            parts: u32::from_le_bytes(rest.take()?),
            count: u32::from_le_bytes(rest.take()?),
            term: rest.u64()?,
            leader: u128::from_le_bytes(rest.take()?),
            before: rest.take()?,
            chain: rest.take()?,
        })
    }
}
