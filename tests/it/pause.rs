//! A coordinator that stands still, or is gone for a moment only, never answers with what is old (promise 2).

use crate::harness::{At, Outcome, Pool, eventually, long};
use crate::register::Register;
use rustix::process::Signal;
use std::time::Duration;
use xenith_client::CallError;
use xenith_datamodel::Value;

/// Longer than any lease (360 ms) on a machine that is busy with other things.
const BEYOND_THE_LEASE: Duration = Duration::from_millis(1500);
/// Connections to the paused host that are open before it is.
const OPEN: usize = 6;

fn rounds() -> usize {
    if long() { 40 } else { 3 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigstop_beyond_the_lease() {
    let pool = Pool::start(3, &[]).await;
    let running = Register::start(&pool, 2).await;
    let register = running.register.clone();
    for _ in 0..rounds() {
        let old = pool.coordinator().await;
        let mut open = Vec::new();
        for _ in 0..OPEN {
            let at = pool.at(old, &register.session).await.unwrap();
            register.read(&at).await.unwrap();
            open.push(at);
        }
        pool.kill(old, Signal::STOP);
        // The writer finds the new coordinator; these are acknowledged by it.
        register.wait_for_more(20).await;
        // All of these ask while the old coordinator stands still: it finds them when it wakes up.
        let mut asking = Vec::new();
        for number in 0..2 * OPEN {
            let at = match open.pop() {
                Some(at) => at,
                None => pool.at(old, &register.session).await.unwrap(),
            };
            let register = register.clone();
            asking.push(tokio::spawn(async move {
                for _ in 0..40 {
                    // Whether it answers is not looked at, only what: the check is in `read`.
                    drop(register.read(&at).await);
                    tokio::time::sleep(Duration::from_millis(u64::try_from(number % 4).unwrap())).await;
                }
            }));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        pool.kill(old, Signal::CONT);
        for task in asking {
            task.await.unwrap();
        }
        pool.wait_caught_up(old).await;
    }
    let reads = running.finish().await;
    println!("{reads} reads, none stale");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_that_is_started_again_at_once() {
    let mut pool = Pool::start(3, &[]).await;
    let running = Register::start(&pool, 2).await;
    let register = running.register.clone();
    for _ in 0..2 * rounds() {
        register.wait_for_more(20).await;
        let old = pool.coordinator().await;
        pool.kill_hard(old).await;
        pool.start_again(old).await;
        register.wait_for_more(20).await;
        pool.wait_caught_up(old).await;
    }
    // Nobody is left who remembers more than the disks do.
    for k in 1..=3 {
        pool.kill(k, Signal::KILL);
    }
    for k in 1..=3 {
        eventually("the daemon is gone", async || pool.has_ended(k)).await;
        pool.begin_again(k);
    }
    register.wait_for_more(20).await;
    println!("{} reads, none stale", running.finish().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_whom_nobody_hears() {
    let pool = Pool::start(3, &[]).await;
    let at = pool.login().await;
    let old = at.host;
    let vm = at.create_vm("alone").await;
    let others: Vec<u8> = (1..=3).filter(|k| *k != old).collect();
    for round in 0..rounds() {
        for k in &others {
            pool.kill(*k, Signal::STOP);
        }
        tokio::time::sleep(BEYOND_THE_LEASE).await;
        let read = at.call("VM.get_name_label", &[Value::Ref(vm.clone())]).await;
        assert!(read.is_err(), "a read was answered without a majority: {read:?}");
        let fresh = pool.at(old, &at.session).await.unwrap();
        let read = fresh.call("VM.get_all_records", &[]).await;
        assert!(read.is_err(), "a read was answered without a majority");
        refuses_to_write(&at, &vm, round).await;
        let login = pool.login_at(old).await;
        assert!(login.is_err(), "a login was taken without a majority");
        for k in &others {
            pool.kill(*k, Signal::CONT);
        }
        // Who coordinates after that is decided in elections, perhaps in more than one.
        eventually("the pool takes writes again", async || {
            let back = pool.follow(&at.session).await;
            let text = Value::text(format!("after {round}"));
            let written = back
                .change("VM.set_name_description", &[Value::Ref(vm.clone()), text])
                .await;
            matches!(written, Outcome::Done)
        })
        .await;
        // The next round isolates the same host.
        let host = pool.host_refs().await[usize::from(old) - 1].clone();
        pool.hand_over_to(old, &host).await;
    }
}

async fn refuses_to_write(at: &At, vm: &xenith_datamodel::Ref, round: usize) {
    let params = [Value::Ref(vm.clone()), Value::text(format!("alone {round}"))];
    match at.change("VM.set_name_description", &params).await {
        Outcome::Done => panic!("a write was acknowledged without a majority"),
        Outcome::NotDone(error) => assert_ne!(error.code, "HOST_IS_SLAVE", "who should be the coordinator? {error}"),
        Outcome::Unreachable(why) | Outcome::Unknown(why) => println!("unknown, as it must be: {why}"),
    }
    let error: Result<Value, CallError> = at.call("VM.get_all", &[]).await;
    assert!(error.is_err());
}
