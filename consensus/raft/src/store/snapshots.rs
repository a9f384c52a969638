//! State-machine snapshots as plain files: data first, then a meta file that names, measures and hashes it.
//!
//! Invariant: a meta file that is there speaks of a data file that is durable; the newest pair is the snapshot. Everything else in
//! the folder is left over and is removed when opening.

use super::identity::{sync_folder, write_file_durably};
use super::record::digest;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The folder of a store's snapshots.
pub struct SnapshotFiles {
    dir: PathBuf,
    /// The newest committed sequence number; 0 when there is none.
    newest: u64,
}

/// A snapshot being written. Dropped without [`SnapshotFiles::commit`], its file is removed.
pub struct SnapshotWriter {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    id: String,
    path: PathBuf,
    keep: bool,
}

/// A snapshot that was committed.
pub struct StoredSnapshot {
    pub id: String,
    /// As given to [`SnapshotFiles::commit`].
    pub meta: Vec<u8>,
    /// At its start; `bytes` long.
    pub file: File,
    pub bytes: u64,
    sha256: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("a snapshot file cannot be read or written")]
    Io(#[from] io::Error),
    #[error("snapshot {0} is damaged")]
    Damaged(String),
    #[error("a snapshot's id must not hold a line end, its meta not more than {META_BYTES_MAX} bytes")]
    Unusable,
}

/// A meta record is read whole into memory before it can be trusted.
const META_BYTES_MAX: usize = 16 << 20;
const FORMAT: &str = "xenith-snapshot 1";
const BUFFER_BYTES: usize = 256 << 10;
const META_SUFFIX: &str = "meta";
const DATA_SUFFIX: &str = "data";
const WRITING_SUFFIX: &str = "writing";

impl SnapshotFiles {
    /// Opens the folder (made if need be) and removes what was not finished or is no longer the newest.
    pub fn open(dir: &Path) -> Result<Self, SnapshotError> {
        if !dir.exists() {
            fs::create_dir_all(dir)?;
            super::identity::sync_parent(dir)?;
        }
        // A rename seen here may not be durable yet; nothing is removed on its word before it is.
        sync_folder(dir)?;
        let mut this = Self {
            dir: dir.to_owned(),
            newest: 0,
        };
        for entry in fs::read_dir(dir)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if let Some(number) = name.strip_suffix(".meta") {
                let number = u64::from_str_radix(number, 16).unwrap_or(0);
                this.newest = this.newest.max(number);
            }
        }
        this.remove_others(true)?;
        Ok(this)
    }

    /// Starts a snapshot; its bytes are written to the writer.
    pub fn begin(&self, id: &str) -> Result<SnapshotWriter, SnapshotError> {
        if id.contains(['\n', '\r']) {
            return Err(SnapshotError::Unusable);
        }
        for n in 0_u64.. {
            let path = self.dir.join(format!("{n}.{WRITING_SUFFIX}"));
            match File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                file => {
                    let file = BufWriter::with_capacity(BUFFER_BYTES, file?);
                    let (hash, id) = (Sha256::new(), id.to_owned());
                    return Ok(SnapshotWriter {
                        file,
                        hash,
                        bytes: 0,
                        id,
                        path,
                        keep: false,
                    });
                }
            }
        }
        Err(SnapshotError::Io(io::ErrorKind::AlreadyExists.into()))
    }

    /// Makes it the latest, durably; older ones are removed.
    pub fn commit(&mut self, mut writer: SnapshotWriter, meta: &[u8]) -> Result<(), SnapshotError> {
        if meta.len() > META_BYTES_MAX {
            return Err(SnapshotError::Unusable);
        }
        writer.file.flush()?;
        writer.file.get_ref().sync_all()?;
        let number = self.newest + 1;
        let data = self.path(number, DATA_SUFFIX);
        fs::rename(&writer.path, &data)?;
        writer.keep = true;
        sync_folder(&self.dir)?;
        let record = encode_meta(&writer, meta);
        write_file_durably(&self.path(number, META_SUFFIX), &record)?;
        self.newest = number;
        self.remove_others(false)
    }

    /// The newest snapshot; its meta record and length are checked, its data by [`StoredSnapshot::read_all`].
    pub fn latest(&self) -> Result<Option<StoredSnapshot>, SnapshotError> {
        if self.newest == 0 {
            return Ok(None);
        }
        let damaged = || SnapshotError::Damaged(format!("{:016x}", self.newest));
        let record = fs::read(self.path(self.newest, META_SUFFIX))?;
        let (id, bytes, sha256, meta) = decode_meta(&record).ok_or_else(damaged)?;
        let file = match File::open(self.path(self.newest, DATA_SUFFIX)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged()),
            file => file?,
        };
        if file.metadata()?.len() != bytes {
            return Err(damaged());
        }
        Ok(Some(StoredSnapshot {
            id,
            meta,
            file,
            bytes,
            sha256,
        }))
    }

    fn path(&self, number: u64, suffix: &str) -> PathBuf {
        self.dir.join(format!("{number:016x}.{suffix}"))
    }

    /// Removes all but the newest; half-written ones only when nobody can be writing them.
    fn remove_others(&self, half_written: bool) -> Result<(), SnapshotError> {
        let keep = [self.path(self.newest, META_SUFFIX), self.path(self.newest, DATA_SUFFIX)];
        let mut old = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let writing = path.extension().is_some_and(|suffix| suffix == WRITING_SUFFIX);
            if !keep.contains(&path) && (half_written || !writing) {
                old.push(path);
            }
        }
        // Metas first: a meta without its data would look like damage.
        old.sort_by_key(|path| path.extension().is_none_or(|suffix| suffix != META_SUFFIX));
        for path in old {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Write for SnapshotWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(written) = bytes.get(..written) {
            self.hash.update(written);
        }
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "a half-written snapshot stays until the store is opened again");
        }
    }
}

impl StoredSnapshot {
    /// All of the data, checked against its hash.
    pub fn read_all(mut self) -> Result<Vec<u8>, SnapshotError> {
        let mut data = Vec::with_capacity(self.bytes as usize);
        self.file.read_to_end(&mut data)?;
        if Sha256::digest(&data).as_slice() != self.sha256 {
            return Err(SnapshotError::Damaged(self.id));
        }
        Ok(data)
    }

    /// SHA-256 of the data, for readers that stream it.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}

/// Format line, id line, then length, hash and meta, then a checksum over all of it.
fn encode_meta(writer: &SnapshotWriter, meta: &[u8]) -> Vec<u8> {
    let mut out = format!("{FORMAT}\n{}\n", writer.id).into_bytes();
    out.extend_from_slice(&writer.bytes.to_le_bytes());
    out.extend_from_slice(&writer.hash.clone().finalize());
    out.extend_from_slice(meta);
    let sum = digest(&[b"snapshot", &out]);
    out.extend_from_slice(&sum);
    out
}

fn decode_meta(record: &[u8]) -> Option<(String, u64, [u8; 32], Vec<u8>)> {
    let (body, sum) = record.split_at_checked(record.len().checked_sub(16)?)?;
    if digest(&[b"snapshot", body]) != sum {
        return None;
    }
    let rest = body.strip_prefix(FORMAT.as_bytes())?.strip_prefix(b"\n")?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (id, rest) = rest.split_at_checked(end)?;
    let (bytes, rest) = rest.get(1..)?.split_first_chunk::<8>()?;
    let (sha256, meta) = rest.split_first_chunk::<32>()?;
    let id = String::from_utf8(id.to_vec()).ok()?;
    Some((id, u64::from_le_bytes(*bytes), *sha256, meta.to_vec()))
}
