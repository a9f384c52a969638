//! A host leaves the pool for good: its rows go with it.
//!
//! Invariant: nothing that somebody may still need is lost: a host with guests, or with disks on its own storage, is refused.

use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// Classes whose rows belong to the host in their field `host`.
const OWNED: &[&str] = &[
    "Certificate",
    "PCI",
    "PGPU",
    "PUSB",
    "host_cpu",
    "host_crashdump",
    "host_patch",
];

/// Fields of the pool's row that may name one of the host's own SRs.
const POOL_SRS: &[&str] = &["default_SR", "suspend_image_SR", "crash_dump_SR"];

/// Destroys the rows of a supporter without guests, and what they own.
pub fn eject_host(view: &View, now_ms: i64, host: &Ref) -> Result<Transaction, ApiError> {
    rows::check(view, "host", host)?;
    check_allowed(view, host)?;
    let mut tx = Transaction::new(now_ms);
    for vm in rows::all(view, "VM")? {
        if rows::reference(view, "VM", &vm, "resident_on")? == *host {
            control_domain(view, &mut tx, &vm)?;
        } else if rows::reference(view, "VM", &vm, "affinity")? == *host {
            rows::set(&mut tx, "VM", &vm, "affinity", Ref::null())?;
        }
    }
    for pif in of_host(view, "PIF", host)? {
        destroy_if_there(
            view,
            &mut tx,
            "PIF_metrics",
            &rows::reference(view, "PIF", &pif, "metrics")?,
        )?;
        rows::destroy(&mut tx, "PIF", &pif)?;
    }
    storage(view, &mut tx, host)?;
    for class in OWNED {
        for row in of_host(view, class, host)? {
            rows::destroy(&mut tx, class, &row)?;
        }
    }
    destroy_if_there(
        view,
        &mut tx,
        "host_metrics",
        &rows::reference(view, "host", host, "metrics")?,
    )?;
    rows::destroy(&mut tx, "host", host)?;
    Ok(tx)
}

fn check_allowed(view: &View, host: &Ref) -> Result<(), ApiError> {
    for pool in rows::all(view, "pool")? {
        if rows::boolean(view, "pool", &pool, "ha_enabled")? {
            return Err(ApiError::plain("HA_IS_ENABLED"));
        }
        if rows::reference(view, "pool", &pool, "master")? == *host {
            // The words that xapi's clients know.
            return Err(ApiError::internal("Xapi_pool.Cannot_eject_master"));
        }
    }
    for vm in rows::all(view, "VM")? {
        let resident = rows::reference(view, "VM", &vm, "resident_on")? == *host;
        if resident && !rows::boolean(view, "VM", &vm, "is_control_domain")? {
            return Err(ApiError::new("HOST_HAS_RESIDENT_VMS", [host.as_str()]));
        }
    }
    Ok(())
}

fn control_domain(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    for console in rows::references(view, "VM", vm, "consoles")? {
        rows::destroy(tx, "console", &console)?;
    }
    destroy_if_there(view, tx, "VM_metrics", &rows::reference(view, "VM", vm, "metrics")?)?;
    rows::destroy(tx, "VM", vm)
}

/// PBDs, and the SRs that only this host reaches.
fn storage(view: &View, tx: &mut Transaction, host: &Ref) -> Result<(), ApiError> {
    for pbd in of_host(view, "PBD", host)? {
        let sr = rows::reference(view, "PBD", &pbd, "SR")?;
        rows::destroy(tx, "PBD", &pbd)?;
        if !view.contains(rows::class("SR")?, &sr)
            || rows::boolean(view, "SR", &sr, "shared")?
            || rows::references(view, "SR", &sr, "PBDs")?.len() > 1
        {
            continue;
        }
        let disks = rows::references(view, "SR", &sr, "VDIs")?.len();
        if disks > 0 {
            let why = format!("{disks} disks are on storage that only this host reaches; move or destroy them first");
            return Err(ApiError::new("OPERATION_NOT_ALLOWED", [why]));
        }
        rows::destroy(tx, "SR", &sr)?;
        for pool in rows::all(view, "pool")? {
            for field in POOL_SRS {
                if rows::value(view, "pool", &pool, field)? == Value::from(&sr) {
                    rows::set(tx, "pool", &pool, field, Ref::null())?;
                }
            }
        }
    }
    Ok(())
}

fn of_host(view: &View, class: &str, host: &Ref) -> Result<Vec<Ref>, ApiError> {
    let mut found = Vec::new();
    for row in rows::all(view, class)? {
        if rows::reference(view, class, &row, "host")? == *host {
            found.push(row);
        }
    }
    Ok(found)
}

fn destroy_if_there(view: &View, tx: &mut Transaction, class: &str, row: &Ref) -> Result<(), ApiError> {
    if view.contains(rows::class(class)?, row) {
        rows::destroy(tx, class, row)?;
    }
    Ok(())
}
