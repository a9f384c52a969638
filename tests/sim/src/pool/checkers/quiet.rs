//! When everything has ended: rows and machines say the same, tasks are over, nothing is held or claimed.

use crate::pool::world::World;
use xenith_classes::task::is_pending;
use xenith_datamodel::{Ref, class};
use xenith_pooldb::View;
use xenith_xen_port::DomainState;

pub fn check(world: &World) -> Option<String> {
    let view = &world.committed;
    for task in &world.acked.tasks {
        if is_pending(view, task).unwrap_or(true) {
            return Some(format!("task {} never ends", task.as_str()));
        }
    }
    for vm in &world.vms {
        let text = |field| text(view, vm, field);
        let (uuid, state) = (text("uuid")?, text("power_state")?);
        if text("scheduled_to_be_resident_on").is_some_and(|host| host != Ref::null().as_str()) {
            return Some(format!("VM {uuid} has a claim on a host for ever"));
        }
        let rows = match state.as_str() {
            "Halted" | "Suspended" => None,
            _ => Some((text("resident_on")?, state.clone(), text("domid")?)),
        };
        let mut places = Vec::new();
        for host in &world.hosts {
            for domain in host.machine.iter().flat_map(|machine| machine.domains()) {
                if domain.vm.0 == uuid {
                    let state = match domain.state {
                        DomainState::Running => "Running",
                        DomainState::Paused => "Paused",
                        DomainState::Building | DomainState::Stopped(_) => "another state",
                    };
                    places.push((host.row.as_str().to_owned(), state.to_owned(), domain.domid.to_string()));
                }
            }
        }
        // One that could not be cleared away: whatever is left of it is on that host.
        if let Some((on, _, domid)) = &rows
            && domid == "-1"
            && places.iter().all(|(place, ..)| place == on)
        {
            continue;
        }
        if places != rows.clone().into_iter().collect::<Vec<_>>() {
            return Some(format!("VM {uuid}: its rows say {rows:?}, the machines {places:?}"));
        }
    }
    None
}

fn text(view: &View, vm: &Ref, field: &str) -> Option<String> {
    let value = view.value(vm, class("VM")?.column(field)?)?;
    let reference = value.as_ref().map(|reference| reference.as_str().to_owned());
    let number = value.as_int().map(|number| number.to_string());
    reference.or(number).or_else(|| value.as_text().map(str::to_owned))
}
