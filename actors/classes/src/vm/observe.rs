//! What a host has seen of a VM, made true in the rows.

use super::{domain, image};
use crate::agent::Stopped;
use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// What to make of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// The rows know it already, or name another domain by now.
    Known,
    /// An operation holds the VM: ask again when it has ended.
    Later,
    Changed(Transaction),
}

/// A guest has stopped by itself on the host.
pub fn observe_stop(view: &View, now_ms: i64, host: &Ref, stopped: &Stopped) -> Result<Observed, ApiError> {
    let Some(vm) = view.by_uuid(rows::class("VM")?, &stopped.vm.0) else {
        return Ok(Observed::Known);
    };
    let current = rows::value(view, "VM", &vm, "current_operations")?;
    let is_here = rows::reference(view, "VM", &vm, "resident_on")? == *host;
    if !crate::host::dead::knows_boot(view, host, &stopped.boot_id)? {
        return Ok(Observed::Known);
    }
    let known = rows::int(view, "VM", &vm, "domid")?;
    if !is_here || !(stopped.first_domid..=stopped.last_domid).contains(&known) {
        return Ok(Observed::Known);
    }
    if !current.as_map().unwrap_or_default().is_empty() {
        return Ok(Observed::Later);
    }
    let mut tx = Transaction::new(now_ms);
    match stopped.now {
        // An operation may have paused the new domain before it was told of: the power state is the rows' own.
        Some(domid) => domain::set_rebuilt(view, &mut tx, &vm, domid)?,
        None => ended(view, &mut tx, &vm)?,
    }
    let (after, _) = view.apply(&tx).map_err(|error| ApiError::internal(error.to_string()))?;
    domain::refresh_allowed(&after, &mut tx, &vm)?;
    Ok(Observed::Changed(tx))
}

/// Its domain is gone, and no operation holds it. One that has an image was suspended, or not resumed yet, and its domain could not be cleared
/// away before.
fn ended(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    match image::of(view, vm)? {
        Some(_) => domain::set_suspended(view, tx, vm),
        None => domain::set_halted(view, tx, vm),
    }
}

/// The host is dead: its VMs have stopped, and what their operations did ends (CORRECTNESS D1).
pub(crate) fn lose_host(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn crate::Ids,
    host: &Ref,
) -> Result<(), ApiError> {
    crate::operation::lose_host(view, tx, ids, host)?;
    let apply = |tx: &Transaction| {
        let applied = view.apply(tx).map(|(after, _)| after);
        applied.map_err(|error| ApiError::internal(error.to_string()))
    };
    let after = apply(tx)?;
    let mut lost = Vec::new();
    for vm in rows::references(&after, "host", host, "resident_VMs")? {
        let held = rows::value(&after, "VM", &vm, "current_operations")?;
        // An operation that works elsewhere for it (a migration that cleans up) says itself what becomes of the VM.
        let is_free = held.as_map().is_none_or(<[(Value, Value)]>::is_empty);
        if is_free && !rows::boolean(&after, "VM", &vm, "is_control_domain")? {
            ended(&after, tx, &vm)?;
            lost.push(vm);
        }
    }
    let after = apply(tx)?;
    for vm in lost {
        domain::refresh_allowed(&after, tx, &vm)?;
    }
    Ok(())
}
