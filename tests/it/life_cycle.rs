//! VMs on hosts other than the coordinator: their life cycle as clients see it, held against the machines after every step.

use crate::harness::{At, PATIENT, Pool, eventually};
use crate::machines::{agree, domain, ended, guest_speaks, guest_stops, slow_down, uuid};
use rustix::process::Signal;
use xenith_datamodel::{Ref, Value};
use xenith_xen_port::{DomainState, StopReason};
use xenith_xen_sim::machine::EffectKind;

pub fn of(vm: &Ref) -> Vec<Value> {
    vec![Value::Ref(vm.clone())]
}

pub fn start(vm: &Ref) -> Vec<Value> {
    vec![Value::Ref(vm.clone()), false.into(), false.into()]
}

pub fn on(vm: &Ref, host: &Ref) -> Vec<Value> {
    vec![
        Value::Ref(vm.clone()),
        Value::Ref(host.clone()),
        false.into(),
        false.into(),
    ]
}

pub fn to(vm: &Ref, host: &Ref) -> Vec<Value> {
    // Also one whose agent has not spoken yet.
    let force = Value::text_map([("force", "true")]);
    vec![Value::Ref(vm.clone()), Value::Ref(host.clone()), force]
}

pub async fn state(at: &At, vm: &Ref) -> String {
    at.text("VM.get_power_state", &of(vm)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vm_lives_on_every_host() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let vm = at.create_vm("wanderer").await;
    at.ok("VM.start_on", &on(&vm, &hosts[0])).await;
    for next in [1, 2, 0] {
        agree(&pool, &at.session).await;
        for message in ["VM.pause", "VM.unpause", "VM.hard_reboot"] {
            at.ok(message, &of(&vm)).await;
            agree(&pool, &at.session).await;
        }
        at.ok("VM.pool_migrate", &to(&vm, &hosts[next])).await;
        let here = at.reference("VM.get_resident_on", &of(&vm)).await;
        assert_eq!(here, hosts[next]);
    }
    guest_speaks(&pool, &at.session, &vm).await;
    at.ok("VM.clean_shutdown", &of(&vm)).await;
    assert_eq!(state(&at, &vm).await, "Halted");
    agree(&pool, &at.session).await;
    let again = at.fails("VM.hard_shutdown", &of(&vm)).await;
    assert_eq!(again.code, "VM_BAD_POWER_STATE");
    let task = at.reference("Async.VM.hard_shutdown", &of(&vm)).await;
    let (status, info) = ended(&pool, &at.session, &task).await;
    assert_eq!((status.as_str(), info[0].as_str()), ("failure", "VM_BAD_POWER_STATE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_stop_by_themselves_also_without_a_quorum() {
    let mut pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let vm = at.create_vm("restless").await;
    let id = uuid(&at, &vm).await;
    let coordinator = pool.coordinator().await;
    let host = if coordinator == 1 { 2 } else { 1 };
    at.ok("VM.start_on", &on(&vm, &hosts[usize::from(host) - 1])).await;
    let before = domain(&pool, host, &id).await.unwrap().domid;
    guest_stops(&pool, host, &id, StopReason::Reboot).await;
    // It has run for less than a minute, so it waits half of one.
    eventually("the rows know the new domain", async || {
        let domid = at.ok("VM.get_domid", &of(&vm)).await.as_int().unwrap();
        domid > before && state(&at, &vm).await == "Running"
    })
    .await;
    agree(&pool, &at.session).await;
    // Nobody coordinates: the guest's own reboot asks nobody (C6).
    let before = domain(&pool, host, &id).await.unwrap().domid;
    for k in (1..=3).filter(|k| *k != host) {
        pool.kill_hard(k).await;
    }
    guest_stops(&pool, host, &id, StopReason::Reboot).await;
    eventually("the guest is up again", async || {
        let domain = domain(&pool, host, &id).await;
        domain.is_some_and(|domain| domain.domid > before && domain.state == DomainState::Running)
    })
    .await;
    for k in (1..=3).filter(|k| *k != host) {
        pool.begin_again(k);
    }
    let session = pool.login().await.session;
    let at = pool.follow(&session).await;
    agree(&pool, &at.session).await;
    // A guest that crashes this soon is not started again.
    for reason in [StopReason::Crash, StopReason::Poweroff] {
        guest_stops(&pool, host, &id, reason).await;
        eventually("the rows know that it is off", async || {
            state(&at, &vm).await == "Halted"
        })
        .await;
        agree(&pool, &at.session).await;
        at.ok("VM.start_on", &on(&vm, &hosts[usize::from(host) - 1])).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_has_its_answer_over_a_hand_over() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    slow_down(&pool, &[EffectKind::DomainCreate], 1_500).await;
    let vm = at.create_vm("patient").await;
    let waiting = pool.at(at.host, &at.session).await.unwrap();
    let params = start(&vm);
    let call = tokio::spawn(async move { waiting.call("VM.start", &params).await });
    eventually("it is under way", async || {
        let held = at.ok("VM.get_current_operations", &of(&vm)).await;
        !held.as_map().unwrap().is_empty()
    })
    .await;
    let next = at.host % 3 + 1;
    pool.hand_over_to(next, &hosts[usize::from(next) - 1]).await;
    call.await.unwrap().unwrap();
    let at = pool.follow(&at.session).await;
    assert_eq!(state(&at, &vm).await, "Running");
    agree(&pool, &at.session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_hosts_vms_start_elsewhere_only_when_it_is_declared_dead() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let victim = at.host % 3 + 1;
    let row = hosts[usize::from(victim) - 1].clone();
    let vm = at.create_vm("orphan").await;
    at.ok("VM.start_on", &on(&vm, &row)).await;
    pool.kill_hard(victim).await;
    pool.kill_machine(victim, Signal::KILL).await;
    let refused = at.fails("VM.start", &start(&vm)).await;
    assert_eq!(refused.code, "VM_BAD_POWER_STATE");
    at.ok("host.declare_dead", &[Value::Ref(row.clone())]).await;
    assert_eq!(state(&at, &vm).await, "Halted");
    at.ok("VM.start", &start(&vm)).await;
    let here = at.reference("VM.get_resident_on", &of(&vm)).await;
    assert!(here != row && hosts.contains(&here));
    let mut pool = pool;
    pool.start_again(victim).await;
    agree(&pool, &at.session).await;
    // The machine has started anew, and works again.
    eventually("the host works again", async || {
        at.call("VM.pool_migrate", &to(&vm, &row)).await.is_ok()
    })
    .await;
    agree(&pool, &at.session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_becomes_a_vm_whose_guest_is_heard() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let templates = at.ok("VM.get_by_name_label", &["Debian Bullseye 11".into()]).await;
    let template = templates.as_set().unwrap()[0].clone();
    let vm = at.reference("VM.clone", &[template.clone(), "first".into()]).await;
    at.ok("VM.provision", &of(&vm)).await;
    // Not the coordinator's own host: what its guest says goes over the link.
    let host = usize::from(at.host % 3);
    at.ok("VM.start_on", &on(&vm, &hosts[host])).await;
    let consoles = at.ok("VM.get_consoles", &of(&vm)).await;
    assert_eq!(consoles.as_set().unwrap().len(), 2);
    guest_speaks(&pool, &at.session, &vm).await;
    let guest = at.reference("VM.get_guest_metrics", &of(&vm)).await;
    let system = at.ok("VM_guest_metrics.get_os_version", &of(&guest)).await;
    assert_eq!(system.member("distro"), Some(&"simulated".into()));
    let task = at
        .reference(
            "Async.VM.snapshot",
            &[Value::Ref(vm.clone()), "then".into(), Value::set([])],
        )
        .await;
    assert_eq!(ended(&pool, &at.session, &task).await.0, "success");
    at.ok("VM.clean_shutdown", &of(&vm)).await;
    assert!(at.reference("VM.get_guest_metrics", &of(&vm)).await.is_null());
    assert_eq!(at.ok("VM.get_consoles", &of(&vm)).await, Value::set([]));
    agree(&pool, &at.session).await;
}
