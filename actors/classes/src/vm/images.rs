//! The images that are made for a copy of a VM, and what is held meanwhile.

use crate::operation::{Lock, StepCx};
use crate::vdi::{Batch, From, Wanted};
use crate::{Args, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// What becomes of a disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum How {
    Clone,
    /// To this repository, or to the one where each is.
    Copy(Option<Ref>),
    /// But for devices with these images.
    Snapshot(Vec<Ref>),
}

impl How {
    pub fn snapshot(args: Args<'_>) -> Result<How, ApiError> {
        let ignored = args.set(2)?.iter().filter_map(Value::as_ref).cloned().collect();
        Ok(How::Snapshot(ignored))
    }

    pub fn is_snapshot(&self) -> bool {
        matches!(self, How::Snapshot(_))
    }

    /// What a disk is held for, and what its repository, if it is.
    fn marks(&self) -> (&'static str, Option<&'static str>) {
        match self {
            How::Clone => ("clone", Some("vdi_clone")),
            How::Copy(_) => ("copy", None),
            How::Snapshot(_) => ("snapshot", Some("vdi_snapshot")),
        }
    }

    fn from(&self, disk: &Ref) -> From {
        match self {
            How::Clone => From::Clone(disk.clone()),
            How::Copy(_) => From::Copy(disk.clone()),
            How::Snapshot(_) => From::Snapshot(disk.clone()),
        }
    }
}

/// The devices that are taken over, each with its disk if that gets an image of its own. A CD stays what it is: both look at the same one.
pub fn devices(view: &View, vm: &Ref, how: &How) -> Result<Vec<(Ref, Option<Ref>)>, ApiError> {
    let ignored = match how {
        How::Snapshot(ignored) => ignored.as_slice(),
        How::Clone | How::Copy(_) => &[],
    };
    let mut devices = Vec::new();
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        let image = rows::reference(view, "VBD", &vbd, "VDI")?;
        if ignored.contains(&image) && !image.is_null() {
            continue;
        }
        let is_disk = rows::text(view, "VBD", &vbd, "type")? != "CD" && !rows::boolean(view, "VBD", &vbd, "empty")?;
        devices.push((vbd, is_disk.then_some(image)));
    }
    Ok(devices)
}

/// Each disk once, and the repository of each once: all are held from the beginning to the end (C4). A copy takes long and holds no
/// repository, as in xapi.
pub fn locks(view: &View, devices: &[(Ref, Option<Ref>)], how: &How) -> Result<Vec<Lock>, ApiError> {
    let (of_disk, of_sr) = how.marks();
    let (mut disks, mut repositories) = (Vec::new(), Vec::new());
    for disk in devices.iter().filter_map(|(_, disk)| disk.as_ref()) {
        add(&mut disks, Lock::new("VDI", disk, of_disk));
        // Of one that is none its own lock says so.
        if let Some(of_sr) = of_sr
            && view.contains(rows::class("VDI")?, disk)
        {
            let sr = rows::reference(view, "VDI", disk, "SR")?;
            add(&mut repositories, Lock::new("SR", &sr, of_sr));
        }
    }
    disks.extend(repositories);
    Ok(disks)
}

pub fn add(locks: &mut Vec<Lock>, lock: Lock) {
    if !locks.contains(&lock) {
        locks.push(lock);
    }
}

/// The images for the devices that need one, in their order.
pub fn batch(cx: &mut StepCx<'_>, devices: &[(Ref, Option<Ref>)], how: &How) -> Result<Batch, ApiError> {
    let mut wanted = Vec::new();
    for disk in devices.iter().filter_map(|(_, disk)| disk.as_ref()) {
        let sr = match how {
            How::Copy(Some(sr)) => sr.clone(),
            How::Copy(None) | How::Clone | How::Snapshot(_) => rows::reference(cx.view, "VDI", disk, "SR")?,
        };
        wanted.push(Wanted::new(cx.ids, &sr, how.from(disk)));
    }
    Ok(Batch::new(wanted))
}

/// The devices with their images, which were made in the same order.
pub fn with_images(devices: Vec<(Ref, Option<Ref>)>, images: Vec<Ref>) -> Vec<(Ref, Option<Ref>)> {
    let mut images = images.into_iter();
    let image = |(vbd, disk): (Ref, Option<Ref>)| (vbd, disk.and_then(|_| images.next()));
    devices.into_iter().map(image).collect()
}
