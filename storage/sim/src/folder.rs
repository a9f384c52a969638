//! Disks in a folder that machines share.
//!
//! ```text
//!  SR/LOCATION.disk    a disk
//!  SR/LOCATION.lock    locked by the machine on which it is active: the kernel lets go of it when the machine's process ends
//! ```

use crate::{Disk, Medium};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use xenith_storage_port::{SrId, VdiId};

/// File names end here; what is longer is no disk of ours.
const NAME_BYTES_MAX: usize = 120;
const DISK: &str = ".disk";

/// See the module. One value a machine: its locks are its own.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    /// Which disks this machine holds, and whether alone.
    locked: BTreeMap<VdiId, (File, bool)>,
}

impl Folder {
    pub fn new(dir: &Path) -> Folder {
        Folder {
            dir: dir.to_owned(),
            locked: BTreeMap::new(),
        }
    }

    fn path(&self, vdi: &VdiId, ending: &str) -> Result<PathBuf> {
        let name = format!("{}{ending}", name_of(&vdi.location)?);
        Ok(self.dir.join(name_of(&vdi.sr.0)?).join(name))
    }

    fn try_list(&self, sr: &SrId) -> Result<Vec<(String, Disk)>> {
        let dir = match std::fs::read_dir(self.dir.join(name_of(&sr.0)?)) {
            Ok(dir) => dir,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(other) => return Err(other),
        };
        let mut disks = Vec::new();
        for entry in dir {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(location) = name.to_str().and_then(|name| name.strip_suffix(DISK)) {
                let disk = serde_json::from_slice(&std::fs::read(entry.path())?)?;
                disks.push((location.to_owned(), disk));
            }
        }
        disks.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(disks)
    }

    fn try_write(&self, vdi: &VdiId, disk: &Disk) -> Result<()> {
        let path = self.path(vdi, DISK)?;
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let new = path.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&new, serde_json::to_vec(disk)?)?;
        std::fs::rename(&new, &path)
    }

    fn try_lock(&mut self, vdi: &VdiId, exclusive: bool) -> Result<bool> {
        if self.locked.get(vdi).is_some_and(|(_, alone)| *alone == exclusive) {
            return Ok(true);
        }
        self.locked.remove(vdi);
        let file = File::create(self.path(vdi, ".lock")?)?;
        let taken = match exclusive {
            true => file.try_lock(),
            false => file.try_lock_shared(),
        };
        match taken {
            Ok(()) => {
                self.locked.insert(vdi.clone(), (file, exclusive));
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }
}

impl Medium for Folder {
    fn list(&self, sr: &SrId) -> std::result::Result<Vec<(String, Disk)>, String> {
        self.try_list(sr)
            .map_err(|cause| format!("repository {}: {cause}", sr.0))
    }

    fn read(&self, vdi: &VdiId) -> std::result::Result<Option<Disk>, String> {
        match self.path(vdi, DISK).and_then(std::fs::read) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|cause| format!("disk {vdi} is malformed: {cause}")),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(None),
            Err(other) => Err(format!("disk {vdi}: {other}")),
        }
    }

    fn write(&mut self, vdi: &VdiId, disk: &Disk) -> std::result::Result<(), String> {
        self.try_write(vdi, disk)
            .map_err(|cause| format!("disk {vdi}: {cause}"))
    }

    /// Its lock stays: who waits for it must not find another file.
    fn delete(&mut self, vdi: &VdiId) -> std::result::Result<(), String> {
        self.locked.remove(vdi);
        match self.path(vdi, DISK).and_then(std::fs::remove_file) {
            Ok(()) => Ok(()),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(()),
            Err(other) => Err(format!("disk {vdi}: {other}")),
        }
    }

    fn lock(&mut self, vdi: &VdiId, exclusive: bool) -> std::result::Result<bool, String> {
        self.try_lock(vdi, exclusive)
            .map_err(|cause| format!("the lock of {vdi}: {cause}"))
    }

    fn unlock(&mut self, vdi: &VdiId) {
        self.locked.remove(vdi);
    }
}

/// Uuids, and names like them: anything that could mean something to a file system is none.
fn name_of(name: &str) -> Result<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain) {
        true => Ok(name),
        false => Err(Error::new(ErrorKind::InvalidInput, "no name of a disk or a repository")),
    }
}
