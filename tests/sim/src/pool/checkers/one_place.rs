//! No VM runs on two hosts (promise 7).

use crate::pool::world::World;
use std::collections::BTreeMap;
use xenith_xen_port::DomainState;

pub fn check(world: &World) -> Option<String> {
    let mut runs = BTreeMap::new();
    for (at, host) in world.hosts.iter().enumerate() {
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
