//! openraft's log over [`DurableLog`]: entries to stored bytes and back, and the newest entries kept in memory.
//!
//! Invariants: a flush callback runs only when the store says that the entries are durable (CORRECTNESS A2); a store's error goes to
//! openraft, which then stops: it never goes on over a log that it does not know.

use crate::codec::{self, CodecError};
use crate::dto::VoteDto;
use crate::entry;
use crate::store::{DurableLog, LogPos, StoreError, StoredEntry, StoredVote};
use crate::types::{Entry, LogId, TypeConfig, Vote};
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{EntryPayload, LogState, OptionalSend, RaftLogReader};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Entry bytes read from disk at once.
const READ_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Entry bytes given to one replication message.
const SEND_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Newest entries kept in memory, so that replication and apply do not read the disk. A supporter that is further behind does.
const RECENT_ENTRIES_MAX: usize = 8192;
const RECENT_BYTES_MAX: usize = 32 * 1024 * 1024;

#[derive(Clone)]
pub struct LogAdapter {
    log: Arc<dyn DurableLog>,
    recent: Arc<Mutex<Recent>>,
}

impl LogAdapter {
    pub fn new(log: Arc<dyn DurableLog>) -> LogAdapter {
        LogAdapter {
            log,
            recent: Arc::default(),
        }
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries from `start`, at least one if it is there, up to about `bytes_max`.
    fn read_some(&self, start: u64, end: u64, bytes_max: usize) -> io::Result<Vec<Entry>> {
        if let Some(entries) = self.recent().read(start, end, bytes_max) {
            return Ok(entries);
        }
        let stored = self.log.read(start..end, bytes_max).map_err(store_error)?;
        stored
            .into_iter()
            .map(|e| entry::entry(e.term, e.leader, e.index, e.bytes).map_err(codec_error))
            .collect()
    }
}

impl RaftLogReader<TypeConfig> for LogAdapter {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry>, io::Error> {
        let mut next = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end + 1,
            Bound::Excluded(end) => *end,
            Bound::Unbounded => u64::MAX,
        };
        let mut entries: Vec<Entry> = Vec::new();
        while next < end {
            let more = self.read_some(next, end, READ_BYTES_MAX)?;
            let Some(last) = more.last() else { break };
            next = last.log_id.index + 1;
            entries.extend(more);
        }
        Ok(entries)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        let state = self.log.state().map_err(store_error)?;
        let vote = state.vote.map(|vote| codec::decode::<VoteDto>(&vote.bytes)).transpose();
        Ok(vote.map_err(codec_error)?.map(Vote::from))
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        self.read_some(start, end, SEND_BYTES_MAX)
    }
}

impl RaftLogStorage<TypeConfig> for LogAdapter {
    type LogReader = LogAdapter;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        let state = self.log.state().map_err(store_error)?;
        Ok(LogState {
            last_purged_log_id: state.purged.map(LogId::from),
            last_log_id: state.last.map(LogId::from),
        })
    }

    async fn get_log_reader(&mut self) -> LogAdapter {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let bytes = codec::encode(&VoteDto::from(*vote)).map_err(codec_error)?.to_vec();
        durable(|done| self.log.save_vote(StoredVote { bytes }, done)).await
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        if let Some(committed) = committed {
            self.log.save_committed(LogPos::from(committed));
        }
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        let state = self.log.state().map_err(store_error)?;
        // The hint may have outlived entries whose loss nobody was promised.
        Ok(state.committed.min(state.last).map(LogId::from))
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut stored = Vec::new();
        {
            let mut recent = self.recent();
            for mut entry in entries {
                if matches!(&entry.payload, EntryPayload::Normal(record) if record.void_if_stale()) {
                    entry.payload = EntryPayload::Blank;
                }
                let bytes = entry::payload_to_bytes(&entry.payload).map_err(codec_error)?;
                let at = LogPos::from(entry.log_id);
                recent.push(entry, bytes.len());
                stored.push(StoredEntry {
                    index: at.index,
                    term: at.term,
                    leader: at.leader,
                    bytes,
                });
            }
        }
        self.log.append(
            stored,
            Box::new(move |outcome| callback.io_completed(outcome.map_err(store_error))),
        );
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let first_gone = last.map_or(0, |id| id.index + 1);
        self.recent().truncate_since(first_gone);
        durable(|done| self.log.truncate_since(first_gone, done)).await
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        self.recent().purge_through(upto.index);
        durable(|done| self.log.purge_through(LogPos::from(upto), done)).await
    }
}

/// The newest entries, without a gap.
#[derive(Default)]
struct Recent {
    entries: VecDeque<(Entry, usize)>,
    bytes: usize,
}

impl Recent {
    fn push(&mut self, entry: Entry, bytes: usize) {
        if let Some((last, _)) = self.entries.back()
            && last.log_id.index + 1 != entry.log_id.index
        {
            self.entries.clear();
            self.bytes = 0;
        }
        self.entries.push_back((entry, bytes));
        self.bytes += bytes;
        while self.entries.len() > RECENT_ENTRIES_MAX || (self.bytes > RECENT_BYTES_MAX && self.entries.len() > 1) {
            self.drop_first();
        }
    }

    /// Nothing when the start is not kept.
    fn read(&self, start: u64, end: u64, bytes_max: usize) -> Option<Vec<Entry>> {
        let first = self.entries.front()?.0.log_id.index;
        let skip = usize::try_from(start.checked_sub(first)?).ok()?;
        if skip >= self.entries.len() {
            return None;
        }
        let mut entries = Vec::new();
        let mut total = 0;
        for (entry, bytes) in self
            .entries
            .iter()
            .skip(skip)
            .take_while(|(entry, _)| entry.log_id.index < end)
        {
            total += bytes;
            if total > bytes_max && !entries.is_empty() {
                break;
            }
            entries.push(entry.clone());
        }
        Some(entries)
    }

    fn truncate_since(&mut self, index: u64) {
        while let Some((last, bytes)) = self.entries.back()
            && last.log_id.index >= index
        {
            self.bytes -= bytes;
            self.entries.pop_back();
        }
    }

    fn purge_through(&mut self, index: u64) {
        while let Some((first, _)) = self.entries.front()
            && first.log_id.index <= index
        {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, bytes)) = self.entries.pop_front() {
            self.bytes -= bytes;
        }
    }
}

/// Waits for a call's `done`.
async fn durable(call: impl FnOnce(crate::store::Done)) -> io::Result<()> {
    let (tx, rx) = oneshot::channel();
    call(Box::new(move |outcome| {
        // The waiter is gone only when Raft stops.
        let _ = tx.send(outcome);
    }));
    rx.await.unwrap_or(Err(StoreError::Closed)).map_err(store_error)
}

fn store_error(error: StoreError) -> io::Error {
    io::Error::other(error)
}

fn codec_error(error: CodecError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Body, Guard, Record, SyncSet};
    use crate::pool_log::NodeId;
    use crate::store::{Executor, MemDisk, MemLog};
    use crate::types::LeaderId;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn entry(index: u64, guard: &Guard) -> Entry {
        let record = Record::new(Body::SyncSet(SyncSet::default())).unwrap();
        Entry {
            log_id: LogId::new(
                LeaderId {
                    term: 1,
                    node_id: NodeId(1),
                },
                index,
            ),
            payload: EntryPayload::Normal(record.guarded(guard.clone())),
        }
    }

    #[tokio::test]
    async fn what_was_planned_on_a_failed_proposal_is_appended_blank() {
        let executor: Executor = Arc::new(|job| job());
        let log: Arc<dyn DurableLog> = Arc::new(MemLog::open(&MemDisk::new(), executor).unwrap());
        let mut adapter = LogAdapter::new(log.clone());
        let epoch = Arc::new(AtomicU64::new(1));
        let (before, after) = (Guard::new(epoch.clone(), 1), Guard::new(epoch.clone(), 1));
        adapter.append([entry(0, &before)], IOFlushed::noop()).await.unwrap();
        epoch.store(2, Ordering::SeqCst);
        adapter.append([entry(1, &after)], IOFlushed::noop()).await.unwrap();
        assert_eq!((before.is_void(), after.is_void()), (false, true));
        for mut reader in [adapter, LogAdapter::new(log)] {
            let read = reader.try_get_log_entries(0..2).await.unwrap();
            assert!(matches!(read[0].payload, EntryPayload::Normal(_)));
            assert!(matches!(read[1].payload, EntryPayload::Blank));
        }
    }
}
