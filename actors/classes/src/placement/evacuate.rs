//! Whether all VMs of a host could go elsewhere.

use super::{Room, check, memory_of};
use crate::rows;
use crate::vm::lifecycle::Facts;
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::View;

/// The VMs that cannot leave the host, and why. The largest are placed first, each where most memory is left.
pub fn refusals(view: &View, host: &Ref) -> Result<Vec<(Ref, ApiError)>, ApiError> {
    rows::check(view, "host", host)?;
    let mut room = room_elsewhere(view, host)?;
    let mut vms = Vec::new();
    for vm in rows::references(view, "host", host, "resident_VMs")? {
        if !rows::boolean(view, "VM", &vm, "is_control_domain")? {
            vms.push((memory_of(view, &vm)?, vm));
        }
    }
    vms.sort_by(|(one, a), (other, b)| (other, a).cmp(&(one, b)));
    let mut refused = Vec::new();
    for (bytes, vm) in vms {
        match target(view, &vm, &room)? {
            Ok(to) => *room.free.entry(to).or_default() -= bytes,
            Err(why) => refused.push((vm, why)),
        }
    }
    Ok(refused)
}

fn room_elsewhere(view: &View, host: &Ref) -> Result<Room, ApiError> {
    let mut room = Room::of(view)?;
    room.free.remove(host);
    for other in rows::all(view, "host")? {
        if !rows::boolean(view, "host", &other, "enabled")? {
            room.free.remove(&other);
        }
    }
    Ok(room)
}

fn target(view: &View, vm: &Ref, room: &Room) -> Result<Result<Ref, ApiError>, ApiError> {
    if room.free.is_empty() {
        return Ok(Err(ApiError::new("NO_HOSTS_AVAILABLE", [vm.as_str()])));
    }
    if let Err(why) = Facts::of(view, vm)?.check("pool_migrate", true) {
        return Ok(Err(why));
    }
    let mut best: Option<(i64, &Ref)> = None;
    let mut refusal = None;
    for (host, left) in &room.free {
        match check(view, vm, host, room) {
            Ok(()) if best.is_none_or(|(most, _)| *left > most) => best = Some((*left, host)),
            Ok(()) => {}
            // Too little memory is told without numbers: they would be of one host of many.
            Err(why) if why.code == "HOST_NOT_ENOUGH_FREE_MEMORY" => {
                refusal = Some(ApiError::new("HOST_NOT_ENOUGH_FREE_MEMORY", [vm.as_str()]));
            }
            Err(why) => refusal = refusal.or(Some(why)),
        }
    }
    let none = || ApiError::new("NO_HOSTS_AVAILABLE", [vm.as_str()]);
    Ok(match best {
        Some((_, host)) => Ok(host.clone()),
        None => Err(refusal.unwrap_or_else(none)),
    })
}
