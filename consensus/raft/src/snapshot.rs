//! Snapshots: made or received in memory, then published to where they are kept.
//!
//! A snapshot's bytes are a 4-byte little-endian length, the head ([`SnapshotHeadDto`]) in its envelope, then the view's own snapshot.
//! Invariant: what [`SnapshotStore::latest`] gives was published whole; a publish is atomic and durable.

use crate::codec;
use crate::dto::{OpenedAtDto, SnapshotHeadDto};
use crate::entry::SyncSet;
use crate::pool_log::NodeId;
use crate::state_machine::OpenedAt;
use crate::store::SnapshotFiles;
use crate::types::{SnapshotMeta, StoredMembership};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};
use xenith_pooldb::View;

/// Longest head accepted; one member takes some 150 bytes.
const HEAD_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// Blocking: called from blocking tasks only.
pub trait SnapshotStore: Send + Sync + 'static {
    /// Makes the snapshot the newest, durably, and may drop older ones. Gives it as it is kept.
    fn publish(&self, snapshot: &Arc<dyn SnapshotFile>) -> io::Result<Arc<dyn SnapshotFile>>;

    fn latest(&self) -> io::Result<Option<Arc<dyn SnapshotFile>>>;

    /// Waits for a publish that runs; later ones are refused. The place belongs to whoever opens it next: openraft's builders may
    /// outlive their node.
    fn close(&self);
}

pub trait SnapshotFile: Send + Sync + 'static {
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    fn size(&self) -> u64;
}

/// A snapshot that is not published yet, or of a [`MemorySnapshots`]. Compressed, so much smaller than the state in memory.
pub struct MemoryFile(pub Bytes);

impl SnapshotFile for MemoryFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.0.clone())))
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Snapshots in memory: for tests and simulations. Survives a node's restart as long as the value does.
#[derive(Default)]
pub struct MemorySnapshots {
    latest: Mutex<Option<Arc<dyn SnapshotFile>>>,
}

impl SnapshotStore for MemorySnapshots {
    fn publish(&self, snapshot: &Arc<dyn SnapshotFile>) -> io::Result<Arc<dyn SnapshotFile>> {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.clone());
        Ok(snapshot.clone())
    }

    fn latest(&self) -> io::Result<Option<Arc<dyn SnapshotFile>>> {
        Ok(self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// The next node is given this very value.
    fn close(&self) {}
}

/// Snapshots as files of the store, until it is closed.
pub struct DiskSnapshots(Mutex<Option<SnapshotFiles>>);

impl DiskSnapshots {
    pub fn new(files: SnapshotFiles) -> DiskSnapshots {
        DiskSnapshots(Mutex::new(Some(files)))
    }

    fn with<T>(&self, work: impl FnOnce(&mut SnapshotFiles) -> io::Result<T>) -> io::Result<T> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = || io::Error::other("the snapshots' store is closed");
        work(files.as_mut().ok_or_else(closed)?)
    }
}

impl SnapshotStore for DiskSnapshots {
    fn publish(&self, snapshot: &Arc<dyn SnapshotFile>) -> io::Result<Arc<dyn SnapshotFile>> {
        self.with(|files| {
            let mut writer = files.begin("pool").map_err(io::Error::other)?;
            io::copy(&mut snapshot.open()?, &mut writer)?;
            files.commit(writer, &[]).map_err(io::Error::other)?;
            let stored = files.latest().map_err(io::Error::other)?;
            let stored = stored.ok_or_else(|| io::Error::other("the snapshot is not there"))?;
            Ok(Arc::new(DiskFile {
                size: stored.bytes,
                file: Arc::new(stored.file),
            }) as Arc<dyn SnapshotFile>)
        })
    }

    /// Reads it once, to see that it is whole.
    fn latest(&self) -> io::Result<Option<Arc<dyn SnapshotFile>>> {
        self.with(|files| {
            let Some(stored) = files.latest().map_err(io::Error::other)? else {
                return Ok(None);
            };
            let file = stored.file.try_clone()?;
            let size = stored.bytes;
            stored.read_all().map_err(io::Error::other)?;
            let file: Arc<dyn SnapshotFile> = Arc::new(DiskFile {
                file: Arc::new(file),
                size,
            });
            Ok(Some(file))
        })
    }

    fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Stays readable while it is held, though a newer one has replaced it on disk.
struct DiskFile {
    file: Arc<File>,
    size: u64,
}

impl SnapshotFile for DiskFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(DiskReader {
            file: self.file.clone(),
            at: 0,
        }))
    }

    fn size(&self) -> u64 {
        self.size
    }
}

/// With a position of its own: several readers share the file.
struct DiskReader {
    file: Arc<File>,
    at: u64,
}

impl Read for DiskReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// What a snapshot is of, beside the view.
#[derive(Clone, Debug, Default)]
pub struct SnapshotHead {
    pub meta: SnapshotMeta,
    pub opened: Option<OpenedAt>,
    pub sync: SyncSet,
}

impl SnapshotHead {
    pub fn to_dto(&self) -> SnapshotHeadDto {
        SnapshotHeadDto {
            last: self.meta.last_log_id.map(Into::into),
            membership_at: self.meta.last_membership.log_id().map(Into::into),
            membership: self.meta.last_membership.membership().into(),
            opened: self.opened.as_ref().map(|o| OpenedAtDto {
                at: o.at.into(),
                node: o.node.0,
                host_uuid: o.host_uuid.clone(),
            }),
            sync_learners: self.sync.learners.iter().map(|node| node.0).collect(),
        }
    }

    pub fn from_dto(dto: SnapshotHeadDto) -> io::Result<SnapshotHead> {
        let membership = dto.membership.into_membership().map_err(io::Error::other)?;
        Ok(SnapshotHead {
            meta: SnapshotMeta {
                last_log_id: dto.last.map(Into::into),
                last_membership: StoredMembership::new(dto.membership_at.map(Into::into), membership),
            },
            opened: dto.opened.map(|o| OpenedAt {
                at: o.at.into(),
                node: NodeId(o.node),
                host_uuid: o.host_uuid,
            }),
            sync: SyncSet {
                learners: dto.sync_learners.into_iter().map(NodeId).collect(),
            },
        })
    }
}

/// A whole snapshot. Blocking.
pub fn make_snapshot(head: &SnapshotHead, view: &View) -> io::Result<Arc<dyn SnapshotFile>> {
    let encoded = codec::encode(&head.to_dto()).map_err(io::Error::other)?;
    let length = u32::try_from(encoded.len()).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&encoded);
    view.write_snapshot(&mut bytes).map_err(io::Error::other)?;
    Ok(Arc::new(MemoryFile(bytes.into())))
}

pub fn read_head(from: &mut dyn Read) -> io::Result<SnapshotHead> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > HEAD_BYTES_MAX {
        return Err(io::Error::other(format!("a snapshot head of {length} bytes")));
    }
    let mut encoded = vec![0; length as usize];
    from.read_exact(&mut encoded)?;
    SnapshotHead::from_dto(codec::decode(&encoded).map_err(io::Error::other)?)
}

/// The head and the state. Blocking.
pub fn read_snapshot(file: &dyn SnapshotFile) -> io::Result<(SnapshotHead, View)> {
    let mut from = io::BufReader::new(file.open()?);
    let head = read_head(&mut from)?;
    let view = View::read_snapshot(&mut from).map_err(io::Error::other)?;
    Ok((head, view))
}
