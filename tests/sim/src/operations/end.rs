//! When all trouble is over and everything has had its time: tasks and operations are over, nothing is held or claimed, and each VM is on
//! the machine where its row says, in that state, and nowhere else.

use xenith_classes::task::is_pending;
use xenith_datamodel::{ClassId, Ref, Value, class};
use xenith_pooldb::View;
use xenith_xen_port::{Domain, DomainState};

pub fn check(view: &View, vms: &[Ref], machines: &[(Ref, Vec<Domain>)]) -> Result<(), String> {
    let class = |name| class(name).ok_or_else(|| format!("the tables have no {name}"));
    let (tasks, operations) = (class("task")?, class("xenith_operation")?);
    if let Some(task) = view.refs(tasks).find(|task| is_pending(view, task).unwrap_or(true)) {
        return Err(format!("task {} is not over", described(view, tasks, task)));
    }
    if view.count(operations) > 0 {
        return Err(format!("{} operations are not over", view.count(operations)));
    }
    for vm in vms {
        vm_is_as_its_row_says(view, class("VM")?, vm, machines)?;
    }
    let known: Vec<String> = vms
        .iter()
        .filter_map(|vm| text(view, class("VM").ok()?, vm, "uuid"))
        .collect();
    let mut all = machines.iter().flat_map(|(_, domains)| domains);
    match all.find(|domain| !known.contains(&domain.vm.0)) {
        Some(domain) => Err(format!("a domain that no row speaks of: {domain:?}")),
        None => Ok(()),
    }
}

fn described(view: &View, class: ClassId, task: &Ref) -> String {
    let name = text(view, class, task, "name_label").unwrap_or_default();
    format!("{name} {}", task.as_str())
}

fn vm_is_as_its_row_says(view: &View, class: ClassId, vm: &Ref, machines: &[(Ref, Vec<Domain>)]) -> Result<(), String> {
    let get = |field| text(view, class, vm, field).ok_or_else(|| format!("{} has no {field}", vm.as_str()));
    let (uuid, state, on, domid) = (get("uuid")?, get("power_state")?, get("resident_on")?, get("domid")?);
    let locks = value(view, class, vm, "current_operations");
    if locks
        .as_ref()
        .and_then(Value::as_map)
        .is_none_or(|locks| !locks.is_empty())
    {
        return Err(format!("VM {uuid} is still held: {locks:?}"));
    }
    if get("scheduled_to_be_resident_on")? != Ref::null().as_str() {
        return Err(format!("VM {uuid} has a claim on a host for ever"));
    }
    let wanted = match state.as_str() {
        "Halted" | "Suspended" => Vec::new(),
        _ => vec![(on, state, domid)],
    };
    let mut found = Vec::new();
    for (host, domains) in machines {
        for domain in domains.iter().filter(|domain| domain.vm.0 == uuid) {
            let state = match domain.state {
                DomainState::Running => "Running",
                DomainState::Paused => "Paused",
                DomainState::Building | DomainState::Stopped(_) => "another state",
            };
            found.push((host.as_str().to_owned(), state.to_owned(), domain.domid.to_string()));
        }
    }
    match found == wanted {
        true => Ok(()),
        false => Err(format!("VM {uuid}: its row says {wanted:?}, the machines {found:?}")),
    }
}

fn value(view: &View, class: ClassId, row: &Ref, field: &str) -> Option<Value> {
    view.value(row, class.column(field)?)
}

fn text(view: &View, class: ClassId, row: &Ref, field: &str) -> Option<String> {
    let value = value(view, class, row, field)?;
    let reference = value.as_ref().map(|reference| reference.as_str().to_owned());
    let number = value.as_int().map(|number| number.to_string());
    reference.or(number).or_else(|| value.as_text().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_pooldb::Transaction;
    use xenith_xen_port::VmId;

    /// A host, and a VM that runs there as domain 5.
    fn running() -> (View, Ref, Ref) {
        let (host, vm) = (Ref::new("OpaqueRef:host"), Ref::new("OpaqueRef:vm"));
        let (hosts, vms) = (class("host").unwrap(), class("VM").unwrap());
        let mut tx = Transaction::new(1);
        tx.create(hosts, &host, vec![(hosts.column("uuid").unwrap(), "h".into())]);
        let fields = [
            ("uuid", Value::from("v")),
            ("power_state", "Running".into()),
            ("resident_on", Value::from(&host)),
            ("scheduled_to_be_resident_on", Value::Ref(Ref::null())),
            ("domid", 5.into()),
        ];
        let fields = fields.map(|(name, value)| (vms.column(name).unwrap(), value));
        tx.create(vms, &vm, fields.to_vec());
        (View::default().apply(&tx).unwrap().0, host, vm)
    }

    fn domain(vm: &str, state: DomainState) -> Domain {
        Domain {
            vm: VmId(vm.to_owned()),
            domid: 5,
            state,
            memory_bytes: 1,
            migrating: false,
            guest: None,
        }
    }

    #[test]
    fn what_rows_and_machines_say_apart_is_found() {
        let (view, host, vm) = running();
        let with = |domains: Vec<Domain>| check(&view, std::slice::from_ref(&vm), &[(host.clone(), domains)]);
        let here = || domain("v", DomainState::Running);
        assert_eq!(with(vec![here()]), Ok(()));
        assert!(with(Vec::new()).is_err());
        assert!(with(vec![domain("v", DomainState::Paused)]).is_err());
        assert!(with(vec![here(), here()]).is_err());
        assert!(with(vec![here(), domain("another", DomainState::Running)]).is_err());
    }
}
