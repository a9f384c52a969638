//! The steps of storage around a domain's life, for a VM and the disks that it is built with.

use crate::{Disk, Effect, VmId};
use xenith_storage_port::{StorageEffect, Use, VdiId};

pub fn use_of(vm: &VmId, vdi: &VdiId) -> Use {
    Use {
        vdi: vdi.clone(),
        by: vm.0.clone(),
    }
}

/// Before a domain is built: of every disk. Asked again they change nothing.
pub fn attach(vm: &VmId, disks: &[Disk]) -> Vec<Effect> {
    steps(vm, disks, |on, disk| StorageEffect::VdiAttach {
        on,
        read_only: disk.read_only,
    })
}

/// Before a domain may run.
pub fn activate(vm: &VmId, disks: &[Disk]) -> Vec<Effect> {
    steps(vm, disks, |on, _| StorageEffect::VdiActivate(on))
}

/// When it has stopped here and is to run elsewhere.
pub fn deactivate(vm: &VmId, disks: &[Disk]) -> Vec<Effect> {
    steps(vm, disks, |on, _| StorageEffect::VdiDeactivate(on))
}

/// When it is gone. Includes `deactivate`.
pub fn detach(vm: &VmId, disks: &[Disk]) -> Vec<Effect> {
    steps(vm, disks, |on, _| StorageEffect::VdiDetach(on))
}

fn steps(vm: &VmId, disks: &[Disk], step: impl Fn(Use, &Disk) -> StorageEffect) -> Vec<Effect> {
    let vdis = disks.iter().filter_map(|disk| Some((disk, disk.vdi.as_ref()?)));
    vdis.map(|(disk, vdi)| Effect::Storage(step(use_of(vm, vdi), disk)))
        .collect()
}
