//! Where snapshots are kept: a sealed file becomes the newest only when it is published.
//!
//! A snapshot's bytes are a 4-byte little-endian length, the head ([`SnapshotHeadDto`]) in its envelope, then the view's own snapshot.
//! Invariant: what [`SnapshotStore::latest`] gives was sealed, durable and published; a publish is atomic.

use crate::codec;
use crate::dto::{OpenedAtDto, SnapshotHeadDto};
use crate::entry::SyncSet;
use crate::pool_log::NodeId;
use crate::state_machine::OpenedAt;
use crate::types::{SnapshotMeta, StoredMembership};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use xenith_pooldb::View;

/// Longest head accepted; one member takes some 150 bytes.
const HEAD_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// Blocking: called from blocking tasks only.
pub trait SnapshotStore: Send + Sync + 'static {
    fn begin(&self) -> io::Result<Box<dyn SnapshotSink>>;

    /// Makes the file the newest and may drop older ones.
    fn publish(&self, file: &Arc<dyn SnapshotFile>) -> io::Result<()>;

    fn latest(&self) -> io::Result<Option<Arc<dyn SnapshotFile>>>;
}

/// A snapshot being written. Dropped unsealed, it is gone.
pub trait SnapshotSink: Write + Send {
    /// Durable when this returns; not yet the newest.
    fn seal(self: Box<Self>) -> io::Result<Arc<dyn SnapshotFile>>;
}

pub trait SnapshotFile: Send + Sync + 'static {
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    fn size(&self) -> io::Result<u64>;
}

/// Snapshots in memory: for tests and simulations. Survives a node's restart as long as the value does.
#[derive(Default)]
pub struct MemorySnapshots {
    latest: Mutex<Option<Arc<dyn SnapshotFile>>>,
}

impl SnapshotStore for MemorySnapshots {
    fn begin(&self) -> io::Result<Box<dyn SnapshotSink>> {
        Ok(Box::new(MemorySink(Vec::new())))
    }

    fn publish(&self, file: &Arc<dyn SnapshotFile>) -> io::Result<()> {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(file.clone());
        Ok(())
    }

    fn latest(&self) -> io::Result<Option<Arc<dyn SnapshotFile>>> {
        Ok(self
            .latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
}

struct MemorySink(Vec<u8>);

impl Write for MemorySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SnapshotSink for MemorySink {
    fn seal(self: Box<Self>) -> io::Result<Arc<dyn SnapshotFile>> {
        Ok(Arc::new(MemoryFile(self.0.into())))
    }
}

struct MemoryFile(bytes::Bytes);

impl SnapshotFile for MemoryFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.0.clone())))
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
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
                last_membership: StoredMembership::new(
                    dto.membership_at.map(Into::into),
                    membership,
                ),
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

/// Writes a whole snapshot and seals it. Blocking.
pub fn write_snapshot(
    store: &dyn SnapshotStore,
    head: &SnapshotHead,
    view: &View,
) -> io::Result<Arc<dyn SnapshotFile>> {
    let mut sink = store.begin()?;
    let encoded = codec::encode(&head.to_dto()).map_err(io::Error::other)?;
    let length = u32::try_from(encoded.len()).map_err(io::Error::other)?;
    sink.write_all(&length.to_le_bytes())?;
    sink.write_all(&encoded)?;
    view.write_snapshot(&mut sink).map_err(io::Error::other)?;
    sink.seal()
}

pub fn read_head(from: &mut dyn Read) -> io::Result<SnapshotHead> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > HEAD_BYTES_MAX {
        return Err(io::Error::other(format!(
            "a snapshot head of {length} bytes"
        )));
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
