//! No VM runs on two hosts (promise 7). A host that was declared dead while it lives is excepted until it has heard of that: whoever declared
//! it has answered for it (CORRECTNESS D1, decision 043).

use crate::pool::world::World;
use std::collections::BTreeMap;
use xenith_classes::host::dead;
use xenith_xen_port::DomainState;

pub fn check(world: &World) -> Option<String> {
    let mut runs = BTreeMap::new();
    for (at, host) in world.hosts.iter().enumerate() {
        let is_dead = dead::is_dead(&world.committed, &host.row).unwrap_or(false);
        if is_dead || host.journal.condemned {
            continue;
        }
        for domain in host.machine.iter().flat_map(|machine| machine.domains()) {
            if domain.state == DomainState::Running
                && let Some(other) = runs.insert(domain.vm.clone(), at)
            {
                return Some(format!("VM {} runs on hosts {other} and {at}", domain.vm.0));
            }
        }
    }
    None
}
