//! One node of the commit bench: a process of its own with Raft, sled and the host link as the daemon wires them, and nothing above.
//!
//! The bench starts itself with `--node K --dir DIR` and then writes commands on stdin, one a line, and reads one answer a line:
//! `role` -> `coordinator` | `other`; `voters` -> their number; `form` -> `ok`; `rows N` -> `ok`;
//! `run WRITERS MS` -> `COMMITS ERRORS P50 P99 MAX` (in µs).

use crate::Failure;
use crate::latency::Latencies;
use crate::rows;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use xenith_datamodel::Value;
use xenith_link::{Hello, Identity, Link, LinkConfig, LinkStream, Refusal, Services};
use xenith_pooldb::Transaction;
use xenith_raft::network::{LinkNet, RAFT_SERVICE, RaftService, serve_request, serve_stream};
use xenith_raft::snapshot::DiskSnapshots;
use xenith_raft::store::{OpenOptions, SledLog, SnapshotFiles, StoreIdentity};
use xenith_raft::{CommitError, Member, PoolLog, RaftConfig, RaftNode, RaftParts, Role};

const POOL_UUID: &str = "6f1f4a2e-0000-4000-8000-00000000be0c";
const MEMBERS: &str = "members.json";

/// What every writer writes: as long as etcd's values in the same run.
pub fn text(round: u64) -> String {
    format!("{round:0>200}")
}

/// The members of a pool to be, with their identities made in `dir`, for all nodes to read.
pub fn prepare(dir: &Path, ports: &[u16]) -> Result<(), Failure> {
    let mut members = Vec::new();
    for (k, port) in ports.iter().enumerate() {
        let node_dir = node_dir(dir, k);
        std::fs::create_dir_all(&node_dir)?;
        let host_uuid = format!("6f1f4a2e-0000-4000-8000-{k:012x}");
        let identity = Identity::load_or_generate(&node_dir.join("link"), &host_uuid)?;
        members.push(Member {
            node: xenith_raft::NodeId(u128::from(*port) << 96),
            host_uuid,
            link_address: format!("127.0.0.1:{port}"),
            certificate_sha256: identity.fingerprint(),
        });
    }
    std::fs::write(dir.join(MEMBERS), serde_json::to_vec(&members)?)?;
    Ok(())
}

fn node_dir(dir: &Path, k: usize) -> PathBuf {
    dir.join(format!("node-{k}"))
}

/// The node's `main`.
pub fn run(dir: &Path, k: usize) -> Result<(), Failure> {
    let runtime = crate::runtime();
    let members: Vec<Member> = serde_json::from_slice(&std::fs::read(dir.join(MEMBERS))?)?;
    let raft = runtime.block_on(start(&node_dir(dir, k), &members, k))?;
    for line in std::io::stdin().lock().lines() {
        let answer = runtime.block_on(obey(&raft, &members, &line?))?;
        println!("{answer}");
    }
    runtime.block_on(raft.stop());
    Ok(())
}

async fn start(dir: &Path, members: &[Member], k: usize) -> Result<Arc<RaftNode>, Failure> {
    let me = members[k].clone();
    let identity = Arc::new(Identity::load_or_generate(&dir.join("link"), &me.host_uuid)?);
    let store = StoreIdentity {
        node: me.node.0,
        pool_uuid: POOL_UUID.to_owned(),
        incarnation: 1,
        host_uuid: me.host_uuid.clone(),
    };
    let log = SledLog::create(&dir.join("store"), &store, OpenOptions::default())?;
    let services = Arc::new(OneService::default());
    let net = LinkNet::new();
    xenith_raft::network::RaftNet::learn(&*net, members);
    let hello = Hello {
        pool_uuid: store.pool_uuid,
        incarnation: 1,
        node: store.node,
        host_uuid: store.host_uuid,
    };
    let config = LinkConfig::new(me.link_address.clone());
    let link = Link::start(config, identity, hello, net.clone(), services.clone()).await?;
    net.attach(link);
    let parts = RaftParts {
        log: Arc::new(log),
        snapshots: Arc::new(DiskSnapshots::new(SnapshotFiles::open(&dir.join("snapshots"))?)),
        net,
        opening: Arc::new(|_| Transaction::new(0)),
        clock: Arc::new(now_ms),
    };
    let pool: uuid::Uuid = POOL_UUID.parse()?;
    let raft = RaftNode::start(RaftConfig::new(me, pool.as_u128(), k as u64 + 1), parts).await?;
    drop(services.0.set(raft.service()));
    Ok(raft)
}

fn now_ms() -> i64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(age.as_millis()).unwrap_or_default()
}

async fn obey(raft: &Arc<RaftNode>, members: &[Member], line: &str) -> Result<String, Failure> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["role"] => Ok(match *raft.watch_role().borrow() {
            Role::Coordinator { .. } => "coordinator".to_owned(),
            Role::Supporter { .. } | Role::NoCoordinator => "other".to_owned(),
        }),
        ["voters"] => Ok(raft.members().iter().filter(|(_, votes)| *votes).count().to_string()),
        ["form"] => {
            raft.bootstrap(rows::vm(0)).await?;
            for member in members.iter().skip(1) {
                raft.add_member(member.clone()).await?;
            }
            Ok("ok".to_owned())
        }
        ["rows", count] => {
            for number in 1..count.parse()? {
                raft.propose(Box::new(move |_| Ok((rows::vm(number), Value::Void))))
                    .await?;
            }
            Ok("ok".to_owned())
        }
        ["run", writers, ms] => write(raft, writers.parse()?, Duration::from_millis(ms.parse()?)).await,
        _ => Err(format!("no such command: {line}").into()),
    }
}

/// Writers in a closed loop, each on a row of its own.
async fn write(raft: &Arc<RaftNode>, writers: usize, during: Duration) -> Result<String, Failure> {
    let end = Instant::now() + during;
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let raft = raft.clone();
        tasks.push(tokio::spawn(async move {
            let (mut latencies, mut errors, mut round) = (Latencies::default(), 0, 0);
            while Instant::now() < end {
                round += 1;
                let begin = Instant::now();
                match commit(&raft, writer, round).await {
                    Ok(_) => latencies.add(begin.elapsed()),
                    Err(_) => {
                        errors += 1;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
            }
            (latencies, errors)
        }));
    }
    let (mut all, mut failed) = (Latencies::default(), 0);
    for task in tasks {
        let (latencies, errors) = task.await?;
        all.merge(latencies);
        failed += errors;
    }
    Ok(format!(
        "{} {failed} {} {} {}",
        all.count(),
        all.quantile(0.5),
        all.quantile(0.99),
        all.max()
    ))
}

async fn commit(raft: &RaftNode, row: usize, round: u64) -> Result<Value, CommitError> {
    let plan = move |_: &xenith_pooldb::View| {
        let mut transaction = Transaction::new(now_ms());
        transaction.set_value(
            &rows::reference("VM", row),
            rows::column("VM", "name_description"),
            text(round).into(),
        );
        Ok((transaction, Value::Void))
    };
    raft.propose(Box::new(plan)).await
}

#[derive(Default)]
struct OneService(OnceLock<Arc<dyn RaftService>>);

impl Services for OneService {
    fn request(&self, peer: u128, service: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        match self.0.get() {
            Some(raft) if service == RAFT_SERVICE => {
                let answer = serve_request(raft.clone(), peer, body);
                Box::pin(async move { Ok(answer.await) })
            }
            Some(_) | None => Box::pin(async move { Err(Refusal::UnknownService(service)) }),
        }
    }

    fn stream(&self, peer: u128, _service: u16, stream: LinkStream) -> BoxFuture<'static, ()> {
        match self.0.get() {
            Some(raft) => serve_stream(raft.clone(), peer, stream),
            None => Box::pin(async {}),
        }
    }

    fn join(&self, _certificate_der: Vec<u8>, _body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        Box::pin(async { Err(Refusal::Busy) })
    }
}
