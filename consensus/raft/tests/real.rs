//! Three nodes on sled in temporary folders, over the TLS link on loopback: the parts that run in production.

#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use futures::future::BoxFuture;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use xenith_datamodel::{Ref, Value, class, classes::task};
use xenith_link::{Hello, Identity, Link, LinkConfig, LinkStream, Refusal, Services};
use xenith_pooldb::Transaction;
use xenith_raft::network::{LinkNet, RAFT_SERVICE, RaftNet, RaftService, serve_request, serve_stream};
use xenith_raft::snapshot::DiskSnapshots;
use xenith_raft::store::{OpenError, OpenOptions, SledLog, SnapshotFiles, StoreIdentity};
use xenith_raft::{CommitError, Member, NodeId, PoolLog, RaftConfig, RaftNode, RaftParts, Role};

const POOL: &str = "pool";

#[derive(Default)]
struct Served(RwLock<Option<Arc<dyn RaftService>>>);

impl Served {
    fn raft(&self, service: u16) -> Result<Arc<dyn RaftService>, Refusal> {
        if service != RAFT_SERVICE {
            return Err(Refusal::UnknownService(service));
        }
        self.0.read().unwrap().clone().ok_or(Refusal::Busy)
    }
}

impl Services for Served {
    fn request(&self, peer: u128, service: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        let raft = self.raft(service);
        Box::pin(async move { Ok(serve_request(raft?, peer, body).await) })
    }

    fn stream(&self, peer: u128, service: u16, stream: LinkStream) -> BoxFuture<'static, ()> {
        match self.raft(service) {
            Ok(raft) => serve_stream(raft, peer, stream),
            Err(_) => Box::pin(async {}),
        }
    }

    fn join(&self, _certificate: Vec<u8>, _body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        Box::pin(async { Err(Refusal::Denied("no joins here".into())) })
    }
}

struct Host {
    member: Member,
    net: Arc<LinkNet>,
    link: Link,
    served: Arc<Served>,
    node: Option<Arc<RaftNode>>,
}

impl Host {
    async fn linked(k: u128) -> Host {
        let identity = Arc::new(Identity::generate(&format!("host-{k}")).unwrap());
        let (net, served) = (LinkNet::new(), Arc::new(Served::default()));
        let hello = Hello {
            pool_uuid: POOL.into(),
            incarnation: 1,
            node: k,
            host_uuid: format!("host-{k}"),
        };
        let config = LinkConfig::new("127.0.0.1:0");
        let certificate_sha256 = identity.fingerprint();
        let link = Link::start(config, identity, hello, net.clone(), served.clone())
            .await
            .unwrap();
        net.attach(link.clone());
        let link_address = link.local_addr().to_string();
        let member = Member {
            node: NodeId(k),
            host_uuid: format!("host-{k}"),
            link_address,
            certificate_sha256,
        };
        Host {
            member,
            net,
            link,
            served,
            node: None,
        }
    }

    async fn start(&mut self, dir: &Path) {
        let dir = dir.join(&self.member.host_uuid);
        let identity = StoreIdentity {
            node: self.member.node.0,
            pool_uuid: POOL.into(),
            incarnation: 1,
            host_uuid: self.member.host_uuid.clone(),
        };
        let log = dir.join("log");
        std::fs::create_dir_all(&dir).unwrap();
        let options = OpenOptions::default();
        // A node that was just stopped lets go of its store a little later.
        let mut opened = Err(OpenError::InUse);
        for _ in 0..1_000 {
            opened = match log.exists() {
                true => SledLog::open(&log, options.clone()),
                false => SledLog::create(&log, &identity, options.clone()),
            };
            match opened {
                Err(OpenError::InUse) => tokio::time::sleep(Duration::from_millis(5)).await,
                _ => break,
            }
        }
        let log = opened;
        let mut config = RaftConfig::new(self.member.clone(), 42, self.member.node.0 as u64);
        config.election_min = Duration::from_millis(400);
        config.election_max = Duration::from_millis(500);
        config.planner_every = Duration::from_millis(50);
        config.freeze_max = Duration::from_secs(3);
        config.snapshot_every = 100;
        config.keep_entries = 10;
        let parts = RaftParts {
            log: Arc::new(log.unwrap()),
            snapshots: Arc::new(DiskSnapshots::new(SnapshotFiles::open(&dir.join("snapshots")).unwrap())),
            net: self.net.clone(),
            opening: Arc::new(|_| Transaction::new(0)),
            clock: Arc::new(|| 1_000),
        };
        let node = RaftNode::start(config, parts).await.unwrap();
        *self.served.0.write().unwrap() = Some(node.service());
        self.node = Some(node);
    }

    fn node(&self) -> &RaftNode {
        self.node.as_ref().unwrap()
    }
}

fn row(name: &str) -> Transaction {
    let mut transaction = Transaction::new(1_000);
    let fields = vec![
        (task::UUID.column, Value::text(name)),
        (task::NAME_LABEL.column, Value::text(name)),
    ];
    transaction.create(class("task").unwrap(), &Ref::from_uuid_text(name), fields);
    transaction
}

/// With the hosts' rows, from which members learn each other's addresses.
fn first(members: &[Member]) -> Transaction {
    let host = class("host").unwrap();
    let column = |name| host.column(name).unwrap();
    let mut transaction = row("first");
    for member in members {
        let fields = vec![
            (column("uuid"), Value::text(&member.host_uuid)),
            (column("address"), Value::text(&member.link_address)),
        ];
        transaction.create(host, &Ref::from_uuid_text(&member.host_uuid), fields);
    }
    transaction
}

async fn coordinator(hosts: &[Host]) -> usize {
    for _ in 0..2_000 {
        let leads = |h: &Host| {
            h.node
                .as_ref()
                .is_some_and(|node| matches!(*node.watch_role().borrow(), Role::Coordinator { .. }))
        };
        if let Some(k) = hosts.iter().position(leads) {
            return k;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no coordinator");
}

async fn write(hosts: &[Host], name: &str) {
    for _ in 0..1_000 {
        let k = coordinator(hosts).await;
        let transaction = row(name);
        match hosts[k]
            .node()
            .propose(Box::new(move |_| Ok((transaction, Value::Void))))
            .await
        {
            Ok(_) => return,
            Err(CommitError::NotCoordinator) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{name}: {error}"),
        }
    }
    panic!("{name} could not be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hosts_over_tls_and_sled_commit_hand_over_and_fail_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut hosts = Vec::new();
    for k in 1..=3 {
        hosts.push(Host::linked(k).await);
    }
    let members: Vec<_> = hosts.iter().map(|h| h.member.clone()).collect();
    for host in &mut hosts {
        host.net.learn(&members);
        host.start(dir.path()).await;
    }
    hosts[0].node().bootstrap(first(&members)).await.unwrap();
    // More than the log keeps: the joiners come by snapshot.
    for n in 0..250 {
        write(&hosts, &format!("early{n}")).await;
    }
    for member in &members[1..] {
        hosts[0].node().add_member(member.clone()).await.unwrap();
    }
    for _ in 0..2_000 {
        let settled =
            |h: &Host| h.node().members().iter().filter(|(_, votes)| *votes).count() == 3 && !h.node().voters_change();
        if hosts.iter().all(settled) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for round in 0..4 {
        let from = coordinator(&hosts).await;
        let to = (from + 1) % 3;
        hosts[from].node().hand_over(&members[to].host_uuid).await.unwrap();
        assert_eq!(coordinator(&hosts).await, to);
        write(&hosts, &format!("round{round}")).await;
    }
    let dead = coordinator(&hosts).await;
    let gone = hosts.remove(dead);
    gone.link.shutdown().await;
    gone.node().stop().await;
    drop(gone);
    write(&hosts, "after the loss").await;
    for host in &hosts {
        let view = host.node().read().await.unwrap();
        let tasks = class("task").unwrap();
        assert_eq!(view.count(tasks), 1 + 250 + 4 + 1);
        assert_eq!(view.by_name_label(tasks, "after the loss").len(), 1);
    }
    let written = hosts[0].node().applied().state_hash();
    // And all of it is on the disks.
    for host in &mut hosts {
        *host.served.0.write().unwrap() = None;
        host.node.take().unwrap().stop().await;
    }
    for host in &mut hosts {
        host.start(dir.path()).await;
    }
    let k = coordinator(&hosts).await;
    assert_eq!(hosts[k].node().read().await.unwrap().state_hash(), written);
}
