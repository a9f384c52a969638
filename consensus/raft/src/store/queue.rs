//! What callers and the writer share: the accepted state, the tail cache, the bounded queue.

use super::reader::LogReader;
use super::sled_log::cut;
use super::tail::Tail;
use super::{Done, LogPos, LogState, StoreCondition, StoreError, StoreHealth, StoredEntry, StoredVote};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) enum Op {
    Append(Vec<StoredEntry>),
    Vote(StoredVote),
    /// From this index; the position before it, when there is one.
    Truncate(u64, Option<LogPos>),
    Purge(LogPos),
    /// Drops everything; the log goes on behind the position.
    Restart(LogPos),
}

pub(super) struct Queued {
    pub op: Op,
    pub bytes: usize,
    /// Of the log's shape when accepted, see [`Inner::shape`].
    pub shape: u64,
    pub done: Option<Done>,
}

impl Queued {
    /// What an entry costs beside its bytes: key, header, sled's own.
    pub const ENTRY_OVERHEAD: usize = 128;
}

pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// Work for the writer.
    pub work: Condvar,
    /// Room for callers.
    room: Condvar,
}

pub(super) struct Inner {
    pub queue: VecDeque<Queued>,
    queued_bytes: usize,
    /// Taken by the writer, not yet acknowledged.
    pub in_flight: usize,
    pub closing: bool,
    state: LogState,
    committed_changed: bool,
    pub condition: Condition,
    tail: Tail,
    /// Raised when entries are dropped: a read that overlaps it starts again.
    shape: u64,
    pub health: StoreHealth,
}

pub(super) enum Condition {
    Ok,
    Full(StoreError),
    Faulty(StoreError),
}

/// Bounds of the queue: enough to fill several group commits, little enough to bound memory and the wait of a full disk queue.
const QUEUE_OPS_MAX: usize = 8_192;
const QUEUE_BYTES_MAX: usize = 32 << 20;

/// A read that raced with truncations and purges this often reads under the lock.
const READ_TRIES: usize = 4;

/// An append is cut so that its pieces fit a group commit of the smallest segment.
const PIECE_BYTES: usize = 64 << 10;

impl Shared {
    pub fn new(state: LogState, tail_bytes: usize) -> Self {
        let tail = Tail {
            entries: VecDeque::new(),
            bytes: 0,
            bytes_max: tail_bytes,
            durable: state.last.map(|pos| pos.index),
        };
        let inner = Inner {
            queue: VecDeque::new(),
            queued_bytes: 0,
            in_flight: 0,
            closing: false,
            state,
            committed_changed: false,
            condition: Condition::Ok,
            tail,
            shape: 0,
            health: StoreHealth::default(),
        };
        Self {
            inner: Mutex::new(inner),
            work: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// No code panics while holding the lock half-changed, so a poisoned lock is as good.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn wait_for_work<'a>(&self, inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        self.work.wait(inner).unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> LogState {
        self.lock().state.clone()
    }

    pub fn health(&self) -> StoreHealth {
        let inner = self.lock();
        let mut health = inner.health.clone();
        health.queued = inner.queue.len() + inner.in_flight;
        health.condition = match &inner.condition {
            Condition::Ok => StoreCondition::Ok,
            Condition::Full(error) => StoreCondition::Full(with_cause(error)),
            Condition::Faulty(error) => StoreCondition::Faulty(with_cause(error)),
        };
        health
    }

    pub fn close(&self) {
        self.lock().closing = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    pub fn save_committed(&self, pos: LogPos) {
        let mut inner = self.lock();
        inner.state.committed = Some(pos);
        inner.committed_changed = true;
    }

    pub fn append(&self, entries: Vec<StoredEntry>, done: Done) {
        let mut inner = match self.admit() {
            Ok(inner) => inner,
            Err(error) => return done(Err(error)),
        };
        let first = entries.first().map(|entry| entry.index);
        let expected = match inner.state.last {
            Some(last) => last.index + 1,
            None => first.unwrap_or(0),
        };
        for (entry, expected) in entries.iter().zip(expected..) {
            if entry.index != expected {
                drop(inner);
                return done(Err(StoreError::NotContiguous {
                    expected,
                    got: entry.index,
                }));
            }
        }
        if let Some(last) = entries.last() {
            inner.state.last = Some(last.pos());
        }
        for entry in &entries {
            inner.tail.push(entry.clone());
        }
        let mut pieces = cut(entries, PIECE_BYTES);
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            inner.enqueue(Op::Append(piece), None);
        }
        inner.enqueue(Op::Append(last), Some(done));
        drop(inner);
        self.work.notify_one();
    }

    pub fn accept(&self, op: Op, done: Done) {
        let mut inner = match self.admit() {
            Ok(inner) => inner,
            Err(error) => return done(Err(error)),
        };
        match &op {
            Op::Append(_) => {}
            Op::Vote(vote) => inner.state.vote = Some(vote.clone()),
            Op::Truncate(index, before) => inner.truncate(*index, *before),
            Op::Purge(pos) => inner.purge(*pos),
            Op::Restart(pos) => inner.restart(*pos),
        }
        inner.enqueue(op, Some(done));
        drop(inner);
        self.work.notify_one();
    }

    /// Waits for room in the queue; refuses when nothing can be accepted.
    fn admit(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let mut inner = self.lock();
        loop {
            if inner.closing {
                return Err(StoreError::Closed);
            }
            if let Condition::Faulty(error) = &inner.condition {
                return Err(error.clone());
            }
            if inner.queue.len() < QUEUE_OPS_MAX && inner.queued_bytes < QUEUE_BYTES_MAX {
                return Ok(inner);
            }
            inner = self.room.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn read(&self, range: Range<u64>, max_bytes: usize, log: &LogReader) -> Result<Vec<StoredEntry>, StoreError> {
        for _ in 0..READ_TRIES {
            let (shape, wanted, cached) = self.lock().plan_read(&range, max_bytes);
            let Some(wanted) = wanted else {
                return Ok(bounded(cached, max_bytes));
            };
            let read = log.read(wanted.clone(), max_bytes);
            let inner = self.lock();
            if inner.shape == shape {
                if inner.starts_behind(wanted.start, log) {
                    return Ok(Vec::new());
                }
                drop(inner);
                return join(read?, &wanted, cached, max_bytes);
            }
        }
        let inner = self.lock();
        match inner.plan_read(&range, max_bytes) {
            (_, None, cached) => Ok(bounded(cached, max_bytes)),
            (_, Some(wanted), _) if inner.starts_behind(wanted.start, log) => Ok(Vec::new()),
            (_, Some(wanted), cached) => join(log.read(wanted.clone(), max_bytes)?, &wanted, cached, max_bytes),
        }
    }

    /// The writer took operations off the queue.
    pub fn made_room(&self) {
        self.room.notify_all();
    }
}

impl Inner {
    fn enqueue(&mut self, op: Op, done: Option<Done>) {
        let bytes = match &op {
            Op::Append(entries) => entries
                .iter()
                .map(|entry| entry.bytes.len() + Queued::ENTRY_OVERHEAD)
                .sum(),
            Op::Vote(vote) => vote.bytes.len(),
            Op::Truncate(..) | Op::Purge(_) | Op::Restart(_) => 0,
        };
        self.queued_bytes += bytes;
        self.queue.push_back(Queued {
            op,
            bytes,
            shape: self.shape,
            done,
        });
    }

    /// The operations of one group commit: at least one, at most `bytes`.
    pub fn take_batch(&mut self, bytes: usize) -> Vec<Queued> {
        let mut taken = Vec::new();
        let mut total = 0;
        while let Some(next) = self.queue.front() {
            if !taken.is_empty() && total + next.bytes > bytes {
                break;
            }
            total += next.bytes;
            taken.extend(self.queue.pop_front());
        }
        self.queued_bytes -= total;
        self.in_flight = taken.len();
        taken
    }

    /// The committed hint, if it changed since it was last taken.
    pub fn take_committed(&mut self) -> Option<LogPos> {
        std::mem::take(&mut self.committed_changed).then_some(self.state.committed)?
    }

    /// `before` is the entry right before `index`, if there is one.
    fn truncate(&mut self, index: u64, before: Option<LogPos>) {
        let floor = self.state.purged.map_or(0, |pos| pos.index + 1);
        let index = index.max(floor);
        if self.state.last.is_none_or(|last| index > last.index) {
            return;
        }
        self.shape += 1;
        self.tail.truncate(index);
        self.state.last = match self.tail.entries.back() {
            Some(entry) => Some(entry.pos()),
            None if index == floor => self.state.purged,
            None => before,
        };
    }

    fn purge(&mut self, pos: LogPos) {
        if self.state.purged.is_some_and(|purged| purged.index >= pos.index) {
            return;
        }
        self.shape += 1;
        self.tail.purge(pos.index);
        self.state.purged = Some(pos);
        if self.state.last.is_none_or(|last| last.index <= pos.index) {
            self.state.last = Some(pos);
        }
    }

    fn restart(&mut self, pos: LogPos) {
        self.shape += 1;
        self.tail.truncate(0);
        self.tail.durable = Some(pos.index);
        self.state.purged = Some(pos);
        self.state.last = Some(pos);
    }

    /// What of the range the log must give (nothing: `None`), and what the cache gives behind that.
    fn plan_read(&self, range: &Range<u64>, max_bytes: usize) -> (u64, Option<Range<u64>>, Vec<StoredEntry>) {
        let none = (self.shape, None, Vec::new());
        let Some(last) = self.state.last else {
            return none;
        };
        let end = range.end.min(last.index + 1);
        let purged = self.state.purged.is_some_and(|purged| purged.index >= range.start);
        if purged || range.start >= end {
            return none;
        }
        let cached_from = self.tail.entries.front().map_or(end, |entry| entry.index).min(end);
        let from = cached_from.max(range.start);
        let skipped = from - self.tail.entries.front().map_or(from, |entry| entry.index).min(from);
        let mut cached = Vec::new();
        let mut bytes = 0_usize;
        for entry in self.tail.entries.iter().skip(skipped as usize) {
            if entry.index >= end || (!cached.is_empty() && bytes >= max_bytes) {
                break;
            }
            bytes = bytes.saturating_add(entry.bytes.len());
            cached.push(entry.clone());
        }
        let wanted = (range.start < from).then_some(range.start..from);
        (self.shape, wanted, cached)
    }

    /// A log that was never purged may start at any index: nothing is missing before it.
    fn starts_behind(&self, start: u64, log: &LogReader) -> bool {
        self.state.purged.is_none() && log.first_index().is_none_or(|first| first > start)
    }

    /// A group commit is durable: its entries may be forgotten.
    pub fn committed_batch(&mut self, batch: &[Queued]) {
        self.in_flight = 0;
        for queued in batch {
            if let Op::Append(entries) = &queued.op
                && queued.shape == self.shape
                && let Some(last) = entries.last()
            {
                self.tail.durable = Some(last.index);
            }
        }
        self.tail.evict();
        if let Condition::Full(_) = self.condition {
            tracing::info!("the store's disk has space again");
            self.condition = Condition::Ok;
        }
    }

    /// Nothing accepted since `durable` counts: its callers are to be told `condition`'s error. Gives them back.
    pub fn fail(&mut self, durable: LogState, condition: Condition) -> Vec<Queued> {
        self.shape += 1;
        self.in_flight = 0;
        self.queued_bytes = 0;
        self.tail.truncate(0);
        self.tail.durable = durable.last.map(|pos| pos.index);
        self.state = LogState {
            committed: self.state.committed,
            ..durable
        };
        self.condition = condition;
        self.queue.drain(..).collect()
    }
}

/// The log's entries, then the cache's if the log gave all that was wanted of it.
fn join(
    mut read: Vec<StoredEntry>,
    wanted: &Range<u64>,
    cached: Vec<StoredEntry>,
    max_bytes: usize,
) -> Result<Vec<StoredEntry>, StoreError> {
    let reached = read.last().map_or(wanted.start, |entry| entry.index + 1);
    if reached == wanted.end {
        read.extend(cached);
    } else if read.is_empty() {
        return Err(StoreError::Corrupt { index: wanted.start });
    }
    Ok(bounded(read, max_bytes))
}

fn bounded(mut entries: Vec<StoredEntry>, max_bytes: usize) -> Vec<StoredEntry> {
    let mut bytes = 0_usize;
    let mut keep = 0;
    for entry in &entries {
        bytes = bytes.saturating_add(entry.bytes.len());
        if keep > 0 && bytes > max_bytes {
            break;
        }
        keep += 1;
    }
    entries.truncate(keep);
    entries
}

/// An error with its causes, for people.
pub(super) fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
