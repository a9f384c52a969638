//! The writer thread: takes what is queued, makes one group commit of it, acknowledges.
//!
//! Invariant: `meta` is what the mark says. Data durable, then the mark durable, then the callbacks; after a failure nothing that
//! was accepted counts any more.

use super::disk::{CommitError, Disk};
use super::queue::{Condition, Inner, Op, Queued, Shared};
use super::record::{COMMITTED_KEY, META_KEY, Meta, Tip, encode_pos, entry_key, parse_entry_key, tip_from_nothing};
use super::run::{Head, Run};
use super::{LogPos, LogState, StoreError, StoredEntry, StoredVote};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

pub(super) struct Writer {
    shared: Arc<Shared>,
    disk: Disk,
    meta: Meta,
    commit_bytes: usize,
    /// Entries below the purge point may still have keys in sled.
    garbage: bool,
}

/// Keys of purged runs removed with one group commit. Removing one makes sled write its leaf anew, whose other values are up to 1/128
/// of a segment each: this few stay within what a group commit may write between two fdatasyncs (see `disk`).
const GARBAGE_KEYS: usize = 16;

/// Keys removed with one group commit by a truncation, for the same reason.
const TRUNCATED_KEYS: usize = 16;

impl Writer {
    pub fn new(shared: Arc<Shared>, disk: Disk, meta: Meta, commit_bytes: usize) -> Self {
        let garbage = meta.purged.is_some();
        Self {
            shared,
            disk,
            meta,
            commit_bytes,
            garbage,
        }
    }

    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            let mut inner = shared.lock();
            while inner.queue.is_empty() && !inner.closing && !self.garbage {
                inner = shared.wait_for_work(inner);
            }
            if inner.queue.is_empty() && inner.closing {
                return;
            }
            let batch = inner.take_batch(self.commit_bytes);
            let committed = inner.take_committed();
            drop(inner);
            shared.made_room();
            // A latency for the metrics; nothing decides on it.
            #[allow(clippy::disallowed_methods)]
            let started = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| self.commit(&batch, committed)));
            let result = result.unwrap_or_else(|_| Err(CommitError::Fault("the store's writer panicked".to_owned())));
            let took = started.elapsed().as_micros() as u64;
            match result {
                Ok(()) => {
                    let mut inner = shared.lock();
                    if !batch.is_empty() {
                        inner.health.commits += 1;
                        inner.health.latency.record(took);
                    }
                    inner.committed_batch(&batch);
                    drop(inner);
                    for done in batch.into_iter().filter_map(|queued| queued.done) {
                        done(Ok(()));
                    }
                }
                Err(error) => self.fail(batch, error, shared.lock()),
            }
        }
    }

    fn commit(&mut self, batch: &[Queued], committed: Option<LogPos>) -> Result<(), CommitError> {
        let mut build = Build::new(self.meta.clone());
        for queued in batch {
            match &queued.op {
                Op::Append(entries) => {
                    for entry in entries {
                        self.append(&mut build, entry)?;
                    }
                }
                Op::Vote(vote) => {
                    build.meta.vote = Some(StoredVote {
                        bytes: vote.bytes.clone(),
                    })
                }
                Op::Truncate(index, _) => self.truncate(&mut build, *index)?,
                Op::Purge(pos) => self.purge(&mut build, *pos)?,
                Op::Restart(pos) => {
                    self.truncate(&mut build, 0)?;
                    let tip = tip_from_nothing(&self.disk.log.genesis, *pos);
                    build.meta.last = Some(tip);
                    build.meta.purged = Some(tip);
                }
            }
        }
        build.seal(self.disk.chunk_bytes());
        self.collect_garbage(&mut build)?;
        if let Some(pos) = committed {
            build.batch.insert(COMMITTED_KEY, encode_pos(pos));
        }
        if batch.is_empty() {
            return self.disk.commit(build.batch, build.bytes, None);
        }
        self.finish(&mut build)
    }

    /// Makes what was built so far durable, with its mark: a whole state of the log, if not yet all of the batch.
    fn finish(&mut self, build: &mut Build) -> Result<(), CommitError> {
        build.meta.seq += 1;
        let record = build.meta.encode(&self.disk.log.genesis);
        build.bytes += record.len();
        build.batch.insert(META_KEY, record);
        let built = std::mem::replace(build, Build::new(build.meta.clone()));
        self.disk.commit(built.batch, built.bytes, Some(&built.meta))?;
        self.meta = built.meta;
        Ok(())
    }

    fn append(&mut self, build: &mut Build, entry: &StoredEntry) -> Result<(), CommitError> {
        let chunk = self.disk.chunk_bytes();
        match &mut build.open {
            Some(run) if run.takes(entry, chunk) => run.push(entry),
            Some(_) | None => {
                build.seal(chunk);
                // Its pieces go ahead of the batch, so whatever the batch does to older pieces must be done.
                let large = entry.bytes.len() > self.commit_bytes / 2;
                if large {
                    self.finish(build)?;
                }
                let before = build.meta.last.map_or(self.disk.log.genesis, |tip| tip.chain);
                let run = Run::of(before, entry);
                if large {
                    self.write_ahead(&run)?;
                    build.meta.last = run.tip_at(entry.index);
                    build.put(run, chunk, 1);
                    return Ok(());
                }
                build.open = Some(run);
            }
        }
        build.meta.last = build.open.as_ref().and_then(|run| run.tip_at(entry.index));
        Ok(())
    }

    /// Makes the later pieces of a large entry durable, in bounded steps: without its first piece an entry is not there.
    fn write_ahead(&mut self, run: &Run) -> Result<(), CommitError> {
        let chunk = self.disk.chunk_bytes();
        let mut ahead = sled::Batch::default();
        let mut ahead_bytes = 0;
        for (part, piece) in (0_u32..).zip(run.encode(chunk).chunks(chunk)).skip(1) {
            let size = piece.len() + Queued::ENTRY_OVERHEAD;
            if ahead_bytes + size > self.commit_bytes {
                self.disk.commit(std::mem::take(&mut ahead), ahead_bytes, None)?;
                ahead_bytes = 0;
            }
            ahead_bytes += size;
            ahead.insert(&entry_key(run.first(), part), piece);
        }
        self.disk.commit(ahead, ahead_bytes, None)
    }

    fn truncate(&mut self, build: &mut Build, index: u64) -> Result<(), CommitError> {
        build.seal(self.disk.chunk_bytes());
        let floor = build.meta.purged.map_or(0, |tip| tip.pos.index + 1);
        let index = index.max(floor);
        if build.meta.last.is_none_or(|last| last.pos.index < index) {
            return Ok(());
        }
        self.shorten(build, index, floor)?;
        let halved = self.run_across(build, index)?;
        for (first, fresh) in build.fresh.split_off(&index) {
            for part in 0..fresh.parts {
                build.batch.remove(&entry_key(first, part));
            }
        }
        for key in self.disk.log.db.range(entry_key(index, 0)..).keys() {
            let key = key.map_err(|error| unreadable(&error))?;
            if parse_entry_key(&key).is_some() {
                build.batch.remove(key);
            }
        }
        if let Some(mut run) = halved {
            run.cut(index);
            build.put(run, self.disk.chunk_bytes(), usize::MAX);
        }
        self.end_before(build, index, floor)
    }

    /// Removes most of what a long truncation drops, from the end and in bounded steps, each of which leaves a whole log. The last
    /// [`TRUNCATED_KEYS`] are left to the caller.
    fn shorten(&mut self, build: &mut Build, index: u64, floor: u64) -> Result<(), CommitError> {
        loop {
            let dropped = self.disk.log.db.range(entry_key(index, 0)..).keys().rev();
            let dropped = dropped.filter(|key| key.as_ref().map_or(true, |key| parse_entry_key(key).is_some()));
            let dropped: Result<Vec<_>, _> = dropped.take(TRUNCATED_KEYS + 1).collect();
            let mut dropped = dropped.map_err(|error| unreadable(&error))?;
            if dropped.len() <= TRUNCATED_KEYS {
                return Ok(());
            }
            dropped.truncate(TRUNCATED_KEYS);
            let Some((first, _)) = dropped.last().and_then(|key| parse_entry_key(key)) else {
                return Ok(());
            };
            if !build.fresh.is_empty() {
                // What this batch appended is not in sled yet.
                self.finish(build)?;
                continue;
            }
            // Without its first piece a run is not there; its other pieces may go later.
            build.batch.remove(&entry_key(first, 0));
            for key in dropped {
                build.batch.remove(key);
            }
            // Pieces left over from an entry that was never finished lie behind the end.
            if build.meta.last.is_some_and(|last| last.pos.index >= first) {
                self.end_before(build, first, floor)?;
            }
            self.finish(build)?;
        }
    }

    /// The log now ends before `index`.
    fn end_before(&self, build: &mut Build, index: u64, floor: u64) -> Result<(), CommitError> {
        build.meta.last = match index.checked_sub(1) {
            Some(before) if index > floor => self.tip_at(build, before)?,
            _ => build.meta.purged,
        };
        Ok(())
    }

    /// The run that begins before `index` and holds it. What the batch has is newer than what sled shows.
    fn run_across(&self, build: &mut Build, index: u64) -> Result<Option<Run>, CommitError> {
        let fresh = build.fresh.range(..=index).next_back();
        let across = |run: &Run| run.first() < index && index <= run.last();
        if let Some((first, fresh)) = fresh
            && index <= fresh.run.last()
        {
            let (first, across) = (*first, across(&fresh.run));
            let taken = across.then(|| build.fresh.remove(&first)).flatten();
            return Ok(taken.map(|fresh| fresh.run));
        }
        let held = self.disk.log.run_with(index);
        let held = held.map_err(|error| CommitError::Fault(error.to_string()))?;
        Ok(held.filter(across))
    }

    fn purge(&mut self, build: &mut Build, pos: LogPos) -> Result<(), CommitError> {
        if build.meta.purged.is_some_and(|purged| purged.pos.index >= pos.index) {
            return Ok(());
        }
        self.garbage = true;
        build.seal(self.disk.chunk_bytes());
        let held = build.meta.last.filter(|last| last.pos.index >= pos.index);
        let tip = match held {
            Some(_) => self.tip_at(build, pos.index)?,
            None => None,
        };
        match tip {
            Some(tip) => build.meta.purged = Some(tip),
            None => {
                let tip = tip_from_nothing(&self.disk.log.genesis, pos);
                build.meta.purged = Some(tip);
                build.meta.last = Some(tip);
            }
        }
        Ok(())
    }

    /// `None` below the first entry of a log that was never purged.
    fn tip_at(&self, build: &Build, index: u64) -> Result<Option<Tip>, CommitError> {
        if let Some((_, fresh)) = build.fresh.range(..=index).next_back()
            && let Some(tip) = fresh.run.tip_at(index)
        {
            return Ok(Some(tip));
        }
        self.disk
            .log
            .tip_at(index)
            .map_err(|error| CommitError::Fault(error.to_string()))
    }

    /// Removes runs of which every entry is purged. One that is purged in part stays whole.
    fn collect_garbage(&mut self, build: &mut Build) -> Result<(), CommitError> {
        let Some(purged) = build.meta.purged.filter(|_| self.garbage) else {
            return Ok(());
        };
        let purged = purged.pos.index;
        let mut seen = 0;
        let dead = entry_key(0, 0)..=entry_key(purged, u32::MAX);
        for item in self.disk.log.db.range(dead).take(GARBAGE_KEYS) {
            let (key, value) = item.map_err(|error| unreadable(&error))?;
            seen += 1;
            let Some((first, part)) = parse_entry_key(&key) else {
                continue;
            };
            let count = if part == 0 {
                Head::decode(&value).map_or(1, |head| head.count)
            } else {
                1
            };
            // The batch may have put another run in its place.
            let replaced = build.fresh.contains_key(&first);
            if !replaced && first.saturating_add(count.into()) <= purged.saturating_add(1) {
                build.bytes += Queued::ENTRY_OVERHEAD;
                build.batch.remove(key);
            }
        }
        let fresh_dead = build
            .fresh
            .first_key_value()
            .is_some_and(|(_, fresh)| fresh.run.last() <= purged);
        self.garbage = seen == GARBAGE_KEYS || fresh_dead;
        Ok(())
    }

    fn fail(&mut self, batch: Vec<Queued>, error: CommitError, mut inner: MutexGuard<'_, Inner>) {
        let (error, condition) = match error {
            CommitError::Full(cause) => {
                let error = StoreError::Full(Arc::new(cause));
                (error.clone(), Condition::Full(error))
            }
            CommitError::Fault(text) => {
                let error = StoreError::Faulty(text.into());
                (error.clone(), Condition::Faulty(error))
            }
        };
        tracing::error!(%error, "the store stops acknowledging");
        // Purged keys stay where they are until the next commit that succeeds.
        self.garbage = false;
        let durable = LogState {
            purged: self.meta.purged.map(|tip| tip.pos),
            last: self.meta.last.map(|tip| tip.pos),
            vote: self.meta.vote.clone(),
            committed: None,
        };
        let waiting = inner.fail(durable, condition);
        drop(inner);
        self.shared.made_room();
        for done in batch.into_iter().chain(waiting).filter_map(|queued| queued.done) {
            done(Err(error.clone()));
        }
    }
}

/// A group commit under construction.
struct Build {
    batch: sled::Batch,
    meta: Meta,
    /// The run that grows, not in the batch yet.
    open: Option<Run>,
    /// Runs of this batch, which sled does not show yet, by their first entry.
    fresh: BTreeMap<u64, Fresh>,
    bytes: usize,
}

struct Fresh {
    run: Run,
    parts: u32,
}

impl Build {
    fn new(meta: Meta) -> Self {
        Self {
            batch: sled::Batch::default(),
            meta,
            open: None,
            fresh: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Nothing more comes into the open run.
    fn seal(&mut self, chunk: usize) {
        if let Some(run) = self.open.take() {
            self.put(run, chunk, usize::MAX);
        }
    }

    /// Takes the place of the run with the same first entry. Writes the first `pieces`: the others may be there already.
    fn put(&mut self, run: Run, chunk: usize, pieces: usize) {
        for (part, piece) in (0..).zip(run.encode(chunk).chunks(chunk)).take(pieces) {
            self.bytes += piece.len() + Queued::ENTRY_OVERHEAD;
            self.batch.insert(&entry_key(run.first(), part), piece);
        }
        let parts = run.parts(chunk);
        self.fresh.insert(run.first(), Fresh { run, parts });
    }
}

fn unreadable(error: &sled::Error) -> CommitError {
    CommitError::Fault(format!("the log cannot be read: {error}"))
}
