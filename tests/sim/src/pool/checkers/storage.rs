//! A disk that is written is active at one place; in the end disks are attached where their VMs are, and only there. A host that was declared
//! dead while it lives is excepted until it has let go of everything, as in `one_place`.

use crate::pool::world::World;
use std::collections::{BTreeMap, BTreeSet};
use xenith_classes::host::dead;
use xenith_datamodel::{Ref, class};
use xenith_xen_sim::machine::Machine;

pub fn check(world: &World) -> Option<String> {
    let mut written = BTreeMap::new();
    for (at, host) in world.hosts.iter().enumerate() {
        if dead::is_dead(&world.committed, &host.row).unwrap_or(false) || host.journal.condemned {
            continue;
        }
        let attached = host.machine.iter().flat_map(Machine::attachments);
        for held in attached.filter(|held| held.is_active && !held.read_only) {
            if let Some((other, by)) = written.insert(held.on.vdi.clone(), (at, held.on.by.clone())) {
                let vdi = held.on.vdi;
                return Some(format!(
                    "disk {vdi} is written on hosts {other} (by {by}) and {at} (by {})",
                    held.on.by
                ));
            }
        }
    }
    None
}

pub fn check_quiet(world: &World) -> Option<String> {
    let view = &world.committed;
    let value = |name: &str, row: &Ref, field: &str| view.value(row, class(name)?.column(field)?);
    let text = |name: &str, row: &Ref, field: &str| value(name, row, field)?.as_text().map(str::to_owned);
    let link = |name: &str, row: &Ref, field: &str| value(name, row, field)?.as_ref().cloned();
    let (mut wanted, mut stuck) = (BTreeSet::new(), BTreeSet::new());
    for vm in &world.vms {
        let (uuid, state) = (text("VM", vm, "uuid")?, text("VM", vm, "power_state")?);
        let is_up = state == "Running" || state == "Paused";
        // One that could not be cleared away has whatever is left of it.
        if is_up && value("VM", vm, "domid")?.as_int()? < 0 {
            stuck.insert(uuid);
            continue;
        }
        let image = link("VM", vm, "suspend_VDI")?;
        let has_image = view.contains(class("VDI")?, &image);
        if has_image != (state == "Suspended") {
            return Some(format!("VM {uuid} is {state}, its image is there: {has_image}"));
        }
        if !is_up {
            continue;
        }
        let resident = link("VM", vm, "resident_on")?;
        for vbd in value("VM", vm, "VBDs")?
            .as_set()?
            .iter()
            .filter_map(|vbd| vbd.as_ref().cloned())
        {
            let vdi = link("VBD", &vbd, "VDI")?;
            wanted.insert((
                resident.clone(),
                text("VDI", &vdi, "location")?,
                uuid.clone(),
                state == "Running",
            ));
        }
    }
    let mut there = BTreeSet::new();
    for host in &world.hosts {
        let attached = host.machine.iter().flat_map(Machine::attachments);
        for held in attached.filter(|held| !stuck.contains(&held.on.by)) {
            // A VM that is paused may have let go of its disks.
            let state = |active| {
                (
                    host.row.clone(),
                    held.on.vdi.location.clone(),
                    held.on.by.clone(),
                    active,
                )
            };
            let is_paused = wanted.contains(&state(false));
            there.insert(state(held.is_active && !is_paused));
        }
    }
    let differs = wanted.symmetric_difference(&there).next();
    differs.map(|(host, disk, vm, _)| {
        let known = if there.iter().any(|held| held.1 == *disk) {
            "attached"
        } else {
            "not attached"
        };
        format!(
            "disk {disk} of VM {vm} at {}: the rows and the machines disagree, it is {known}",
            host.as_str()
        )
    })
}
