//! The durable Raft log: what an acknowledged entry or vote rests on (CORRECTNESS A1 to A4).
//!
//! Bytes level: nothing here knows openraft or what an entry means. Production uses [`SledLog`], the simulator [`MemLog`]; both
//! keep the same promises:
//! - a call is *accepted* at once and in order: [`DurableLog::read`] and [`DurableLog::state`] show it from then on;
//! - its `done` runs exactly once, in order of the calls, after the data *and* the mark that notices its loss are durable, or with
//!   the error that kept them from being so;
//! - what was not acknowledged may be there or not after a crash, but never with a gap before it.
//!
//! Must not: retry a failed fsync, delete a damaged store, block the caller on the disk (a full queue does block: back-pressure).

mod disk;
mod identity;
mod mark;
mod memory;
mod queue;
mod reader;
mod record;
mod run;
mod sled_log;
mod snapshots;
mod tail;
mod writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_model;
#[cfg(test)]
mod tests_runs;

pub use disk::{FaultHook, IoPoint};
pub use identity::{StoreIdentity, set_aside};
pub use memory::{Executor, Job, MemDisk, MemLog};
pub use sled_log::{OpenError, OpenOptions, SledLog};
pub use snapshots::{SnapshotError, SnapshotFiles, SnapshotWriter, StoredSnapshot};

use bytes::Bytes;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One log entry. `bytes` is the caller's versioned envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    pub index: u64,
    pub term: u64,
    pub leader: u128,
    pub bytes: Bytes,
}

impl StoredEntry {
    pub fn pos(&self) -> LogPos {
        LogPos {
            term: self.term,
            leader: self.leader,
            index: self.index,
        }
    }
}

/// Where in the log: the leader (term, node) that wrote the entry, and its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPos {
    pub term: u64,
    pub leader: u128,
    pub index: u64,
}

impl fmt::Display for LogPos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08x}.{}", self.term, self.leader >> 96, self.index)
    }
}

/// The Raft vote, opaque here. At most [`VOTE_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVote {
    pub bytes: Vec<u8>,
}

/// A vote must fit into a slot of the mark with room to spare; Raft's is about 30 bytes.
pub const VOTE_BYTES_MAX: usize = 1024;

/// What the log holds, as accepted (see the module's text).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// The last entry dropped by [`DurableLog::purge_through`].
    pub purged: Option<LogPos>,
    /// The last entry; equals `purged` when the log is empty.
    pub last: Option<LogPos>,
    pub vote: Option<StoredVote>,
    /// A hint: may lag behind what was committed, never ahead of what was saved.
    pub committed: Option<LogPos>,
}

/// Called exactly once, from the store's writer: must be short and must not block.
pub type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

pub trait DurableLog: Send + Sync + 'static {
    fn state(&self) -> Result<LogState, StoreError>;

    /// Entries of `range` that are there, in order, without a gap from the first; stops before `max_bytes` of entry bytes are
    /// passed, but gives at least one entry. A start at or below `purged`, or beyond the last entry, gives an empty list.
    fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<StoredEntry>, StoreError>;

    /// Appends right after the last entry (any index starts an empty, never purged log). Batches of many calls share one fsync.
    fn append(&self, entries: Vec<StoredEntry>, done: Done);

    fn save_vote(&self, vote: StoredVote, done: Done);

    /// Drops `index` and everything after it. Nothing there: still done durably, in order.
    fn truncate_since(&self, index: u64, done: Done);

    /// Drops everything up to and with `pos.index`; `pos` may lie beyond the last entry (a snapshot was installed), the log is
    /// then empty and goes on at `pos.index + 1`. At or below what is purged already: nothing.
    fn purge_through(&self, pos: LogPos, done: Done);

    /// Written with the next batch; no fsync of its own.
    fn save_committed(&self, pos: LogPos);

    fn health(&self) -> StoreHealth;

    /// Why the node of this store must not vote or serve any more, as kept by [`DurableLog::distrust`]. A store without it keeps
    /// nothing.
    fn distrusted(&self) -> Option<String> {
        None
    }

    /// Keeps durably, for the store's whole life, that its node is not to be trusted. The first cause stays. Blocks for two fsyncs.
    fn distrust(&self, why: &str) -> std::io::Result<()> {
        let _ = why;
        Ok(())
    }
}

/// Why a call was not made durable. Cheap to copy: one failed batch answers many calls.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left. Heals by itself: calls succeed again when there is space.
    #[error("the store's disk is full")]
    Full(#[source] Arc<std::io::Error>),
    /// Writing or syncing failed; what reached the disk is not known. Nothing is accepted until the store is opened anew.
    #[error("the store is faulty: {0}")]
    Faulty(Arc<str>),
    /// An entry does not follow the last one. The caller's error, or the echo of a failed append before it.
    #[error("entry {got} does not follow the log's end; expected {expected}")]
    NotContiguous { expected: u64, got: u64 },
    /// A vote or an entry is larger than the store takes.
    #[error("{what} of {bytes} bytes is too large")]
    TooLarge { what: &'static str, bytes: usize },
    /// A stored entry does not match its checksum.
    #[error("entry {index} is damaged on disk")]
    Corrupt { index: u64 },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// How the store is.
#[derive(Clone, Debug, Default)]
pub struct StoreHealth {
    pub condition: StoreCondition,
    /// Group commits made durable since the start (each is two fdatasyncs: data, then mark).
    pub commits: u64,
    /// fdatasync and fsync calls since the start.
    pub fsyncs: u64,
    /// Time of a group commit, write to acknowledged, as a histogram.
    pub latency: LatencyHistogram,
    /// Bytes the store's files take on disk.
    pub disk_bytes: u64,
    /// Calls accepted and not yet acknowledged.
    pub queued: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreCondition {
    #[default]
    Ok,
    /// With the cause. May heal.
    Full(String),
    /// With the cause. Stays until the store is opened anew.
    Faulty(String),
}

/// Upper bounds in µs of [`LatencyHistogram`]'s buckets; one more bucket holds what is above.
pub const LATENCY_BOUNDS_US: [u64; 16] = [
    50, 100, 150, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
];

/// Counts per bucket, the smallest and the sum, in µs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyHistogram {
    pub buckets: [u64; LATENCY_BOUNDS_US.len() + 1],
    pub min_us: Option<u64>,
    pub max_us: u64,
    pub sum_us: u64,
}

impl LatencyHistogram {
    pub fn record(&mut self, us: u64) {
        let at = LATENCY_BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(bucket) = self.buckets.get_mut(at) {
            *bucket += 1;
        }
        self.min_us = Some(self.min_us.map_or(us, |min| min.min(us)));
        self.max_us = self.max_us.max(us);
        self.sum_us = self.sum_us.saturating_add(us);
    }

    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The upper bound in µs of the bucket that holds the quantile (0.0 to 1.0); 0 when nothing was recorded.
    pub fn quantile_us(&self, quantile: f64) -> u64 {
        let wanted = (self.count() as f64 * quantile).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, bound) in self.buckets.iter().zip(LATENCY_BOUNDS_US) {
            seen += bucket;
            if seen >= wanted {
                return bound.min(self.max_us);
            }
        }
        self.max_us
    }
}
