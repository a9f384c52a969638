//! What a host has seen of its guests, made true in the rows: `VM_guest_metrics` lives as long as the domain that spoke.

use super::domain::{self, new_id};
use crate::agent::{GuestSeen, MEMORY_STEP_BYTES};
use crate::cx::{date_time, new_row};
use crate::host::dead;
use crate::{Ids, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::GuestInfo;

const CLASS: &str = "VM_guest_metrics";

/// What to make of a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noted {
    /// The rows say this already, or have nothing to say of it. With a committed view the host may be told so.
    pub known: Vec<GuestSeen>,
    /// All of the rest, but for VMs whose rows are about to name another domain: those are told again.
    pub changes: Option<Transaction>,
}

/// Guests of one host, in one transaction.
pub fn observe_guests(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    (host, boot_id): (&Ref, &str),
    seen: &[GuestSeen],
) -> Result<Noted, ApiError> {
    let mut noted = Noted::default();
    if !dead::knows_boot(view, host, boot_id)? {
        return Ok(noted);
    }
    let mut tx = Transaction::new(now_ms);
    let mut spoke = Vec::new();
    for one in seen {
        match whose(view, host, one)? {
            Whose::Nobody => noted.known.push(one.clone()),
            Whose::Unclear => {}
            Whose::Of(vm) => {
                let before = tx.changes.len();
                write_memory(view, &mut tx, &vm, one)?;
                if let Some(guest) = &one.guest
                    && write_guest(view, &mut tx, ids, &vm, guest)?
                {
                    spoke.push(vm);
                }
                if tx.changes.len() == before {
                    noted.known.push(one.clone());
                }
            }
        }
    }
    if !spoke.is_empty() {
        let (after, _) = view.apply(&tx).map_err(|error| ApiError::internal(error.to_string()))?;
        for vm in spoke {
            domain::refresh_allowed(&after, &mut tx, &vm)?;
        }
    }
    noted.changes = Some(tx).filter(|tx| !tx.changes.is_empty());
    Ok(noted)
}

enum Whose {
    /// The rows name this very domain.
    Of(Ref),
    /// An operation, or the report of a stop, is to say first which domain is the VM's.
    Unclear,
    /// The rows have the VM elsewhere, or not running, and nothing is under way.
    Nobody,
}

fn whose(view: &View, host: &Ref, seen: &GuestSeen) -> Result<Whose, ApiError> {
    let Some(vm) = view.by_uuid(rows::class("VM")?, &seen.vm.0) else {
        return Ok(Whose::Nobody);
    };
    let is_here = rows::reference(view, "VM", &vm, "resident_on")? == *host;
    let known = rows::int(view, "VM", &vm, "domid")?;
    if is_here && known == seen.domid {
        return Ok(Whose::Of(vm));
    }
    let held = rows::value(view, "VM", &vm, "current_operations")?;
    let is_held = !held.as_map().unwrap_or_default().is_empty();
    // -1 on a host: what is left of a domain that cannot be removed (see `domain::set_stuck`).
    let is_another = is_here && known != -1;
    Ok(if is_held || is_another {
        Whose::Unclear
    } else {
        Whose::Nobody
    })
}

fn write_memory(view: &View, tx: &mut Transaction, vm: &Ref, seen: &GuestSeen) -> Result<(), ApiError> {
    let metrics = rows::reference(view, "VM", vm, "metrics")?;
    if !view.contains(rows::class("VM_metrics")?, &metrics) {
        return Ok(());
    }
    // What it costs beside its own is not the guest's.
    let own = seen.memory_bytes - rows::int(view, "VM", vm, "memory_overhead")?;
    let held = rows::int(view, "VM_metrics", &metrics, "memory_actual")?;
    if held.abs_diff(own) < MEMORY_STEP_BYTES.unsigned_abs() {
        return Ok(());
    }
    rows::set(tx, "VM_metrics", &metrics, "memory_actual", own)?;
    rows::set(tx, "VM_metrics", &metrics, "last_updated", date_time(tx.time_ms))
}

/// False when the rows say all of it.
fn write_guest(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    vm: &Ref,
    guest: &GuestInfo,
) -> Result<bool, ApiError> {
    let map = |pairs: &[(String, String)]| Value::text_map(pairs.iter().map(|(key, value)| (key, value)));
    let mut fields = vec![
        ("PV_drivers_detected", Value::Bool(guest.pv_drivers)),
        ("PV_drivers_up_to_date", Value::Bool(guest.pv_drivers)),
        ("os_version", map(&guest.os_version)),
        ("networks", map(&guest.networks)),
        ("other", map(&guest.features)),
        ("live", Value::Bool(true)),
    ];
    let held = rows::reference(view, "VM", vm, "guest_metrics")?;
    let now = ("last_updated", Value::from(date_time(tx.time_ms)));
    if !view.contains(rows::class(CLASS)?, &held) {
        let (made, uuid) = new_row(ids);
        fields.extend([("uuid", Value::from(uuid)), now]);
        rows::create(tx, CLASS, &made, fields)?;
        rows::set(tx, "VM", vm, "guest_metrics", &made)?;
        return Ok(true);
    }
    let mut differs = false;
    for (field, value) in fields {
        if rows::value(view, CLASS, &held, field)? != value {
            differs = true;
            rows::set(tx, CLASS, &held, field, value)?;
        }
    }
    if differs {
        rows::set(tx, CLASS, &held, now.0, now.1)?;
    }
    Ok(differs)
}

/// A new domain: its guest has said nothing yet.
pub(super) fn begin(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    forget(view, tx, vm)?;
    let made = Ref::from_uuid_text(&new_id(view, vm, "guest"));
    let fields = vec![
        ("uuid", Value::from(new_id(view, vm, "guest-uuid"))),
        ("live", Value::Bool(true)),
        ("last_updated", Value::from(date_time(tx.time_ms))),
    ];
    rows::create(tx, CLASS, &made, fields)?;
    rows::set(tx, "VM", vm, "guest_metrics", &made)
}

/// What a domain has said that is gone.
pub(super) fn forget(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    let held = rows::reference(view, "VM", vm, "guest_metrics")?;
    if view.contains(rows::class(CLASS)?, &held) {
        rows::destroy(tx, CLASS, &held)?;
    }
    rows::set(tx, "VM", vm, "guest_metrics", Ref::null())
}
