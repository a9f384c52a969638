//! What is left of a VM on a host that does not answer, what a domain was built from, and orders that pause.

use super::{Pool, devices, operations as ops, storage, vms};
use crate::vm::built;
use crate::{operation, placement, rows};
use xenith_datamodel::{Ref, Value};
use xenith_storage_port::StorageEffect;
use xenith_xen_port::{Effect, EffectError};

/// (a VM that runs, its host, the other host, the task of its migration)
fn migrating() -> (Pool, [Ref; 4]) {
    let mut pool = ops::two_hosts();
    let vm = vms::create(&mut pool, &[]);
    ops::start(&mut pool, &vm);
    ops::work_all(&mut pool);
    ops::speaks(&mut pool, &vm);
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.into_iter().find(|host| *host != here).unwrap();
    let params = [(&vm).into(), (&there).into(), Value::map([])];
    let task = ops::admit(&mut pool, "pool_migrate", &params).unwrap();
    (pool, [vm, here, there, task])
}

fn next(pool: &mut Pool) {
    let order = ops::order(pool);
    ops::answer(pool, &order, ops::done(&order));
}

#[test]
fn a_vm_that_has_moved_is_free_while_its_old_host_is_silent() {
    let (mut pool, [vm, here, _, task]) = migrating();
    let before = placement::free_memory(&pool.view).unwrap();
    for _ in 0..3 {
        next(&mut pool);
    }
    assert!(matches!(
        ops::order(&pool).effects.as_slice(),
        [Effect::DomainDestroy(_)]
    ));
    assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]));
    let after = placement::free_memory(&pool.view).unwrap();
    assert_eq!(after.get(&here), before.get(&here), "its domain may be there yet");
    let back = [(&vm).into(), (&here).into(), Value::map([])];
    let refused = ops::admit(&mut pool, "pool_migrate", &back).unwrap_err();
    assert_eq!(refused.code, "OTHER_OPERATION_IN_PROGRESS");
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    ops::work_all(&mut pool);
    assert_eq!(pool.get("task.status", &task), Value::text("success"));
    let free = placement::free_memory(&pool.view).unwrap();
    assert!(free.get(&here) > before.get(&here));
}

#[test]
fn what_cannot_be_destroyed_is_tried_again_after_a_pause() {
    let (mut pool, _) = migrating();
    for _ in 0..3 {
        next(&mut pool);
    }
    let order = ops::order(&pool);
    ops::answer(
        &mut pool,
        &order,
        ops::failed(0, EffectError::Failed("not now".to_owned())),
    );
    assert_eq!(ops::orders(&pool), Vec::new());
    let wake =
        |pool: &mut Pool| operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD).unwrap();
    assert_eq!(wake(&mut pool), None);
    pool.now_ms += 1_000;
    let tx = wake(&mut pool).unwrap();
    pool.commit(&tx).unwrap();
    assert_eq!(ops::order(&pool).effects, order.effects);
    ops::work_all(&mut pool);
    assert_eq!(operation::remains(&pool.view).unwrap(), Vec::new());
}

#[test]
fn a_migration_builds_what_runs_not_what_the_rows_say_since() {
    let mut pool = ops::two_hosts();
    let vm = vms::create(&mut pool, &[]);
    ops::start(&mut pool, &vm);
    let started = ops::order(&pool);
    ops::work_all(&mut pool);
    ops::speaks(&mut pool, &vm);
    pool.call("VM.set_name_label", vec![(&vm).into(), "renamed".into()])
        .unwrap();
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.into_iter().find(|host| *host != here).unwrap();
    let params = [(&vm).into(), (&there).into(), Value::map([])];
    ops::admit(&mut pool, "pool_migrate", &params).unwrap();
    match (started.effects.first(), ops::order(&pool).effects.first()) {
        (Some(Effect::DomainCreate(built)), Some(Effect::MigrationReceive { config, .. })) => assert_eq!(built, config),
        other => panic!("{other:?}"),
    }
    ops::work_all(&mut pool);
    assert!(built::read(&pool.view, &vm).unwrap().is_some());
    ops::admit(&mut pool, "hard_shutdown", &[(&vm).into()]).unwrap();
    ops::work_all(&mut pool);
    assert_eq!(built::read(&pool.view, &vm).unwrap(), None);
}

#[test]
fn a_suspended_vm_is_restored_as_what_it_was_built_from() {
    let mut pool = ops::two_hosts();
    let vm = vms::create(&mut pool, &[]);
    ops::start(&mut pool, &vm);
    let started = ops::order(&pool);
    ops::work_all(&mut pool);
    ops::speaks(&mut pool, &vm);
    pool.call("VM.set_name_label", vec![(&vm).into(), "renamed".into()])
        .unwrap();
    ops::admit(&mut pool, "suspend", &[(&vm).into()]).unwrap();
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Suspended"));
    let params = [(&vm).into(), false.into(), false.into()];
    ops::admit(&mut pool, "resume", &params).unwrap();
    let resumed = ops::order(&pool);
    let restored = resumed.effects.iter().find_map(|effect| match effect {
        Effect::DomainRestore { config, .. } => Some(config),
        _ => None,
    });
    match started.effects.first() {
        Some(Effect::DomainCreate(built)) => assert_eq!(Some(built), restored),
        other => panic!("{other:?}"),
    }
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
    assert!(built::read(&pool.view, &vm).unwrap().is_some());
}

#[test]
fn what_is_left_is_cleared_away_with_its_disks_when_its_vm_is_gone() {
    let mut pool = ops::two_hosts();
    let disk = storage::disk(&mut pool, true);
    let vm = storage::vm_with(&mut pool, &disk, "RW");
    ops::start(&mut pool, &vm);
    ops::work_all(&mut pool);
    ops::speaks(&mut pool, &vm);
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.into_iter().find(|host| *host != here).unwrap();
    let params = [(&vm).into(), (&there).into(), Value::text_map([("force", "true")])];
    ops::admit(&mut pool, "pool_migrate", &params).unwrap();
    for _ in 0..3 {
        next(&mut pool);
    }
    let left = ops::order(&pool);
    assert!(matches!(
        left.effects.as_slice(),
        [Effect::DomainDestroy(_), Effect::Storage(StorageEffect::VdiDetach(_))]
    ));
    let stop = ops::admit(&mut pool, "hard_shutdown", &[(&vm).into()]).unwrap();
    let orders = ops::orders(&pool).into_iter().map(|(_, order)| order);
    let stops: Vec<_> = orders.filter(|order| order.operation == stop).collect();
    ops::answer(&mut pool, &stops[0], ops::done(&stops[0]));
    pool.call("VM.destroy", vec![(&vm).into()]).unwrap();
    ops::answer(
        &mut pool,
        &left,
        ops::failed(1, EffectError::Failed("not now".to_owned())),
    );
    ops::wake(&mut pool);
    assert_eq!(ops::order(&pool).effects, left.effects);
    ops::work_all(&mut pool);
    assert_eq!(operation::remains(&pool.view).unwrap(), Vec::new());
}

#[test]
fn a_device_that_is_made_during_the_start_is_not_attached() {
    let mut pool = Pool::of_one();
    let vm = vms::create(&mut pool, &[]);
    let made = |pool: &mut Pool, device, mac| {
        let made = devices::vif(pool, &vm, device, mac).unwrap();
        made.as_ref().unwrap().clone()
    };
    let before = made(&mut pool, "0", "02:00:00:00:00:01");
    ops::start(&mut pool, &vm);
    let during = made(&mut pool, "1", "02:00:00:00:00:02");
    ops::work_all(&mut pool);
    assert_eq!(pool.get("VIF.currently_attached", &before), Value::Bool(true));
    assert_eq!(pool.get("VIF.currently_attached", &during), Value::Bool(false));
}

#[test]
fn a_migration_that_waits_does_not_hold_up_others_to_its_host() {
    let (mut pool, [vm, here, there, _]) = migrating();
    let other = vms::create(&mut pool, &[]);
    let on = [(&other).into(), (&here).into(), false.into(), false.into()];
    ops::admit(&mut pool, "start_on", &on).unwrap();
    for (_, order) in ops::orders(&pool) {
        if order
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::DomainCreate(_)))
        {
            ops::answer(&mut pool, &order, ops::done(&order));
        }
    }
    ops::speaks(&mut pool, &other);
    let to = |vm: &Ref| [vm.into(), (&there).into(), Value::map([])];
    let waits = ops::admit(&mut pool, "pool_migrate", &to(&vm)).unwrap();
    let goes = ops::admit(&mut pool, "pool_migrate", &to(&other)).unwrap();
    let is_waiting =
        |pool: &Pool, task: &Ref| operation::Record::read(&pool.view, task).map(|record| record.is_waiting());
    assert_eq!(is_waiting(&pool, &waits), Ok(true));
    assert_eq!(is_waiting(&pool, &goes), Ok(false));
}
