//! Disks of VMs that are made from others, on every kind of storage; and kill -9 while they are made: no image without a row, no row
//! without an image.

use crate::harness::{At, PATIENT, Pool, Reach, long};
use crate::life_cycle::{of, on, start, state};
use crate::machines::{Counts, agree, anywhere, ended, machine};
use std::collections::BTreeSet;
use std::time::Duration;
use xenith_datamodel::{Ref, Value};
use xenith_xen_sim::machine::Behaviour;

/// A disk, by the uuid of its repository and its place there.
type Places = BTreeSet<(String, String)>;

/// As the machines have them.
fn on_storage(reach: &Reach) -> Places {
    let mut places = Places::new();
    let Ok(repositories) = std::fs::read_dir(reach.dir().join("shared/disks")) else {
        return places;
    };
    for repository in repositories {
        let repository = repository.unwrap();
        for file in std::fs::read_dir(repository.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            if let Some(place) = name.strip_suffix(".disk") {
                let sr = repository.file_name().into_string().unwrap();
                places.insert((sr, place.to_owned()));
            }
        }
    }
    places
}

async fn in_rows(at: &At) -> Places {
    let mut places = Places::new();
    let all = at.ok("VDI.get_all_records", &[]).await;
    for (_, record) in all.as_map().unwrap() {
        let sr = record.member("SR").and_then(Value::as_ref).unwrap().clone();
        let sr = at.text("SR.get_uuid", &of(&sr)).await;
        let place = record.member("location").and_then(Value::as_text).unwrap();
        places.insert((sr, place.to_owned()));
    }
    places
}

async fn storage_agrees(reach: &Reach, session: &Ref) -> Places {
    let at = reach.follow(session).await;
    let (rows, there) = (in_rows(&at).await, on_storage(reach));
    assert_eq!(rows, there, "rows, and what the storage has");
    there
}

/// Every step of storage takes so long, on every machine.
async fn slow_storage(reach: &Reach, ms: u64) {
    let mut behaviour = Behaviour::instant();
    behaviour.storage.change_ms = ms;
    behaviour.storage.copy_ms = ms;
    for k in 1..=reach.hosts {
        machine(reach, k).behave(behaviour.clone()).await.unwrap();
    }
}

/// The repository that only this host sees, and the one that all see.
async fn repositories(at: &At, host: &Ref) -> (Ref, Ref) {
    let (mut local, mut shared) = (None, None);
    let all = at.ok("PBD.get_all_records", &[]).await;
    for (_, pbd) in all.as_map().unwrap() {
        if pbd.member("host").and_then(Value::as_ref) != Some(host) {
            continue;
        }
        let sr = pbd.member("SR").and_then(Value::as_ref).unwrap().clone();
        // Others hold what no disk is made on.
        let is_shared = at.ok("SR.get_shared", &of(&sr)).await.as_bool().unwrap();
        match at.text("SR.get_type", &of(&sr)).await.as_str() {
            "nfs" if is_shared => shared = Some(sr),
            "file" => local = Some(sr),
            _ => {}
        }
    }
    (local.unwrap(), shared.unwrap())
}

/// A VM made from a template that asks for a disk on each.
async fn provisioned(at: &At, (local, shared): (&Ref, &Ref)) -> Ref {
    let templates = at.ok("VM.get_by_name_label", &["Debian Bullseye 11".into()]).await;
    let template = templates.as_set().unwrap()[0].clone();
    let vm = at.reference("VM.clone", &[template, "original".into()]).await;
    let mut disks = String::new();
    for (place, sr) in [local, shared].into_iter().enumerate() {
        let uuid = at.text("SR.get_uuid", &of(sr)).await;
        disks += &format!(r#"<disk device="{place}" size="1048576" sr="{uuid}" bootable="true" type="system"/>"#);
    }
    let key = || [Value::Ref(vm.clone()), "disks".into()];
    at.ok("VM.remove_from_other_config", &key()).await;
    let [vm_value, name] = key();
    let text = format!("<provision>{disks}</provision>").into();
    at.ok("VM.add_to_other_config", &[vm_value, name, text]).await;
    at.ok("VM.provision", &of(&vm)).await;
    vm
}

async fn disk_count(at: &At, vm: &Ref) -> usize {
    let vbds = at.ok("VM.get_VBDs", &of(vm)).await;
    let mut count = 0;
    for vbd in vbds.as_set().unwrap().iter().filter_map(Value::as_ref) {
        count += usize::from(at.text("VBD.get_type", &of(vbd)).await == "Disk");
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vms_are_made_with_their_disks() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let host = hosts[usize::from(at.host % 3)].clone();
    let (local, shared) = repositories(&at, &host).await;
    let vm = provisioned(&at, (&local, &shared)).await;
    assert_eq!(disk_count(&at, &vm).await, 2);
    assert_eq!(storage_agrees(&pool, &at.session).await.len(), 2);
    let clone = at
        .reference("VM.clone", &[Value::Ref(vm.clone()), "clone".into()])
        .await;
    let copy = [Value::Ref(vm.clone()), "copy".into(), Value::from(&shared)];
    let copy = at.reference("VM.copy", &copy).await;
    // The clone has a disk that only this host sees, the copy has none.
    at.ok("VM.start_on", &on(&clone, &host)).await;
    at.ok("VM.start", &start(&copy)).await;
    let snapshot = [Value::Ref(clone.clone()), "then".into(), Value::set([])];
    let snapshot = at.reference("VM.snapshot", &snapshot).await;
    assert_eq!(storage_agrees(&pool, &at.session).await.len(), 8);
    agree(&pool, &at.session).await;
    at.ok("VM.set_name_label", &[Value::Ref(clone.clone()), "changed".into()])
        .await;
    at.ok("VM.revert", &of(&snapshot)).await;
    assert_eq!(state(&at, &clone).await, "Halted");
    assert_eq!(at.text("VM.get_name_label", &of(&clone)).await, "clone");
    assert_eq!(disk_count(&at, &clone).await, 2);
    assert_eq!(storage_agrees(&pool, &at.session).await.len(), 8);
    at.ok("VM.start_on", &on(&clone, &host)).await;
    agree(&pool, &at.session).await;
}

/// Of each operation.
fn rounds() -> usize {
    if long() { 10 } else { 2 }
}

/// Each disk takes so long, so that a kill falls into the middle.
const SLOW_MS: u64 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_image_is_left_over_when_the_coordinator_is_killed() {
    let mut pool = Pool::start(3, &[]).await;
    let session = pool.login().await.session;
    let hosts = pool.host_refs().await;
    let mut counts = Counts::default();
    let mut delay_ms = 100;
    for message in ["clone", "snapshot", "copy"] {
        for _ in 0..rounds() {
            // Anywhere in the operation's some 800 ms, another place each time.
            delay_ms = (delay_ms + 370) % 900;
            let at = pool.follow(&session).await;
            let coordinator = at.host;
            let owner = hosts[usize::from(coordinator % 3)].clone();
            let (local, shared) = repositories(&at, &owner).await;
            let vm = provisioned(&at, (&local, &shared)).await;
            let before = storage_agrees(&pool, &session).await.len();
            slow_storage(&pool, SLOW_MS).await;
            let mut params = vec![Value::Ref(vm.clone()), "new".into()];
            match message {
                "snapshot" => params.push(Value::set([])),
                "copy" => params.push(Value::Ref(Ref::null())),
                _ => {}
            }
            let task = anywhere(&pool, &session, &format!("Async.VM.{message}"), &params).await;
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            pool.kill_hard(coordinator).await;
            pool.start_again(coordinator).await;
            let (status, info) = ended(&pool, &session, task.as_ref().unwrap()).await;
            let how = format!("{message} {delay_ms}: {status} {info:?}");
            assert!(status == "success" || status == "failure", "{how}");
            slow_storage(&pool, 0).await;
            agree(&pool, &session).await;
            let after = storage_agrees(&pool, &session).await.len();
            let more = if status == "success" { 2 } else { 0 };
            assert_eq!(after, before + more, "{how}");
            counts.count(&format!("{message}: {status}"));
        }
    }
    println!("{counts}");
}
