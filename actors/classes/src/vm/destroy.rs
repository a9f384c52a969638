//! Unmaking a VM: its row and everything that is only there for it. Disks are not touched: they are VDIs.

use super::lifecycle::Facts;
use crate::room::done;
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

pub fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let vm = args.reference(0)?;
    let facts = Facts::of(cx.view, vm)?;
    if facts.is_default_template {
        return Err(ApiError::new("VM_CANNOT_DELETE_DEFAULT_TEMPLATE", [vm.as_str()]));
    }
    facts.check("destroy", false)?;
    let mut tx = cx.transaction();
    changes_for_destroy(cx.view, &mut tx, vm)?;
    done(tx)
}

/// Also gives the children's links back to nothing: stored refs are not cleared by the database. Snapshots name the VM yet, as in xapi: by
/// that they are known as those of one VM when it is made again from one of them.
pub(crate) fn changes_for_destroy(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        crate::vbd::changes_for_destroy(view, tx, &vbd)?;
    }
    for vif in rows::references(view, "VM", vm, "VIFs")? {
        crate::vif::changes_for_destroy(view, tx, &vif)?;
    }
    for (field, class) in [
        ("VUSBs", "VUSB"),
        ("VTPMs", "VTPM"),
        ("VGPUs", "VGPU"),
        ("consoles", "console"),
    ] {
        for child in rows::references(view, "VM", vm, field)? {
            rows::destroy(tx, class, &child)?;
        }
    }
    for blob in blobs(view, vm)? {
        destroy_if_there(view, tx, "blob", &blob)?;
    }
    for (field, class) in [("metrics", "VM_metrics"), ("guest_metrics", "VM_guest_metrics")] {
        let metrics = rows::reference(view, "VM", vm, field)?;
        destroy_if_there(view, tx, class, &metrics)?;
    }
    for child in rows::references(view, "VM", vm, "children")? {
        rows::set(tx, "VM", &child, "parent", Ref::null())?;
    }
    rows::destroy(tx, "VM", vm)
}

fn blobs(view: &View, vm: &Ref) -> Result<Vec<Ref>, ApiError> {
    let held = rows::value(view, "VM", vm, "blobs")?;
    Ok(held
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter_map(|(_, blob)| blob.as_ref().cloned())
        .collect())
}

fn destroy_if_there(view: &View, tx: &mut Transaction, class: &str, row: &Ref) -> Result<(), ApiError> {
    if view.contains(rows::class(class)?, row) {
        rows::destroy(tx, class, row)
    } else {
        Ok(())
    }
}
