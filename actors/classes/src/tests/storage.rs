//! Disks: their own operations, and a VM's life with them. [`Attached`] keeps what hosts have attached, order by order.

use super::operations::{
    Hit, admit, admit_of, answer, done, hit, order, orders, speaks, start, two_hosts, wake, work_all,
};
use super::{Pool, devices, record, vms};
use crate::operation::{self, Order};
use crate::task::is_pending;
use crate::{rows, sr, vdi};
use std::collections::BTreeMap;
use xenith_datamodel::{Ref, Value};
use xenith_storage_port::{Found, SrNow, StorageEffect, Use, VdiNow};
use xenith_xen_port::{Effect, EffectError};

const GIB: i64 = 1 << 30;

/// What storage would tell.
pub(super) fn found(step: &StorageEffect) -> Option<Found> {
    let vdi = |location: &str, size_bytes| {
        Some(Found::Vdi(VdiNow {
            location: location.to_owned(),
            size_bytes,
            used_bytes: size_bytes / 2,
        }))
    };
    match step {
        StorageEffect::VdiCreate { vdi: at, size_bytes } | StorageEffect::VdiResize { vdi: at, size_bytes } => {
            vdi(&at.location, *size_bytes)
        }
        StorageEffect::VdiClone { to, .. }
        | StorageEffect::VdiSnapshot { to, .. }
        | StorageEffect::VdiCopy { to, .. }
        | StorageEffect::VdiFill { to, .. } => vdi(&to.location, GIB),
        StorageEffect::SrScan(_) => Some(Found::Sr(SrNow {
            size_bytes: 100 * GIB,
            used_bytes: 7,
            vdis: vec![VdiNow {
                location: "found-by-scan".to_owned(),
                size_bytes: 5,
                used_bytes: 5,
            }],
        })),
        _ => None,
    }
}

pub(super) fn repository(pool: &Pool, shared: bool) -> Ref {
    let all = rows::all(&pool.view, "SR").unwrap();
    let is = |sr: &&Ref| rows::boolean(&pool.view, "SR", sr, "shared").unwrap() == shared;
    all.iter().find(is).unwrap().clone()
}

fn create_record(sr: &Ref) -> Value {
    record(&[
        ("name_label", "disk".into()),
        ("name_description", "".into()),
        ("SR", sr.into()),
        ("virtual_size", GIB.into()),
        ("type", "user".into()),
        ("sharable", false.into()),
        ("read_only", false.into()),
        ("other_config", Value::map([])),
    ])
}

/// The ref that the task has ended with.
pub(super) fn made(pool: &mut Pool, task: &Ref) -> Ref {
    assert_eq!(
        pool.get("task.status", task),
        Value::text("success"),
        "{:?}",
        pool.get("task.error_info", task)
    );
    let result = pool.get("task.result", task);
    let text = result.as_text().unwrap().replace("<value>", "").replace("</value>", "");
    Ref::new(text)
}

pub(super) fn disk(pool: &mut Pool, shared: bool) -> Ref {
    let sr = repository(pool, shared);
    let task = admit_of(pool, ("VDI", "create"), &[create_record(&sr)]).unwrap();
    work_all(pool);
    made(pool, &task)
}

pub(super) fn vm_with(pool: &mut Pool, vdi: &Ref, mode: &str) -> Ref {
    let vm = vms::create(pool, &[]);
    let fields = [
        ("VDI", Value::from(vdi)),
        ("mode", mode.into()),
        ("type", "Disk".into()),
        ("empty", false.into()),
    ];
    devices::vbd(pool, &vm, "0", &fields).unwrap();
    vm
}

#[test]
fn a_disk_is_made_copied_grown_and_destroyed() {
    let mut pool = two_hosts();
    let sr = repository(&pool, true);
    let vdi = disk(&mut pool, true);
    assert_eq!(pool.get("VDI.name_label", &vdi), Value::text("disk"));
    assert_eq!(pool.get("VDI.location", &vdi), pool.get("VDI.uuid", &vdi));
    assert_eq!(pool.get("SR.virtual_allocation", &sr), Value::Int(GIB));
    assert_eq!(pool.get("SR.physical_utilisation", &sr), Value::Int(GIB / 2));
    for message in ["clone", "copy"] {
        let params = match message {
            "clone" => vec![(&vdi).into(), Value::map([])],
            _ => vec![(&vdi).into(), (&sr).into(), Ref::null().into(), Ref::null().into()],
        };
        let task = admit_of(&mut pool, ("VDI", message), &params).unwrap();
        work_all(&mut pool);
        let copy = made(&mut pool, &task);
        assert_ne!(copy, vdi);
        assert_eq!(pool.get("VDI.name_label", &copy), Value::text("disk"), "{message}");
    }
    admit_of(&mut pool, ("VDI", "resize"), &[(&vdi).into(), (2 * GIB).into()]).unwrap();
    work_all(&mut pool);
    assert_eq!(pool.get("VDI.virtual_size", &vdi), Value::Int(2 * GIB));
    admit_of(&mut pool, ("VDI", "destroy"), &[(&vdi).into()]).unwrap();
    assert_eq!(pool.get("SR.current_operations", &sr).as_map().unwrap().len(), 1);
    work_all(&mut pool);
    assert!(!pool.view.contains(rows::class("VDI").unwrap(), &vdi));
    assert_eq!(pool.get("SR.virtual_allocation", &sr), Value::Int(2 * GIB));
    admit_of(&mut pool, ("SR", "scan"), &[(&sr).into()]).unwrap();
    work_all(&mut pool);
    let class = rows::class("VDI").unwrap();
    assert!(pool.view.by_uuid(class, "found-by-scan").is_some());
    assert_eq!(pool.get("SR.physical_size", &sr), Value::Int(100 * GIB));
}

#[test]
fn what_is_advertised_is_what_is_admitted() {
    let mut pool = two_hosts();
    for repository in rows::all(&pool.view, "SR").unwrap() {
        let advertised = pool.get("SR.allowed_operations", &repository);
        assert_eq!(advertised, sr::allowed_now(&pool.view, &repository).unwrap());
    }
    let disk = disk(&mut pool, false);
    let vm = vm_with(&mut pool, &disk, "RW");
    for running in [false, true] {
        if running {
            start(&mut pool, &vm);
            work_all(&mut pool);
        }
        let advertised = pool.get("VDI.allowed_operations", &disk);
        assert_eq!(advertised, vdi::allowed_now(&pool.view, &disk).unwrap());
        let destroyed = admit_of(&mut pool, ("VDI", "destroy"), &[(&disk).into()]);
        assert_eq!(destroyed.is_err(), running);
        if running {
            assert_eq!(destroyed.unwrap_err().code, "VDI_IN_USE");
        } else {
            let asked = order(&pool);
            let failure = operation::Failure {
                at: 0,
                error: EffectError::Failed("a script says so".to_owned()),
            };
            answer(&mut pool, &asked, Err(failure));
        }
    }
}

#[test]
fn a_disk_is_written_by_one_vm() {
    let mut pool = two_hosts();
    let disk = disk(&mut pool, true);
    let (one, other) = (vm_with(&mut pool, &disk, "RW"), vm_with(&mut pool, &disk, "RW"));
    start(&mut pool, &one);
    let params = [(&other).into(), false.into(), false.into()];
    let refused = admit(&mut pool, "start", &params).unwrap_err();
    assert_eq!(
        (refused.code.as_ref(), refused.params.as_slice()),
        ("VDI_IN_USE", [disk.as_str().to_owned()].as_slice())
    );
    work_all(&mut pool);
    assert_eq!(admit(&mut pool, "start", &params).unwrap_err().code, "VDI_IN_USE");
    speaks(&mut pool, &one);
    admit(&mut pool, "suspend", &[(&one).into()]).unwrap();
    work_all(&mut pool);
    start(&mut pool, &other);
    work_all(&mut pool);
    let resumed = admit(&mut pool, "resume", &[(&one).into(), false.into(), false.into()]);
    assert_eq!(resumed.unwrap_err().code, "VDI_IN_USE");
}

#[test]
fn a_vm_starts_where_its_disks_are() {
    let mut pool = two_hosts();
    let disk = disk(&mut pool, false);
    let vm = vm_with(&mut pool, &disk, "RW");
    let repository = rows::reference(&pool.view, "VDI", &disk, "SR").unwrap();
    let mine = sr::plugged(&pool.view, &repository).unwrap()[0].1.clone();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let other = hosts.into_iter().find(|host| *host != mine).unwrap();
    let on = |host: &Ref| [Value::from(&vm), host.into(), false.into(), false.into()];
    let refused = admit(&mut pool, "start_on", &on(&other)).unwrap_err();
    assert_eq!(refused.code, "VM_REQUIRES_SR");
    start(&mut pool, &vm);
    let (host, asked) = orders(&pool).remove(0);
    assert_eq!(host, mine);
    let first = &asked.effects[..2];
    assert!(matches!(
        first,
        [
            Effect::Storage(StorageEffect::VdiAttach { .. }),
            Effect::Storage(StorageEffect::VdiActivate(_))
        ]
    ));
    work_all(&mut pool);
    speaks(&mut pool, &vm);
    let moved = admit(
        &mut pool,
        "pool_migrate",
        &[(&vm).into(), (&other).into(), Value::map([])],
    );
    assert_eq!(moved.unwrap_err().code, "VM_REQUIRES_SR");
}

#[test]
fn a_suspended_vm_is_resumed_elsewhere_or_stopped() {
    let mut pool = two_hosts();
    let disk = disk(&mut pool, true);
    for then in ["resume_on", "hard_shutdown"] {
        let vm = vm_with(&mut pool, &disk, "RW");
        start(&mut pool, &vm);
        work_all(&mut pool);
        speaks(&mut pool, &vm);
        let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
        admit(&mut pool, "suspend", &[(&vm).into()]).unwrap();
        work_all(&mut pool);
        assert_eq!(pool.get("VM.power_state", &vm), Value::text("Suspended"));
        assert_eq!(pool.get("VM.resident_on", &vm), Value::Ref(Ref::null()));
        let image = rows::reference(&pool.view, "VM", &vm, "suspend_VDI").unwrap();
        assert_eq!(pool.get("VDI.type", &image), Value::text("suspend"));
        let hosts = rows::all(&pool.view, "host").unwrap();
        let there = hosts.into_iter().find(|host| *host != here).unwrap();
        let params: Vec<Value> = match then {
            "resume_on" => vec![(&vm).into(), (&there).into(), false.into(), false.into()],
            _ => vec![(&vm).into()],
        };
        let task = admit(&mut pool, then, &params).unwrap();
        work_all(&mut pool);
        assert_eq!(pool.get("task.status", &task), Value::text("success"), "{then}");
        assert!(!pool.view.contains(rows::class("VDI").unwrap(), &image), "{then}");
        assert_eq!(pool.get("VM.suspend_VDI", &vm), Value::Ref(Ref::null()));
        if then == "resume_on" {
            assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
            assert_eq!(pool.get("VM.resident_on", &vm), Value::from(&there));
            admit(&mut pool, "hard_shutdown", &[(&vm).into()]).unwrap();
            work_all(&mut pool);
        }
        assert_eq!(pool.get("VM.power_state", &vm), Value::text("Halted"));
    }
}

/// (host, use) → active.
#[derive(Default)]
struct Attached(BTreeMap<(Ref, Use), bool>);

impl Attached {
    /// The first `done` effects of an order.
    fn work(&mut self, host: &Ref, order: &Order, done: usize) {
        for effect in order.effects.iter().take(done) {
            let Effect::Storage(step) = effect else { continue };
            let at = |on: &Use| (host.clone(), on.clone());
            match step {
                StorageEffect::VdiAttach { on, .. } => drop(self.0.entry(at(on)).or_insert(false)),
                StorageEffect::VdiActivate(on) => {
                    let elsewhere = self.0.iter().any(|((_, other), active)| other.vdi == on.vdi && *active);
                    let here = self.0.get_mut(&at(on)).expect("what is activated is attached");
                    assert!(*here || !elsewhere, "{on:?} is active twice");
                    *here = true;
                }
                StorageEffect::VdiDeactivate(on) => {
                    if let Some(active) = self.0.get_mut(&at(on)) {
                        *active = false;
                    }
                }
                StorageEffect::VdiDetach(on) => drop(self.0.remove(&at(on))),
                _ => {}
            }
        }
    }
}

/// Every operation on a VM with a disk, every order, every way to go wrong: in the end the disk is where the rows say the VM is, and the
/// image is there while the VM is suspended.
#[test]
fn every_operation_ends_with_its_disks_where_they_belong() {
    let hits = (0..7).map(Hit::Fails).chain([Hit::NoDomain, Hit::HostDies]);
    let hits: Vec<Hit> = hits.collect();
    for message in [
        "start",
        "hard_shutdown",
        "clean_shutdown",
        "hard_reboot",
        "pause",
        "pool_migrate",
        "suspend",
        "resume",
    ] {
        for place in 0..5 {
            for how in &hits {
                broken(message, place, *how);
            }
        }
    }
}

fn broken(message: &str, place: usize, how: Hit) {
    let what = format!("{message}, order {place}, {how:?}");
    let mut pool = two_hosts();
    let disk = disk(&mut pool, true);
    let vm = vm_with(&mut pool, &disk, "RW");
    let mut attached = Attached::default();
    if message != "start" {
        start(&mut pool, &vm);
        follow(&mut pool, &mut attached);
        speaks(&mut pool, &vm);
    }
    if message == "resume" {
        admit(&mut pool, "suspend", &[(&vm).into()]).unwrap();
        follow(&mut pool, &mut attached);
    }
    let here = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let hosts = rows::all(&pool.view, "host").unwrap();
    let there = hosts.into_iter().find(|host| *host != here).unwrap();
    let params: Vec<Value> = match message {
        "start" | "resume" => vec![(&vm).into(), false.into(), false.into()],
        "pool_migrate" => vec![(&vm).into(), (&there).into(), Value::map([])],
        _ => vec![(&vm).into()],
    };
    let task = admit(&mut pool, message, &params).unwrap();
    for at in 0..=place {
        let Some((host, next)) = orders(&pool).into_iter().next() else {
            break;
        };
        if at < place {
            attached.work(&host, &next, usize::MAX);
            answer(&mut pool, &next, done(&next));
            continue;
        }
        match how {
            Hit::Fails(failing) => attached.work(&host, &next, failing.min(next.effects.len() - 1)),
            Hit::NoDomain => {}
            Hit::HostDies => attached.0.retain(|(held, _), _| *held != host),
        }
        hit(&mut pool, (host, next), how);
    }
    follow(&mut pool, &mut attached);
    assert!(!is_pending(&pool.view, &task).unwrap(), "{what}: the task goes on");
    assert!(operation::held(&pool.view).unwrap().is_empty(), "{what}");
    let state = rows::text(&pool.view, "VM", &vm, "power_state").unwrap();
    let resident = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    let places: Vec<&Ref> = attached.0.keys().map(|(host, _)| host).collect();
    match state.as_str() {
        "Running" => assert_eq!(attached.0.values().collect::<Vec<_>>(), [&true], "{what}"),
        "Halted" | "Suspended" => assert!(places.is_empty(), "{what}: {:?}", attached.0),
        _ => {}
    }
    assert!(
        places.iter().all(|place| **place == resident),
        "{what}: {:?}",
        attached.0
    );
    let image = rows::reference(&pool.view, "VM", &vm, "suspend_VDI").unwrap();
    let is_there = pool.view.contains(rows::class("VDI").unwrap(), &image);
    assert_eq!(is_there, state == "Suspended", "{what}: {state}");
}

fn follow(pool: &mut Pool, attached: &mut Attached) {
    for _ in 0..12 {
        wake(pool);
        let Some((host, next)) = orders(pool).into_iter().next() else {
            return;
        };
        attached.work(&host, &next, usize::MAX);
        let outcome = done(&next);
        answer(pool, &next, outcome);
    }
    panic!("too many orders: {:?}", orders(pool));
}
