//! On which host a VM can run. Pure and simple: what is claimed is counted from the rows, VMs on their way and what is
//! left of VMs that have moved included, so two starts at once cannot promise the same memory (the coordinator plans against what is in
//! flight, CORRECTNESS C1).

pub mod evacuate;

use crate::operation::{self, Remains};
use crate::rows;
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::{ApiError, ClassId, Column, Ref, Value};
use xenith_pooldb::{Stored, View};

/// What a VM takes from its host, bytes: as its domain was built, or would be.
pub fn memory_of(view: &View, vm: &Ref) -> Result<i64, ApiError> {
    Columns::new()?.memory_of(view, (vm, row(view, vm)?))
}

/// What a domain of the VM would take if it were built now, bytes.
pub fn memory_wanted(view: &View, vm: &Ref) -> Result<i64, ApiError> {
    Columns::new()?.memory_wanted(row(view, vm)?)
}

/// Memory that nobody has claimed, by host, bytes: not Xen itself, no VM that runs there and none that is on its way.
pub fn free_memory(view: &View) -> Result<BTreeMap<Ref, i64>, ApiError> {
    Ok(Room::of(view)?.free)
}

/// What is taken of all hosts, read once for all that are looked at.
struct Room {
    free: BTreeMap<Ref, i64>,
    remains: Vec<Remains>,
}

impl Room {
    fn of(view: &View) -> Result<Room, ApiError> {
        let remains = operation::remains(view)?;
        let remains: Vec<Remains> = remains.into_iter().map(|(_, remains)| remains).collect();
        let mut free = claimed(view)?;
        for left in &remains {
            if let Some(free) = free.get_mut(&left.host) {
                *free -= left.memory_bytes;
            }
        }
        Ok(Room { free, remains })
    }

    /// What the VM has on a host already, or a claim on, is free for itself.
    fn for_vm(view: &View, vm: &Ref) -> Result<Room, ApiError> {
        let (mut room, columns, row) = (Room::of(view)?, Columns::new()?, row(view, vm)?);
        for host in columns.hosts_of(row) {
            if let Some(left) = room.free.get_mut(host) {
                *left += columns.memory_of(view, (vm, row))?;
            }
        }
        Ok(room)
    }
}

/// What is left when all VMs have theirs.
fn claimed(view: &View) -> Result<BTreeMap<Ref, i64>, ApiError> {
    let mut free = BTreeMap::new();
    for host in rows::all(view, "host")? {
        let metrics = rows::reference(view, "host", &host, "metrics")?;
        let total = match view.contains(rows::class("host_metrics")?, &metrics) {
            true => rows::int(view, "host_metrics", &metrics, "memory_total")?,
            false => 0,
        };
        free.insert(host.clone(), total - rows::int(view, "host", &host, "memory_overhead")?);
    }
    let columns = Columns::new()?;
    for (vm, row) in view.rows(rows::class("VM")?) {
        for host in columns.hosts_of(row) {
            if let Some(left) = free.get_mut(host) {
                *left -= columns.memory_of(view, (vm, row))?;
            }
        }
    }
    Ok(free)
}

fn row<'a>(view: &'a View, vm: &Ref) -> Result<Stored<'a>, ApiError> {
    let row = view.row(rows::class("VM")?, vm);
    row.ok_or_else(|| ApiError::handle_invalid("VM", vm))
}

/// What is looked at of every VM with each start: found by name once.
struct Columns {
    here: Column,
    soon: Column,
    static_max: Column,
    dynamic_max: Column,
    overhead: Column,
    domains: ClassId,
    built: Column,
}

impl Columns {
    fn new() -> Result<Columns, ApiError> {
        Ok(Columns {
            here: rows::column("VM", "resident_on")?,
            soon: rows::column("VM", "scheduled_to_be_resident_on")?,
            static_max: rows::column("VM", "memory_static_max")?,
            dynamic_max: rows::column("VM", "memory_dynamic_max")?,
            overhead: rows::column("VM", "memory_overhead")?,
            domains: rows::class("xenith_domain")?,
            built: rows::column("xenith_domain", "memory_bytes")?,
        })
    }

    fn memory_of(&self, view: &View, (vm, row): (&Ref, Stored<'_>)) -> Result<i64, ApiError> {
        let domain = view.row(self.domains, vm);
        let built = domain
            .and_then(|domain| domain.value(self.built))
            .and_then(Value::as_int);
        built.map_or_else(|| self.memory_wanted(row), Ok)
    }

    fn memory_wanted(&self, vm: Stored<'_>) -> Result<i64, ApiError> {
        let int = |column| vm.value(column).and_then(Value::as_int);
        let guest = int(self.static_max).zip(int(self.dynamic_max));
        let memory = guest.zip(int(self.overhead));
        let memory = memory.map(|((fixed, dynamic), overhead)| fixed.min(dynamic).saturating_add(overhead));
        memory.ok_or_else(|| ApiError::internal("a VM's memory is no number"))
    }

    /// Where the VM has memory or a claim on it: one host, two while it moves.
    fn hosts_of<'a>(&self, vm: Stored<'a>) -> impl Iterator<Item = &'a Ref> {
        let host = |column| vm.value(column).and_then(Value::as_ref).filter(|host| !host.is_null());
        let (here, soon) = (host(self.here), host(self.soon));
        here.into_iter().chain(soon.filter(|soon| here != Some(*soon)))
    }
}

/// Refuses when the VM cannot run on the host now.
pub fn check_host(view: &View, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    check(view, vm, host, &Room::for_vm(view, vm)?)
}

fn check(view: &View, vm: &Ref, host: &Ref, room: &Room) -> Result<(), ApiError> {
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
    let left = room.free.get(host).copied().unwrap_or_default().max(0);
    if needed > left {
        return Err(ApiError::new(
            "HOST_NOT_ENOUGH_FREE_MEMORY",
            [needed.to_string(), left.to_string()],
        ));
    }
    if room.remains.iter().any(|left| left.vm == *vm && left.host == *host) {
        return Err(remains_there(view, vm, host)?);
    }
    check_networks(view, vm, host)?;
    check_cpus(view, vm, host)?;
    crate::vm::disks::check_host(view, vm, host)
}

fn check_cpus(view: &View, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    let wanted = rows::int(view, "VM", vm, "VCPUs_max")?;
    let count = rows::map_text(view, "host", host, "cpu_info", "cpu_count")?;
    let count = count.and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    let unrestricted = rows::map_text(view, "VM", vm, "platform", "vcpu-unrestricted")?;
    // A host that does not say how many it has is not asked.
    if count == 0 || wanted <= count || unrestricted.is_some_and(|text| text == "true" || text == "1") {
        return Ok(());
    }
    Err(ApiError::new(
        "HOST_NOT_ENOUGH_PCPUS",
        [wanted.to_string(), count.to_string()],
    ))
}

/// A VM does not come to a host where something of it may be left.
fn remains_there(view: &View, vm: &Ref, host: &Ref) -> Result<ApiError, ApiError> {
    let all = operation::remains(view)?;
    let of_both = all.into_iter().find(|(_, left)| left.vm == *vm && left.host == *host);
    let task = of_both.map_or_else(Ref::null, |(task, _)| task);
    let params = ["VM", vm.as_str(), "pool_migrate", task.as_str()];
    Ok(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params))
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
    let room = Room::for_vm(view, vm)?;
    let hosts = rows::all(view, "host")?;
    Ok(hosts
        .into_iter()
        .filter(|host| check(view, vm, host, &room).is_ok())
        .collect())
}

/// The host that the VM prefers, if it can, else the one with the most memory left; none that is silent. Why none can is not told, as
/// in xapi.
pub fn choose_host(view: &View, vm: &Ref, silent: &BTreeSet<Ref>) -> Result<Ref, ApiError> {
    let mut room = Room::of(view)?;
    room.free.retain(|host, _| !silent.contains(host));
    let preferred = rows::reference(view, "VM", vm, "affinity")?;
    if room.free.contains_key(&preferred) && check(view, vm, &preferred, &room).is_ok() {
        return Ok(preferred);
    }
    let mut best: Option<(i64, Ref)> = None;
    for (host, left) in &room.free {
        match check(view, vm, host, &room) {
            Ok(()) if best.as_ref().is_none_or(|(most, _)| left > most) => best = Some((*left, host.clone())),
            Ok(()) => {}
            Err(_) => {}
        }
    }
    best.map(|(_, host)| host)
        .ok_or_else(|| ApiError::plain("NO_HOSTS_AVAILABLE"))
}
