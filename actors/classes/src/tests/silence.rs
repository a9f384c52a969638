//! Hosts that say nothing (decision 045).

use super::{Pool, operations as ops, vms};
use crate::{operation, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value};

/// A VM that runs, its host, and the other host.
fn running() -> (Pool, Ref, Ref, Ref) {
    let mut pool = ops::two_hosts();
    let vm = vms::create(&mut pool, &[]);
    ops::start(&mut pool, &vm);
    ops::work_all(&mut pool);
    ops::speaks(&mut pool, &vm);
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.into_iter().find(|host| *host != here).unwrap();
    (pool, vm, here, there)
}

fn go_on_without(pool: &mut Pool, host: &Ref) -> bool {
    let silent = BTreeSet::from([host.clone()]);
    let tx = operation::go_on_without(&pool.view, pool.now_ms, &mut pool.ids, &silent).unwrap();
    if let Some(tx) = &tx {
        pool.commit(tx).unwrap();
    }
    tx.is_some()
}

#[test]
fn nothing_new_is_asked_of_a_silent_host() {
    let (mut pool, vm, here, there) = running();
    let silent = BTreeSet::from([here.clone()]);
    let refused = |pool: &mut Pool, message: &str, params: &[Value], host: &Ref| {
        let silent = BTreeSet::from([host.clone()]);
        let error = ops::admit_beside(pool, ("VM", message), params, &silent).unwrap_err();
        assert_eq!(error, operation::unheard(host), "{message}");
    };
    let before = pool.view.token();
    refused(&mut pool, "pause", &[(&vm).into()], &here);
    refused(&mut pool, "hard_shutdown", &[(&vm).into()], &here);
    let away = [(&vm).into(), (&there).into(), Value::map([])];
    refused(&mut pool, "pool_migrate", &away, &here);
    refused(&mut pool, "pool_migrate", &away, &there);
    assert_eq!(pool.view.token(), before);
    let other = vms::create(&mut pool, &[]);
    let on_it = [(&other).into(), (&here).into(), false.into(), false.into()];
    refused(&mut pool, "start_on", &on_it, &here);
    let start = [(&other).into(), false.into(), false.into()];
    ops::admit_beside(&mut pool, ("VM", "start"), &start, &silent).unwrap();
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VM.resident_on", &other), Value::Ref(there));
}

#[test]
fn a_caller_is_told_once_that_its_host_is_silent() {
    let (mut pool, vm, here, there) = running();
    let task = ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    let waits = |pool: &Pool| operation::waits_for_silent(&pool.view, &task).unwrap();
    assert!(!go_on_without(&mut pool, &there));
    assert_eq!(waits(&pool), None);
    assert!(go_on_without(&mut pool, &here));
    assert_eq!(waits(&pool), Some(here.clone()));
    assert!(!go_on_without(&mut pool, &here), "once is enough");
    // What was asked is not lost.
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Paused"));
    assert_eq!(pool.get("task.status", &task), Value::text("success"));
    assert_eq!(waits(&pool), None);
}

#[test]
fn nobody_stands_in_a_queue_for_a_vm_on_a_silent_host() {
    let (mut pool, vm, here, _) = running();
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    let stop = [(&vm).into()];
    let waits = ops::admit(&mut pool, "hard_shutdown", &stop).unwrap();
    let silent = BTreeSet::from([here.clone()]);
    let refused = ops::admit_beside(&mut pool, ("VM", "hard_shutdown"), &stop, &silent).unwrap_err();
    assert_eq!(refused, operation::unheard(&here));
    assert_eq!(pool.get("task.status", &waits), Value::text("pending"));
    let tx = operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &silent).unwrap();
    pool.commit(&tx.unwrap()).unwrap();
    assert_eq!(pool.get("task.status", &waits), Value::text("failure"));
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Paused"));
}

#[test]
fn a_vm_does_not_wait_for_a_silent_destination() {
    let (mut pool, vm, here, there) = running();
    let away = [(&vm).into(), (&there).into(), Value::map([])];
    let task = ops::admit(&mut pool, "pool_migrate", &away).unwrap();
    assert!(go_on_without(&mut pool, &there));
    assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]));
    assert_eq!(pool.get("VM.resident_on", &vm), Value::Ref(here));
    let left = operation::remains(&pool.view).unwrap();
    assert!(left.iter().any(|(_, left)| left.vm == vm && left.host == there));
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Paused"));
    assert_eq!(pool.get("task.status", &task), Value::text("failure"));
    assert_eq!(operation::remains(&pool.view).unwrap(), Vec::new());
}
