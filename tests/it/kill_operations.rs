//! kill -9 in the middle of operations: the same task ends, in success or clean failure, and nothing is left over.

use crate::harness::{Pool, long};
use crate::machines::{Counts, agree, anywhere, ended, guest_speaks, slow_down};
use std::time::Duration;
use xenith_datamodel::{Ref, Value};
use xenith_xen_sim::machine::EffectKind;

/// Of each operation with each victim.
fn rounds() -> usize {
    if long() { 10 } else { 2 }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Coordinator,
    OwningHost,
}

const EFFECTS: [EffectKind; 7] = [
    EffectKind::DomainCreate,
    EffectKind::DomainUnpause,
    EffectKind::DomainShutdown,
    EffectKind::DomainDestroy,
    EffectKind::DomainSave,
    EffectKind::MigrationReceive,
    EffectKind::MigrationSend,
];
/// Each effect takes so long, so that a kill falls into the middle.
const SLOW_MS: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_coordinator_or_the_owning_host() {
    let mut pool = Pool::start(3, &[]).await;
    let session = pool.login().await.session;
    let hosts = pool.host_refs().await;
    let mut counts = Counts::default();
    let mut delay = 7;
    for message in ["start_on", "pool_migrate", "hard_reboot", "clean_shutdown", "suspend"] {
        for victim in [Victim::Coordinator, Victim::OwningHost] {
            for _ in 0..rounds() {
                // Anywhere in the operation's some 500 ms, another place each time.
                delay = (delay + 137) % 500;
                let status = round(&mut pool, &session, &hosts, (message, victim, delay)).await;
                counts.count(&format!("{message}: {status}"));
            }
        }
    }
    println!("{counts}");
}

/// How the task ended.
async fn round(
    pool: &mut Pool,
    session: &Ref,
    hosts: &[Ref],
    (message, victim, delay_ms): (&str, Victim, u64),
) -> String {
    let vm = pool
        .create_vm(session, &format!("{message} {victim:?} {delay_ms}"))
        .await;
    let coordinator = pool.coordinator().await;
    let owner = coordinator % 3 + 1;
    let (home, away) = (&hosts[usize::from(owner) - 1], &hosts[usize::from(owner % 3)]);
    let named = |host: &Ref| {
        let (vm, host) = (Value::Ref(vm.clone()), Value::Ref(host.clone()));
        vec![vm, host, false.into(), false.into()]
    };
    if message != "start_on" {
        anywhere(pool, session, "VM.start_on", &named(home)).await;
    }
    if message == "clean_shutdown" || message == "suspend" {
        guest_speaks(pool, session, &vm).await;
    }
    slow_down(pool, &EFFECTS, SLOW_MS).await;
    let forced = || Value::text_map([("force", "true")]);
    let params = match message {
        "start_on" => named(home),
        "pool_migrate" => vec![Value::Ref(vm.clone()), Value::Ref(away.clone()), forced()],
        _ => vec![Value::Ref(vm.clone())],
    };
    let task = anywhere(pool, session, &format!("Async.VM.{message}"), &params).await;
    let task = task.as_ref().unwrap();
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let killed = match victim {
        Victim::Coordinator => coordinator,
        Victim::OwningHost => owner,
    };
    pool.kill_hard(killed).await;
    pool.start_again(killed).await;
    let (status, info) = ended(pool, session, task).await;
    let how = format!("{message} {victim:?} {delay_ms}: {status} {info:?}");
    assert!(status == "success" || status == "failure", "{how}");
    slow_down(pool, &[], 0).await;
    agree(pool, session).await;
    check_end(pool, session, &vm, (message, &status)).await;
    agree(pool, session).await;
    status
}

/// Success means what it says; a failure leaves what was before, or a VM that is off. Clears up.
async fn check_end(pool: &Pool, session: &Ref, vm: &Ref, (message, status): (&str, &str)) {
    let vm = [Value::Ref(vm.clone())];
    let state = anywhere(pool, session, "VM.get_power_state", &vm).await;
    let state = state.as_text().unwrap();
    match (message, status) {
        ("start_on" | "pool_migrate" | "hard_reboot", "success") => assert_eq!(state, "Running"),
        ("clean_shutdown", "success") => assert_eq!(state, "Halted"),
        ("suspend", "success") => assert_eq!(state, "Suspended"),
        _ => assert!(state == "Running" || state == "Halted", "{state}"),
    }
    if state != "Halted" {
        anywhere(pool, session, "VM.hard_shutdown", &vm).await;
    }
    anywhere(pool, session, "VM.destroy", &vm).await;
    let disks = anywhere(pool, session, "VDI.get_all_records", &[]).await;
    let of_memory = |record: &Value| record.member("type") == Some(&"suspend".into());
    let left = disks.as_map().unwrap().iter().filter(|(_, record)| of_memory(record));
    assert_eq!(left.count(), 0, "an image is left over");
}
