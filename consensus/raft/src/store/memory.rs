//! [`MemLog`]: the same promises in memory, for simulators. No thread, no clock: an injected executor decides when a "fsync" ends.
//!
//! A [`MemDisk`] outlives the node: crash it, then open it again. It keeps what was fsynced and, of what was accepted but not
//! fsynced, a prefix of the caller's choice (a file system may have written any of it, the chain admits only prefixes).

use super::{
    Done, DurableLog, LogPos, LogState, OpenError, StoreCondition, StoreError, StoreHealth, StoredEntry, StoredVote,
    VOTE_BYTES_MAX,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ends one fsync: makes durable what was accepted before it was handed out, and runs the callbacks.
pub type Job = Box<dyn FnOnce() + Send>;

/// Runs a job later, never inside the call: the delay is the disk's latency. Dropping a job is a fsync that never ends.
pub type Executor = Arc<dyn Fn(Job) + Send + Sync>;

/// What stays over a crash.
#[derive(Clone, Default)]
pub struct MemDisk {
    inner: Arc<Mutex<Inner>>,
}

/// One node's handle on a [`MemDisk`]; dead after the disk's crash.
pub struct MemLog {
    disk: MemDisk,
    executor: Executor,
    generation: u64,
}

#[derive(Default)]
struct Inner {
    /// Handles and jobs of older generations are dead.
    generation: u64,
    durable: Content,
    visible: Content,
    /// Accepted, not yet durable.
    pending: Vec<Pending>,
    /// A job is with the executor; the next one starts when it is done.
    syncing: bool,
    /// The durable content lost something it had promised.
    behind: bool,
    condition: StoreCondition,
    commits: u64,
    distrusted: Option<String>,
}

#[derive(Clone, Default)]
struct Content {
    entries: BTreeMap<u64, StoredEntry>,
    purged: Option<LogPos>,
    vote: Option<StoredVote>,
    committed: Option<LogPos>,
}

struct Pending {
    change: Change,
    done: Option<Done>,
}

#[derive(Clone)]
enum Change {
    Append(Vec<StoredEntry>),
    Vote(StoredVote),
    Truncate(u64),
    Purge(LogPos),
    Committed(LogPos),
}

impl MemDisk {
    pub fn new() -> Self {
        Self::default()
    }

    /// The power goes: the open handle is dead, its callbacks never run. `keep` is asked once, with the number n of changes that
    /// were not fsynced, and says how many of them, 0 to n, reached the disk all the same (the last kept append may be torn:
    /// only its first entries stay, so each entry counts as one change).
    pub fn crash(&self, keep: &mut dyn FnMut(usize) -> usize) {
        let mut inner = self.lock();
        let lost = std::mem::take(&mut inner.pending);
        let steps: Vec<Change> = lost.iter().flat_map(|pending| single_steps(&pending.change)).collect();
        let kept = keep(steps.len()).min(steps.len());
        for change in steps.iter().take(kept) {
            inner.durable.apply(change);
        }
        inner.visible = inner.durable.clone();
        inner.generation += 1;
        inner.syncing = false;
        inner.condition = StoreCondition::Ok;
        drop(inner);
        // Outside the lock: a callback that is dropped may look at the disk.
        drop(lost);
    }

    /// The disk loses its last `entries` durable entries, as sled does on a bad checksum: the next open says `BehindMark`.
    pub fn tear(&self, entries: usize) {
        let mut inner = self.lock();
        for _ in 0..entries {
            if inner.durable.entries.pop_last().is_some() {
                inner.behind = true;
            }
        }
        inner.visible = inner.durable.clone();
    }

    /// From now on there is no space (or there is again). What is pending fails when its fsync ends.
    pub fn set_full(&self, full: bool) {
        let mut inner = self.lock();
        inner.condition = match full {
            true => StoreCondition::Full("the simulated disk is full".to_owned()),
            false => StoreCondition::Ok,
        };
    }

    /// The next fsync fails; nothing is accepted until the disk is crashed and opened anew.
    pub fn break_fsync(&self) {
        self.lock().condition = StoreCondition::Faulty("the simulated fsync failed".to_owned());
    }

    /// Changes that a crash now could lose.
    pub fn unsynced(&self) -> usize {
        self.lock()
            .pending
            .iter()
            .map(|pending| single_steps(&pending.change).len())
            .sum()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemLog {
    /// Opens the disk. An earlier handle is dead from now on.
    pub fn open(disk: &MemDisk, executor: Executor) -> Result<Self, OpenError> {
        let mut inner = disk.lock();
        if inner.behind {
            let mark = "more than there is".to_owned();
            let store = format!("{:?}", inner.durable.state().last.map(|pos| pos.index));
            return Err(OpenError::BehindMark { mark, store });
        }
        inner.generation += 1;
        let generation = inner.generation;
        drop(inner);
        Ok(Self {
            disk: disk.clone(),
            executor,
            generation,
        })
    }

    fn accept(&self, change: Change, done: Done) {
        let mut inner = self.disk.lock();
        let refused = if inner.generation != self.generation {
            Some(StoreError::Closed)
        } else {
            inner.condition.error().or_else(|| inner.visible.refusal(&change))
        };
        if let Some(error) = refused {
            drop(inner);
            return done(Err(error));
        }
        inner.visible.apply(&change);
        inner.pending.push(Pending {
            change,
            done: Some(done),
        });
        let start = !std::mem::replace(&mut inner.syncing, true);
        drop(inner);
        if start {
            self.start_fsync();
        }
    }

    fn start_fsync(&self) {
        let this = Self {
            disk: self.disk.clone(),
            executor: Arc::clone(&self.executor),
            generation: self.generation,
        };
        let covered = this.disk.lock().pending.len();
        let executor = Arc::clone(&self.executor);
        executor(Box::new(move || this.end_fsync(covered)));
    }

    /// Makes the first `covered` pending changes durable, or fails all that is pending.
    fn end_fsync(self, covered: usize) {
        let mut inner = self.disk.lock();
        if inner.generation != self.generation {
            return;
        }
        let error = inner.condition.error();
        let finished: Vec<Pending> = match &error {
            None => inner.pending.drain(..covered).collect(),
            Some(_) => std::mem::take(&mut inner.pending),
        };
        match &error {
            None => {
                for pending in &finished {
                    inner.durable.apply(&pending.change);
                }
                inner.commits += 1;
            }
            Some(_) => inner.visible = inner.durable.clone(),
        }
        inner.syncing = !inner.pending.is_empty();
        let again = inner.syncing;
        drop(inner);
        let result = error.map_or(Ok(()), Err);
        for done in finished.into_iter().filter_map(|pending| pending.done) {
            done(result.clone());
        }
        if again {
            self.start_fsync();
        }
    }
}

impl DurableLog for MemLog {
    fn state(&self) -> Result<LogState, StoreError> {
        Ok(self.disk.lock().visible.state())
    }

    fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let inner = self.disk.lock();
        let mut found = Vec::new();
        let mut bytes = 0_usize;
        if range.start >= range.end {
            return Ok(found);
        }
        for (index, entry) in inner.visible.entries.range(range.clone()) {
            bytes = bytes.saturating_add(entry.bytes.len());
            let gap = found.is_empty() && *index != range.start;
            if gap || (!found.is_empty() && bytes > max_bytes) {
                break;
            }
            found.push(entry.clone());
        }
        Ok(found)
    }

    fn append(&self, entries: Vec<StoredEntry>, done: Done) {
        self.accept(Change::Append(entries), done);
    }

    fn save_vote(&self, vote: StoredVote, done: Done) {
        self.accept(Change::Vote(vote), done);
    }

    fn truncate_since(&self, index: u64, done: Done) {
        self.accept(Change::Truncate(index), done);
    }

    fn purge_through(&self, pos: LogPos, done: Done) {
        self.accept(Change::Purge(pos), done);
    }

    fn save_committed(&self, pos: LogPos) {
        let mut inner = self.disk.lock();
        if inner.generation == self.generation {
            inner.visible.committed = Some(pos);
            // Rides with the next change; alone it starts no fsync.
            inner.pending.push(Pending {
                change: Change::Committed(pos),
                done: None,
            });
        }
    }

    fn health(&self) -> StoreHealth {
        let inner = self.disk.lock();
        StoreHealth {
            condition: inner.condition.clone(),
            commits: inner.commits,
            fsyncs: inner.commits,
            queued: inner.pending.len(),
            ..StoreHealth::default()
        }
    }

    fn distrusted(&self) -> Option<String> {
        self.disk.lock().distrusted.clone()
    }

    fn distrust(&self, why: &str) -> std::io::Result<()> {
        self.disk.lock().distrusted.get_or_insert_with(|| why.to_owned());
        Ok(())
    }
}

impl StoreCondition {
    fn error(&self) -> Option<StoreError> {
        match self {
            Self::Ok => None,
            Self::Full(text) => Some(StoreError::Full(Arc::new(std::io::Error::other(text.clone())))),
            Self::Faulty(text) => Some(StoreError::Faulty(text.as_str().into())),
        }
    }
}

impl Content {
    fn state(&self) -> LogState {
        let last = self.entries.values().next_back().map(StoredEntry::pos).or(self.purged);
        let (vote, committed) = (self.vote.clone(), self.committed);
        LogState {
            purged: self.purged,
            last,
            vote,
            committed,
        }
    }

    fn refusal(&self, change: &Change) -> Option<StoreError> {
        match change {
            Change::Append(entries) => {
                let first = entries.first()?.index;
                let expected = self.state().last.map_or(first, |last| last.index + 1);
                entries.iter().zip(expected..).find_map(|(entry, expected)| {
                    let got = entry.index;
                    (got != expected).then_some(StoreError::NotContiguous { expected, got })
                })
            }
            Change::Vote(vote) => {
                let bytes = vote.bytes.len();
                let what = "a vote";
                (bytes > VOTE_BYTES_MAX).then_some(StoreError::TooLarge { what, bytes })
            }
            Change::Truncate(_) | Change::Purge(_) | Change::Committed(_) => None,
        }
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Append(entries) => {
                self.entries
                    .extend(entries.iter().map(|entry| (entry.index, entry.clone())));
            }
            Change::Vote(vote) => self.vote = Some(vote.clone()),
            Change::Truncate(index) => drop(self.entries.split_off(index)),
            Change::Committed(pos) => self.committed = Some(*pos),
            Change::Purge(pos) => {
                if self.purged.is_some_and(|purged| purged.index >= pos.index) {
                    return;
                }
                let conflict = self.entries.get(&pos.index).is_some_and(|e| e.pos() != *pos);
                let rest = self.entries.split_off(&(pos.index + 1));
                self.entries = if conflict { BTreeMap::new() } else { rest };
                self.purged = Some(*pos);
            }
        }
    }
}

/// The change as the disk may cut it: an append goes entry by entry.
fn single_steps(change: &Change) -> Vec<Change> {
    match change {
        Change::Append(entries) => entries
            .iter()
            .map(|entry| Change::Append(vec![entry.clone()]))
            .collect(),
        Change::Vote(_) | Change::Truncate(_) | Change::Purge(_) | Change::Committed(_) => {
            vec![change.clone()]
        }
    }
}
