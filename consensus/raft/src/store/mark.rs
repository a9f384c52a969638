//! `durable.mark`: a promise of what the log holds, kept outside it, so that a torn or shortened log is noticed (A3).
//!
//! Two slots are written in turn, each a copy of the log's meta record with its checksum. A slot is written after the log's data
//! is durable and before anything is acknowledged: after a power loss the log is at the mark or one group commit ahead of it.
//! Behind the mark means that the log lost something it had promised.

use super::record::{Chain, Meta};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A disk writes 4 KiB whole or not at all on most hardware; a torn slot is found by its checksum anyway.
const SLOT_BYTES: usize = 4096;

pub(super) const MARK_FILE: &str = "durable.mark";

pub(super) struct Mark {
    file: File,
    genesis: Chain,
}

impl Mark {
    /// Makes the file at full size, so that later writes allocate nothing. The caller fsyncs the folder.
    pub fn create(dir: &Path, genesis: Chain, first: &Meta) -> io::Result<()> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(dir.join(MARK_FILE))?;
        file.write_all_at(&[0; 2 * SLOT_BYTES], 0)?;
        let mark = Self { file, genesis };
        mark.write_slot(first)?;
        mark.file.sync_all()
    }

    /// Opens and locks it: one process has the store.
    pub fn open(dir: &Path, genesis: Chain) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(dir.join(MARK_FILE))?;
        file.try_lock()?;
        Ok(Self { file, genesis })
    }

    pub fn read(&self) -> io::Result<Promise> {
        let mut newest: Option<Meta> = None;
        let mut foreign = false;
        for slot in 0..2 {
            let mut bytes = vec![0; SLOT_BYTES];
            match self.file.read_exact_at(&mut bytes, slot * SLOT_BYTES as u64) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                other => other?,
            }
            let Some((genesis, found)) = decode_slot(&bytes) else {
                continue;
            };
            if genesis != self.genesis {
                foreign = true;
                continue;
            }
            let found = Some(found);
            if found.as_ref().map(|meta| meta.seq) > newest.as_ref().map(|meta| meta.seq) {
                newest = found;
            }
        }
        Ok(match newest {
            Some(meta) => Promise::Held(meta),
            None if foreign => Promise::Foreign,
            None => Promise::Lost,
        })
    }

    /// Writes and fsyncs.
    pub fn write(&self, meta: &Meta) -> io::Result<()> {
        self.write_slot(meta)?;
        self.file.sync_data()
    }

    fn write_slot(&self, meta: &Meta) -> io::Result<()> {
        let record = meta.encode(&self.genesis);
        let mut slot = Vec::with_capacity(SLOT_BYTES);
        slot.extend_from_slice(&(record.len() as u32).to_le_bytes());
        slot.extend_from_slice(&self.genesis);
        slot.extend_from_slice(&record);
        slot.resize(SLOT_BYTES, 0);
        self.file.write_all_at(&slot, (meta.seq % 2) * SLOT_BYTES as u64)
    }
}

/// What the mark says.
pub(super) enum Promise {
    /// The newest slot that is whole.
    Held(Meta),
    /// Whole, but of a store with another identity.
    Foreign,
    /// No slot is whole.
    Lost,
}

fn decode_slot(slot: &[u8]) -> Option<(Chain, Meta)> {
    let (len, rest) = slot.split_first_chunk::<4>()?;
    let (genesis, rest) = rest.split_first_chunk::<16>()?;
    let meta = Meta::decode(rest.get(..u32::from_le_bytes(*len) as usize)?, genesis)?;
    Some((*genesis, meta))
}
