//! kill -9 in the middle of operations: the same task ends, in success or clean failure, and nothing is left over.

use crate::harness::{At, PATIENT, Pool, eventually, long};
use crate::machines::{Counts, agree, ended, slow_down};
use rustix::process::Signal;
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

const EFFECTS: [EffectKind; 6] = [
    EffectKind::DomainCreate,
    EffectKind::DomainUnpause,
    EffectKind::DomainShutdown,
    EffectKind::DomainDestroy,
    EffectKind::MigrationReceive,
    EffectKind::MigrationSend,
];
/// Each effect takes so long, so that a kill falls into the middle.
const SLOW_MS: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_coordinator_or_the_owning_host() {
    let mut pool = Pool::start(3, &PATIENT[..0]).await;
    let session = pool.login().await.session;
    let hosts = pool.host_refs().await;
    let mut counts = Counts::default();
    let mut delay = 7;
    for message in ["start_on", "pool_migrate", "hard_reboot", "clean_shutdown"] {
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
    let at = pool.follow(session).await;
    let vm = at.create_vm(&format!("{message} {victim:?} {delay_ms}")).await;
    let coordinator = at.host;
    let owner = coordinator % 3 + 1;
    let (home, away) = (&hosts[usize::from(owner) - 1], &hosts[usize::from(owner % 3)]);
    let named = |host: &Ref| {
        vec![
            Value::Ref(vm.clone()),
            Value::Ref(host.clone()),
            false.into(),
            false.into(),
        ]
    };
    eventually("the owning host takes work", async || {
        message == "start_on" || at.call("VM.start_on", &named(home)).await.is_ok()
    })
    .await;
    slow_down(pool, &EFFECTS, SLOW_MS).await;
    let params = match message {
        "start_on" => named(home),
        "pool_migrate" => vec![Value::Ref(vm.clone()), Value::Ref(away.clone()), Value::map([])],
        _ => vec![Value::Ref(vm.clone())],
    };
    let task = at.reference(&format!("Async.VM.{message}"), &params).await;
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let killed = match victim {
        Victim::Coordinator => coordinator,
        Victim::OwningHost => owner,
    };
    pool.kill(killed, Signal::KILL);
    eventually("the daemon is gone", async || pool.has_ended(killed)).await;
    pool.start_again(killed).await;
    let (status, info) = ended(pool, session, &task).await;
    assert!(
        status == "success" || status == "failure",
        "{message} {victim:?} {delay_ms}: {status} {info:?}"
    );
    slow_down(pool, &[], 0).await;
    let at = pool.follow(session).await;
    agree(pool, &at).await;
    check_end(&at, &vm, message, &status).await;
    clear(&at, &vm).await;
    agree(pool, &at).await;
    status
}

/// Success means what it says; a failure leaves what was before, or a VM that is off.
async fn check_end(at: &At, vm: &Ref, message: &str, status: &str) {
    let state = at.text("VM.get_power_state", &[Value::Ref(vm.clone())]).await;
    match (message, status) {
        ("start_on" | "pool_migrate" | "hard_reboot", "success") => assert_eq!(state, "Running"),
        ("clean_shutdown", "success") => assert_eq!(state, "Halted"),
        _ => assert!(state == "Running" || state == "Halted", "{state}"),
    }
}

async fn clear(at: &At, vm: &Ref) {
    let vm = [Value::Ref(vm.clone())];
    if at.text("VM.get_power_state", &vm).await != "Halted" {
        at.ok("VM.hard_shutdown", &vm).await;
    }
    at.ok("VM.destroy", &vm).await;
}
