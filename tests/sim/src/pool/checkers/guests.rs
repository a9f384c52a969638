//! Guest metrics and consoles live as long as the domain that they are of; in the end the rows say what the guests say.

use crate::pool::world::World;
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value, class};
use xenith_pooldb::View;
use xenith_xen_port::{Domain, DomainState};

/// After every step.
pub fn check(world: &World) -> Option<String> {
    let view = &world.committed;
    let mut known = BTreeSet::new();
    for vm in &world.vms {
        let runs = matches!(value(view, vm, "power_state")?.as_text()?, "Running" | "Paused");
        let guest = value(view, vm, "guest_metrics")?.as_ref()?.clone();
        if !guest.is_null() {
            if !runs || !view.contains(class("VM_guest_metrics")?, &guest) {
                return Some(format!("VM {} has guest metrics that are none", vm.as_str()));
            }
            known.insert(guest);
        }
        let consoles = value(view, vm, "consoles")?.as_set()?.len();
        // One that cannot be removed (domid -1) has none either.
        if consoles > 0 && (!runs || value(view, vm, "domid")?.as_int()? < 0) {
            return Some(format!("VM {} has consoles and no domain", vm.as_str()));
        }
    }
    // What a guest had said when a snapshot was taken of it stays with the snapshot.
    for made in view.refs(class("VM")?).filter(|vm| !world.vms.contains(vm)) {
        known.insert(value(view, made, "guest_metrics")?.as_ref()?.clone());
    }
    let all: BTreeSet<Ref> = view.refs(class("VM_guest_metrics")?).cloned().collect();
    let of_nobody = all.difference(&known).next();
    of_nobody.map(|guest| format!("guest metrics {} are of no VM", guest.as_str()))
}

/// The first VM of which the rows do not say what its guest says.
pub fn differs(world: &World) -> Option<String> {
    let view = &world.committed;
    for host in &world.hosts {
        for domain in host.machine.iter().flat_map(|machine| machine.domains()) {
            let vm = view.by_uuid(class("VM")?, &domain.vm.0)?;
            // What is left of one that could not be removed says nothing for its VM.
            let is_stuck = value(view, &vm, "domid")?.as_int()? < 0;
            if domain.state == DomainState::Running && !is_stuck && !shows(view, &vm, &domain) {
                return Some(format!("VM {}: its rows do not show what its guest says", vm.as_str()));
            }
        }
    }
    None
}

fn shows(view: &View, vm: &Ref, domain: &Domain) -> bool {
    let Some(said) = &domain.guest else { return true };
    let shown = || {
        let guest = value(view, vm, "guest_metrics")?.as_ref()?.clone();
        let held = view.value(&guest, class("VM_guest_metrics")?.column("other")?)?;
        let all = said.features.iter();
        let same = |(key, value): &(String, String)| held.member(key).and_then(Value::as_text) == Some(value.as_str());
        Some(all.clone().all(same))
    };
    shown().unwrap_or(false) && value(view, vm, "consoles").is_some_and(|consoles| consoles != Value::set([]))
}

fn value(view: &View, vm: &Ref, field: &str) -> Option<Value> {
    view.value(vm, class("VM")?.column(field)?)
}
