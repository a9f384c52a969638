//! What all machines see: images and disks. It outlives their power.

use crate::shared::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use xenith_storage_port::{SrId, VdiId};
use xenith_storage_sim::{Disk, Medium};
use xenith_xen_sim::machine::{Image, Images};

/// Cloning gives another handle of the same shelf.
#[derive(Clone, Default)]
pub struct Shelf {
    images: Arc<Mutex<BTreeMap<String, Image>>>,
    disks: Disks,
}

#[derive(Clone, Default)]
struct Disks(Arc<Mutex<BTreeMap<VdiId, Disk>>>);

impl Images for Shelf {
    fn read(&self, name: &str) -> Result<Option<Image>, String> {
        lock(&self.images).read(name)
    }

    fn write(&mut self, name: &str, image: &Image) -> Result<(), String> {
        lock(&self.images).write(name, image)
    }

    fn delete(&mut self, name: &str) -> Result<(), String> {
        lock(&self.images).delete(name)
    }

    fn disks(&mut self) -> Option<&mut dyn Medium> {
        Some(&mut self.disks)
    }
}

impl Medium for Disks {
    fn list(&self, sr: &SrId) -> Result<Vec<(String, Disk)>, String> {
        lock(&self.0).list(sr)
    }

    fn read(&self, vdi: &VdiId) -> Result<Option<Disk>, String> {
        lock(&self.0).read(vdi)
    }

    fn write(&mut self, vdi: &VdiId, disk: &Disk) -> Result<(), String> {
        lock(&self.0).write(vdi, disk)
    }

    fn delete(&mut self, vdi: &VdiId) -> Result<(), String> {
        lock(&self.0).delete(vdi)
    }

    fn lock(&mut self, vdi: &VdiId, exclusive: bool) -> Result<bool, String> {
        lock(&self.0).lock(vdi, exclusive)
    }

    fn unlock(&mut self, vdi: &VdiId) {
        lock(&self.0).unlock(vdi);
    }
}
