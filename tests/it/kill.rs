//! kill -9 of the coordinator while clients write (promises 1, 2 and 3).

use crate::forming::text_of;
use crate::harness::{At, LIVELY, Pool, Reach, eventually, long};
use crate::writers::{Writers, check};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;

const WRITERS: usize = 4;

fn rounds() -> usize {
    if long() { 100 } else { 6 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_the_coordinator_under_writes() {
    let mut pool = Pool::start(3, &[]).await;
    let at = pool.login().await;
    let session = at.session.clone();
    let task = at
        .reference("task.create", &[Value::text("survivor"), Value::text("")])
        .await;
    let writers = Writers::start(&pool, &at, WRITERS).await;
    let watcher = tokio::spawn(watch(pool.reach(), session.clone()));
    drop(at);
    for round in 1..=rounds() {
        writers.wait_for_more(40).await;
        let old = pool.coordinator().await;
        pool.kill(old, Signal::KILL);
        writers.wait_for_more(20).await;
        let at = pool.follow(&session).await;
        assert_ne!(at.host, old);
        assert_eq!(at.text("task.get_status", &[Value::Ref(task.clone())]).await, "pending");
        let progress = round as f64 / 1000.0;
        at.ok("task.set_progress", &[Value::Ref(task.clone()), Value::Float(progress)])
            .await;
        assert_eq!(
            at.ok("task.get_progress", &[Value::Ref(task.clone())]).await,
            Value::Float(progress)
        );
        pool.start_again(old).await;
        pool.wait_caught_up(old).await;
    }
    let ledgers = writers.stop().await;
    let at = pool.follow(&session).await;
    let acked = check(&at, &ledgers).await;
    let last = at.create_vm("last").await;
    eventually("the watcher has seen the last change", async || watcher.is_finished()).await;
    let seen = watcher.await.unwrap();
    assert!(seen.contains_key(last.as_str()), "the last change never came");
    for (vm, _) in &ledgers {
        let there: BTreeMap<String, String> = at.other_config(vm).await.into_iter().collect();
        assert_eq!(
            seen.get(vm.as_str()),
            Some(&there),
            "the event stream ended with another state"
        );
    }
    // What each host's own state holds.
    let hosts = pool.host_refs().await;
    for k in 1..=3 {
        pool.hand_over_to(k, &hosts[usize::from(k) - 1]).await;
        check(&pool.at(k, &session).await.unwrap(), &ledgers).await;
    }
    println!("{acked} acknowledged writes, 0 lost, {} rounds", rounds());
}

/// Follows VMs by one token through all coordinators: the other_config of each VM as the events tell it. After the first
/// answer nothing is told again from the start. Ends with the VM named "last".
async fn watch(reach: Reach, session: Ref) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut seen = BTreeMap::new();
    let (mut token, mut at): (String, Option<At>) = (String::new(), None);
    let mut host = 1;
    let mut until = Instant::now() + LIVELY;
    loop {
        assert!(Instant::now() < until, "event.from has had no answer for long");
        if at.is_none() {
            at = reach.at(host, &session).await.ok();
        }
        let answer = match &at {
            Some(at) => at.events(&["vm"], &token, 2.0).await.ok(),
            None => None,
        };
        let Some(answer) = answer else {
            at = None;
            host = host % reach.hosts + 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        until = Instant::now() + LIVELY;
        let is_first = token.is_empty();
        token = text_of(&answer, "token");
        if take_events(&answer, &mut seen, is_first) {
            return seen;
        }
    }
}

/// True when the VM named "last" has come.
fn take_events(answer: &WireValue, seen: &mut BTreeMap<String, BTreeMap<String, String>>, is_first: bool) -> bool {
    let Some(WireValue::Array(events)) = answer.member("events") else {
        panic!("no events in {answer:?}")
    };
    let mut last = false;
    for event in events {
        let (vm, operation) = (text_of(event, "ref"), text_of(event, "operation"));
        let known = seen.contains_key(&vm);
        assert!(
            is_first || (operation == "add") != known,
            "{operation} of {vm}, which was known: {known}"
        );
        let snapshot = event.member("snapshot").unwrap();
        last |= text_of(snapshot, "name_label") == "last";
        let Some(WireValue::Struct(members)) = snapshot.member("other_config") else {
            panic!("{snapshot:?}")
        };
        let pairs = members.iter().map(|(key, value)| match value {
            WireValue::Text(text) => (key.clone(), text.clone()),
            other => panic!("{other:?}"),
        });
        seen.insert(vm, pairs.collect());
    }
    last
}
