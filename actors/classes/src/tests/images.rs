//! VMs with disks that are cloned, copied, snapshotted, provisioned. [`Shelf`] keeps what storage has, order by order: in the end it has
//! what the rows say, whatever failed.

use super::operations::{
    Hit, admit, admit_of, answer, done, error_of, failed, hit, orders, start, two_hosts, wake, work_all,
};
use super::storage::{disk, made, repository, vm_with};
use super::{Pool, code, devices, vms};
use crate::operation::{Order, held};
use crate::task::is_pending;
use crate::{rows, sr};
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value};
use xenith_storage_port::{StorageEffect, StorageError, VdiId};
use xenith_xen_port::{Effect, EffectError};

/// Every disk that there is.
#[derive(Default)]
pub(super) struct Shelf(pub BTreeSet<VdiId>);

impl Shelf {
    pub fn of(pool: &Pool) -> Shelf {
        Shelf(rows_of(pool))
    }

    /// The first `count` effects of an order.
    pub fn work(&mut self, order: &Order, count: usize) {
        for effect in order.effects.iter().take(count) {
            let Effect::Storage(step) = effect else { continue };
            match step {
                StorageEffect::VdiCreate { vdi, .. } => drop(self.0.insert(vdi.clone())),
                StorageEffect::VdiClone { from, to }
                | StorageEffect::VdiSnapshot { from, to }
                | StorageEffect::VdiCopy { from, to } => {
                    assert!(self.0.contains(from), "{from} is not there");
                    self.0.insert(to.clone());
                }
                StorageEffect::VdiDestroy(vdi) => drop(self.0.remove(vdi)),
                _ => {}
            }
        }
    }

    /// Until nothing is asked of hosts any more; the orders that it took.
    pub fn follow(&mut self, pool: &mut Pool) -> Vec<Order> {
        let mut asked = Vec::new();
        for _ in 0..40 {
            wake(pool);
            let Some((_, next)) = orders(pool).into_iter().next() else {
                return asked;
            };
            self.work(&next, usize::MAX);
            answer(pool, &next, done(&next));
            asked.push(next);
        }
        panic!("too many orders: {:?}", orders(pool));
    }
}

pub(super) fn rows_of(pool: &Pool) -> BTreeSet<VdiId> {
    let all = rows::all(&pool.view, "VDI").unwrap();
    let id = |vdi: &Ref| crate::vdi::id(&pool.view, vdi).unwrap();
    all.iter().map(id).collect()
}

pub(super) fn set(pool: &mut Pool, class: &str, row: &Ref, field: &str, value: impl Into<Value>) {
    let mut tx = xenith_pooldb::Transaction::new(pool.now_ms);
    rows::set(&mut tx, class, row, field, value).unwrap();
    pool.commit(&tx).unwrap();
}

/// With a disk that both hosts see and one that only one sees, and an empty drive.
pub(super) fn vm_with_two(pool: &mut Pool) -> (Ref, [Ref; 2]) {
    let (shared, local) = (disk(pool, true), disk(pool, false));
    let vm = vm_with(pool, &shared, "RW");
    let fields = [
        ("VDI", Value::from(&local)),
        ("mode", "RW".into()),
        ("type", "Disk".into()),
        ("empty", false.into()),
    ];
    devices::vbd(pool, &vm, "1", &fields).unwrap();
    devices::cd(pool, &vm, "3").unwrap();
    (vm, [shared, local])
}

/// The images of its disks, by their place.
pub(super) fn images(pool: &mut Pool, vm: &Ref) -> Vec<Ref> {
    let mut found = Vec::new();
    for vbd in rows::references(&pool.view, "VM", vm, "VBDs").unwrap() {
        if pool.get("VBD.type", &vbd) == Value::text("Disk") {
            let place = rows::text(&pool.view, "VBD", &vbd, "userdevice").unwrap();
            found.push((place, rows::reference(&pool.view, "VBD", &vbd, "VDI").unwrap()));
        }
    }
    found.sort();
    found.into_iter().map(|(_, image)| image).collect()
}

fn params(message: &str, vm: &Ref) -> Vec<Value> {
    match message {
        "clone" => vec![vm.into(), "new".into()],
        "copy" => vec![vm.into(), "new".into(), Ref::null().into()],
        "snapshot" => vec![vm.into(), "new".into(), Value::set([])],
        _ => vec![vm.into()],
    }
}

#[test]
fn a_clone_has_disks_of_its_own() {
    let mut pool = two_hosts();
    let (vm, disks) = vm_with_two(&mut pool);
    for (message, is_of_disk) in [("clone", "clone"), ("copy", "copy"), ("snapshot", "snapshot")] {
        let before = rows_of(&pool);
        let mut shelf = Shelf::of(&pool);
        let vms_before = rows::all(&pool.view, "VM").unwrap().len();
        let task = admit(&mut pool, message, &params(message, &vm)).unwrap();
        let held = pool.get("VDI.current_operations", &disks[0]);
        assert_eq!(held.member(task.as_str()), Some(&Value::text(is_of_disk)));
        let mut shown = Vec::new();
        while let Some((_, next)) = orders(&pool).into_iter().next() {
            assert_eq!(next.effects.len(), 1);
            assert_eq!(
                rows::all(&pool.view, "VM").unwrap().len(),
                vms_before,
                "{message}: no row before the end"
            );
            shown.push(pool.get("task.progress", &task).as_float().unwrap());
            shelf.work(&next, 1);
            answer(&mut pool, &next, done(&next));
        }
        assert_eq!(shown, [0.0, 1.0 / 3.0], "{message}");
        let new = made(&mut pool, &task);
        assert_eq!(shelf.0, rows_of(&pool), "{message}");
        assert_eq!(shelf.0.len(), before.len() + 2);
        let copies = images(&mut pool, &new);
        for (copy, disk) in copies.iter().zip(&disks) {
            assert_ne!(copy, disk);
            for field in ["name_label", "type", "SR", "other_config"] {
                let of = |pool: &mut Pool, vdi: &Ref| pool.get(&format!("VDI.{field}"), vdi);
                assert_eq!(of(&mut pool, copy), of(&mut pool, disk), "{message}: {field}");
            }
            let is_snapshot = message == "snapshot";
            assert_eq!(pool.get("VDI.is_a_snapshot", copy), is_snapshot.into());
            let of = if is_snapshot { disk.clone() } else { Ref::null() };
            assert_eq!(pool.get("VDI.snapshot_of", copy), Value::Ref(of), "{message}");
            let allowed = pool.get("VDI.allowed_operations", copy);
            assert_eq!(allowed, crate::vdi::allowed_now(&pool.view, copy).unwrap(), "{message}");
            assert_eq!(pool.get("VDI.current_operations", disk), Value::map([]));
        }
        assert_eq!(rows::references(&pool.view, "VM", &new, "VBDs").unwrap().len(), 3);
        if message == "snapshot" {
            assert_eq!(pool.get("VM.parent", &vm), Value::from(&new));
            assert_ne!(pool.get("VDI.snapshot_time", &copies[0]), Value::from(crate::cx::EPOCH));
        }
    }
}

#[test]
fn a_snapshot_is_taken_of_a_running_vm() {
    let mut pool = two_hosts();
    let (vm, disks) = vm_with_two(&mut pool);
    start(&mut pool, &vm);
    work_all(&mut pool);
    let mut shelf = Shelf::of(&pool);
    let without = Value::set([Value::from(&disks[1])]);
    let task = admit(&mut pool, "snapshot", &[(&vm).into(), "then".into(), without]).unwrap();
    // Who wants another waits for the disks.
    let second = admit(&mut pool, "snapshot", &params("snapshot", &vm)).unwrap();
    assert!(is_pending(&pool.view, &second).unwrap());
    let asked = shelf.follow(&mut pool);
    assert!(matches!(
        asked[0].effects.as_slice(),
        [Effect::Storage(StorageEffect::VdiSnapshot { .. })]
    ));
    let snapshot = made(&mut pool, &task);
    assert_eq!(images(&mut pool, &snapshot).len(), 1);
    assert_eq!(pool.get("VM.power_state", &snapshot), Value::text("Halted"));
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
    let tx = crate::operation::admit_next(&pool.view, pool.now_ms, &mut pool.ids, &crate::ALL_HEARD).unwrap();
    pool.commit(&tx.unwrap()).unwrap();
    shelf.follow(&mut pool);
    let second = made(&mut pool, &second);
    assert_eq!(images(&mut pool, &second).len(), 2);
    assert_eq!(shelf.0, rows_of(&pool));
    // A disk that is written can be neither cloned nor copied with its VM, but its snapshot can.
    let refused = admit(&mut pool, "clone", &params("clone", &vm)).map(Value::Ref);
    assert!(code(refused).starts_with("VM_BAD_POWER_STATE"));
    let task = admit(&mut pool, "clone", &params("clone", &snapshot)).unwrap();
    shelf.follow(&mut pool);
    let clone = made(&mut pool, &task);
    let image = images(&mut pool, &clone).remove(0);
    assert_eq!(pool.get("VDI.is_a_snapshot", &image), false.into());
}

#[test]
fn a_disk_that_cannot_be_cloned_is_copied() {
    let mut pool = two_hosts();
    let (vm, _) = vm_with_two(&mut pool);
    let mut shelf = Shelf::of(&pool);
    for message in ["VM.clone", "VDI.clone"] {
        let (class, message) = message.split_once('.').unwrap();
        let params = match class {
            "VM" => params("clone", &vm),
            _ => vec![(&images(&mut pool, &vm)[0]).into(), Value::map([])],
        };
        let task = admit_of(&mut pool, (class, message), &params).unwrap();
        let cannot = orders(&pool).remove(0).1;
        let not_supported = EffectError::Storage(StorageError::NotSupported);
        answer(&mut pool, &cannot, failed(0, not_supported));
        let asked = shelf.follow(&mut pool);
        assert!(matches!(
            asked[0].effects.as_slice(),
            [Effect::Storage(StorageEffect::VdiCopy { .. })]
        ));
        made(&mut pool, &task);
        assert_eq!(shelf.0, rows_of(&pool), "{class}");
    }
}

#[test]
fn a_copy_goes_to_another_repository() {
    let mut pool = two_hosts();
    let (vm, disks) = vm_with_two(&mut pool);
    let mut shelf = Shelf::of(&pool);
    let (shared, local) = (repository(&pool, true), repository(&pool, false));
    let locals = rows::all(&pool.view, "SR").unwrap().into_iter();
    let locals = locals.filter(|sr| *sr != shared && !sr::plugged(&pool.view, sr).unwrap().is_empty());
    let other_local = locals.into_iter().find(|sr| *sr != local).unwrap();
    for target in [&shared, &local] {
        let task = admit(&mut pool, "copy", &[(&vm).into(), "there".into(), target.into()]).unwrap();
        let host = orders(&pool).remove(0).0;
        assert!(sr::is_plugged_on(&pool.view, &local, &host).unwrap() || *target == shared);
        shelf.follow(&mut pool);
        let copy = made(&mut pool, &task);
        for image in images(&mut pool, &copy) {
            assert_eq!(pool.get("VDI.SR", &image), Value::from(target));
        }
        assert_eq!(shelf.0, rows_of(&pool));
    }
    let params = [(&vm).into(), "there".into(), (&other_local).into()];
    let refused = admit(&mut pool, "copy", &params).map(Value::Ref);
    let text = "NOT_IMPLEMENTED [a copy between repositories that no host sees both of]";
    assert_eq!(code(refused), text);
    // Onto a disk that is there.
    let onto = disk(&mut pool, true);
    let null = || Value::Ref(Ref::null());
    let params = [(&disks[1]).into(), null(), null(), (&onto).into()];
    let task = admit_of(&mut pool, ("VDI", "copy"), &params).unwrap();
    assert_ne!(pool.get("VDI.current_operations", &onto), Value::map([]));
    let asked = shelf.follow(&mut pool);
    assert!(matches!(
        asked[0].effects.as_slice(),
        [Effect::Storage(StorageEffect::VdiFill { .. })]
    ));
    assert_eq!(made(&mut pool, &task), onto);
    set(&mut pool, "VDI", &onto, "virtual_size", 5);
    let refused = admit_of(&mut pool, ("VDI", "copy"), &params).map(Value::Ref);
    assert!(code(refused).starts_with("VDI_TOO_SMALL"));
}

#[test]
fn a_disk_has_snapshots_of_its_own() {
    let mut pool = two_hosts();
    let disk = disk(&mut pool, true);
    let task = admit_of(&mut pool, ("VDI", "snapshot"), &[(&disk).into(), Value::map([])]).unwrap();
    work_all(&mut pool);
    let snapshot = made(&mut pool, &task);
    assert_eq!(pool.get("VDI.snapshots", &disk), Value::set([Value::from(&snapshot)]));
    admit_of(&mut pool, ("VDI", "destroy"), &[(&disk).into()]).unwrap();
    work_all(&mut pool);
    assert_eq!(pool.get("VDI.snapshot_of", &snapshot), Value::from(&disk), "as in xapi");
    set(&mut pool, "VDI", &snapshot, "sharable", true);
    let refused = admit_of(&mut pool, ("VDI", "snapshot"), &[(&snapshot).into(), Value::map([])]);
    assert_eq!(refused.unwrap_err().code, "VDI_IS_SHARABLE");
}

fn template(pool: &mut Pool, disks: &str) -> Ref {
    let vm = vms::create(pool, &[("is_a_template", true.into())]);
    let text = format!("<provision>{disks}</provision>");
    set(
        pool,
        "VM",
        &vm,
        "other_config",
        Value::text_map([("disks", text.as_str())]),
    );
    vm
}

fn asked_disk(device: &str, sr: &str) -> String {
    format!(
        r#"<disk device="{device}" size="{}" sr="{sr}" bootable="true" type="system"/>"#,
        1 << 30
    )
}

#[test]
fn a_template_gets_the_disks_that_it_asks_for() {
    let mut pool = two_hosts();
    let (shared, local) = (repository(&pool, true), repository(&pool, false));
    let first = pool.first("pool");
    set(&mut pool, "pool", &first, "default_SR", &shared);
    let uuid = rows::text(&pool.view, "SR", &local, "uuid").unwrap();
    set(&mut pool, "SR", &local, "name_label", "only here");
    let disks = [
        asked_disk("0", ""),
        asked_disk("xvdb", &uuid),
        asked_disk("autodetect", "only here"),
    ];
    let vm = template(&mut pool, &disks.concat());
    let mut shelf = Shelf::of(&pool);
    let task = admit(&mut pool, "provision", &[(&vm).into()]).unwrap();
    assert_eq!(pool.get("VM.is_a_template", &vm), true.into());
    assert_eq!(shelf.follow(&mut pool).len(), 3);
    assert_eq!(pool.get("task.status", &task), Value::text("success"));
    assert_eq!(shelf.0, rows_of(&pool));
    assert_eq!(pool.get("VM.is_a_template", &vm), false.into());
    assert_eq!(pool.get("VM.other_config", &vm).member("disks"), None);
    let images = images(&mut pool, &vm);
    let of: Vec<Value> = images.iter().map(|image| pool.get("VDI.SR", image)).collect();
    assert_eq!(of, [&shared, &local, &local].map(Value::from));
    let names: Vec<Value> = images.iter().map(|image| pool.get("VDI.name_label", image)).collect();
    assert_eq!(names, ["0", "2", "xvdb"].map(Value::text));
    let vbd = rows::references(&pool.view, "VM", &vm, "VBDs").unwrap()[0].clone();
    assert_eq!(pool.get("VBD.unpluggable", &vbd), false.into());
    assert_eq!(pool.get("VBD.bootable", &vbd), true.into());
    assert_eq!(pool.get("VBD.mode", &vbd), Value::text("RW"));
    start(&mut pool, &vm);
    work_all(&mut pool);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
}

#[test]
fn what_a_template_asks_for_in_vain_is_refused_before_a_disk_is_made() {
    let mut pool = two_hosts();
    let first = pool.first("pool");
    set(&mut pool, "pool", &first, "default_SR", Ref::null());
    let uuid = rows::text(&pool.view, "SR", &repository(&pool, true), "uuid").unwrap();
    for (disks, refusal) in [
        (asked_disk("0", ""), "UUID_INVALID [sr, ]"),
        (asked_disk("0", "nowhere"), "UUID_INVALID [sr, nowhere]"),
        (
            asked_disk("0", &uuid) + &asked_disk("xvda", &uuid),
            "DEVICE_ALREADY_EXISTS [xvda]",
        ),
        (asked_disk("one", &uuid), "INVALID_DEVICE [one]"),
        ("<disk/>".to_owned(), "INTERNAL_ERROR [Xapi_templates.Parse_failure]"),
    ] {
        let vm = template(&mut pool, &disks);
        let refused = admit(&mut pool, "provision", &[(&vm).into()]).map(Value::Ref);
        assert_eq!(code(refused), refusal);
        assert_eq!(pool.get("VM.is_a_template", &vm), true.into());
        assert_eq!(pool.get("VM.VBDs", &vm), Value::set([]));
    }
}

/// Every operation that makes disks, every order, every way to go wrong, with what failed done or not: no disk without a row, no row
/// without a disk.
#[test]
fn no_image_is_left_over_whatever_fails() {
    for message in ["clone", "copy", "snapshot", "provision"] {
        for place in 0..4 {
            for how in [Hit::Fails(0), Hit::HostDies] {
                for is_done in [false, true] {
                    broken(message, place, (how, is_done));
                }
            }
        }
    }
}

fn broken(message: &str, place: usize, (how, is_done): (Hit, bool)) {
    let what = format!("{message}, order {place}, {how:?}, done: {is_done}");
    let mut pool = two_hosts();
    let shared = repository(&pool, true);
    let uuid = rows::text(&pool.view, "SR", &shared, "uuid").unwrap();
    let vm = match message {
        "provision" => template(&mut pool, &(asked_disk("0", &uuid) + &asked_disk("1", &uuid))),
        _ => {
            let (one, other) = (disk(&mut pool, true), disk(&mut pool, true));
            let vm = vm_with(&mut pool, &one, "RW");
            let fields = [
                ("VDI", Value::from(&other)),
                ("mode", "RW".into()),
                ("type", "Disk".into()),
                ("empty", false.into()),
            ];
            devices::vbd(&mut pool, &vm, "1", &fields).unwrap();
            vm
        }
    };
    let mut shelf = Shelf::of(&pool);
    let vms = rows::all(&pool.view, "VM").unwrap();
    let task = admit(&mut pool, message, &params(message, &vm)).unwrap();
    for at in 0..=place {
        wake(&mut pool);
        let Some((host, next)) = orders(&pool).into_iter().next() else {
            break;
        };
        if at < place {
            shelf.work(&next, 1);
            answer(&mut pool, &next, done(&next));
            continue;
        }
        // What is not known, or not told, may have been done.
        if is_done {
            shelf.work(&next, 1);
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
    let failed = pool.get("task.status", &task) != Value::text("success");
    assert_eq!(failed, place < 2, "{what}: {}", error_of(&mut pool, &task));
    if failed {
        assert_eq!(rows::all(&pool.view, "VM").unwrap(), vms, "{what}");
        assert_eq!(pool.get("VM.is_a_template", &vm), (message == "provision").into());
    }
}

#[test]
fn a_clone_that_is_given_up_leaves_nothing() {
    let mut pool = two_hosts();
    let (vm, _) = vm_with_two(&mut pool);
    let mut shelf = Shelf::of(&pool);
    let task = admit(&mut pool, "clone", &params("clone", &vm)).unwrap();
    pool.call("task.cancel", vec![(&task).into()]).unwrap();
    // The first is done before its host hears of it.
    let first = orders(&pool).remove(0).1;
    assert!(first.cancel);
    shelf.work(&first, 1);
    answer(&mut pool, &first, done(&first));
    // Its removal fails twice.
    for _ in 0..2 {
        wake(&mut pool);
        let next = orders(&pool).remove(0).1;
        assert!(matches!(
            next.effects.as_slice(),
            [Effect::Storage(StorageEffect::VdiDestroy(_))]
        ));
        answer(
            &mut pool,
            &next,
            failed(0, EffectError::Failed("a script says so".to_owned())),
        );
    }
    shelf.follow(&mut pool);
    assert_eq!(pool.get("task.status", &task), Value::text("cancelled"));
    assert_eq!(shelf.0, rows_of(&pool));
}
