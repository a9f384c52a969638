//! `pool.designate_new_master` under load, for ever (promise 5).

use crate::forming::text_of;
use crate::harness::{At, LIVELY, PATIENT, Pool, Reach, eventually};
use crate::register::Register;
use crate::writers::{Writers, check, host_number};
use rustix::process::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use xenith_client::CallError;
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;

const HAND_OVERS: u8 = 20;
const PINNED: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hand_over() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    assert_eq!(at.host, 1);
    let hosts = pool.host_refs().await;
    let network = at.refs("network.get_all").await[0].clone();
    let pinned = Pinned::start(&pool, &at.session, 1).await;
    let writers = Writers::start(&pool, &at, 2).await;
    let running = Register::start(&pool, 1).await;
    let mut undone = 0;
    for round in 0..HAND_OVERS {
        let (old, new, waiting) = loop {
            let old = pool.coordinator().await;
            let new = old % 3 + 1;
            pool.wait_caught_up(new).await;
            let waiting = wait_for_network(&pool, &at.session, old).await;
            let caller = pool.at(old, &at.session).await.unwrap();
            let target = Value::Ref(hosts[usize::from(new) - 1].clone());
            match caller.call("pool.designate_new_master", &[target]).await {
                Ok(_) => break (old, new, waiting),
                // Not in time on a busy machine, so it was undone: then, too, nobody sees an error.
                Err(CallError::Api(error)) if error.code == "HA_ABORT_NEW_MASTER" => {
                    waiting.abort();
                    undone += 1;
                    assert!(undone <= HAND_OVERS, "most hand-overs are undone: {error}");
                }
                Err(error) => panic!("a hand-over from {old} to {new}: {error}"),
            }
        };
        let caller = pool.at(old, &at.session).await.unwrap();
        assert_eq!(pool.coordinator().await, new);
        match pool.login_at(old).await {
            Err(CallError::Api(error)) if error.code == "HOST_IS_SLAVE" => {
                assert_eq!(host_number(&error.params[0]), Some(new));
            }
            other => panic!("a new login at the old coordinator: {:?}", other.map(|at| at.session)),
        }
        // A blocked event.from comes back with its token and nothing else, and the token goes on.
        let answer = waiting.await.unwrap().unwrap();
        assert!(
            matches!(answer.member("events"), Some(WireValue::Array(events)) if events.is_empty()),
            "{answer:?}"
        );
        let token = text_of(&answer, "token");
        let text = format!("after hand-over {round}");
        caller
            .ok(
                "network.set_name_description",
                &[Value::Ref(network.clone()), Value::text(&text)],
            )
            .await;
        let answer = caller.events(&["network"], &token, 30.0).await.unwrap();
        let Some(WireValue::Array(events)) = answer.member("events") else {
            panic!("{answer:?}")
        };
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(text_of(events[0].member("snapshot").unwrap(), "name_description"), text);
    }
    let (calls, errors) = pinned.finish().await;
    assert!(
        errors.is_empty(),
        "{undone} undone, a session pinned to one address saw {errors:?}"
    );
    let ledgers = writers.stop().await;
    let acked = check(&pool.follow(&at.session).await, &ledgers).await;
    let reads = running.finish().await;
    println!(
        "{HAND_OVERS} hand-overs ({undone} undone before), {calls} calls pinned to one address, {acked} writes, {reads} reads"
    );
}

/// event.from that has nothing to tell, blocked at host `k`.
async fn wait_for_network(pool: &Reach, session: &Ref, k: u8) -> tokio::task::JoinHandle<Result<WireValue, CallError>> {
    let at = pool.at(k, session).await.unwrap().with_deadline(2 * LIVELY);
    let token = text_of(&at.events(&["network"], "", 0.0).await.unwrap(), "token");
    let before = pool.metric(k, "xenith_event_waiters").await.unwrap_or(0);
    let waiting = tokio::spawn(async move { at.events(&["network"], &token, 100.0).await });
    eventually("event.from waits", async || {
        pool.metric(k, "xenith_event_waiters")
            .await
            .is_some_and(|waiters| waiters > before)
    })
    .await;
    waiting
}

/// A client that knows one address and no retry.
struct Pinned {
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<(u64, Vec<String>)>>,
}

impl Pinned {
    async fn start(reach: &Reach, session: &Ref, k: u8) -> Pinned {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for number in 0..PINNED {
            let at = reach.at(k, session).await.unwrap();
            let vm = at.create_vm(&format!("pinned-{number}")).await;
            tasks.push(tokio::spawn(Pinned::call(at, vm, stop.clone())));
        }
        Pinned { stop, tasks }
    }

    /// How many calls, and the errors among them.
    async fn call(at: At, vm: Ref, stop: Arc<AtomicBool>) -> (u64, Vec<String>) {
        let (mut count, mut errors) = (0, Vec::new());
        while !stop.load(Ordering::SeqCst) {
            count += 1;
            let text = count.to_string();
            let written = at
                .call("VM.set_name_description", &[Value::Ref(vm.clone()), Value::text(&text)])
                .await;
            match (
                written,
                at.call("VM.get_name_description", &[Value::Ref(vm.clone())]).await,
            ) {
                (Ok(_), Ok(read)) => assert_eq!(read.as_text(), Some(text.as_str())),
                (Err(error), _) | (_, Err(error)) => errors.push(error.to_string()),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        (count, errors)
    }

    async fn finish(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let (mut count, mut errors) = (0, Vec::new());
        for task in self.tasks {
            let (calls, failed) = task.await.unwrap();
            count += 2 * calls;
            errors.extend(failed);
        }
        (count, errors)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hand_over_to_a_host_that_lags() {
    let pool = Pool::start(3, &[]).await;
    let at = pool.login().await;
    let (old, lagging) = (at.host, at.host % 3 + 1);
    let host = pool.host_refs().await[usize::from(lagging) - 1].clone();
    let writers = Writers::start(&pool, &at, 4).await;
    writers.wait_for_more(20).await;
    pool.kill(lagging, Signal::STOP);
    // Close enough to be tried: undone. Then far behind: refused after a wait in which nothing stops.
    let error = at.fails("pool.designate_new_master", &[Value::Ref(host.clone())]).await;
    assert_eq!(error.code, "HA_ABORT_NEW_MASTER", "{error}");
    writers.wait_for_more(400).await;
    assert_eq!(pool.coordinator_but(lagging).await, old);
    let refusing = {
        let (at, host) = (pool.at(old, &at.session).await.unwrap(), host.clone());
        tokio::spawn(async move { at.fails("pool.designate_new_master", &[Value::Ref(host)]).await })
    };
    writers.wait_for_more(200).await;
    let again = at.fails("pool.designate_new_master", &[Value::Ref(host.clone())]).await;
    assert_eq!(again.code, "DESIGNATE_NEW_MASTER_IN_PROGRESS", "{again}");
    let error = refusing.await.unwrap();
    assert_eq!(error.code, "HA_ABORT_NEW_MASTER", "{error}");
    writers.wait_for_more(20).await;
    pool.kill(lagging, Signal::CONT);
    pool.wait_caught_up(lagging).await;
    pool.hand_over_to(lagging, &host).await;
    writers.wait_for_more(20).await;
    let ledgers = writers.stop().await;
    for (_, ledger) in &ledgers {
        assert!(
            ledger.unknown.is_empty(),
            "a hand-over left writes without an answer: {:?}",
            ledger.unknown
        );
    }
    check(&pool.follow(&at.session).await, &ledgers).await;
    let unknown = at_fresh(&pool, &at.session).await;
    assert_eq!(unknown.code, "HANDLE_INVALID", "{unknown}");
}

/// A host that is none.
async fn at_fresh(pool: &Reach, session: &Ref) -> xenith_datamodel::ApiError {
    let at = pool.follow(session).await;
    let nobody = crate::harness::reference("OpaqueRef:00000000-0000-4000-8000-000000000000");
    at.fails("pool.designate_new_master", &[Value::Ref(nobody)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seven_hosts_and_hand_over_to_learners() {
    let pool = Pool::start(7, &PATIENT).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let writers = Writers::start(&pool, &at, 2).await;
    for k in [6, 7, 2, 3, 4, 5, 1] {
        pool.wait_caught_up(k).await;
        pool.hand_over_to(k, &hosts[usize::from(k) - 1]).await;
        assert_eq!(pool.metric(k, "xenith_raft_voters").await, Some(5));
        assert_eq!(pool.metric(k, "xenith_raft_members").await, Some(7));
        writers.wait_for_more(10).await;
    }
    let ledgers = writers.stop().await;
    check(&pool.follow(&at.session).await, &ledgers).await;
}
