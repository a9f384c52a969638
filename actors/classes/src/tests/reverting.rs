//! VM.revert: what comes back, what stays, and that no disk is lost on the way.

use super::images::{Shelf, images, rows_of, set, vm_with_two};
use super::operations::Hit;
use super::operations::{admit, answer, done, error_of, failed, hit, orders, start, two_hosts, wake, work_all};
use super::storage::{disk, made, vm_with};
use super::{Pool, code, devices, vms};
use crate::operation::held;
use crate::rows;
use crate::task::is_pending;
use xenith_datamodel::{Ref, Value};
use xenith_storage_port::StorageEffect;
use xenith_xen_port::{Effect, EffectError};

fn snapshot(pool: &mut Pool, vm: &Ref, name: &str) -> Ref {
    let task = admit(pool, "snapshot", &[vm.into(), name.into(), Value::set([])]).unwrap();
    work_all(pool);
    made(pool, &task)
}

fn class_of(pool: &Pool, class: &str, row: &Ref) -> bool {
    pool.view.contains(rows::class(class).unwrap(), row)
}

#[test]
fn a_running_vm_is_what_it_was_again() {
    let mut pool = two_hosts();
    let (vm, old) = vm_with_two(&mut pool);
    devices::vif(&mut pool, &vm, "0", "02:00:00:00:00:05").unwrap();
    for (field, value) in [("order", Value::Int(7)), ("tags", Value::set(["old".into()]))] {
        set(&mut pool, "VM", &vm, field, value);
    }
    let first = snapshot(&mut pool, &vm, "one");
    let second = snapshot(&mut pool, &vm, "two");
    // Afterwards it gets another disk and other settings, and runs.
    let added = disk(&mut pool, true);
    let fields = [
        ("VDI", Value::from(&added)),
        ("mode", "RW".into()),
        ("type", "Disk".into()),
        ("empty", false.into()),
    ];
    devices::vbd(&mut pool, &vm, "5", &fields).unwrap();
    let tags = Value::set(["new".into()]);
    for (field, value) in [
        ("name_label", "changed".into()),
        ("order", Value::Int(1)),
        ("tags", tags.clone()),
    ] {
        set(&mut pool, "VM", &vm, field, value);
    }
    start(&mut pool, &vm);
    work_all(&mut pool);
    let mut shelf = Shelf::of(&pool);

    let task = admit(&mut pool, "revert", &[(&first).into()]).unwrap();
    assert_eq!(pool.get("task.allowed_operations", &task), Value::set([]));
    let asked = shelf.follow(&mut pool);
    assert_eq!(error_of(&mut pool, &task), "");
    assert!(
        matches!(asked[0].effects[0], Effect::DomainDestroy(_)),
        "it is stopped first"
    );
    assert_eq!(asked.len(), 5, "stopped, two made, two removed");
    assert_eq!(shelf.0, rows_of(&pool));
    assert!(held(&pool.view).unwrap().is_empty());

    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"));
    assert_eq!(pool.get("VM.name_label", &vm), Value::text("golden"));
    assert_eq!(pool.get("VM.order", &vm), Value::Int(7));
    assert_eq!(pool.get("VM.tags", &vm), tags, "tags are of now");
    assert_eq!(pool.get("VM.is_a_snapshot", &vm), false.into());
    assert_eq!(pool.get("VM.is_a_template", &vm), false.into());
    assert_eq!(pool.get("VM.snapshot_of", &vm), Value::Ref(Ref::null()));
    assert_eq!(pool.get("VM.parent", &vm), Value::from(&first));
    assert_eq!(pool.get("VM.current_operations", &vm), Value::map([]));
    let now = images(&mut pool, &vm);
    assert_eq!(now.len(), 2);
    for (at, image) in now.iter().enumerate() {
        assert!(!class_of(&pool, "VDI", &old[at]), "the old disk is gone");
        for of in [&first, &second] {
            let taken = images(&mut pool, of)[at].clone();
            assert_eq!(pool.get("VDI.snapshot_of", &taken), Value::from(image));
        }
    }
    // What the snapshot knows nothing of stays, without a VM.
    assert_eq!(pool.get("VDI.VBDs", &added), Value::set([]));
    let vif = rows::references(&pool.view, "VM", &vm, "VIFs").unwrap();
    assert_eq!(vif.len(), 1);
    assert_eq!(pool.get("VIF.MAC", &vif[0]), Value::text("02:00:00:00:00:05"));
    assert_eq!(rows::references(&pool.view, "VM", &vm, "VBDs").unwrap().len(), 3);
    start(&mut pool, &vm);
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
}

#[test]
fn a_vm_that_is_gone_comes_back_with_its_uuid() {
    let mut pool = two_hosts();
    let (vm, old) = vm_with_two(&mut pool);
    let uuid = pool.get("VM.uuid", &vm);
    let (first, second) = (snapshot(&mut pool, &vm, "one"), snapshot(&mut pool, &vm, "two"));
    pool.call("VM.destroy", vec![(&vm).into()]).unwrap();
    assert_eq!(pool.get("VM.snapshot_of", &first), Value::from(&vm), "as in xapi");
    let mut shelf = Shelf::of(&pool);
    let task = admit(&mut pool, "revert", &[(&second).into()]).unwrap();
    shelf.follow(&mut pool);
    assert_eq!(error_of(&mut pool, &task), "");
    assert_eq!(shelf.0, rows_of(&pool));
    let again = rows::reference(&pool.view, "VM", &first, "snapshot_of").unwrap();
    assert!(class_of(&pool, "VM", &again));
    assert_eq!(pool.get("VM.uuid", &again), uuid);
    assert_eq!(pool.get("VM.snapshot_of", &second), Value::from(&again));
    assert_eq!(pool.get("VM.is_a_template", &again), false.into());
    assert_eq!(pool.get("VM.name_label", &again), Value::text("golden"));
    assert!(class_of(&pool, "VDI", &old[0]), "its disks had no VM any more");
    start(&mut pool, &again);
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &again), Value::text("Running"));
}

#[test]
fn only_a_snapshot_can_be_reverted_to() {
    let mut pool = two_hosts();
    let vm = vms::create(&mut pool, &[]);
    let refused = admit(&mut pool, "revert", &[(&vm).into()]).map(Value::Ref);
    assert_eq!(
        code(refused),
        format!("VM_REVERT_FAILED [{}, OpaqueRef:NULL]", vm.as_str())
    );
    let first = snapshot(&mut pool, &vm, "one");
    set(&mut pool, "VM", &first, "snapshot_metadata", "(('uuid'");
    let refused = admit(&mut pool, "revert", &[(&first).into()]).map(Value::Ref);
    assert!(code(refused).starts_with("INTERNAL_ERROR"));
    // An old xapi wrote none: the snapshot's own row says what it can.
    set(&mut pool, "VM", &first, "snapshot_metadata", "");
    set(&mut pool, "VM", &vm, "name_description", "changed");
    let task = admit(&mut pool, "revert", &[(&first).into()]).unwrap();
    assert_eq!(error_of(&mut pool, &task), "");
    assert_eq!(
        pool.get("VM.name_description", &vm),
        pool.get("VM.name_description", &first)
    );
    assert_eq!(pool.get("VM.name_label", &vm), Value::text("golden"));
    assert_eq!(pool.get("VM.is_a_snapshot", &vm), false.into());
}

#[test]
fn a_disk_that_others_have_stays() {
    let mut pool = two_hosts();
    let shared = disk(&mut pool, true);
    let (vm, other) = (vm_with(&mut pool, &shared, "RW"), vm_with(&mut pool, &shared, "RW"));
    let first = snapshot(&mut pool, &vm, "one");
    let mut shelf = Shelf::of(&pool);
    let task = admit(&mut pool, "revert", &[(&first).into()]).unwrap();
    shelf.follow(&mut pool);
    assert_eq!(error_of(&mut pool, &task), "");
    assert_eq!(images(&mut pool, &other), std::slice::from_ref(&shared));
    assert_ne!(images(&mut pool, &vm), [shared]);
    assert_eq!(shelf.0, rows_of(&pool));
}

/// Every order, every way to go wrong: the VM has disks that are there, those of before or those of the snapshot, and no disk is without a
/// row.
#[test]
fn no_disk_is_lost_whatever_fails() {
    for place in 0..6 {
        for how in [Hit::Fails(0), Hit::Fails(1), Hit::HostDies] {
            for is_done in [false, true] {
                broken(place, (how, is_done));
            }
        }
    }
}

fn broken(place: usize, (how, is_done): (Hit, bool)) {
    let what = format!("order {place}, {how:?}, done: {is_done}");
    let mut pool = two_hosts();
    let shared = disk(&mut pool, true);
    let vm = vm_with(&mut pool, &shared, "RW");
    let first = snapshot(&mut pool, &vm, "one");
    start(&mut pool, &vm);
    work_all(&mut pool);
    let mut shelf = Shelf::of(&pool);
    let task = admit(&mut pool, "revert", &[(&first).into()]).unwrap();
    for at in 0..=place {
        wake(&mut pool);
        let Some((host, next)) = orders(&pool).into_iter().next() else {
            break;
        };
        if at < place {
            shelf.work(&next, usize::MAX);
            answer(&mut pool, &next, done(&next));
            continue;
        }
        if is_done {
            shelf.work(&next, usize::MAX);
        }
        match (how, is_done) {
            (Hit::Fails(_), true) => {
                let unknown = EffectError::NotKnown("a script says so".to_owned());
                answer(&mut pool, &next, failed(0, unknown));
            }
            _ => hit(&mut pool, (host, next), how),
        }
    }
    shelf.follow(&mut pool);
    assert!(!is_pending(&pool.view, &task).unwrap(), "{what}: the task goes on");
    assert!(held(&pool.view).unwrap().is_empty(), "{what}");
    assert_eq!(shelf.0, rows_of(&pool), "{what}");
    assert_eq!(images(&mut pool, &vm).len(), 1, "{what}");
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"), "{what}");
    let error = error_of(&mut pool, &task);
    let is_old = images(&mut pool, &vm) == [shared];
    assert_eq!(is_old, !error.is_empty(), "{what}: {error}");
    assert!(
        error.is_empty() || error.starts_with("VM_REVERT_FAILED"),
        "{what}: {error}"
    );
}

#[test]
fn an_old_disk_that_cannot_be_removed_keeps_its_row() {
    let mut pool = two_hosts();
    let shared = disk(&mut pool, true);
    let vm = vm_with(&mut pool, &shared, "RW");
    let first = snapshot(&mut pool, &vm, "one");
    let mut shelf = Shelf::of(&pool);
    let task = admit(&mut pool, "revert", &[(&first).into()]).unwrap();
    while let Some((_, next)) = orders(&pool).into_iter().next() {
        match next.effects.as_slice() {
            [Effect::Storage(StorageEffect::VdiDestroy(_))] => {
                answer(
                    &mut pool,
                    &next,
                    failed(0, EffectError::Failed("a script says so".to_owned())),
                );
            }
            _ => {
                shelf.work(&next, 1);
                answer(&mut pool, &next, done(&next));
            }
        }
    }
    assert_eq!(error_of(&mut pool, &task), "");
    assert!(class_of(&pool, "VDI", &shared));
    assert_eq!(pool.get("VDI.VBDs", &shared), Value::set([]));
    assert_eq!(shelf.0, rows_of(&pool));
}
