//! The rows of a VM that is made from another: what is taken over, and what is its own.

use super::lifecycle::pairs;
use crate::cx::{EPOCH, date_time, new_row};
use crate::{Ids, rows, vbd, vif};
use sha2::{Digest, Sha256};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

pub struct New<'a> {
    pub name: &'a str,
    pub is_a_snapshot: bool,
    /// The VBDs that it gets a copy of, each with its image if that is another.
    pub vbds: &'a [(Ref, Option<Ref>)],
    pub metadata: String,
}

/// Adds the new VM, halted, with its metrics, VBDs and VIFs.
pub fn add(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    tx: &mut Transaction,
    (vm, new): (&Ref, &New<'_>),
) -> Result<Ref, ApiError> {
    let (made, uuid) = new_row(ids);
    let metrics = copy_metrics(view, tx, ids, vm)?;
    let guest = copy_guest_metrics(view, tx, ids, vm)?;
    let other_config = other_config(view, ids, vm, new.is_a_snapshot)?;
    let seed = other_config
        .member("mac_seed")
        .and_then(Value::as_text)
        .map(str::to_owned);
    let mut own = own_fields(view, now_ms, vm, new)?;
    own.extend([
        ("uuid", Value::from(uuid)),
        ("metrics", Value::from(&metrics)),
        ("guest_metrics", Value::from(&guest)),
        ("snapshot_metadata", Value::text(&new.metadata)),
        ("generation_id", generation_id(view, ids, vm)?),
        ("other_config", other_config),
    ]);
    rows::copy(view, tx, "VM", (vm, &made), own)?;
    for (device, image) in new.vbds {
        vbd::copy(view, tx, ids, (device, &made), image.as_ref())?;
    }
    for device in rows::references(view, "VM", vm, "VIFs")? {
        let seed = seed.as_deref().filter(|_| !new.is_a_snapshot);
        vif::copy(view, tx, ids, (&device, &made), seed)?;
    }
    Ok(made)
}

/// What the new VM has of its own, whatever the old one has (xapi's rules).
fn own_fields(view: &View, now_ms: i64, vm: &Ref, new: &New<'_>) -> Result<Vec<(&'static str, Value)>, ApiError> {
    let null = || Value::Ref(Ref::null());
    let is_a_template = rows::boolean(view, "VM", vm, "is_a_template")?;
    let mut own = vec![
        ("name_label", Value::text(new.name)),
        ("power_state", Value::text("Halted")),
        ("is_a_template", Value::Bool(is_a_template || new.is_a_snapshot)),
        ("is_a_snapshot", Value::Bool(new.is_a_snapshot)),
    ];
    for flag in [
        "ha_always_run",
        "is_default_template",
        "is_snapshot_from_vmpp",
        "is_vmss_snapshot",
        "requires_reboot",
    ] {
        own.push((flag, Value::Bool(false)));
    }
    for number in ["order", "shutdown_delay", "start_delay", "version"] {
        own.push((number, Value::Int(0)));
    }
    own.push(("domid", Value::Int(-1)));
    for text in ["domarch", "transportable_snapshot_id"] {
        own.push((text, Value::text("")));
    }
    for reference in [
        "appliance",
        "parent",
        "protection_policy",
        "resident_on",
        "scheduled_to_be_resident_on",
        "snapshot_of",
        "snapshot_schedule",
        "suspend_SR",
        "suspend_VDI",
    ] {
        own.push((reference, null()));
    }
    for set in [
        "allowed_operations",
        "attached_PCIs",
        "groups",
        "pending_guidances",
        "pending_guidances_full",
        "pending_guidances_recommended",
    ] {
        own.push((set, Value::set([])));
    }
    for map in ["blobs", "blocked_operations", "current_operations", "snapshot_info"] {
        own.push((map, Value::map([])));
    }
    own.push(("snapshot_time", Value::from(EPOCH)));
    if new.is_a_snapshot {
        as_snapshot(view, now_ms, vm, &mut own)?;
    }
    Ok(own)
}

fn as_snapshot(view: &View, now_ms: i64, vm: &Ref, own: &mut Vec<(&'static str, Value)>) -> Result<(), ApiError> {
    let state = rows::text(view, "VM", vm, "power_state")?;
    let info = [
        ("disk-snapshot-type", "crash_consistent"),
        ("power-state-at-snapshot", &state),
    ];
    let of_snapshot = [
        ("snapshot_of", Value::from(vm)),
        ("snapshot_time", Value::from(date_time(now_ms))),
        ("snapshot_info", Value::text_map(info)),
        ("parent", rows::value(view, "VM", vm, "parent")?),
    ];
    own.retain(|(name, _)| !of_snapshot.iter().any(|(other, _)| other == name));
    own.extend(of_snapshot);
    Ok(())
}

/// A new VM has MAC addresses of its own, and remembers the name of the template that it comes from; it is nobody's default template.
fn other_config(view: &View, ids: &mut dyn Ids, vm: &Ref, is_a_snapshot: bool) -> Result<Value, ApiError> {
    let mut held = pairs(&rows::value(view, "VM", vm, "other_config")?);
    if !is_a_snapshot {
        let seed = ids.uuid();
        match held.iter_mut().find(|(key, _)| key == "mac_seed") {
            Some((_, old)) => *old = seed,
            None => held.insert(0, ("mac_seed".to_owned(), seed)),
        }
    }
    held.retain(|(key, _)| key != "default_template" && key != "xensource_internal");
    let knows_template = held.iter().any(|(key, _)| key == "base_template_name");
    if rows::boolean(view, "VM", vm, "is_a_template")? && !knows_template {
        let name = rows::text(view, "VM", vm, "name_label")?;
        held.insert(0, ("base_template_name".to_owned(), name));
    }
    Ok(Value::text_map(held))
}

/// A guest that looks sees that it is another one; a VM that has none keeps none.
pub(super) fn generation_id(view: &View, ids: &mut dyn Ids, vm: &Ref) -> Result<Value, ApiError> {
    if rows::text(view, "VM", vm, "generation_id")?.is_empty() {
        return Ok(Value::text(""));
    }
    let digest: [u8; 32] = Sha256::digest(ids.uuid()).into();
    let half = |from: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[from..from + 8]);
        u64::from_be_bytes(bytes) >> 1
    };
    Ok(Value::from(format!("{}:{}", half(0), half(8))))
}

pub(super) fn copy_metrics(view: &View, tx: &mut Transaction, ids: &mut dyn Ids, vm: &Ref) -> Result<Ref, ApiError> {
    let held = rows::reference(view, "VM", vm, "metrics")?;
    if !view.contains(rows::class("VM_metrics")?, &held) {
        return super::new_metrics(tx, ids, Vec::new());
    }
    let (made, uuid) = new_row(ids);
    rows::copy(
        view,
        tx,
        "VM_metrics",
        (&held, &made),
        vec![("uuid", Value::from(uuid))],
    )?;
    Ok(made)
}

fn copy_guest_metrics(view: &View, tx: &mut Transaction, ids: &mut dyn Ids, vm: &Ref) -> Result<Ref, ApiError> {
    let held = rows::reference(view, "VM", vm, "guest_metrics")?;
    if !view.contains(rows::class("VM_guest_metrics")?, &held) {
        return Ok(Ref::null());
    }
    let (made, uuid) = new_row(ids);
    rows::copy(
        view,
        tx,
        "VM_guest_metrics",
        (&held, &made),
        vec![("uuid", Value::from(uuid))],
    )?;
    Ok(made)
}
