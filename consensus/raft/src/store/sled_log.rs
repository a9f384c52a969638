//! [`SledLog`]: the durable log of production. Accepts calls under one lock, hands them to the writer thread, serves reads from
//! a bounded cache of the log's tail first.
//!
//! Invariant: what is not durable yet is in the cache, so reads see every accepted entry.

use super::disk::{Disk, FaultHook, LOG_FOLDER, open_sled, sync_all_in};
use super::identity::{IDENTITY_FILE, StoreIdentity, sync_folder, sync_parent, write_file_durably};
use super::mark::Mark;
use super::queue::{Op, Queued, Shared};
use super::reader::LogReader;
use super::record::{IDENTITY_KEY, META_KEY, Meta, genesis};
use super::writer::Writer;
use super::{Done, DurableLog, LogPos, LogState, StoreError, StoreHealth, StoredEntry, StoredVote, VOTE_BYTES_MAX};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

/// The durable Raft log on sled. Closing it (drop) waits for what is queued.
pub struct SledLog {
    shared: Arc<Shared>,
    reader: LogReader,
    identity: StoreIdentity,
    dir: PathBuf,
    fsyncs: Arc<AtomicU64>,
    writer: Option<JoinHandle<()>>,
}

/// There when the store's node must not be trusted any more; holds the cause.
const DISTRUST_FILE: &str = "distrusted";

/// How a store is opened. The segment size is fixed when the store is made.
#[derive(Clone)]
pub struct OpenOptions {
    /// sled's page cache; its default of 1 GiB would be the daemon's memory.
    pub cache_bytes: usize,
    /// A power of two from 256 KiB (tests, whose appends are small, take less) to 16 MiB. Values are cut to 1/128 of it, a group
    /// commit is bounded to 1/4.
    pub segment_bytes: usize,
    /// Entry bytes of the tail kept in memory for reads; more while they wait for the disk.
    pub tail_bytes: usize,
    /// For tests: errors to meet.
    pub faults: Option<FaultHook>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 8 << 20,
            segment_bytes: 1 << 20,
            tail_bytes: 8 << 20,
            faults: None,
        }
    }
}

impl OpenOptions {
    pub(super) fn chunk_bytes(&self) -> usize {
        (self.segment_bytes / 128).max(1)
    }

    /// Bound on a group commit.
    pub(super) fn commit_bytes(&self) -> usize {
        self.segment_bytes / 4
    }
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no store.
    #[error("there is no store here")]
    Missing,
    /// It was written by an older or newer program; nothing is wrong with it.
    #[error(
        "the store has the format \"{0}\", which this program does not read: start the program that wrote it, or move the store away and let this host join anew"
    )]
    OtherFormat(String),
    /// It lost something it had promised: must not vote, must be set aside.
    #[error("the store is behind its mark: promised {mark}, found {store}")]
    BehindMark { mark: String, store: String },
    /// What is there cannot be trusted: must be set aside.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Parts of two stores: must be set aside.
    #[error("the store's parts belong to different identities")]
    IdentityMismatch,
    /// Another process has it open.
    #[error("the store is in use")]
    InUse,
    #[error("the store cannot be read")]
    Io(#[source] io::Error),
}

impl OpenError {
    /// The store may have lost what it promised: [`super::set_aside`] it and join the pool as a new node.
    pub fn must_set_aside(&self) -> bool {
        match self {
            Self::BehindMark { .. } | Self::Damaged(_) | Self::IdentityMismatch => true,
            Self::Missing | Self::OtherFormat(_) | Self::InUse | Self::Io(_) => false,
        }
    }
}

impl SledLog {
    /// Makes an empty store in `dir`, which must not exist, whole or not at all, and opens it.
    pub fn create(dir: &Path, identity: &StoreIdentity, options: OpenOptions) -> Result<Self, OpenError> {
        if dir.exists() {
            return Err(OpenError::Io(io::ErrorKind::AlreadyExists.into()));
        }
        if !identity.is_writable() {
            return Err(OpenError::Io(io::ErrorKind::InvalidInput.into()));
        }
        let mut building = dir.as_os_str().to_owned();
        building.push(".new");
        let building = PathBuf::from(building);
        if building.exists() {
            // Never opened, never promised anything: a crash while making it left it.
            fs::remove_dir_all(&building).map_err(OpenError::Io)?;
        }
        fill(&building, identity, &options)?;
        fs::rename(&building, dir)
            .and_then(|()| sync_parent(dir))
            .map_err(OpenError::Io)?;
        Self::open(dir, options)
    }

    /// Opens the store and checks it against its mark; reads the whole log once.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Self, OpenError> {
        let fsyncs = Arc::new(AtomicU64::new(0));
        let opened = Disk::open(dir, &options, Arc::clone(&fsyncs))?;
        let reader = opened.disk.log.clone();
        let state = LogState {
            purged: opened.meta.purged.map(|tip| tip.pos),
            last: opened.meta.last.map(|tip| tip.pos),
            vote: opened.meta.vote.clone(),
            committed: opened.committed,
        };
        let shared = Arc::new(Shared::new(state, options.tail_bytes));
        let writer = Writer::new(Arc::clone(&shared), opened.disk, opened.meta, options.commit_bytes());
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::Io)?;
        let identity = opened.identity;
        Ok(Self {
            shared,
            reader,
            identity,
            dir: dir.to_owned(),
            fsyncs,
            writer: Some(writer),
        })
    }

    pub fn identity(&self) -> &StoreIdentity {
        &self.identity
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl DurableLog for SledLog {
    fn state(&self) -> Result<LogState, StoreError> {
        Ok(self.shared.state())
    }

    fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<StoredEntry>, StoreError> {
        self.shared.read(range, max_bytes, &self.reader)
    }

    fn append(&self, entries: Vec<StoredEntry>, done: Done) {
        self.shared.append(entries, done);
    }

    fn save_vote(&self, vote: StoredVote, done: Done) {
        if vote.bytes.len() > VOTE_BYTES_MAX {
            done(Err(StoreError::TooLarge {
                what: "a vote",
                bytes: vote.bytes.len(),
            }));
            return;
        }
        self.shared.accept(Op::Vote(vote), done);
    }

    fn truncate_since(&self, index: u64, done: Done) {
        let before = match index.checked_sub(1).map(|before| self.read(before..index, 0)) {
            None => None,
            Some(Ok(found)) => found.first().map(StoredEntry::pos),
            Some(Err(error)) => return done(Err(error)),
        };
        self.shared.accept(Op::Truncate(index, before), done);
    }

    fn purge_through(&self, pos: LogPos, done: Done) {
        // An entry that differs from what the snapshot says was committed there: the whole log is of another history.
        let there = match self.read(pos.index..pos.index.saturating_add(1), 0) {
            Ok(found) => found.first().map(StoredEntry::pos),
            Err(error) => return done(Err(error)),
        };
        let conflict = there.is_some_and(|there| there != pos);
        let op = if conflict { Op::Restart(pos) } else { Op::Purge(pos) };
        self.shared.accept(op, done);
    }

    fn save_committed(&self, pos: LogPos) {
        self.shared.save_committed(pos);
    }

    fn health(&self) -> StoreHealth {
        let mut health = self.shared.health();
        health.fsyncs = self.fsyncs.load(Ordering::Relaxed);
        health.disk_bytes = disk_bytes(&self.dir);
        health
    }

    fn distrusted(&self) -> Option<String> {
        match fs::read(self.dir.join(DISTRUST_FILE)) {
            Ok(why) => Some(String::from_utf8_lossy(&why).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            // There, but not readable: as good as a cause.
            Err(error) => Some(format!("the file {DISTRUST_FILE} cannot be read: {error}")),
        }
    }

    fn distrust(&self, why: &str) -> io::Result<()> {
        match self.distrusted() {
            Some(_) => Ok(()),
            None => write_file_durably(&self.dir.join(DISTRUST_FILE), why.as_bytes()),
        }
    }
}

impl Drop for SledLog {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(writer) = self.writer.take() {
            // Dropped by one of its own callbacks, the writer cannot wait for itself; it ends right after.
            if writer.thread().id() != std::thread::current().id() && writer.join().is_err() {
                tracing::error!("the store's writer panicked");
            }
        }
    }
}

fn fill(dir: &Path, identity: &StoreIdentity, options: &OpenOptions) -> Result<(), OpenError> {
    let text = identity.encode();
    let genesis = genesis(text.as_bytes());
    let folder = dir.join(LOG_FOLDER);
    fs::create_dir_all(&folder).map_err(OpenError::Io)?;
    let db = open_sled(&folder, options)?;
    let first = Meta {
        seq: 1,
        ..Meta::default()
    };
    db.insert(IDENTITY_KEY, text.as_bytes())
        .and_then(|_| db.insert(META_KEY, first.encode(&genesis)))
        .and_then(|_| db.flush())
        .map_err(|error| OpenError::Io(io::Error::other(error)))?;
    drop(db);
    sync_all_in(&folder)
        .and_then(|()| Mark::create(dir, genesis, &first))
        .and_then(|()| write_file_durably(&dir.join(IDENTITY_FILE), text.as_bytes()))
        .and_then(|()| sync_folder(dir))
        .map_err(OpenError::Io)
}

/// Bytes the files take; what vanishes while counting counts as nothing.
fn disk_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    });
    sizes.sum()
}

/// An accepted append is cut into pieces of one group commit; its `done` goes with the last.
pub(super) fn cut(entries: Vec<StoredEntry>, piece_bytes: usize) -> Vec<Vec<StoredEntry>> {
    let mut pieces: Vec<Vec<StoredEntry>> = Vec::new();
    let mut bytes = usize::MAX;
    for entry in entries {
        let size = entry.bytes.len() + Queued::ENTRY_OVERHEAD;
        if bytes.saturating_add(size) > piece_bytes {
            pieces.push(Vec::new());
            bytes = 0;
        }
        bytes = bytes.saturating_add(size);
        if let Some(piece) = pieces.last_mut() {
            piece.push(entry);
        }
    }
    pieces
}
