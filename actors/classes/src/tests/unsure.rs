//! Orders that are given once more because nobody knows what became of them.

use super::operations::{admit, answer, failed, order, speaks, start, two_hosts, wake, work_all};
use super::{Pool, storage, vms};
use crate::rows;
use xenith_datamodel::{Ref, Value};
use xenith_storage_port::{StorageEffect, StorageError};
use xenith_xen_port::{Done, Effect, EffectError};

fn not_known() -> EffectError {
    EffectError::NotKnown("the answer was lost".to_owned())
}

fn running(pool: &mut Pool) -> Ref {
    let vm = vms::create(pool, &[]);
    start(pool, &vm);
    work_all(pool);
    speaks(pool, &vm);
    vm
}

/// The memory may be on the disk: neither a cancelled task nor a failure of an early step may throw that away (seed 627).
#[test]
fn a_suspend_that_may_be_done_is_not_given_up() {
    let mut pool = two_hosts();
    let vm = running(&mut pool);
    let task = admit(&mut pool, "suspend", &[(&vm).into()]).unwrap();
    pool.call("task.cancel", vec![(&task).into()]).unwrap();
    let asked = order(&pool);
    assert!(asked.cancel);
    answer(&mut pool, &asked, failed(3, not_known()));
    wake(&mut pool);
    let again = order(&pool);
    assert_eq!(again.effects, asked.effects);
    assert!(!again.cancel, "nobody knows what it would leave");
    let early = EffectError::Storage(StorageError::Failed("no".to_owned()));
    answer(&mut pool, &again, failed(0, early));
    wake(&mut pool);
    let third = order(&pool);
    assert_eq!(third.effects, asked.effects, "its image stays");
    let saved = third.effects.iter().map(|_| Done::default()).collect();
    answer(&mut pool, &third, Ok(saved));
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Suspended"));
    assert_eq!(pool.get("task.status", &task), Value::text("success"));
}

/// What the guest says is true of all of it.
#[test]
fn a_suspend_that_was_surely_not_done_is_undone() {
    let mut pool = two_hosts();
    let vm = running(&mut pool);
    admit(&mut pool, "suspend", &[(&vm).into()]).unwrap();
    let asked = order(&pool);
    answer(&mut pool, &asked, failed(3, not_known()));
    wake(&mut pool);
    let again = order(&pool);
    answer(&mut pool, &again, failed(3, EffectError::GuestDidNotAnswer));
    let undoes = |effect: &Effect| matches!(effect, Effect::Storage(StorageEffect::VdiDestroy(_)));
    assert!(order(&pool).effects.iter().any(undoes));
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
}

/// It runs by then, and the disk's step was not needed.
#[test]
fn an_unpause_that_may_be_done_is_asked_until_that_is_known() {
    let mut pool = two_hosts();
    let disk = storage::disk(&mut pool, true);
    let vm = storage::vm_with(&mut pool, &disk, "RW");
    admit(&mut pool, "start", &[(&vm).into(), true.into(), false.into()]).unwrap();
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Paused"));
    admit(&mut pool, "unpause", &[(&vm).into()]).unwrap();
    let asked = order(&pool);
    answer(&mut pool, &asked, failed(1, not_known()));
    wake(&mut pool);
    let again = order(&pool);
    let early = EffectError::Storage(StorageError::Failed("no".to_owned()));
    answer(&mut pool, &again, failed(0, early));
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
}

#[test]
fn a_resumed_guest_that_may_run_is_asked_until_that_is_known() {
    let mut pool = two_hosts();
    let vm = running(&mut pool);
    admit(&mut pool, "suspend", &[(&vm).into()]).unwrap();
    work_all(&mut pool);
    admit(&mut pool, "resume", &[(&vm).into(), false.into(), false.into()]).unwrap();
    let restored = order(&pool);
    let outcome = super::operations::done(&restored);
    answer(&mut pool, &restored, outcome);
    let asked = order(&pool);
    assert!(matches!(asked.effects.as_slice(), [Effect::DomainUnpause(_)]));
    answer(&mut pool, &asked, failed(0, not_known()));
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
    assert_eq!(pool.get("VM.suspend_VDI", &vm), Value::Ref(Ref::null()));
}

/// What is suspended at the source was saved, not sent: its host ends that, once the VM is free.
#[test]
fn a_migration_does_not_go_back_for_ever() {
    let mut pool = two_hosts();
    let vm = running(&mut pool);
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.iter().find(|host| **host != here).unwrap();
    let params = [(&vm).into(), there.into(), Value::text_map([("force", "true")])];
    let task = admit(&mut pool, "pool_migrate", &params).unwrap();
    for _ in 0..20 {
        wake(&mut pool);
        let asked = order(&pool);
        let outcome = match asked.effects.last() {
            Some(Effect::MigrationReceive { .. }) => super::operations::done(&asked),
            Some(Effect::DomainDestroy(_)) => break,
            _ => failed(
                asked.effects.len() - 1,
                EffectError::BadState("it was saved".to_owned()),
            ),
        };
        answer(&mut pool, &asked, outcome);
    }
    work_all(&mut pool);
    assert_eq!(pool.get("task.status", &task), Value::text("failure"));
    assert_eq!(pool.get("VM.resident_on", &vm), Value::from(&here));
    assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]));
}
