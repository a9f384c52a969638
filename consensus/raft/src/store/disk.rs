//! The sled side of the log: opening with all checks, group commits, reading. One thread writes; any thread reads.
//!
//! What sled 0.34.7 does and what follows from it:
//! - `flush()` writes and calls sync_file_range, which is not durability: `db` is fdatasynced after it. New files (`conf`, `snap.*`,
//!   made while opening only) and the folder are fsynced after opening.
//! - A *node* larger than a quarter of a segment goes to a file in `blobs/`, never fsynced. A leaf has up to 16 items, so values are
//!   cut to 1/128 of a segment; should a blob appear all the same, it is fsynced too.
//! - A freed segment is used again once a later segment's header was written, with no fsync between. A group commit is
//!   bounded to half a segment, so a fdatasync lies between the copy of what a segment held and its reuse.
//! - Opening trusts what it reads from the page cache and writes a snapshot of it: everything is fsynced before, too, or
//!   after a kill and then a power loss the snapshot would tell of data that is not there.
//! - After any error it refuses everything until opened again; a full disk is therefore found before sled is asked to write.

use super::identity::{IDENTITY_FILE, StoreIdentity, sync_folder};
use super::mark::{Mark, Promise};
use super::record::{self, Chain, Header, Meta, Tip};
use super::{LogPos, OpenError, OpenOptions, StoreError, StoredEntry};
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The log's folder inside the store's.
pub(super) const LOG_FOLDER: &str = "log";

/// Where a fault can be injected (tests).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoPoint {
    /// Before space is reserved.
    Reserve,
    /// Before sled's batch.
    Write,
    /// In place of the data's fdatasync.
    SyncData,
    /// In place of the mark's write and fdatasync.
    SyncMark,
}

/// Says which error to meet at a point, if any.
pub type FaultHook = Arc<dyn Fn(IoPoint) -> io::Result<()> + Send + Sync>;

pub(super) enum CommitError {
    Full(io::Error),
    Fault(String),
}

/// What only the writer has.
pub(super) struct Disk {
    pub log: LogReader,
    mark: Mark,
    data: File,
    blobs: PathBuf,
    reserved: u64,
    seen_len: u64,
    options: OpenOptions,
    fsyncs: Arc<AtomicU64>,
}

/// What readers share with the writer.
#[derive(Clone)]
pub(super) struct LogReader {
    pub db: sled::Db,
    pub genesis: Chain,
}

/// What opening found.
pub(super) struct Opened {
    pub disk: Disk,
    pub identity: StoreIdentity,
    pub meta: Meta,
    pub committed: Option<LogPos>,
}

impl Disk {
    /// Opens and checks everything: identity, mark, the whole chain.
    pub fn open(dir: &Path, options: &OpenOptions, fsyncs: Arc<AtomicU64>) -> Result<Opened, OpenError> {
        let text = match std::fs::read_to_string(dir.join(IDENTITY_FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::Missing);
            }
            Err(error) => return Err(OpenError::Io(error)),
        };
        let identity = StoreIdentity::decode(&text)
            .ok_or_else(|| OpenError::Damaged("the identity file is damaged".to_owned()))?;
        let genesis = record::genesis(text.as_bytes());
        let mark = Mark::open(dir, genesis).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenError::Damaged("the mark is missing".to_owned()),
            io::ErrorKind::WouldBlock => OpenError::InUse,
            _ => OpenError::Io(error),
        })?;
        let promised = match mark.read().map_err(OpenError::Io)? {
            Promise::Held(meta) => meta,
            Promise::Foreign => return Err(OpenError::IdentityMismatch),
            Promise::Lost => {
                return Err(OpenError::Damaged("no slot of the mark is whole".to_owned()));
            }
        };

        let folder = dir.join(LOG_FOLDER);
        if !folder.join("db").exists() {
            let store = "no log file".to_owned();
            return Err(OpenError::BehindMark {
                mark: promised.describe(),
                store,
            });
        }
        sync_all_in(&folder).map_err(OpenError::Io)?;
        let db = open_sled(&folder, options)?;
        sync_all_in(&folder).map_err(OpenError::Io)?;
        let log = LogReader { db, genesis };
        let meta = log.check(&promised, text.as_bytes())?;
        let committed = read_committed(&log.db);
        let data = File::open(folder.join("db")).map_err(OpenError::Io)?;
        let mut disk = Self {
            log,
            mark,
            data,
            blobs: folder.join("blobs"),
            reserved: 0,
            seen_len: 0,
            options: options.clone(),
            fsyncs,
        };
        // The log may be one group commit ahead: it is durable now, so the mark follows.
        if meta.seq > promised.seq {
            disk.write_mark(&meta).map_err(OpenError::from)?;
        }
        Ok(Opened {
            disk,
            identity,
            meta,
            committed,
        })
    }

    /// Value bytes that keep every sled node below a quarter of a segment.
    pub fn chunk_bytes(&self) -> usize {
        self.options.chunk_bytes()
    }

    /// Applies the batch and makes it durable; with `meta`, the mark too. On any error but `Full` the disk is done for.
    pub fn commit(&mut self, batch: sled::Batch, bytes: usize, meta: Option<&Meta>) -> Result<(), CommitError> {
        self.reserve(bytes)?;
        self.meet(IoPoint::Write)
            .map_err(|error| fault("the log's write failed", &error))?;
        let db = &self.log.db;
        db.apply_batch(batch)
            .and_then(|()| db.flush())
            .map_err(|error| fault("the log's write failed", &error))?;
        self.sync_data()
            .map_err(|error| fault("the log's fdatasync failed", &error))?;
        match meta {
            Some(meta) => self.write_mark(meta),
            None => Ok(()),
        }
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.meet(IoPoint::SyncData)?;
        for blob in std::fs::read_dir(&self.blobs)? {
            tracing::warn!("sled wrote a blob file; it is fsynced, but none was expected");
            self.fsyncs.fetch_add(2, Ordering::Relaxed);
            File::open(blob?.path())?.sync_all()?;
            sync_folder(&self.blobs)?;
        }
        self.fsyncs.fetch_add(1, Ordering::Relaxed);
        self.data.sync_data()
    }

    fn write_mark(&mut self, meta: &Meta) -> Result<(), CommitError> {
        self.fsyncs.fetch_add(1, Ordering::Relaxed);
        self.meet(IoPoint::SyncMark)
            .and_then(|()| self.mark.write(meta))
            .map_err(|error| fault("the mark's write failed", &error))
    }

    /// Makes sure the file system has room for what a commit of `bytes` can write, so that sled meets no full disk.
    fn reserve(&mut self, bytes: usize) -> Result<(), CommitError> {
        let segment = self.options.segment_bytes as u64;
        let reserve = |disk: &mut Self| -> io::Result<()> {
            disk.meet(IoPoint::Reserve)?;
            let len = disk.data.metadata()?.len();
            if len < disk.seen_len {
                // sled cut the file: the blocks beyond its end went with it.
                disk.reserved = 0;
            }
            disk.seen_len = len;
            // Twice the bytes: sled rewrites the leaves it touches. Two segments: the open one is padded, a new one begun.
            let needed = len + 2 * bytes as u64 + 2 * segment;
            if needed <= disk.reserved {
                return Ok(());
            }
            let upto = needed + 2 * segment;
            let file = std::fs::OpenOptions::new().write(true).open(disk.data_path())?;
            match fallocate(&file, FallocateFlags::KEEP_SIZE, len, upto - len) {
                Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => disk.reserved = upto,
                Err(error) => return Err(error.into()),
            }
            Ok(())
        };
        reserve(self).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                CommitError::Full(error)
            }
            _ => fault("reserving space failed", &error),
        })
    }

    fn data_path(&self) -> PathBuf {
        self.blobs.with_file_name("db")
    }

    fn meet(&self, point: IoPoint) -> io::Result<()> {
        self.options.faults.as_ref().map_or(Ok(()), |hook| hook(point))
    }
}

impl LogReader {
    /// The log against the mark, then every entry against the chain.
    fn check(&self, promised: &Meta, identity: &[u8]) -> Result<Meta, OpenError> {
        let damaged = |text: &str| OpenError::Damaged(text.to_owned());
        let behind = |store: String| OpenError::BehindMark {
            mark: promised.describe(),
            store,
        };
        let get = |key: &[u8]| {
            self.db
                .get(key)
                .map_err(|error| OpenError::Damaged(format!("the log cannot be read: {error}")))
        };
        let Some(bytes) = get(record::META_KEY)? else {
            return Err(behind("empty".to_owned()));
        };
        if get(record::IDENTITY_KEY)?.as_deref() != Some(identity) {
            return Err(OpenError::IdentityMismatch);
        }
        let meta = Meta::decode(&bytes, &self.genesis).ok_or_else(|| damaged("the log's meta record is damaged"))?;
        if meta.seq < promised.seq {
            return Err(behind(meta.describe()));
        }
        if meta.seq == promised.seq && meta != *promised {
            return Err(damaged("the log and its mark differ"));
        }
        // One ahead is a crash between the two; two, the same after the newer slot was torn.
        if meta.seq > promised.seq + 2 {
            return Err(damaged("the mark is older than the log can have left it"));
        }
        self.check_chain(&meta)?;
        Ok(meta)
    }

    fn check_chain(&self, meta: &Meta) -> Result<(), OpenError> {
        let Some(last) = meta.last else {
            return Ok(());
        };
        let mut chain = meta.purged.map_or(self.genesis, |tip| tip.chain);
        let mut next = match meta.purged {
            Some(tip) => tip.pos.index + 1,
            None => self.first_index().unwrap_or(0),
        };
        while next <= last.pos.index {
            let found = self
                .read_tips(next..last.pos.index + 1, CHECK_BYTES)
                .map_err(|error| OpenError::Damaged(error.to_string()))?;
            for (entry, header) in &found {
                if header.before != chain {
                    return Err(OpenError::Damaged(format!("the chain breaks at entry {}", entry.index)));
                }
                chain = header.chain;
            }
            match found.last() {
                Some((entry, _)) => next = entry.index + 1,
                None => return Err(OpenError::Damaged(format!("entry {next} is missing"))),
            }
        }
        if chain == last.chain {
            return Ok(());
        }
        Err(OpenError::Damaged(
            "the last entry is not the one its record names".to_owned(),
        ))
    }

    /// The first entry there is, purged ones that were not yet removed included.
    pub fn first_index(&self) -> Option<u64> {
        let (key, _) = self.db.scan_prefix(b"e").next()?.ok()?;
        record::parse_entry_key(&key).map(|(index, _)| index)
    }

    /// The tip at `index`, from its header alone.
    pub fn tip_at(&self, index: u64) -> Result<Option<Tip>, StoreError> {
        let value = self
            .db
            .get(record::entry_key(index, 0))
            .map_err(|error| read_fault(&error))?;
        let Some(value) = value else {
            return Ok(None);
        };
        match Header::decode(&value) {
            Some((header, _)) => Ok(Some(header.tip(index))),
            None => Err(StoreError::Corrupt { index }),
        }
    }

    pub fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let found = self.read_tips(range, max_bytes)?;
        Ok(found.into_iter().map(|(entry, _)| entry).collect())
    }

    /// Entries from the range's start without a gap, each checked against its checksum.
    fn read_tips(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<(StoredEntry, Header)>, StoreError> {
        let mut found: Vec<(StoredEntry, Header)> = Vec::new();
        let mut total = 0_usize;
        let mut open: Option<(u64, Header, u32, Vec<u8>)> = None;
        let mut next = range.start;
        let keys = record::entry_key(range.start, 0)..record::entry_key(range.end, 0);
        for item in self.db.range(keys) {
            let (key, value) = item.map_err(|error| read_fault(&error))?;
            let Some((index, part)) = record::parse_entry_key(&key) else {
                continue;
            };
            if part == 0 {
                if index != next {
                    break;
                }
                let (header, chunk) = Header::decode(&value).ok_or(StoreError::Corrupt { index })?;
                if !found.is_empty() && total.saturating_add(header.bytes as usize) > max_bytes {
                    return Ok(found);
                }
                open = Some((index, header, 1, chunk.to_vec()));
            } else {
                match &mut open {
                    Some((at, header, expected, bytes)) if *at == index && part == *expected && part < header.parts => {
                        bytes.extend_from_slice(&value);
                        *expected += 1;
                    }
                    // Left over from an entry that was never finished or replaced by a shorter one.
                    Some(_) | None => continue,
                }
            }
            if open.as_ref().is_some_and(|(_, header, seen, _)| *seen == header.parts)
                && let Some((index, header, _, bytes)) = open.take()
            {
                let entry = record::assemble(index, &header, bytes).ok_or(StoreError::Corrupt { index })?;
                total = total.saturating_add(entry.bytes.len());
                found.push((entry, header));
                next = index + 1;
                if total >= max_bytes {
                    break;
                }
            }
        }
        match open {
            Some((index, ..)) => Err(StoreError::Corrupt { index }),
            None => Ok(found),
        }
    }
}

impl Meta {
    pub fn describe(&self) -> String {
        let end = self.last.map_or_else(|| "empty".to_owned(), |tip| tip.pos.to_string());
        format!("commit {} at {end}", self.seq)
    }
}

/// How much of the log one step of the check holds in memory.
const CHECK_BYTES: usize = 4 << 20;

/// sled's lock may outlive the handle that was just dropped by a moment, when one of its own threads still winds down.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Opens sled as the store needs it: no flusher thread, small cache, no compression.
pub(super) fn open_sled(folder: &Path, options: &OpenOptions) -> Result<sled::Db, OpenError> {
    let config = sled::Config::new()
        .path(folder)
        .cache_capacity(options.cache_bytes as u64)
        .segment_size(options.segment_bytes)
        .flush_every_ms(None)
        .use_compression(false);
    let mut tries = 0;
    loop {
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        match opened {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("acquire lock") => {
                tries += 1;
                if tries == LOCK_TRIES {
                    return Err(OpenError::InUse);
                }
                std::thread::sleep(LOCK_PAUSE);
            }
            Ok(Err(sled::Error::Io(error))) => return Err(OpenError::Io(error)),
            Ok(Err(error)) => {
                return Err(OpenError::Damaged(format!("sled cannot open it: {error}")));
            }
            Err(_) => {
                return Err(OpenError::Damaged("sled panicked while opening it".to_owned()));
            }
        }
    }
}

/// Fsyncs the log's folder, then every file in it, and the store's folder.
///
/// The folder goes first: opening renames a new snapshot into place (its bytes are fsynced by sled) and then overwrites segments
/// that only the old one needs. Were those durable before the name, the old snapshot would point at nothing.
pub(super) fn sync_all_in(folder: &Path) -> io::Result<()> {
    sync_folder(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            for blob in std::fs::read_dir(&path)? {
                File::open(blob?.path())?.sync_all()?;
            }
        }
        File::open(&path)?.sync_all()?;
    }
    super::identity::sync_parent(folder)
}

fn read_committed(db: &sled::Db) -> Option<LogPos> {
    // A hint only: unreadable is as good as absent.
    record::decode_pos(&db.get(record::COMMITTED_KEY).ok()??)
}

fn read_fault(error: &sled::Error) -> StoreError {
    StoreError::Faulty(format!("the log cannot be read: {error}").into())
}

fn fault(what: &str, error: &dyn std::error::Error) -> CommitError {
    CommitError::Fault(format!("{what}: {error}"))
}

impl From<CommitError> for OpenError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full(error) => Self::Io(error),
            CommitError::Fault(text) => Self::Io(io::Error::other(text)),
        }
    }
}
