//! When everything has ended: every disk of the storage has a row, and every row its disk, but for one that was to be destroyed, with what
//! success is not known. What only a host sees that was declared dead
//! cannot be cleared away, nor what a host makes that was declared dead while it lives: that is left to the next scan, as is the memory of a VM
//! that could not be suspended (decisions 042, 046).

use crate::pool::world::{GIB, World};
use std::collections::BTreeSet;
use xenith_datamodel::class;
use xenith_storage_port::{SrId, VdiId};
use xenith_xen_sim::facts::machine_storage;

pub fn check_quiet(world: &World) -> Option<String> {
    let view = &world.committed;
    let (vdis, srs) = (class("VDI")?, class("SR")?);
    let (mut rows, mut doomed) = (BTreeSet::new(), BTreeSet::new());
    for row in view.refs(vdis) {
        let sr = view.value(row, vdis.column("SR")?)?;
        let sr = view.value(sr.as_ref()?, srs.column("uuid")?)?;
        let location = view.value(row, vdis.column("location")?)?;
        let place = VdiId {
            sr: SrId(sr.as_text()?.to_owned()),
            location: location.as_text()?.to_owned(),
        };
        if world.doomed.contains(row) {
            doomed.insert(place.clone());
        }
        rows.insert(place);
    }
    let lost = |row: &&VdiId| !world.images.disks.contains_key(*row) && !doomed.contains(*row);
    let lost = rows.iter().find(lost);
    if let Some(lost) = lost {
        return Some(format!("disk {lost} is lost: it has a row"));
    }
    // One that lives ends what it works after the pool has cleared up behind it.
    if world.probes.count("declared_dead_alive") > 0 {
        return None;
    }
    let shared = &machine_storage(1)[1].sr;
    let died = world.probes.count("declared_dead") > 0;
    let mut left = world.images.disks.iter().filter(|(disk, _)| !rows.contains(*disk));
    // VMs have more memory than their disks are large.
    let left = left.find(|(at, disk)| disk.size_bytes <= GIB && (at.sr == *shared || !died));
    left.map(|(disk, _)| format!("disk {disk} is left over: it has no row"))
}
