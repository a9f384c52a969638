//! The disk that holds a suspended VM's memory.

use crate::{rows, sr};
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::{Transaction, View};
use xenith_storage_port::{StorageEffect, VdiId};
use xenith_xen_port::{Effect, VmId, use_of};

/// Beside the guest's memory: what else of it has to be kept.
const EXTRA_BYTES: i64 = 16 << 20;

/// Where the memory goes, as xapi chooses: the VM's own choice, the pool's, that of its host; each if its host sees it.
pub fn repository(view: &View, vm: &Ref) -> Result<Ref, ApiError> {
    let host = rows::reference(view, "VM", vm, "resident_on")?;
    let mut chosen = vec![rows::reference(view, "VM", vm, "suspend_SR")?];
    for pool in rows::all(view, "pool")? {
        chosen.push(rows::reference(view, "pool", &pool, "suspend_image_SR")?);
    }
    chosen.push(rows::reference(view, "host", &host, "suspend_image_sr")?);
    for sr in chosen {
        if view.contains(rows::class("SR")?, &sr) && sr::is_plugged_on(view, &sr, &host)? {
            return Ok(sr);
        }
    }
    Err(ApiError::new("VM_NO_SUSPEND_SR", [vm.as_str()]))
}

pub fn size_bytes(view: &View, vm: &Ref) -> Result<i64, ApiError> {
    Ok(rows::int(view, "VM", vm, "memory_static_max")?.saturating_add(EXTRA_BYTES))
}

/// Its row, while there is one.
pub fn of(view: &View, vm: &Ref) -> Result<Option<Ref>, ApiError> {
    let row = rows::reference(view, "VM", vm, "suspend_VDI")?;
    Ok(Some(row.clone()).filter(|row| rows::class("VDI").is_ok_and(|class| view.contains(class, row))))
}

/// To be written, and to be read.
pub fn ready(vm: &VmId, image: &VdiId) -> [Effect; 2] {
    let (on, read_only) = (use_of(vm, image), false);
    [
        Effect::Storage(StorageEffect::VdiAttach {
            on: on.clone(),
            read_only,
        }),
        Effect::Storage(StorageEffect::VdiActivate(on)),
    ]
}

pub fn detach(vm: &VmId, image: &VdiId) -> [Effect; 1] {
    [Effect::Storage(StorageEffect::VdiDetach(use_of(vm, image)))]
}

/// Detached, if it was attached, and gone.
pub fn remove(vm: &VmId, image: &VdiId) -> Vec<Effect> {
    let mut effects = Vec::from(detach(vm, image));
    effects.push(Effect::ImageDelete(image.to_string()));
    effects.push(Effect::Storage(StorageEffect::VdiDestroy(image.clone())));
    effects
}

/// The VM has no image any more.
pub fn forget(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    if let Some(row) = of(view, vm)? {
        let repository = rows::reference(view, "VDI", &row, "SR")?;
        rows::destroy(tx, "VDI", &row)?;
        sr::refresh_figures(view, tx, &repository)?;
    }
    rows::set(tx, "VM", vm, "suspend_VDI", Ref::null())
}
