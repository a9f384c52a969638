//! When everything has ended: a VM's domain is what the rows say that it was built from, and its devices are attached that it was built with.

use crate::pool::world::World;
use std::collections::BTreeSet;
use xenith_classes::vm::built;
use xenith_datamodel::{Value, class};
use xenith_xen_port::DomainConfig;

pub fn check(world: &World) -> Option<String> {
    let view = &world.committed;
    let vms = class("VM")?;
    for host in &world.hosts {
        let machine = host.machine.as_ref()?;
        for domain in machine.domains() {
            let (Some(row), Some(config)) = (view.by_uuid(vms, &domain.vm.0), machine.config(&domain.vm)) else {
                continue;
            };
            // One that could not be cleared away may be of before.
            if view.value(&row, vms.column("domid")?)? == Value::Int(-1) {
                continue;
            }
            let said = built::with_actions(view, &row, config.clone()).ok()?;
            let rows = built::read(view, &row).ok()?;
            if rows.as_ref() != Some(&said) {
                return Some(format!(
                    "VM {} was built from {said:?}, the rows say {rows:?}",
                    domain.vm.0
                ));
            }
            if let Some(what) = check_devices(world, &row, config) {
                return Some(format!("VM {}: {what}", domain.vm.0));
            }
        }
    }
    None
}

fn check_devices(world: &World, vm: &xenith_datamodel::Ref, config: &DomainConfig) -> Option<String> {
    let view = &world.committed;
    let (vifs, built): (_, BTreeSet<&str>) = (class("VIF")?, config.nics.iter().map(|nic| nic.mac.as_str()).collect());
    let of = view.value(vm, class("VM")?.column("VIFs")?)?;
    for vif in of.as_set().unwrap_or_default().iter().filter_map(Value::as_ref) {
        let mac = view.value(vif, vifs.column("MAC")?)?;
        let mac = mac.as_text()?;
        let attached = view.value(vif, vifs.column("currently_attached")?)? == Value::Bool(true);
        if attached != built.contains(mac) {
            return Some(format!("VIF {mac}: attached {attached}, built with {built:?}"));
        }
    }
    None
}
