//! No domain is left that no row speaks of.

use crate::pool::world::World;
use xenith_datamodel::class;

pub fn check(world: &World) -> Option<String> {
    let view = &world.committed;
    let vms = class("VM")?;
    let resident = vms.column("resident_on")?;
    for (at, host) in world.hosts.iter().enumerate() {
        for domain in host.machine.iter().flat_map(|machine| machine.domains()) {
            let row = view.by_uuid(vms, &domain.vm.0);
            let on = row.and_then(|row| view.value(&row, resident));
            if on.as_ref().and_then(|on| on.as_ref()) != Some(&host.row) {
                return Some(format!("host {at} has a domain {:?} that no row has there", domain));
            }
        }
    }
    None
}
