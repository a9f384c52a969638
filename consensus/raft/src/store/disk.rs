//! The sled side of the log: opening with all checks, group commits. One thread writes; any thread reads ([`LogReader`]).
//!
//! What sled 0.34.7 does and what follows from it:
//! - `flush()` writes and calls sync_file_range, which is not durability: `db` is fdatasynced after it. New files (`conf`, `snap.*`,
//!   made while opening only) and the folder are fsynced after opening.
//! - A *node* larger than a quarter of a segment goes to a file in `blobs/`, never fsynced. A leaf has up to 16 items, so values are
//!   cut to 1/128 of a segment; should a blob appear all the same, it is fsynced too.
//! - A freed segment is used again once two later segments are full, with no fsync between. sled writes up to about five times
//!   the bytes of a batch (leaves are written anew every ten changes and when they split); a group commit is bounded to a quarter
//!   of a segment, so a fdatasync lies between the copy of what a segment held and its reuse.
//! - Opening trusts what it reads from the page cache and writes a snapshot of it: everything is fsynced before, too, or
//!   after a kill and then a power loss the snapshot would tell of data that is not there.
//! - After any error it refuses everything until opened again; a full disk is therefore found before sled is asked to write.

use super::identity::{self, IDENTITY_FILE, StoreIdentity, sync_folder};
use super::mark::{Mark, Promise};
use super::reader::LogReader;
use super::record::{self, Meta};
use super::{LogPos, OpenError, OpenOptions};
use rustix::fs::{FallocateFlags, IFlags, fallocate, ioctl_getflags, ioctl_setflags};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

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
    /// Before the log's folder is asked to keep names at once, while opening.
    KeepNames,
}

/// Says which error to meet at a point, if any.
pub type FaultHook = Arc<dyn Fn(IoPoint) -> io::Result<()> + Send + Sync>;

impl OpenOptions {
    fn meet(&self, point: IoPoint) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |hook| hook(point))
    }
}

pub(super) enum CommitError {
    Full(io::Error),
    Fault(String),
}

/// What only the writer has.
pub(super) struct Disk {
    pub log: LogReader,
    mark: Mark,
    data: File,
    blobs: Blobs,
    reserved: u64,
    seen_len: u64,
    options: OpenOptions,
    fsyncs: Arc<AtomicU64>,
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
        if let Some(found) = identity::other_format(&text) {
            return Err(OpenError::OtherFormat(found));
        }
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
        remove_unfinished_snapshots(&folder).map_err(OpenError::Io)?;
        options.meet(IoPoint::KeepNames).map_err(OpenError::Io)?;
        keep_names(&folder).map_err(OpenError::Io)?;
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
            blobs: Blobs::watch(folder.join("blobs")).map_err(OpenError::Io)?,
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
        self.blobs.sync(&self.fsyncs)?;
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
        self.blobs.path.with_file_name("db")
    }

    fn meet(&self, point: IoPoint) -> io::Result<()> {
        self.options.meet(point)
    }
}

/// The folder in which sled would put large values. None is expected: it is looked into only once its time of change has moved.
struct Blobs {
    path: PathBuf,
    folder: File,
    untouched_since: SystemTime,
    /// From then on always: a second change within a tick of the file system's clock would not show.
    touched: bool,
}

impl Blobs {
    fn watch(path: PathBuf) -> io::Result<Self> {
        let folder = File::open(&path)?;
        let untouched_since = folder.metadata()?.modified()?;
        let touched = std::fs::read_dir(&path)?.next().is_some();
        Ok(Self {
            path,
            folder,
            untouched_since,
            touched,
        })
    }

    fn sync(&mut self, fsyncs: &AtomicU64) -> io::Result<()> {
        self.touched |= self.folder.metadata()?.modified()? != self.untouched_since;
        if !self.touched {
            return Ok(());
        }
        for blob in std::fs::read_dir(&self.path)? {
            tracing::warn!("sled wrote a blob file; it is fsynced, but none was expected");
            fsyncs.fetch_add(2, Ordering::Relaxed);
            File::open(blob?.path())?.sync_all()?;
            self.folder.sync_all()?;
        }
        Ok(())
    }
}

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

/// Removes what a kill left of a sled snapshot that was being written: sled would take it for a whole one and refuse to open.
/// The one before it is still there, for sled removes that last.
fn remove_unfinished_snapshots(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Asks the file system to make a change of a name in the folder durable before the call returns. ext4 knows this; with others a
/// power loss within the milliseconds between sled's rename and its next fsync can cost the store, which is then set aside.
///
/// Opening renames a new snapshot into place and overwrites segments that only the old one needs; sled fsyncs these, not the name.
fn keep_names(folder: &Path) -> io::Result<()> {
    let folder = File::open(folder)?;
    let kept = ioctl_getflags(&folder).and_then(|flags| ioctl_setflags(&folder, flags | IFlags::DIRSYNC));
    if let Err(error) = kept {
        tracing::debug!(%error, "the file system does not keep names at once");
    }
    Ok(())
}

/// Fsyncs the log's folder, then every file in it, and the store's folder.
///
/// The folder goes first: after opening, segments that only the old snapshot needs are overwritten. Were those durable before the
/// new one's name, the old snapshot would point at nothing ([`keep_names`]).
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
