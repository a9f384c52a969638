//! Bugs put in on purpose, so that it is known that the checkers find them.

use std::ops::Range;
use xenith_raft::store::{
    Done, DurableLog, LogPos, LogState, MemLog, StoreError, StoreHealth, StoredEntry, StoredVote,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Plant {
    #[default]
    None,
    /// The store says "durable" when it has only accepted.
    AckBeforeFsync,
    /// Clients read what is applied instead of asking for a linearizable read.
    StaleReads,
}

/// Acknowledges before the fsync: what CORRECTNESS A2 forbids.
pub struct EagerLog(pub MemLog);

fn early(done: Done) -> Done {
    // Not inside the call: that is not allowed of any store.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move { done(Ok(())) });
    }
    Box::new(|_| {})
}

impl DurableLog for EagerLog {
    fn state(&self) -> Result<LogState, StoreError> {
        self.0.state()
    }

    fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<StoredEntry>, StoreError> {
        self.0.read(range, max_bytes)
    }

    fn append(&self, entries: Vec<StoredEntry>, done: Done) {
        self.0.append(entries, early(done));
    }

    fn save_vote(&self, vote: StoredVote, done: Done) {
        self.0.save_vote(vote, early(done));
    }

    fn truncate_since(&self, index: u64, done: Done) {
        self.0.truncate_since(index, early(done));
    }

    fn purge_through(&self, pos: LogPos, done: Done) {
        self.0.purge_through(pos, early(done));
    }

    fn save_committed(&self, pos: LogPos) {
        self.0.save_committed(pos);
    }

    fn health(&self) -> StoreHealth {
        self.0.health()
    }
}
