//! What a VM's domain was built from: the row `xenith_domain`, there from the order that builds it until the VM has halted.
//!
//! A VM's rows may change while it runs. What moves with it to another host, what it takes from its host's memory and which devices it has
//! is what it was built from, not what it would be built from now.

use super::domain;
use crate::{placement, rows, vbd};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::DomainConfig;

const CLASS: &str = "xenith_domain";

/// To be written with the order that builds the domain.
pub fn write(view: &View, tx: &mut Transaction, vm: &Ref, config: &DomainConfig) -> Result<(), ApiError> {
    let text = serde_json::to_string(config)
        .map_err(|cause| ApiError::internal(format!("a domain's configuration: {cause}")))?;
    // While it is rebuilt the domain of before may be there yet.
    let before = memory_bytes(view, vm)?.unwrap_or_default();
    let fields = [
        ("config", Value::from(text)),
        ("memory_bytes", Value::Int(config.memory_bytes().max(before))),
    ];
    if view.contains(rows::class(CLASS)?, vm) {
        for (field, value) in fields {
            rows::set(tx, CLASS, vm, field, value)?;
        }
        return Ok(());
    }
    let uuid = ("uuid", Value::text(&config.vm.0));
    rows::create(tx, CLASS, vm, std::iter::once(uuid).chain(fields).collect())
}

/// The domain is there: it takes what it was built with.
pub fn is_there(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    match read(view, vm)? {
        Some(config) => rows::set(tx, CLASS, vm, "memory_bytes", config.memory_bytes()),
        None => Ok(()),
    }
}

pub fn forget(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    match view.contains(rows::class(CLASS)?, vm) {
        true => rows::destroy(tx, CLASS, vm),
        false => Ok(()),
    }
}

/// What the domain was built from, with what becomes of it when its guest stops as the VM's rows are now. Nothing without a domain.
pub fn read(view: &View, vm: &Ref) -> Result<Option<DomainConfig>, ApiError> {
    if !view.contains(rows::class(CLASS)?, vm) {
        return Ok(None);
    }
    let text = rows::text(view, CLASS, vm, "config")?;
    let config: DomainConfig = serde_json::from_str(&text)
        .map_err(|cause| ApiError::internal(format!("a domain's configuration: {cause}")))?;
    with_actions(view, vm, config).map(Some)
}

/// The configuration with what the rows say now of a guest that stops by itself.
pub fn with_actions(view: &View, vm: &Ref, config: DomainConfig) -> Result<DomainConfig, ApiError> {
    let action = |field| rows::text(view, "VM", vm, field).map(|action| domain::after(&action));
    Ok(DomainConfig {
        after_shutdown: action("actions_after_shutdown")?,
        after_reboot: action("actions_after_reboot")?,
        after_crash: action("actions_after_crash")?,
        ..config
    })
}

pub fn memory_bytes(view: &View, vm: &Ref) -> Result<Option<i64>, ApiError> {
    match view.contains(rows::class(CLASS)?, vm) {
        true => rows::int(view, CLASS, vm, "memory_bytes").map(Some),
        false => Ok(None),
    }
}

/// What a domain is rebuilt from on its host: as the rows are now, but with its memory of before when there is not room for more.
pub fn for_reboot(view: &View, vm: &Ref, host: &Ref) -> Result<DomainConfig, ApiError> {
    let wanted = domain::config(view, vm)?;
    let Some(before) = read(view, vm)? else {
        return Ok(wanted);
    };
    let left = placement::free_memory(view)?.get(host).copied().unwrap_or_default();
    if wanted.memory_bytes() - before.memory_bytes() <= left.max(0) {
        return Ok(wanted);
    }
    Ok(DomainConfig {
        memory_max_bytes: before.memory_max_bytes,
        memory_target_bytes: before.memory_target_bytes,
        memory_overhead_bytes: before.memory_overhead_bytes,
        ..wanted
    })
}

/// The VM's devices that its domain was built with: one that was made since is not attached.
pub fn devices(view: &View, vm: &Ref) -> Result<Vec<(&'static str, Ref)>, ApiError> {
    let all = domain::devices_of(view, vm)?;
    let Some(config) = read(view, vm)? else {
        return Ok(all);
    };
    let disks: BTreeSet<u32> = config.disks.iter().map(|disk| disk.number).collect();
    let nics: BTreeSet<&str> = config.nics.iter().map(|nic| nic.mac.as_str()).collect();
    let mut devices = Vec::new();
    for (class, device) in all {
        let is_there = match class {
            "VBD" => disks.contains(&vbd::place_of(&rows::text(view, class, &device, "userdevice")?)),
            _ => nics.contains(rows::text(view, class, &device, "MAC")?.as_str()),
        };
        if is_there {
            devices.push((class, device));
        }
    }
    Ok(devices)
}
