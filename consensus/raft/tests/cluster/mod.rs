//! A pool in one process: nodes over the in-memory log and network.

#![allow(dead_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use xenith_datamodel::{Ref, Value, class, classes::task};
use xenith_pooldb::{Transaction, View};
use xenith_raft::network::MemoryNet;
use xenith_raft::snapshot::{MemorySnapshots, SnapshotStore};
use xenith_raft::store::{DurableLog, Executor, MemDisk, MemLog};
use xenith_raft::{CommitError, Member, NodeId, Plan, PoolLog, RaftConfig, RaftNode, RaftParts, Role};

/// How long a test waits for something that must come: only ever reached by a failing test.
const PATIENCE: Duration = Duration::from_secs(15);

/// More than any test has.
const HOSTS_MAX: usize = 8;

pub struct Cluster {
    pub net: MemoryNet,
    pub hosts: Vec<TestHost>,
    tune: fn(&mut RaftConfig),
}

pub struct TestHost {
    pub id: NodeId,
    pub node: Option<Arc<RaftNode>>,
    pub disk: MemDisk,
    /// Milliseconds that each fsync takes.
    pub fsync_ms: Arc<AtomicU64>,
    snapshots: Arc<dyn SnapshotStore>,
}

impl Cluster {
    pub fn new(size: u128, tune: fn(&mut RaftConfig)) -> Cluster {
        let _ = tracing_subscriber::fmt()
            .with_test_writer()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .try_init();
        let host = |k: u128| TestHost {
            id: NodeId((k << 96) + 7),
            node: None,
            disk: MemDisk::new(),
            fsync_ms: Arc::default(),
            snapshots: Arc::new(MemorySnapshots::default()),
        };
        Cluster {
            net: MemoryNet::new(),
            hosts: (1..=size).map(host).collect(),
            tune,
        }
    }

    /// A pool of `size` hosts whose voters are as many as the planner wants.
    pub async fn formed(size: u128, tune: fn(&mut RaftConfig)) -> Cluster {
        let mut cluster = Cluster::new(size, tune);
        for k in 0..cluster.hosts.len() {
            cluster.start(k).await;
        }
        cluster.node(0).bootstrap(first()).await.unwrap();
        for k in 1..cluster.hosts.len() {
            let member = cluster.member(k);
            cluster.node(0).add_member(member).await.unwrap();
        }
        let wanted = xenith_raft::planner::voters_wanted(size as usize);
        eventually("the voters are as wanted", || {
            let settled = |k: usize| cluster.voters(k).len() == wanted && !cluster.node(k).voters_change();
            (0..cluster.hosts.len()).all(settled)
        })
        .await;
        cluster
    }

    pub fn member(&self, k: usize) -> Member {
        Member {
            node: self.hosts[k].id,
            host_uuid: format!("host-{k}"),
            link_address: format!("10.0.0.{k}:4443"),
            certificate_sha256: [k as u8; 32],
        }
    }

    pub async fn start(&mut self, k: usize) {
        let mut config = RaftConfig::new(self.member(k), 42, k as u64 + 1);
        // A busy test machine: wider than in production.
        config.heartbeat = Duration::from_millis(50);
        config.election_min = Duration::from_millis(300);
        config.election_max = Duration::from_millis(400);
        config.planner_every = Duration::from_millis(50);
        config.freeze_max = Duration::from_secs(2);
        (self.tune)(&mut config);
        let host = &mut self.hosts[k];
        let fsync_ms = host.fsync_ms.clone();
        let executor: Executor = Arc::new(move |job| {
            let latency = Duration::from_millis(fsync_ms.load(Ordering::Relaxed));
            tokio::spawn(async move {
                tokio::time::sleep(latency).await;
                job();
            });
        });
        let log: Arc<dyn DurableLog> = Arc::new(MemLog::open(&host.disk, executor).unwrap());
        let parts = RaftParts {
            log,
            snapshots: host.snapshots.clone(),
            net: self.net.door(host.id),
            opening: Arc::new(|_| Transaction::new(0)),
            clock: Arc::new(|| 1_000),
        };
        let node = RaftNode::start(config, parts).await.unwrap();
        self.net.serve(host.id, node.service());
        host.node = Some(node);
    }

    /// As by a power-off: what was not fsynced is gone.
    pub async fn kill(&mut self, k: usize) {
        let host = &mut self.hosts[k];
        self.net.stop(host.id);
        host.disk.crash(&mut |_| 0);
        if let Some(node) = host.node.take() {
            node.stop().await;
        }
    }

    pub fn node(&self, k: usize) -> &Arc<RaftNode> {
        self.hosts[k].node.as_ref().unwrap()
    }

    pub fn alive(&self) -> Vec<usize> {
        (0..self.hosts.len())
            .filter(|k| self.hosts[*k].node.is_some())
            .collect()
    }

    pub fn ids(&self) -> Vec<NodeId> {
        self.hosts.iter().map(|host| host.id).collect()
    }

    pub fn voters(&self, k: usize) -> Vec<NodeId> {
        self.node(k)
            .members()
            .into_iter()
            .filter(|(_, votes)| *votes)
            .map(|(member, _)| member.node)
            .collect()
    }

    pub fn coordinators(&self) -> Vec<usize> {
        let leads = |k: &usize| matches!(*self.node(*k).watch_role().borrow(), Role::Coordinator { .. });
        self.alive().into_iter().filter(leads).collect()
    }

    /// The one coordinator among `of`.
    pub async fn coordinator_of(&self, of: &[usize]) -> usize {
        let mut found = None;
        eventually("there is a coordinator", || {
            let among: Vec<_> = self.coordinators().into_iter().filter(|k| of.contains(k)).collect();
            found = among.first().copied().filter(|_| among.len() == 1);
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    pub async fn coordinator(&self) -> usize {
        self.coordinator_of(&self.alive()).await
    }

    /// Writes a row, asking again and elsewhere as long as that is safe.
    pub async fn write(&self, name: &str) -> Result<(), CommitError> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let k = self.coordinator().await;
            match self.node(k).propose(create(name)).await {
                Err(CommitError::NotCoordinator) if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                other => return other.map(|_| ()),
            }
        }
    }

    /// Every live node comes to the same state.
    pub async fn agree(&self) {
        let alive = self.alive();
        eventually("all states are equal", || {
            let hashes: Vec<_> = alive.iter().map(|k| self.node(*k).applied().state_hash()).collect();
            hashes.windows(2).all(|pair| pair[0] == pair[1])
        })
        .await;
    }
}

pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(tokio::time::Instant::now() < until, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a pool is formed with: a row, and the hosts' rows, from which members learn each other's addresses.
pub fn first() -> Transaction {
    let host = class("host").unwrap();
    let column = |name| host.column(name).unwrap();
    let mut transaction = row("first");
    for k in 0..HOSTS_MAX {
        let uuid = format!("host-{k}");
        let fields = vec![
            (column("uuid"), Value::text(&uuid)),
            (column("address"), Value::text(format!("10.0.0.{k}"))),
        ];
        transaction.create(host, &Ref::from_uuid_text(&uuid), fields);
    }
    transaction
}

/// A task row named so.
pub fn row(name: &str) -> Transaction {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let uuid = format!("{:032x}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut transaction = Transaction::new(1_000);
    let fields = vec![
        (task::UUID.column, Value::text(&uuid)),
        (task::NAME_LABEL.column, Value::text(name)),
    ];
    transaction.create(class("task").unwrap(), &Ref::from_uuid_text(&uuid), fields);
    transaction
}

pub fn create(name: &str) -> Plan {
    let transaction = row(name);
    Box::new(move |_| Ok((transaction, Value::Void)))
}

pub fn holds(view: &View, name: &str) -> bool {
    view.by_name_label(class("task").unwrap(), name).len() == 1
}
