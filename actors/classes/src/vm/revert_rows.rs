//! The rows of a VM that becomes again what a snapshot says.

use super::{copy_rows, domain, metadata};
use crate::cx::new_row;
use crate::operation::StepCx;
use crate::{rows, vbd, vif};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Column, Ref, Value};
use xenith_pooldb::View;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub snapshot: Ref,
    /// Whose snapshot it is. One that is gone is made again.
    pub vm: Ref,
}

impl Target {
    pub fn is_there(&self, view: &View) -> Result<bool, ApiError> {
        Ok(view.contains(rows::class("VM")?, &self.vm))
    }
}

/// What is the VM's, whatever it was then; or is not what a row can bring back (xapi's list).
const KEPT: &[&str] = &[
    "uuid",
    "suspend_VDI",
    "power_state",
    "parent",
    "current_operations",
    "allowed_operations",
    "metrics",
    "guest_metrics",
    "resident_on",
    "domid",
    "protection_policy",
    "snapshot_schedule",
    "scheduled_to_be_resident_on",
    "tags",
    "affinity",
    "groups",
    "attached_PCIs",
    "is_snapshot_from_vmpp",
    // Refs of rows that may be gone, which only the VM's own life adds and removes.
    "blobs",
];
/// What a snapshot's own row does not say of the VM.
const OF_SNAPSHOT: &[&str] = &[
    "name_label",
    "is_a_snapshot",
    "is_a_template",
    "is_default_template",
    "snapshot_of",
    "snapshot_time",
    "snapshot_info",
    "snapshot_metadata",
    "transportable_snapshot_id",
];

/// Refuses what would be found out only when the VM has been stopped.
pub fn check(view: &View, target: &Target) -> Result<(), ApiError> {
    then(view, target)?;
    match target.is_there(view)? {
        true => Ok(()),
        false => uuid_of_gone(view, target).map(drop),
    }
}

/// Adds everything to the step's changes. Answers the disks of the VM that the snapshot's take the place of.
pub fn write(cx: &mut StepCx<'_>, target: &Target, vbds: &[(Ref, Option<Ref>)]) -> Result<Vec<Ref>, ApiError> {
    let fields = then(cx.view, target)?;
    let vm = match target.is_there(cx.view)? {
        true => target.vm.clone(),
        false => make_again(cx, target)?,
    };
    let view = cx.after()?;
    let old = replaced(&view, &vm, vbds)?;
    follow_disks(cx, &view, vbds)?;
    domain::set_halted(&view, cx.tx, &vm)?;
    replace_devices(cx, &view, (target, &vm), vbds)?;
    let generation_id = copy_rows::generation_id(cx.view, &mut *cx.ids, &target.snapshot)?;
    for (column, value) in fields {
        cx.tx.set_value(&vm, column, value);
    }
    rows::set(cx.tx, "VM", &vm, "generation_id", generation_id)?;
    rows::set(cx.tx, "VM", &vm, "ha_always_run", false)?;
    rows::set(cx.tx, "VM", &vm, "parent", &target.snapshot)?;
    rows::set(cx.tx, "VM", &vm, "suspend_VDI", Ref::null())?;
    replace_metrics(cx, &view, (target, &vm))?;
    let after = cx.after()?;
    domain::refresh_allowed(&after, cx.tx, &vm)?;
    Ok(old)
}

/// The fields that go back to what they were.
fn then(view: &View, target: &Target) -> Result<Vec<(Column, Value)>, ApiError> {
    let text = rows::text(view, "VM", &target.snapshot, "snapshot_metadata")?;
    let class = rows::class("VM")?;
    let mut fields = match text.is_empty() {
        false => metadata::read(&text)?.ok_or_else(|| ApiError::internal("a snapshot's metadata is malformed"))?,
        // Of an old xapi: all there is is the snapshot's own row.
        true => {
            let held = class
                .columns()
                .filter(|column| !OF_SNAPSHOT.contains(&column.desc().name));
            let held = held.map(|column| Some((column, view.value(&target.snapshot, column)?)));
            held.collect::<Option<Vec<_>>>().unwrap_or_default()
        }
    };
    fields.retain(|(column, _)| !column.is_computed() && !KEPT.contains(&column.desc().name));
    for (column, value) in &mut fields {
        if let (xenith_datamodel::Type::Ref(class), Value::Ref(named)) = (&column.desc().ty, &value)
            && !view.contains(rows::class(class)?, named)
        {
            *value = Value::Ref(Ref::null());
        }
    }
    Ok(fields)
}

/// A row for the VM that is gone, with its uuid; all its snapshots are its own again.
fn make_again(cx: &mut StepCx<'_>, target: &Target) -> Result<Ref, ApiError> {
    let uuid = uuid_of_gone(cx.view, target)?;
    let (vm, _) = new_row(cx.ids);
    let mut own = vec![("uuid", Value::from(uuid)), ("snapshot_of", Value::Ref(Ref::null()))];
    for field in ["current_operations", "blobs"] {
        own.push((field, Value::map([])));
    }
    for field in [
        "metrics",
        "guest_metrics",
        "suspend_VDI",
        "snapshot_schedule",
        "protection_policy",
    ] {
        own.push((field, Value::Ref(Ref::null())));
    }
    for field in ["is_a_snapshot", "is_a_template"] {
        own.push((field, Value::Bool(false)));
    }
    rows::copy(cx.view, cx.tx, "VM", (&target.snapshot, &vm), own)?;
    for other in rows::all(cx.view, "VM")? {
        if rows::reference(cx.view, "VM", &other, "snapshot_of")? == target.vm {
            rows::set(cx.tx, "VM", &other, "snapshot_of", &vm)?;
        }
    }
    Ok(vm)
}

fn uuid_of_gone(view: &View, target: &Target) -> Result<String, ApiError> {
    let failed = || ApiError::new("VM_REVERT_FAILED", [target.snapshot.as_str(), target.vm.as_str()]);
    let text = rows::text(view, "VM", &target.snapshot, "snapshot_metadata")?;
    let fields = metadata::read(&text)?.ok_or_else(failed)?;
    let column = rows::column("VM", "uuid")?;
    let uuid = fields.iter().find(|(field, _)| *field == column);
    let uuid = uuid.and_then(|(_, uuid)| uuid.as_text()).ok_or_else(failed)?;
    match view.by_uuid(rows::class("VM")?, uuid) {
        Some(_) => Err(failed()),
        None => Ok(uuid.to_owned()),
    }
}

/// Disks of the VM of which the snapshot has one, and its memory. Others stay, without a VM; so does what another VM has, too.
fn replaced(view: &View, vm: &Ref, vbds: &[(Ref, Option<Ref>)]) -> Result<Vec<Ref>, ApiError> {
    let mut of_snapshot = Vec::new();
    for (vbd, image) in vbds {
        if image.is_some() {
            let disk = rows::reference(view, "VBD", vbd, "VDI")?;
            of_snapshot.push(rows::reference(view, "VDI", &disk, "snapshot_of")?);
        }
    }
    let mut old = Vec::new();
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        let disk = rows::reference(view, "VBD", &vbd, "VDI")?;
        let is_disk = rows::text(view, "VBD", &vbd, "type")? == "Disk" && view.contains(rows::class("VDI")?, &disk);
        if is_disk && of_snapshot.contains(&disk) && !old.contains(&disk) && is_only_of(view, vm, &disk)? {
            old.push(disk);
        }
    }
    let memory = rows::reference(view, "VM", vm, "suspend_VDI")?;
    if view.contains(rows::class("VDI")?, &memory) {
        old.push(memory);
    }
    Ok(old)
}

fn is_only_of(view: &View, vm: &Ref, disk: &Ref) -> Result<bool, ApiError> {
    for vbd in rows::references(view, "VDI", disk, "VBDs")? {
        if rows::reference(view, "VBD", &vbd, "VM")? != *vm {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The snapshots of a disk are those of the disk that takes its place.
fn follow_disks(cx: &mut StepCx<'_>, view: &View, vbds: &[(Ref, Option<Ref>)]) -> Result<(), ApiError> {
    for (vbd, image) in vbds {
        let Some(image) = image else { continue };
        let disk = rows::reference(view, "VBD", vbd, "VDI")?;
        let of = rows::reference(view, "VDI", &disk, "snapshot_of")?;
        rows::set(cx.tx, "VDI", &disk, "snapshot_of", image)?;
        if of.is_null() {
            continue;
        }
        for other in rows::all(view, "VDI")? {
            if rows::reference(view, "VDI", &other, "snapshot_of")? == of {
                rows::set(cx.tx, "VDI", &other, "snapshot_of", image)?;
            }
        }
    }
    Ok(())
}

fn replace_devices(
    cx: &mut StepCx<'_>,
    view: &View,
    (target, vm): (&Target, &Ref),
    vbds: &[(Ref, Option<Ref>)],
) -> Result<(), ApiError> {
    for (class, device) in domain::devices_of(view, vm)? {
        match class {
            "VBD" => vbd::changes_for_destroy(view, cx.tx, &device)?,
            _ => vif::changes_for_destroy(view, cx.tx, &device)?,
        }
    }
    for usb in rows::references(view, "VM", vm, "VUSBs")? {
        rows::destroy(cx.tx, "VUSB", &usb)?;
    }
    for (device, image) in vbds {
        vbd::copy(view, cx.tx, &mut *cx.ids, (device, vm), image.as_ref())?;
    }
    for device in rows::references(view, "VM", &target.snapshot, "VIFs")? {
        vif::copy(view, cx.tx, &mut *cx.ids, (&device, vm), None)?;
    }
    Ok(())
}

fn replace_metrics(cx: &mut StepCx<'_>, view: &View, (target, vm): (&Target, &Ref)) -> Result<(), ApiError> {
    for (field, class) in [("metrics", "VM_metrics"), ("guest_metrics", "VM_guest_metrics")] {
        let held = rows::reference(view, "VM", vm, field)?;
        if view.contains(rows::class(class)?, &held) && cx.after()?.contains(rows::class(class)?, &held) {
            rows::destroy(cx.tx, class, &held)?;
        }
    }
    let metrics = copy_rows::copy_metrics(view, cx.tx, &mut *cx.ids, &target.snapshot)?;
    rows::set(cx.tx, "VM", vm, "metrics", &metrics)?;
    // It has halted: there is no guest that says anything.
    rows::set(cx.tx, "VM", vm, "guest_metrics", Ref::null())
}
