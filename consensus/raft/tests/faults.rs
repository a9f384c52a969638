//! A member in trouble: a full disk that heals, a state that is not trusted any more, a machine that was suspended, a clock that differs.

#![allow(clippy::unwrap_used, clippy::panic)]

mod cluster;

use cluster::{Cluster, create, eventually, holds, row};
use futures::FutureExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use xenith_raft::network::MemoryNet;
use xenith_raft::snapshot::MemorySnapshots;
use xenith_raft::store::{FaultHook, IoPoint, OpenError, OpenOptions, SledLog, StoreIdentity};
use xenith_raft::{
    CommitError, HandOverError, Member, NodeId, PoolLog, RaftConfig, RaftNode, RaftParts, Role, SuspendClock,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_with_a_full_disk_acknowledges_nothing_says_so_and_heals() {
    let mut cluster = Cluster::formed(3, |_| {}).await;
    cluster.write("before").await.unwrap();
    let full = cluster.coordinator().await;
    cluster.hosts[full].disk.set_full(true);
    let lost = cluster.node(full).propose(create("not acknowledged")).await;
    assert!(
        matches!(&lost, Err(CommitError::UnknownByStoreFault(why)) if why.contains("full")),
        "{lost:?}"
    );
    let why = cluster.node(full).failed().await;
    assert!(why.contains("full"), "{why}");
    eventually("proposals are told at once", || {
        let told = cluster.node(full).propose(create("told")).now_or_never();
        matches!(told, Some(Err(CommitError::StoreFault(_))))
    })
    .await;
    // The others go on; started again without space, it fails again and takes nobody along.
    cluster.write("goes on").await.unwrap();
    cluster.kill(full).await;
    cluster.hosts[full].disk.set_full(true);
    cluster.start(full).await;
    cluster.write("goes on still").await.unwrap();
    cluster.node(full).failed().await;
    // There is space again.
    cluster.kill(full).await;
    cluster.hosts[full].disk.set_full(false);
    cluster.start(full).await;
    cluster.agree().await;
    let view = cluster.node(full).applied();
    for name in ["before", "goes on", "goes on still"] {
        assert!(holds(&view, name), "{name} is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supporter_with_a_full_disk_stops_nobody_and_comes_back() {
    let mut cluster = Cluster::formed(3, |_| {}).await;
    let full = (cluster.coordinator().await + 1) % 3;
    cluster.hosts[full].disk.set_full(true);
    for n in 0..20 {
        cluster.write(&format!("w{n}")).await.unwrap();
    }
    let why = cluster.node(full).failed().await;
    assert!(why.contains("full"), "{why}");
    cluster.kill(full).await;
    cluster.start(full).await;
    cluster.agree().await;
    assert!(holds(&cluster.node(full).applied(), "w19"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_stopped_has_not_failed() {
    let cluster = Cluster::formed(1, |_| {}).await;
    let node = cluster.node(0).clone();
    assert_eq!(node.failed().now_or_never(), None);
    node.stop().await;
    assert_eq!(node.failed().now_or_never(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quarantine_outlives_a_restart() {
    let mut cluster = Cluster::formed(3, |_| {}).await;
    let bad = cluster.coordinator().await;
    let mut watch = cluster.node(bad).watch_quarantine();
    assert_eq!(*watch.borrow_and_update(), None);
    cluster.node(bad).distrust("a test says so");
    watch.changed().await.unwrap();
    assert_eq!(watch.borrow().as_deref(), Some("a test says so"));
    let others: Vec<_> = (0..3).filter(|k| *k != bad).collect();
    cluster.coordinator_of(&others).await;
    cluster.kill(bad).await;
    cluster.start(bad).await;
    assert_eq!(cluster.node(bad).quarantine().as_deref(), Some("a test says so"));
    assert_eq!(
        cluster.node(bad).watch_quarantine().borrow().as_deref(),
        Some("a test says so")
    );
    assert!(cluster.node(bad).read().await.is_err());
}

/// How long the machines of [`after_a_suspend_the_coordinator_confirms_that_it_is_one`] have been suspended, in ms.
static SUSPENDED: AtomicU64 = AtomicU64::new(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_suspend_the_coordinator_confirms_that_it_is_one() {
    let cluster = Cluster::formed(3, |config| {
        config.suspended = SuspendClock::new(|| Duration::from_millis(SUSPENDED.load(Ordering::SeqCst)));
    })
    .await;
    cluster.write("before").await.unwrap();
    let k = cluster.coordinator().await;
    let before = cluster.node(k).fence().unwrap();
    SUSPENDED.fetch_add(3_600_000, Ordering::SeqCst);
    eventually("a new \"opened\" entry is committed", || {
        cluster.alive().iter().all(|k| {
            let now = cluster.node(*k).fence().unwrap();
            (now.term, now.index) > (before.term, before.index)
        })
    })
    .await;
    cluster.write("after").await.unwrap();
    let k = cluster.coordinator().await;
    assert!(holds(&cluster.node(k).read().await.unwrap(), "before"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_over_whose_target_votes_late_leaves_no_write_without_an_answer() {
    let cluster = Cluster::formed(3, |config| config.freeze_max = Duration::from_millis(100)).await;
    let k = cluster.coordinator().await;
    let target = (k + 1) % 3;
    cluster.agree().await;
    // Something is always in flight; the target's own vote takes much longer than the hand-over's time.
    cluster.net.set_delay(Duration::from_millis(5));
    cluster.hosts[target].fsync_ms.store(400, Ordering::Relaxed);
    let over = AtomicBool::new(false);
    let hand_over = async {
        let outcome = cluster.node(k).hand_over(&format!("host-{target}")).await;
        // Also what is written right after it.
        tokio::time::sleep(Duration::from_millis(500)).await;
        over.store(true, Ordering::SeqCst);
        outcome
    };
    let writer = |n: usize| {
        let (cluster, over) = (&cluster, &over);
        async move {
            let mut count = 0;
            while !over.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
                cluster.write(&format!("w{n}-{count}")).await.unwrap();
                count += 1;
            }
        }
    };
    let (outcome, _) = tokio::join!(hand_over, futures::future::join_all((0..4).map(writer)));
    // Whether a host with such a disk becomes coordinator, and stays it, is another matter.
    assert!(matches!(outcome, Ok(()) | Err(HandOverError::Undone)), "{outcome:?}");
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_members_clocks_are_compared() {
    let cluster = Cluster::formed(3, |_| {}).await;
    let from = cluster.coordinator().await;
    let to = (from + 1) % 3;
    cluster.node(from).hand_over(&format!("host-{to}")).await.unwrap();
    // All clocks of a test stand at the same time; what is left is half a round trip.
    eventually("both others were asked", || cluster.node(to).clock_skews().len() == 2).await;
    let skews = cluster.node(to).clock_skews();
    assert!(skews.values().all(|skew| *skew <= 0), "{skews:?}");
    let text = cluster.node(to).metrics();
    assert!(
        text.contains(&format!("xenith_clock_skew_ms{{host=\"host-{from}\"}} ")),
        "{text}"
    );
    eventually("who does not coordinate shows none", || {
        cluster.node(from).clock_skews().is_empty()
    })
    .await;
}

/// A pool of one on sled.
struct OnSled {
    net: MemoryNet,
    full: Arc<AtomicBool>,
}

impl OnSled {
    async fn start(&self, dir: &Path) -> Arc<RaftNode> {
        let full = self.full.clone();
        let faults: FaultHook = Arc::new(move |point| match point {
            IoPoint::Reserve if full.load(Ordering::SeqCst) => Err(std::io::ErrorKind::StorageFull.into()),
            IoPoint::KeepNames | IoPoint::Reserve | IoPoint::Write | IoPoint::SyncData | IoPoint::SyncMark => Ok(()),
        });
        let options = OpenOptions {
            faults: Some(faults),
            ..OpenOptions::default()
        };
        let member = Member {
            node: NodeId(9),
            host_uuid: "host".into(),
            link_address: "10.0.0.1:4443".into(),
            certificate_sha256: [1; 32],
        };
        let log = open(dir, &options).await;
        let mut config = RaftConfig::new(member.clone(), 42, 1);
        config.heartbeat = Duration::from_millis(10);
        config.election_min = Duration::from_millis(30);
        config.election_max = Duration::from_millis(40);
        let parts = RaftParts {
            log: Arc::new(log),
            snapshots: Arc::new(MemorySnapshots::default()),
            net: self.net.door(member.node),
            opening: Arc::new(|_| xenith_pooldb::Transaction::new(0)),
            clock: Arc::new(|| 1_000),
        };
        RaftNode::start(config, parts).await.unwrap()
    }
}

/// A node that was just stopped lets go of its store a little later.
async fn open(dir: &Path, options: &OpenOptions) -> SledLog {
    let identity = StoreIdentity {
        node: 9,
        pool_uuid: "pool".into(),
        incarnation: 1,
        host_uuid: "host".into(),
    };
    for _ in 0..1_000 {
        let opened = match dir.exists() {
            true => SledLog::open(dir, options.clone()),
            false => SledLog::create(dir, &identity, options.clone()),
        };
        match opened {
            Err(OpenError::InUse) => tokio::time::sleep(Duration::from_millis(5)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the store stays in use");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sled_a_full_disk_heals_and_a_quarantine_stays() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let host = OnSled {
        net: MemoryNet::new(),
        full: Arc::default(),
    };
    let node = host.start(&dir).await;
    node.bootstrap(row("kept")).await.unwrap();
    host.full.store(true, Ordering::SeqCst);
    // Space that was reserved before takes some more changes; what is acknowledged of them must be there later.
    let mut kept = vec!["kept".to_owned()];
    for n in 0.. {
        let name = format!("{n}{}", "x".repeat(100_000));
        match node.propose(create(&name)).await {
            Ok(_) => kept.push(name),
            Err(CommitError::Unknown | CommitError::UnknownByStoreFault(_) | CommitError::StoreFault(_)) => break,
            Err(other) => panic!("{other}"),
        }
    }
    // Again and again without space, as a daemon would try.
    let mut node = Some(node);
    for round in 0..3 {
        let failed = node.take().unwrap();
        let why = failed.failed().await;
        assert!(why.contains("full"), "{why}");
        failed.stop().await;
        drop(failed);
        if round == 2 {
            host.full.store(false, Ordering::SeqCst);
        }
        node = Some(host.start(&dir).await);
    }
    let node = node.unwrap();
    let mut role = node.watch_role();
    role.wait_for(|role| matches!(role, Role::Coordinator { .. }))
        .await
        .unwrap();
    node.propose(create("healed")).await.unwrap();
    let view = node.read().await.unwrap();
    for name in kept.iter().map(String::as_str).chain(["healed"]) {
        assert!(holds(&view, name), "{} is lost", &name[..name.len().min(8)]);
    }
    let mut watch = node.watch_quarantine();
    node.distrust("a test says so");
    watch.wait_for(Option::is_some).await.unwrap();
    node.stop().await;
    drop((node, role));
    let node = host.start(&dir).await;
    assert_eq!(node.quarantine().as_deref(), Some("a test says so"));
    node.stop().await;
}
