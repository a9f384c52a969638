//! Pools of a few nodes in one process: committing, failing over, reading, handing over, joining, catching up, restarting.

#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster;

use cluster::{Cluster, create, eventually, first, holds, row};
use std::collections::BTreeSet;
use std::time::Duration;
use xenith_datamodel::{ApiError, Value, class};
use xenith_pooldb::Transaction;
use xenith_raft::{BootstrapError, CommitError, HandOverError, PoolLog, ReadError, Role};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_one_commits_and_refuses_a_second_bootstrap() {
    let cluster = Cluster::formed(1, |_| {}).await;
    cluster.write("a").await.unwrap();
    let view = cluster.node(0).read().await.unwrap();
    assert!(holds(&view, "first") && holds(&view, "a"));
    let again = cluster.node(0).bootstrap(row("second")).await;
    assert!(matches!(again, Err(BootstrapError::NotEmpty)), "{again:?}");
}

/// A power failure between the first entry of the log and the first transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bootstrap_that_was_cut_off_is_gone_on_with() {
    let mut cluster = Cluster::new(1, |_| {});
    cluster.start(0).await;
    let node = cluster.node(0).clone();
    let begun = async {
        while !node.is_member().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        made = node.bootstrap(first()) => made.unwrap(),
        () = begun => {}
    }
    cluster.kill(0).await;
    cluster.start(0).await;
    let again = cluster.node(0).bootstrap(first()).await;
    assert!(matches!(again, Ok(()) | Err(BootstrapError::NotEmpty)), "{again:?}");
    assert!(holds(&cluster.node(0).read().await.unwrap(), "first"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_commit_and_every_one_reads_what_was_acknowledged() {
    let cluster = Cluster::formed(3, |_| {}).await;
    for n in 0..50 {
        let name = format!("w{n}");
        cluster.write(&name).await.unwrap();
        for k in 0..3 {
            assert!(
                holds(&cluster.node(k).read().await.unwrap(), &name),
                "host {k} after {name}"
            );
        }
    }
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_sees_what_is_in_flight_and_a_refused_one_changes_nothing() {
    let cluster = Cluster::formed(3, |_| {}).await;
    let k = cluster.coordinator().await;
    let node = cluster.node(k);
    let count = |view: &xenith_pooldb::View| view.count(class("task").unwrap()) as i64;
    let before = count(&node.read().await.unwrap());
    // All are proposed before any is awaited: each must see the ones before it.
    let proposals: Vec<_> = (0..100)
        .map(|n| {
            let transaction = row(&format!("p{n}"));
            node.propose(Box::new(move |view| Ok((transaction, Value::Int(count(view))))))
        })
        .collect();
    let refused = node.propose(Box::new(|_| Err(ApiError::plain("NOT_ALLOWED"))));
    let seen = node.propose(Box::new(move |view| Ok((Transaction::new(0), Value::Int(count(view))))));
    for (n, proposal) in proposals.into_iter().enumerate() {
        assert_eq!(proposal.await.unwrap(), Value::Int(before + n as i64));
    }
    assert!(matches!(refused.await, Err(CommitError::Api(error)) if error.code == "NOT_ALLOWED"));
    assert_eq!(seen.await.unwrap(), Value::Int(before + 100));
    let idle = node.propose(Box::new(move |view| Ok((Transaction::new(0), Value::Int(count(view))))));
    assert_eq!(idle.await.unwrap(), Value::Int(before + 100));
    let supporter = (k + 1) % 3;
    let elsewhere = cluster.node(supporter).propose(create("x")).await;
    assert!(matches!(elsewhere, Err(CommitError::NotCoordinator)), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_coordinator_is_followed_by_one_that_has_every_acknowledged_write() {
    let mut cluster = Cluster::formed(3, |_| {}).await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        for n in 0..20 {
            let name = format!("r{round}-{n}");
            cluster.write(&name).await.unwrap();
            acknowledged.push(name);
        }
        let dead = cluster.coordinator().await;
        let term = match *cluster.node(dead).watch_role().borrow() {
            Role::Coordinator { term } => term,
            Role::Supporter { .. } | Role::NoCoordinator => panic!("not the coordinator"),
        };
        // Some are in flight when it dies: they may be there or not, but it must be said.
        let node = cluster.node(dead).clone();
        let in_flight: Vec<_> = (0..20)
            .map(|n| node.propose(create(&format!("f{round}-{n}"))))
            .collect();
        cluster.kill(dead).await;
        for (n, proposal) in in_flight.into_iter().enumerate() {
            if proposal.await.is_ok() {
                acknowledged.push(format!("f{round}-{n}"));
            }
        }
        let next = cluster.coordinator().await;
        let view = cluster.node(next).read().await.unwrap();
        for name in &acknowledged {
            assert!(holds(&view, name), "{name} is lost");
        }
        let role = cluster.node(next).watch_role().borrow().clone();
        assert!(
            matches!(role, Role::Coordinator { term: now } if now >= term),
            "{role:?}"
        );
        cluster.start(dead).await;
        cluster.agree().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_isolated_coordinator_serves_no_reads_and_says_that_writes_are_unknown() {
    let cluster = Cluster::formed(3, |_| {}).await;
    cluster.write("before").await.unwrap();
    let old = cluster.coordinator().await;
    let node = cluster.node(old).clone();
    cluster.net.isolate(node.node_id(), &cluster.ids());
    let stranded = node.propose(create("stranded"));
    let others: Vec<_> = (0..3).filter(|k| *k != old).collect();
    let new = cluster.coordinator_of(&others).await;
    cluster.node(new).propose(create("after")).await.unwrap();
    let read = node.read().await;
    assert!(
        matches!(read, Err(ReadError::NoCoordinator)),
        "a read without a majority"
    );
    let stranded = stranded.await;
    assert!(
        matches!(stranded, Err(CommitError::Unknown | CommitError::NotCoordinator)),
        "{stranded:?}"
    );
    let refused = node.propose(create("late")).await;
    assert!(matches!(refused, Err(CommitError::NotCoordinator)), "{refused:?}");
    assert_eq!(*node.watch_role().borrow(), Role::NoCoordinator);
    cluster.net.heal();
    eventually("it follows again", || {
        matches!(*node.watch_role().borrow(), Role::Supporter { .. })
    })
    .await;
    let view = node.read().await.unwrap();
    assert!(holds(&view, "after") && !holds(&view, "late"));
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supporter_that_was_cut_off_does_not_unseat_the_coordinator() {
    // A machine that stands still for an election timeout makes a real election: so it is a long one here, and cut off for longer.
    let cluster = Cluster::formed(3, |config| {
        config.election_min = Duration::from_millis(1_400);
        config.election_max = Duration::from_millis(1_500);
    })
    .await;
    let k = cluster.coordinator().await;
    let role = cluster.node(k).watch_role().borrow().clone();
    let supporter = (k + 1) % 3;
    cluster.net.isolate(cluster.hosts[supporter].id, &cluster.ids());
    for n in 0..40 {
        cluster.write(&format!("w{n}")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    cluster.net.heal();
    cluster.agree().await;
    assert_eq!(*cluster.node(k).watch_role().borrow(), role, "pre-vote keeps the term");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coordination_is_handed_over_under_load_again_and_again() {
    let cluster = Cluster::formed(3, |_| {}).await;
    let stop = std::sync::atomic::AtomicBool::new(false);
    let load = async {
        let mut names = BTreeSet::new();
        let mut n = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
            let batch: Vec<String> = (n..n + 8).map(|n| format!("l{n}")).collect();
            n += 8;
            let written = futures::future::join_all(batch.iter().map(|name| cluster.write(name))).await;
            for (name, outcome) in batch.into_iter().zip(written) {
                match outcome {
                    Ok(()) => drop(names.insert(name)),
                    Err(error) => panic!("{name}: a hand-over must not fail a write: {error}"),
                }
            }
        }
        names
    };
    let hand_overs = async {
        for round in 0..20 {
            let from = cluster.coordinator().await;
            let to = (from + 1 + round % 2) % 3;
            cluster.node(from).hand_over(&format!("host-{to}")).await.unwrap();
            let now = cluster.coordinator().await;
            assert_eq!(now, to, "round {round}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let (names, ()) = tokio::join!(load, hand_overs);
    let view = cluster.node(0).read().await.unwrap();
    for name in &names {
        assert!(holds(&view, name), "{name} is lost");
    }
    assert!(!names.is_empty());
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_over_to_a_host_that_lags_is_refused_without_a_gap() {
    let cluster = Cluster::formed(3, |config| config.catch_up_max = Duration::from_millis(300)).await;
    let k = cluster.coordinator().await;
    let role = cluster.node(k).watch_role().borrow().clone();
    let target = (k + 1) % 3;
    cluster.net.cut(cluster.hosts[k].id, cluster.hosts[target].id);
    for n in 0..300 {
        cluster.write(&format!("w{n}")).await.unwrap();
    }
    let outcome = cluster.node(k).hand_over(&format!("host-{target}")).await;
    assert!(matches!(outcome, Err(HandOverError::Refused(_))), "{outcome:?}");
    cluster.node(k).propose(create("goes on")).await.unwrap();
    let nobody = cluster.node(k).hand_over("host-99").await;
    assert!(matches!(nobody, Err(HandOverError::Refused(_))), "{nobody:?}");
    assert_eq!(*cluster.node(k).watch_role().borrow(), role);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_over_that_comes_to_nothing_is_undone_and_writes_go_on() {
    let cluster = Cluster::formed(3, |config| config.freeze_max = Duration::from_millis(150)).await;
    let k = cluster.coordinator().await;
    let role = cluster.node(k).watch_role().borrow().clone();
    let target = (k + 1) % 3;
    // Heard and caught up when it is looked at; gone when it is asked.
    cluster.net.cut(cluster.hosts[k].id, cluster.hosts[target].id);
    let outcome = cluster.node(k).hand_over(&format!("host-{target}")).await;
    assert!(matches!(outcome, Err(HandOverError::Undone)), "{outcome:?}");
    cluster.node(k).propose(create("goes on")).await.unwrap();
    assert!(holds(&cluster.node(k).read().await.unwrap(), "goes on"));
    assert_eq!(*cluster.node(k).watch_role().borrow(), role);
    cluster.net.heal();
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_join_one_after_the_other_and_the_voters_stay_odd() {
    let mut cluster = Cluster::new(6, |_| {});
    for k in 0..6 {
        cluster.start(k).await;
    }
    cluster.node(0).bootstrap(first()).await.unwrap();
    for (k, wanted) in [(1, 1), (2, 3), (3, 3), (4, 5), (5, 5)] {
        cluster.node(0).add_member(cluster.member(k)).await.unwrap();
        cluster.write(&format!("joined {k}")).await.unwrap();
        eventually("the voters are as wanted", || cluster.voters(0).len() == wanted).await;
        let role = cluster.node(k).watch_role();
        eventually("the joiner follows", || {
            matches!(*role.borrow(), Role::Supporter { .. })
        })
        .await;
        assert!(holds(&cluster.node(k).read().await.unwrap(), &format!("joined {k}")));
    }
    // A learner becomes coordinator: another voter makes room.
    let learner = (0..6)
        .find(|k| !cluster.voters(0).contains(&cluster.hosts[*k].id))
        .unwrap();
    cluster.node(0).hand_over(&format!("host-{learner}")).await.unwrap();
    assert_eq!(cluster.coordinator().await, learner);
    assert_eq!(cluster.voters(learner).len(), 5);
    let gone = cluster.hosts[0].id;
    cluster.node(learner).remove_member(gone).await.unwrap();
    eventually("five of five vote", || {
        cluster.voters(learner).len() == 5 && !cluster.voters(learner).contains(&gone)
    })
    .await;
    cluster.write("after").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_two_hands_over_and_keeps_one_voter() {
    let cluster = Cluster::formed(2, |_| {}).await;
    cluster.write("a").await.unwrap();
    cluster.node(0).hand_over("host-1").await.unwrap();
    assert_eq!(cluster.coordinator().await, 1);
    eventually("one voter", || cluster.voters(1) == [cluster.hosts[1].id]).await;
    cluster.write("b").await.unwrap();
    assert!(holds(&cluster.node(0).read().await.unwrap(), "b"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_far_behind_catches_up_by_snapshot() {
    let mut cluster = Cluster::formed(3, |config| {
        config.snapshot_every = 100;
        config.keep_entries = 10;
    })
    .await;
    let k = cluster.coordinator().await;
    let behind = (k + 1) % 3;
    cluster.kill(behind).await;
    for n in 0..600 {
        cluster.write(&format!("w{n}")).await.unwrap();
    }
    cluster.start(behind).await;
    cluster.agree().await;
    assert!(holds(cluster.node(behind).read().await.as_deref().unwrap(), "w599"));
    // And goes on from there, also after a restart.
    cluster.write("later").await.unwrap();
    cluster.agree().await;
    cluster.kill(behind).await;
    cluster.start(behind).await;
    assert!(holds(cluster.node(behind).read().await.as_deref().unwrap(), "later"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_pool_restarts_from_disk() {
    let mut cluster = Cluster::formed(3, |config| {
        config.snapshot_every = 50;
        config.keep_entries = 5;
    })
    .await;
    for round in 0..2 {
        for n in 0..80 {
            cluster.write(&format!("r{round}-{n}")).await.unwrap();
        }
        for k in 0..3 {
            cluster.kill(k).await;
        }
        for k in 0..3 {
            cluster.start(k).await;
        }
        let k = cluster.coordinator().await;
        let view = cluster.node(k).read().await.unwrap();
        for n in 0..80 {
            assert!(holds(&view, &format!("r{round}-{n}")), "r{round}-{n} is lost");
        }
        cluster.agree().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_are_compared_and_stay_equal() {
    let cluster = Cluster::formed(3, |config| config.hash_every = 16).await;
    for n in 0..100 {
        cluster.write(&format!("w{n}")).await.unwrap();
    }
    cluster.agree().await;
    for k in 0..3 {
        assert_eq!(cluster.node(k).quarantine(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_tell_role_term_and_lag() {
    let cluster = Cluster::formed(3, |_| {}).await;
    cluster.write("a").await.unwrap();
    let k = cluster.coordinator().await;
    let text = cluster.node(k).metrics();
    for line in [
        "xenith_raft_role 2",
        "xenith_raft_voters 3",
        "xenith_raft_lag_entries{host=\"host-",
        "xenith_store_commit_seconds_count",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_that_cannot_be_trusted_gives_way_and_serves_nothing() {
    let cluster = Cluster::formed(3, |_| {}).await;
    cluster.write("a").await.unwrap();
    let bad = cluster.coordinator().await;
    cluster.node(bad).distrust("a test says so");
    let others: Vec<_> = (0..3).filter(|k| *k != bad).collect();
    let next = cluster.coordinator_of(&others).await;
    cluster.node(next).propose(create("b")).await.unwrap();
    assert!(cluster.node(bad).read().await.is_err());
    assert_eq!(*cluster.node(bad).watch_role().borrow(), Role::NoCoordinator);
    let refused = cluster.node(bad).propose(create("c")).await;
    assert!(matches!(refused, Err(CommitError::NotCoordinator)), "{refused:?}");
    assert!(cluster.node(bad).metrics().contains("xenith_raft_quarantined 1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_whose_disk_fails_acknowledges_nothing_and_another_takes_over() {
    let mut cluster = Cluster::formed(3, |_| {}).await;
    let bad = cluster.coordinator().await;
    cluster.hosts[bad].disk.break_fsync();
    let failed = cluster.node(bad).propose(create("lost")).await;
    assert!(
        matches!(
            failed,
            Err(CommitError::UnknownByStoreFault(_) | CommitError::StoreFault(_))
        ),
        "{failed:?}"
    );
    let others: Vec<_> = (0..3).filter(|k| *k != bad).collect();
    let next = cluster.coordinator_of(&others).await;
    cluster.node(next).propose(create("goes on")).await.unwrap();
    eventually("it says that the store failed", || {
        *cluster.node(bad).watch_role().borrow() == Role::NoCoordinator
    })
    .await;
    let after = cluster.node(bad).propose(create("after")).await;
    assert!(matches!(after, Err(CommitError::StoreFault(_))), "{after:?}");
    // With a new disk behind it, it comes back.
    cluster.kill(bad).await;
    cluster.start(bad).await;
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_pool_of_two_the_learner_has_what_is_acknowledged_and_its_loss_stops_nothing() {
    let mut cluster = Cluster::formed(2, |_| {}).await;
    eventually("the learner is in sync", || cluster.node(1).is_in_sync()).await;
    for n in 0..30 {
        cluster.write(&format!("w{n}")).await.unwrap();
    }
    // Cut off, the learner is awaited until it has left the set by a record; then writes go on.
    cluster.net.isolate(cluster.hosts[1].id, &cluster.ids());
    cluster.write("alone").await.unwrap();
    let alone = cluster.node(0).applied();
    assert!(holds(&alone, "alone"));
    assert!(!holds(&cluster.node(1).applied(), "alone"));
    assert!(cluster.node(1).is_in_sync(), "it has not heard of the record");
    cluster.net.heal();
    eventually("it has left and come back", || {
        cluster.node(1).is_in_sync() && holds(&cluster.node(1).applied(), "alone")
    })
    .await;
    // What was acknowledged while it was in sync is in its log, though the voter dies at once.
    cluster.write("last").await.unwrap();
    cluster.kill(0).await;
    cluster.start(0).await;
    // Equal states are not enough: both may be at the one before it for a moment.
    eventually("both have it", || {
        holds(&cluster.node(0).applied(), "last") && holds(&cluster.node(1).applied(), "last")
    })
    .await;
}

/// Else the watcher hears of a change that is lost with the voter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_pool_of_two_no_watcher_is_told_what_the_learner_may_not_have() {
    let cluster = Cluster::formed(2, |_| {}).await;
    eventually("the learner is in sync", || cluster.node(1).is_in_sync()).await;
    let mut watched = cluster.node(0).watch_applied();
    cluster.write("synced").await.unwrap();
    assert!(watched.wait_for(|view| holds(view, "synced")).await.is_ok());
    cluster.net.isolate(cluster.hosts[1].id, &cluster.ids());
    let mut change = Box::pin(cluster.node(0).propose(create("unsynced")));
    let told = watched.wait_for(|view| holds(view, "unsynced"));
    assert!(told.await.is_ok());
    // Both are released together, by another thread; the learner is awaited for much longer.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let acknowledged = futures::FutureExt::now_or_never(&mut change);
    assert!(matches!(acknowledged, Some(Ok(_))), "told before it was acknowledged");
    cluster.net.heal();
    // The learner tells what it has.
    let mut watched = cluster.node(1).watch_applied();
    assert!(watched.wait_for(|view| holds(view, "unsynced")).await.is_ok());
}

/// Else the read is of a change that is lost with the voter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_pool_of_two_no_read_shows_what_the_learner_may_not_have() {
    let cluster = Cluster::formed(2, |_| {}).await;
    eventually("the learner is in sync", || cluster.node(1).is_in_sync()).await;
    cluster.net.isolate(cluster.hosts[1].id, &cluster.ids());
    let change = cluster.node(0).propose(create("unsynced"));
    eventually("it is applied", || holds(&cluster.node(0).applied(), "unsynced")).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let read = loop {
        if let Ok(view) = cluster.node(0).read().await {
            break view;
        }
    };
    assert!(holds(&read, "unsynced"));
    let acknowledged = futures::FutureExt::now_or_never(change);
    assert!(matches!(acknowledged, Some(Ok(_))), "shown before it was acknowledged");
    let mut watched = cluster.node(0).watch_applied();
    assert!(watched.wait_for(|view| holds(view, "unsynced")).await.is_ok());
    cluster.net.heal();
    eventually("it has come back", || holds(&cluster.node(1).applied(), "unsynced")).await;
}
