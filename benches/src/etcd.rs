//! Three etcd nodes (Debian's `etcd-server`) and writers over etcd's own gRPC, by tonic: what the commit bench compares with.
//!
//! etcd runs with its defaults, without TLS. The writers share one HTTP/2 connection to the leader per [`WRITERS_PER_CONNECTION`].

use crate::Failure;
use crate::latency::Latencies;
use crate::process::{Owned, free_port};
use bytes::Bytes;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

const WRITERS_PER_CONNECTION: usize = 32;
const STARTS_WITHIN: Duration = Duration::from_secs(30);

#[derive(Clone, PartialEq, prost::Message)]
struct PutRequest {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// Its members are passed over.
#[derive(Clone, PartialEq, prost::Message)]
struct PutResponse {}

#[derive(Clone, PartialEq, prost::Message)]
struct StatusRequest {}

#[derive(Clone, PartialEq, prost::Message)]
struct Header {
    #[prost(uint64, tag = "2")]
    member: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StatusResponse {
    #[prost(message, optional, tag = "1")]
    header: Option<Header>,
    #[prost(uint64, tag = "4")]
    leader: u64,
}

pub struct Etcd {
    nodes: Vec<Owned>,
    ports: Vec<u16>,
}

/// The version of the installed etcd, if there is one.
pub fn version() -> Option<String> {
    let output = Command::new("etcd").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .next()
        .map(|line| line.trim_start_matches("etcd Version: ").to_owned())
}

impl Etcd {
    pub async fn start(dir: &Path) -> Result<Etcd, Failure> {
        let first = free_port(26_000);
        let ports: Vec<u16> = (0..3).map(|k| first + 2 * k).collect();
        let peers: Vec<String> = ports
            .iter()
            .enumerate()
            .map(|(k, port)| format!("n{k}=http://127.0.0.1:{}", port + 1))
            .collect();
        let mut nodes = Vec::new();
        for (k, port) in ports.iter().enumerate() {
            let (client, peer) = (
                format!("http://127.0.0.1:{port}"),
                format!("http://127.0.0.1:{}", port + 1),
            );
            let child = Command::new("etcd")
                .args(["--name", &format!("n{k}"), "--log-level", "error"])
                .arg("--data-dir")
                .arg(dir.join(format!("etcd-{k}")))
                .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
                .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
                .args(["--initial-cluster", &peers.join(","), "--initial-cluster-state", "new"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            nodes.push(Owned(child));
        }
        let etcd = Etcd { nodes, ports };
        let end = Instant::now() + STARTS_WITHIN;
        while etcd.leader().await.is_err() {
            if Instant::now() > end {
                return Err("etcd elects no leader".into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(etcd)
    }

    pub fn pids(&self) -> Vec<u32> {
        self.nodes.iter().map(Owned::pid).collect()
    }

    async fn leader(&self) -> Result<String, Failure> {
        for port in &self.ports {
            let address = format!("http://127.0.0.1:{port}");
            let status: StatusResponse = unary(
                &connect(&address).await?,
                "/etcdserverpb.Maintenance/Status",
                StatusRequest {},
            )
            .await?;
            if status.leader != 0 && status.header.is_some_and(|header| header.member == status.leader) {
                return Ok(address);
            }
        }
        Err("no etcd node leads".into())
    }

    /// Writers in a closed loop at the leader, each on a key of its own.
    pub async fn write(&self, writers: usize, during: Duration, value: &str) -> Result<Latencies, Failure> {
        let leader = self.leader().await?;
        let mut channels = Vec::new();
        for _ in 0..writers.div_ceil(WRITERS_PER_CONNECTION) {
            channels.push(connect(&leader).await?);
        }
        let end = Instant::now() + during;
        let mut tasks = Vec::new();
        for writer in 0..writers {
            let channel = channels[writer % channels.len()].clone();
            let (key, value) = (Bytes::from(format!("/vm/{writer:04}")), Bytes::from(value.to_owned()));
            tasks.push(tokio::spawn(async move {
                let mut latencies = Latencies::default();
                while Instant::now() < end {
                    let begin = Instant::now();
                    let put = PutRequest {
                        key: key.clone(),
                        value: value.clone(),
                    };
                    let _: PutResponse = unary(&channel, "/etcdserverpb.KV/Put", put).await?;
                    latencies.add(begin.elapsed());
                }
                Ok::<Latencies, Failure>(latencies)
            }));
        }
        let mut all = Latencies::default();
        for task in tasks {
            all.merge(task.await??);
        }
        Ok(all)
    }
}

async fn connect(address: &str) -> Result<Channel, Failure> {
    Ok(Endpoint::from_shared(address.to_owned())?
        .tcp_nodelay(true)
        .connect()
        .await?)
}

async fn unary<Q, A>(channel: &Channel, path: &'static str, request: Q) -> Result<A, Failure>
where
    Q: prost::Message + 'static,
    A: prost::Message + Default + 'static,
{
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await?;
    let codec: ProstCodec<Q, A> = ProstCodec::default();
    let answer = grpc
        .unary(tonic::Request::new(request), PathAndQuery::from_static(path), codec)
        .await?;
    Ok(answer.into_inner())
}
