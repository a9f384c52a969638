//! On which host a VM can run. Pure and simple: what is claimed is counted from the rows, VMs on their way and what is
//! left of VMs that have moved included, so two starts at once cannot promise the same memory (the coordinator plans against what is in
//! flight, CORRECTNESS C1).

use crate::{operation, rows, vm as vms};
use std::collections::BTreeMap;
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::View;

/// What a VM takes from its host, bytes: as its domain was built, or would be.
pub fn memory_of(view: &View, vm: &Ref) -> Result<i64, ApiError> {
    vms::built::memory_bytes(view, vm)?.map_or_else(|| memory_wanted(view, vm), Ok)
}

/// What a domain of the VM would take if it were built now, bytes.
pub fn memory_wanted(view: &View, vm: &Ref) -> Result<i64, ApiError> {
    let int = |field| rows::int(view, "VM", vm, field);
    let guest = int("memory_dynamic_max")?.min(int("memory_static_max")?);
    Ok(guest.saturating_add(int("memory_overhead")?))
}

/// Memory that nobody has claimed, by host, bytes: not Xen itself, no VM that runs there and none that is on its way.
pub fn free_memory(view: &View) -> Result<BTreeMap<Ref, i64>, ApiError> {
    let mut free = BTreeMap::new();
    for host in rows::all(view, "host")? {
        let metrics = rows::reference(view, "host", &host, "metrics")?;
        let total = match view.contains(rows::class("host_metrics")?, &metrics) {
            true => rows::int(view, "host_metrics", &metrics, "memory_total")?,
            false => 0,
        };
        free.insert(host.clone(), total - rows::int(view, "host", &host, "memory_overhead")?);
    }
    for vm in rows::all(view, "VM")? {
        for host in hosts_of(view, &vm)? {
            if let Some(left) = free.get_mut(&host) {
                *left -= memory_of(view, &vm)?;
            }
        }
    }
    for (_, remains) in operation::remains(view)? {
        if let Some(left) = free.get_mut(&remains.host) {
            *left -= remains.memory_bytes;
        }
    }
    Ok(free)
}

/// Where the VM has memory or a claim on it: one host, two while it moves.
fn hosts_of(view: &View, vm: &Ref) -> Result<Vec<Ref>, ApiError> {
    let here = rows::reference(view, "VM", vm, "resident_on")?;
    let soon = rows::reference(view, "VM", vm, "scheduled_to_be_resident_on")?;
    let mut hosts = vec![here];
    if !hosts.contains(&soon) {
        hosts.push(soon);
    }
    hosts.retain(|host| !host.is_null());
    Ok(hosts)
}

/// Refuses when the VM cannot run on the host now.
pub fn check_host(view: &View, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    let free = free_memory(view)?;
    check(view, vm, host, &free)
}

fn check(view: &View, vm: &Ref, host: &Ref, free: &BTreeMap<Ref, i64>) -> Result<(), ApiError> {
    rows::check(view, "host", host)?;
    if !is_live(view, host)? {
        return Err(ApiError::new("HOST_OFFLINE", [host.as_str()]));
    }
    if !rows::boolean(view, "host", host, "enabled")? {
        return Err(ApiError::new("HOST_DISABLED", [host.as_str()]));
    }
    if rows::int(view, "VM", vm, "VCPUs_at_startup")? < 1 {
        return Err(ApiError::plain("NO_HOSTS_AVAILABLE"));
    }
    let needed = memory_of(view, vm)?;
    let left = free.get(host).copied().unwrap_or_default().max(0);
    if needed > left {
        return Err(ApiError::new(
            "HOST_NOT_ENOUGH_FREE_MEMORY",
            [needed.to_string(), left.to_string()],
        ));
    }
    check_remains(view, vm, host)?;
    check_networks(view, vm, host)
}

/// A VM does not come to a host where something of it may be left.
fn check_remains(view: &View, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    let all = operation::remains(view)?;
    match all.into_iter().find(|(_, left)| left.vm == *vm && left.host == *host) {
        Some((task, _)) => {
            let params = ["VM", vm.as_str(), "pool_migrate", task.as_str()];
            Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params))
        }
        None => Ok(()),
    }
}

/// Every network of the VM must be on the host: it has an interface of it there, or none anywhere.
fn check_networks(view: &View, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    for vif in rows::references(view, "VM", vm, "VIFs")? {
        let network = rows::reference(view, "VIF", &vif, "network")?;
        let pifs = rows::references(view, "network", &network, "PIFs")?;
        let mut here = pifs.is_empty();
        for pif in pifs {
            here |= rows::reference(view, "PIF", &pif, "host")? == *host;
        }
        if !here {
            return Err(ApiError::new("VM_REQUIRES_NETWORK", [vm.as_str(), network.as_str()]));
        }
    }
    Ok(())
}

pub fn is_live(view: &View, host: &Ref) -> Result<bool, ApiError> {
    let metrics = rows::reference(view, "host", host, "metrics")?;
    match view.contains(rows::class("host_metrics")?, &metrics) {
        true => rows::boolean(view, "host_metrics", &metrics, "live"),
        false => Ok(false),
    }
}

/// Every host that could run the VM now.
pub fn possible_hosts(view: &View, vm: &Ref) -> Result<Vec<Ref>, ApiError> {
    let free = free_memory(view)?;
    let hosts = rows::all(view, "host")?;
    Ok(hosts
        .into_iter()
        .filter(|host| check(view, vm, host, &free).is_ok())
        .collect())
}

/// The host that the VM prefers, if it can, else the one with the most memory left. One host refuses for its own reason.
pub fn choose_host(view: &View, vm: &Ref) -> Result<Ref, ApiError> {
    let free = free_memory(view)?;
    let preferred = rows::reference(view, "VM", vm, "affinity")?;
    if free.contains_key(&preferred) && check(view, vm, &preferred, &free).is_ok() {
        return Ok(preferred);
    }
    let mut best: Option<(i64, Ref)> = None;
    let mut refusal = ApiError::plain("NO_HOSTS_AVAILABLE");
    for (host, left) in &free {
        match check(view, vm, host, &free) {
            Ok(()) if best.as_ref().is_none_or(|(most, _)| left > most) => best = Some((*left, host.clone())),
            Ok(()) => {}
            Err(why) if free.len() == 1 => refusal = why,
            Err(_) => {}
        }
    }
    best.map(|(_, host)| host).ok_or(refusal)
}
