//! Where VMs could run, what keeps a host from being emptied, and VMs that are said to have stopped.

use super::operations::{admit, speaks, start, two_hosts, work_all};
use super::{Pool, code, vms};
use crate::host::dead;
use crate::{Args, rows};
use xenith_datamodel::{Ref, Value};

const GIB: i64 = 1 << 30;

fn sized(pool: &mut Pool, bytes: i64) -> Ref {
    let memory = ["static_max", "dynamic_max", "dynamic_min"].map(|limit| format!("memory_{limit}"));
    let fields: Vec<(&str, Value)> = memory.iter().map(|name| (name.as_str(), bytes.into())).collect();
    vms::create(pool, &fields)
}

fn set(pool: &mut Pool, class: &str, of: &Ref, field: &str, value: impl Into<Value>) {
    let mut tx = xenith_pooldb::Transaction::new(pool.now_ms);
    rows::set(&mut tx, class, of, field, value).unwrap();
    pool.commit(&tx).unwrap();
}

fn can_boot(pool: &mut Pool, vm: &Ref, host: &Ref) -> String {
    match pool.call("VM.assert_can_boot_here", vec![vm.into(), host.into()]) {
        Ok(_) => "ok".to_owned(),
        refused => code(refused),
    }
}

#[test]
fn a_vm_can_boot_where_there_is_room() {
    let mut pool = two_hosts();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let vm = sized(&mut pool, GIB);
    assert_eq!(can_boot(&mut pool, &vm, &hosts[0]), "ok");
    let possible = pool.call("VM.get_possible_hosts", vec![(&vm).into()]).unwrap();
    assert_eq!(possible, Value::set(hosts.iter().map(Value::from)));

    set(&mut pool, "host", &hosts[1], "enabled", false);
    assert!(can_boot(&mut pool, &vm, &hosts[1]).starts_with("HOST_DISABLED"));
    let possible = pool.call("VM.get_possible_hosts", vec![(&vm).into()]).unwrap();
    assert_eq!(possible, Value::set([Value::from(&hosts[0])]));

    let metrics = rows::reference(&pool.view, "host", &hosts[1], "metrics").unwrap();
    set(&mut pool, "host_metrics", &metrics, "live", false);
    assert_eq!(can_boot(&mut pool, &vm, &hosts[1]), "HOST_NOT_LIVE");

    let large = sized(&mut pool, 900 * GIB);
    assert!(can_boot(&mut pool, &large, &hosts[0]).starts_with("HOST_NOT_ENOUGH_FREE_MEMORY"));
    set(&mut pool, "VM", &vm, "VCPUs_max", 1_000);
    assert!(can_boot(&mut pool, &vm, &hosts[0]).starts_with("HOST_NOT_ENOUGH_PCPUS [1000, "));
    set(
        &mut pool,
        "VM",
        &vm,
        "platform",
        Value::text_map([("vcpu-unrestricted", "true")]),
    );
    assert_eq!(can_boot(&mut pool, &vm, &hosts[0]), "ok");
    set(&mut pool, "VM", &vm, "VCPUs_at_startup", 0);
    assert_eq!(
        can_boot(&mut pool, &vm, &hosts[0]),
        "INVALID_VALUE [VCPUs-at-startup, 0]"
    );
}

#[test]
fn a_running_vm_does_not_compete_with_itself() {
    let mut pool = Pool::of_one();
    let host = pool.first("host");
    let free = crate::host::free_memory_bytes(&pool.view, &host).unwrap();
    let vm = sized(&mut pool, free * 2 / 3);
    start(&mut pool, &vm);
    work_all(&mut pool);
    assert_eq!(pool.get("VM.resident_on", &vm), Value::from(&host));
    assert_eq!(can_boot(&mut pool, &vm, &host), "ok");
    let possible = pool.call("VM.get_possible_hosts", vec![(&vm).into()]).unwrap();
    assert_eq!(possible, Value::set([Value::from(&host)]));
}

#[test]
fn what_keeps_a_host_from_being_emptied() {
    let mut pool = two_hosts();
    let vm = sized(&mut pool, GIB);
    start(&mut pool, &vm);
    work_all(&mut pool);
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.iter().find(|host| **host != here).unwrap().clone();
    let ask = |pool: &mut Pool| pool.call("host.get_vms_which_prevent_evacuation", vec![(&here).into()]);
    let assert_can = |pool: &mut Pool| pool.call("host.assert_can_evacuate", vec![(&here).into()]);

    // No agent has said that the guest can be moved.
    let lacks = Value::set([Value::text("VM_LACKS_FEATURE"), Value::from(vm.as_str())]);
    assert_eq!(ask(&mut pool).unwrap(), Value::map([(Value::from(&vm), lacks)]));
    let text = format!("CANNOT_EVACUATE_HOST [VM_LACKS_FEATURE,{}]", vm.as_str());
    assert_eq!(code(assert_can(&mut pool)), text);

    speaks(&mut pool, &vm);
    assert_eq!(ask(&mut pool).unwrap(), Value::map([]));
    assert_can(&mut pool).unwrap();

    set(&mut pool, "host", &there, "enabled", false);
    let none = Value::set([Value::text("NO_HOSTS_AVAILABLE"), Value::from(vm.as_str())]);
    assert_eq!(ask(&mut pool).unwrap(), Value::map([(Value::from(&vm), none)]));
}

#[test]
fn a_reset_never_makes_a_vm_run_twice() {
    let mut pool = two_hosts();
    let vm = vms::create(&mut pool, &[]);
    let reset = |pool: &mut Pool, vm: &Ref| pool.call("VM.power_state_reset", vec![vm.into()]);
    // Not the one that coordinates: that is never declared dead.
    let host = rows::all(&pool.view, "host").unwrap().remove(1);
    let on = [(&vm).into(), (&host).into(), false.into(), false.into()];
    admit(&mut pool, "start_on", &on).unwrap();
    assert!(code(reset(&mut pool, &vm)).starts_with("OTHER_OPERATION_IN_PROGRESS"));
    work_all(&mut pool);
    assert_eq!(code(reset(&mut pool, &vm)), format!("HOST_IS_LIVE [{}]", host.as_str()));
    // Silent is not dead.
    let metrics = rows::reference(&pool.view, "host", &host, "metrics").unwrap();
    set(&mut pool, "host_metrics", &metrics, "live", false);
    assert_eq!(code(reset(&mut pool, &vm)), format!("HOST_IS_LIVE [{}]", host.as_str()));
    // The declaration resets it by itself; again does no harm.
    pool.context(|cx| dead::declare_dead(cx, Args(&[Value::from(&host)])));
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"));
    reset(&mut pool, &vm).unwrap();

    // The coordinator's own: xapi looks at its domains itself.
    let near = vms::create(&mut pool, &[]);
    let first = pool.first("host");
    let on = [(&near).into(), (&first).into(), false.into(), false.into()];
    admit(&mut pool, "start_on", &on).unwrap();
    work_all(&mut pool);
    assert_eq!(
        code(reset(&mut pool, &near)),
        format!("DOMAIN_EXISTS [{}]", near.as_str())
    );
    let asleep = vms::create(&mut pool, &[]);
    set(&mut pool, "VM", &asleep, "power_state", "Suspended");
    reset(&mut pool, &asleep).unwrap();
    assert_eq!(pool.get("VM.power_state", &asleep), Value::text("Halted"));
    let allowed = pool.get("VM.allowed_operations", &asleep);
    assert!(allowed.as_set().unwrap().contains(&Value::text("start")));
    let controls = |pool: &Pool, vm: &Ref| rows::boolean(&pool.view, "VM", vm, "is_control_domain").unwrap();
    let all = rows::all(&pool.view, "VM").unwrap();
    let dom0 = all.iter().find(|vm| controls(&pool, vm)).unwrap().clone();
    assert!(code(reset(&mut pool, &dom0)).starts_with("CANNOT_RESET_CONTROL_DOMAIN"));
}
