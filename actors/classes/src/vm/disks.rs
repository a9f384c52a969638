//! A VM's disks: what its domain is built with, and the steps of storage around it.
//!
//! Every step may be asked again, so a list names all disks that the VM's domain was built with, whatever has been done of it before. Disks
//! that its rows have got since are none of the domain's.

use super::{built, domain, image};
use crate::{rows, sr, vdi};
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::View;
use xenith_xen_port::{self as port, Disk, DomainConfig, Effect};

/// The disks by the rows as they are now. A disk whose row is gone is none: starts are refused for it before.
pub fn list(view: &View, vm: &Ref) -> Result<Vec<Disk>, ApiError> {
    let mut disks = Vec::new();
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        let disk = rows::reference(view, "VBD", &vbd, "VDI")?;
        let is_there = !rows::boolean(view, "VBD", &vbd, "empty")? && view.contains(rows::class("VDI")?, &disk);
        disks.push(Disk {
            number: crate::vbd::place_of(&rows::text(view, "VBD", &vbd, "userdevice")?),
            is_cd: rows::text(view, "VBD", &vbd, "type")? == "CD",
            read_only: rows::text(view, "VBD", &vbd, "mode")? == "RO",
            vdi: is_there.then(|| vdi::id(view, &disk)).transpose()?,
        });
    }
    Ok(disks)
}

/// Before the domain is built from this: attached, and active.
pub fn ready(config: &DomainConfig) -> Vec<Effect> {
    let mut effects = port::attach(&config.vm, &config.disks);
    effects.extend(port::activate(&config.vm, &config.disks));
    effects
}

/// Those of the VM's domain.
fn of_domain(view: &View, vm: &Ref) -> Result<Vec<Disk>, ApiError> {
    match built::read(view, vm)? {
        Some(config) => Ok(config.disks),
        None => list(view, vm),
    }
}

/// Attached and active, whatever they were.
pub fn attach(view: &View, vm: &Ref) -> Result<Vec<Effect>, ApiError> {
    let (id, disks) = (domain::id(view, vm)?, of_domain(view, vm)?);
    let mut effects = port::attach(&id, &disks);
    effects.extend(port::activate(&id, &disks));
    Ok(effects)
}

pub fn deactivate(view: &View, vm: &Ref) -> Result<Vec<Effect>, ApiError> {
    Ok(port::deactivate(&domain::id(view, vm)?, &of_domain(view, vm)?))
}

/// What is left of the VM on a host goes: its domain, then its disks, whether this domain was built with them or the next is to be.
pub fn clear(view: &View, vm: &Ref) -> Result<Vec<Effect>, ApiError> {
    let id = domain::id(view, vm)?;
    let mut disks = of_domain(view, vm)?;
    for disk in list(view, vm)? {
        if !disks.iter().any(|known| known.vdi == disk.vdi) {
            disks.push(disk);
        }
    }
    let mut effects = vec![Effect::DomainDestroy(id.clone())];
    effects.extend(port::detach(&id, &disks));
    // Of a suspend or a resume that could not end.
    if let Some(row) = image::of(view, vm)? {
        effects.extend(image::detach(&id, &vdi::id(view, &row)?));
    }
    Ok(effects)
}

/// Refuses a host that does not see all of the VM's disks.
pub fn check_host(view: &View, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        let disk = rows::reference(view, "VBD", &vbd, "VDI")?;
        if rows::boolean(view, "VBD", &vbd, "empty")? || !view.contains(rows::class("VDI")?, &disk) {
            continue;
        }
        let repository = rows::reference(view, "VDI", &disk, "SR")?;
        if !sr::is_plugged_on(view, &repository, host)? {
            return Err(ApiError::new("VM_REQUIRES_SR", [vm.as_str(), repository.as_str()]));
        }
    }
    Ok(())
}
