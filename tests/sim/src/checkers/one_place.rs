//! No VM runs on two machines (promise 7).

use std::collections::BTreeMap;
use xenith_xen_port::{Domain, DomainState};

/// `machines`: what is on each.
pub fn check(machines: &[Vec<Domain>]) -> Result<(), String> {
    let mut runs = BTreeMap::new();
    for (at, domains) in machines.iter().enumerate() {
        for domain in domains.iter().filter(|domain| domain.state == DomainState::Running) {
            if let Some(other) = runs.insert(&domain.vm, at) {
                return Err(format!("VM {} runs on machines {other} and {at}", domain.vm.0));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_xen_port::VmId;

    fn domain(vm: &str, state: DomainState) -> Domain {
        Domain {
            vm: VmId(vm.to_owned()),
            domid: 1,
            state,
            memory_bytes: 1,
            migrating: false,
            guest: None,
        }
    }

    #[test]
    fn a_vm_that_runs_twice_is_found() {
        let on = |vm, state| vec![domain(vm, state)];
        let (running, paused) = (DomainState::Running, DomainState::Paused);
        assert!(check(&[on("a", running), on("a", running)]).is_err());
        assert!(check(&[on("a", running), on("a", paused), on("b", running)]).is_ok());
    }
}
