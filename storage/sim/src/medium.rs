//! What outlives a machine: disks, in memory for tests and simulators.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xenith_storage_port::{SrId, VdiId};

/// A disk's content is a number: a clone has the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    pub size_bytes: i64,
    pub used_bytes: i64,
    pub content: u64,
}

/// Where disks are, as one machine sees it; machines that share it see the same. An error is told in the step's.
pub trait Medium {
    fn list(&self, sr: &SrId) -> Result<Vec<(String, Disk)>, String>;
    fn read(&self, vdi: &VdiId) -> Result<Option<Disk>, String>;
    /// Whole or not at all.
    fn write(&mut self, vdi: &VdiId, disk: &Disk) -> Result<(), String>;
    /// One that is not there is deleted.
    fn delete(&mut self, vdi: &VdiId) -> Result<(), String>;
    /// Takes the disk for this machine until `unlock` or the end of its power: `exclusive`, or with others that only read. False, if
    /// another machine has it.
    fn lock(&mut self, vdi: &VdiId, exclusive: bool) -> Result<bool, String>;
    fn unlock(&mut self, vdi: &VdiId);
}

/// One value for all machines of a simulator. Like much real storage it trusts its toolstack: it does not know which machine asks, so
/// that a checker has something to find.
impl Medium for BTreeMap<VdiId, Disk> {
    fn list(&self, sr: &SrId) -> Result<Vec<(String, Disk)>, String> {
        let here = self.iter().filter(|(vdi, _)| vdi.sr == *sr);
        Ok(here.map(|(vdi, disk)| (vdi.location.clone(), disk.clone())).collect())
    }

    fn read(&self, vdi: &VdiId) -> Result<Option<Disk>, String> {
        Ok(self.get(vdi).cloned())
    }

    fn write(&mut self, vdi: &VdiId, disk: &Disk) -> Result<(), String> {
        self.insert(vdi.clone(), disk.clone());
        Ok(())
    }

    fn delete(&mut self, vdi: &VdiId) -> Result<(), String> {
        self.remove(vdi);
        Ok(())
    }

    fn lock(&mut self, _: &VdiId, _: bool) -> Result<bool, String> {
        Ok(true)
    }

    fn unlock(&mut self, _: &VdiId) {}
}
