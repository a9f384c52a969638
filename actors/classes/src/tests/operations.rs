//! The frame of operations, and each operation with every order failing once.

use super::{CountedIds, NOW_MS, Pool, born, context, facts_of, host_birth, vms};
use crate::birth::join_host;
use crate::operation::{self, Admitted, Failure, Order, Outcome};
use crate::task::{Header, is_pending};
use crate::{Caller, room, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::Transaction;
use xenith_xen_port::{Done, Effect, EffectError};

/// No operation takes more orders than this, whatever fails.
const ORDERS_MAX: usize = 12;

pub fn two_hosts() -> Pool {
    let (view, ids) = born();
    let mut ids = CountedIds(ids);
    let facts = facts_of(2);
    let mut second = host_birth(&facts);
    second.host_uuid = "host-uuid-2";
    second.address = "127.0.0.2";
    let tx = join_host(&view, &mut ids, NOW_MS, second).unwrap();
    let (view, _) = view.apply(&tx).unwrap();
    Pool {
        view,
        ids,
        ..Pool::empty()
    }
}

pub fn admit(pool: &mut Pool, message: &str, params: &[Value]) -> Result<Ref, ApiError> {
    admit_of(pool, ("VM", message), params)
}

pub fn admit_of(pool: &mut Pool, (class, message): (&str, &str), params: &[Value]) -> Result<Ref, ApiError> {
    admit_beside(pool, (class, message), params, &BTreeSet::new())
}

/// While these hosts are silent.
pub fn admit_beside(
    pool: &mut Pool,
    (class, message): (&str, &str),
    params: &[Value],
    silent: &BTreeSet<Ref>,
) -> Result<Ref, ApiError> {
    let asker = room::asker(class, message).unwrap();
    let caller = Caller::root();
    let mut cx = context(&pool.view, &mut pool.ids, &caller, pool.now_ms);
    cx.silent = silent;
    let method = format!("{class}.{message}");
    let Admitted { tx, task } = operation::admit(&mut cx, (&method, asker, params), ("label", &Header::default()))?;
    pool.commit(&tx).unwrap();
    Ok(task)
}

pub fn orders(pool: &Pool) -> Vec<(Ref, Order)> {
    operation::orders(&pool.view).unwrap()
}

/// The only order there is.
pub fn order(pool: &Pool) -> Order {
    let orders = orders(pool);
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders[0].1.clone()
}

pub fn done(order: &Order) -> Outcome {
    let done = |effect: &Effect| match effect {
        Effect::DomainCreate(_) | Effect::MigrationReceive { .. } | Effect::DomainRestore { .. } => Done::built(7),
        Effect::Storage(step) => Done {
            domid: None,
            found: super::storage::found(step),
        },
        _ => Done::default(),
    };
    Ok(order.effects.iter().map(done).collect())
}

pub fn failed(at: usize, error: EffectError) -> Outcome {
    Err(Failure { at, error })
}

pub fn answer(pool: &mut Pool, order: &Order, outcome: Outcome) -> bool {
    let place = (&order.operation, order.sequence);
    let next = operation::advance(&pool.view, pool.now_ms, &mut pool.ids, place, outcome).unwrap();
    let counted = next.is_some();
    if let Some(tx) = next {
        pool.commit(&tx).unwrap();
    }
    counted
}

pub fn work_all(pool: &mut Pool) {
    for _ in 0..ORDERS_MAX {
        wake(pool);
        let Some((_, order)) = orders(pool).into_iter().next() else {
            return;
        };
        let outcome = done(&order);
        answer(pool, &order, outcome);
    }
    panic!("too many orders: {:?}", orders(pool));
}

/// The end of a pause, if an operation makes one.
pub fn wake(pool: &mut Pool) {
    let mut all = rows::all(&pool.view, "xenith_operation").unwrap().into_iter();
    let pauses = |operation: Ref| {
        let record = operation::Record::read(&pool.view, &operation).unwrap();
        record.has_to_wait() && !record.is_waiting()
    };
    if all.any(pauses) {
        pool.now_ms += 60_000;
        let tx = operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD).unwrap();
        pool.commit(&tx.unwrap()).unwrap();
    }
}

pub fn start(pool: &mut Pool, vm: &Ref) -> Ref {
    admit(pool, "start", &[vm.into(), false.into(), false.into()]).unwrap()
}

/// Its guest has drivers that can do what it is asked.
pub fn speaks(pool: &mut Pool, vm: &Ref) {
    let guest = rows::reference(&pool.view, "VM", vm, "guest_metrics").unwrap();
    let mut tx = Transaction::new(pool.now_ms);
    rows::set(&mut tx, "VM_guest_metrics", &guest, "PV_drivers_detected", true).unwrap();
    pool.commit(&tx).unwrap();
}

pub fn error_of(pool: &mut Pool, task: &Ref) -> String {
    let info = pool.get("task.error_info", task);
    let parts = info.as_set().unwrap().iter().map(|part| part.as_text().unwrap());
    parts.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_start_claims_first_and_runs_when_its_host_says_so() {
    let mut pool = Pool::of_one();
    let (vm, host) = (vms::create(&mut pool, &[]), pool.first("host"));
    let task = start(&mut pool, &vm);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"));
    assert_eq!(pool.get("VM.scheduled_to_be_resident_on", &vm), Value::from(&host));
    assert_eq!(
        pool.get("VM.current_operations", &vm).member(task.as_str()),
        Some(&Value::text("start"))
    );
    assert_eq!(pool.get("task.allowed_operations", &task), rows::enums(&["cancel"]));
    let asked = order(&pool);
    assert_eq!(asked.effects.len(), 2);
    let outcome = done(&asked);
    assert!(answer(&mut pool, &asked, outcome.clone()));
    assert!(
        !answer(&mut pool, &asked, outcome),
        "an outcome that comes twice counts once"
    );
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
    assert_eq!(pool.get("VM.domid", &vm), Value::Int(7));
    assert_eq!(pool.get("VM.resident_on", &vm), Value::from(&host));
    assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]));
    assert_eq!(pool.get("task.status", &task), Value::text("success"));
    assert_eq!(pool.get("task.result", &task), Value::text("<value></value>"));
}

#[test]
fn a_task_shows_how_far_its_work_is() {
    let mut pool = two_hosts();
    let vm = vms::create(&mut pool, &[]);
    start(&mut pool, &vm);
    work_all(&mut pool);
    let here = pool.get("VM.resident_on", &vm);
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.iter().find(|host| Value::from(*host) != here).unwrap();
    let params = [(&vm).into(), there.into(), Value::text_map([("force", "true")])];
    let task = admit(&mut pool, "pool_migrate", &params).unwrap();
    let mut shown = Vec::new();
    while let Some((_, order)) = orders(&pool).into_iter().next() {
        shown.push(pool.get("task.progress", &task).as_float().unwrap());
        let outcome = done(&order);
        answer(&mut pool, &order, outcome);
    }
    assert_eq!(shown, [0.0, 0.25, 0.5, 0.75]);
    assert_eq!(pool.get("task.progress", &task), 1.0.into());
}

#[test]
fn a_busy_vm_is_waited_for_and_asked_again() {
    let mut pool = Pool::of_one();
    let vm = vms::create(&mut pool, &[]);
    start(&mut pool, &vm);
    let second = start(&mut pool, &vm);
    assert!(
        operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD)
            .unwrap()
            .is_none()
    );
    work_all(&mut pool);
    let tx = operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD)
        .unwrap()
        .unwrap();
    pool.commit(&tx).unwrap();
    let error = error_of(&mut pool, &second);
    assert!(error.starts_with("VM_BAD_POWER_STATE"), "{error}");
}

#[test]
fn a_ticket_ends_when_it_is_cancelled_or_too_old() {
    let mut pool = Pool::of_one();
    let vm = vms::create(&mut pool, &[]);
    start(&mut pool, &vm);
    let (cancelled, old) = (start(&mut pool, &vm), start(&mut pool, &vm));
    pool.call("task.cancel", vec![(&cancelled).into()]).unwrap();
    assert_eq!(pool.get("task.status", &cancelled), Value::text("cancelled"));
    pool.now_ms += 3 * 60 * 60 * 1000;
    let tx = operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD)
        .unwrap()
        .unwrap();
    pool.commit(&tx).unwrap();
    let error = error_of(&mut pool, &old);
    assert!(error.starts_with("OTHER_OPERATION_IN_PROGRESS VM"), "{error}");
}

#[test]
fn a_cancelled_start_is_undone() {
    let mut pool = Pool::of_one();
    let vm = vms::create(&mut pool, &[]);
    let task = start(&mut pool, &vm);
    pool.call("task.cancel", vec![(&task).into()]).unwrap();
    let asked = order(&pool);
    assert!(asked.cancel);
    answer(&mut pool, &asked, failed(0, EffectError::Cancelled));
    assert!(matches!(order(&pool).effects.as_slice(), [Effect::DomainDestroy(_)]));
    work_all(&mut pool);
    assert_eq!(pool.get("task.status", &task), Value::text("cancelled"));
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"));
}

#[test]
fn a_hard_stop_makes_a_clean_one_give_up() {
    let mut pool = Pool::of_one();
    let vm = vms::create(&mut pool, &[]);
    start(&mut pool, &vm);
    work_all(&mut pool);
    speaks(&mut pool, &vm);
    let clean = admit(&mut pool, "clean_shutdown", &[(&vm).into()]).unwrap();
    let hard = admit(&mut pool, "hard_shutdown", &[(&vm).into()]).unwrap();
    let asked = order(&pool);
    assert!(asked.cancel, "the guest is not asked any longer");
    answer(&mut pool, &asked, failed(0, EffectError::Cancelled));
    assert_eq!(pool.get("task.status", &clean), Value::text("cancelled"));
    let tx = operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD)
        .unwrap()
        .unwrap();
    pool.commit(&tx).unwrap();
    work_all(&mut pool);
    assert_eq!(pool.get("task.status", &hard), Value::text("success"));
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"));
}

#[test]
fn a_task_that_its_client_ends_does_not_keep_the_operation_from_its_end() {
    let mut pool = Pool::of_one();
    let (vm, class) = (vms::create(&mut pool, &[]), rows::class("task").unwrap());
    let task = start(&mut pool, &vm);
    pool.call("task.set_status", vec![(&task).into(), "success".into()])
        .unwrap();
    pool.call("task.destroy", vec![(&task).into()]).unwrap();
    assert!(pool.view.contains(class, &task), "its operation works yet");
    let asked = order(&pool);
    answer(
        &mut pool,
        &asked,
        failed(1, EffectError::Failed("a script says so".to_owned())),
    );
    work_all(&mut pool);
    assert!(!pool.view.contains(class, &task));
    assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]));
}

#[test]
fn memory_is_promised_once() {
    let mut pool = Pool::of_one();
    let big = [
        ("memory_static_max", Value::Int(40 << 30)),
        ("memory_dynamic_max", Value::Int(40 << 30)),
    ];
    let (one, other) = (vms::create(&mut pool, &big), vms::create(&mut pool, &big));
    start(&mut pool, &one);
    let refused = admit(&mut pool, "start", &[(&other).into(), false.into(), false.into()]);
    assert_eq!(refused.unwrap_err().code, "NO_HOSTS_AVAILABLE");
}

/// What becomes of the order that is hit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hit {
    Fails(usize),
    NoDomain,
    HostDies,
}

pub fn hit(pool: &mut Pool, (host, order): (Ref, Order), how: Hit) {
    match how {
        Hit::Fails(at) => {
            let at = at.min(order.effects.len() - 1);
            answer(
                pool,
                &order,
                failed(at, EffectError::Failed("a script says so".to_owned())),
            );
        }
        Hit::NoDomain => drop(answer(pool, &order, failed(0, EffectError::NoDomain))),
        Hit::HostDies => {
            let caller = Caller::root();
            let mut cx = context(&pool.view, &mut pool.ids, &caller, pool.now_ms);
            cx.this_host = Ref::null();
            let (tx, _): (Transaction, Value) =
                crate::host::dead::declare_dead(&mut cx, crate::Args(&[Value::from(&host)])).unwrap();
            pool.commit(&tx).unwrap();
        }
    }
}

/// Every operation, every one of its orders, every way to go wrong: it ends, holds nothing, claims nothing.
#[test]
fn every_operation_ends_whatever_fails() {
    let messages = [
        ("start", false),
        ("hard_shutdown", true),
        ("clean_shutdown", true),
        ("shutdown", true),
        ("hard_reboot", true),
        ("clean_reboot", true),
        ("pause", true),
        ("pool_migrate", true),
    ];
    for (message, on_running) in messages {
        for place in 0..5 {
            for how in [
                Hit::Fails(0),
                Hit::Fails(1),
                Hit::Fails(2),
                Hit::NoDomain,
                Hit::HostDies,
            ] {
                let what = format!("{message}, order {place}, {how:?}");
                let mut pool = two_hosts();
                let vm = vms::create(&mut pool, &[]);
                if on_running {
                    start(&mut pool, &vm);
                    work_all(&mut pool);
                    speaks(&mut pool, &vm);
                }
                let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
                let hosts = rows::all(&pool.view, "host").unwrap();
                let there = hosts.into_iter().find(|host| *host != here).unwrap();
                let params: Vec<Value> = match message {
                    "start" => vec![(&vm).into(), false.into(), false.into()],
                    "pool_migrate" => vec![(&vm).into(), (&there).into(), Value::map([])],
                    _ => vec![(&vm).into()],
                };
                let task = admit(&mut pool, message, &params).unwrap();
                for at in 0..=place {
                    let Some(next) = orders(&pool).into_iter().next() else {
                        break;
                    };
                    match at == place {
                        true => hit(&mut pool, next, how),
                        false => drop(answer(&mut pool, &next.1, done(&next.1))),
                    }
                }
                work_all(&mut pool);
                assert!(!is_pending(&pool.view, &task).unwrap(), "{what}: the task goes on");
                assert!(operation::held(&pool.view).unwrap().is_empty(), "{what}");
                assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]), "{what}");
                let claim = pool.get("VM.scheduled_to_be_resident_on", &vm);
                assert_eq!(claim, Value::Ref(Ref::null()), "{what}");
                let resident = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
                let halted = pool.get("VM.power_state", &vm) == Value::text("Halted");
                assert_eq!(
                    halted,
                    resident.is_null(),
                    "{what}: where it is and what it does disagree"
                );
            }
        }
    }
}
