//! Commits through the whole API path of a `xenith up` pool, beside etcd in the same run; then writers and watchers together,
//! and how soon watchers hear.
//!
//! Options: `--seconds S` of each measurement, `--rounds N`, `--without-etcd`.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use xenith_benches::etcd::{self, Etcd};
use xenith_benches::latency::Latencies;
use xenith_benches::load::{self, Watchers};
use xenith_benches::pool::{self, Login, Pool};
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, process, raft_node, runtime};
use xenith_datamodel::Ref;

const WRITERS: [usize; 3] = [1, 64, 512];
const WATCHERS: [usize; 3] = [1, 50, 1_000];
/// Of promise 10.
const CHANGES_PER_S: u32 = 20;

struct Bench {
    pool: Pool,
    login: Login,
    vms: Vec<Ref>,
    during: Duration,
}

fn main() -> Result<(), Failure> {
    process::allow_many_files()?;
    let during = Duration::from_secs_f64(args::option("--seconds", 5.0));
    let runtime = runtime();
    let data = process::data_dir("api_commit-etcd-");
    let etcd = match etcd::version().filter(|_| !args::flag("--without-etcd")) {
        Some(version) => {
            println!("etcd {version}, 3 nodes, defaults, no TLS; writers over gRPC (tonic) from this process");
            Some(runtime.block_on(Etcd::start(data.path()))?)
        }
        None => None,
    };
    let pool = Pool::start("api_commit", 3)?;
    runtime.block_on(async {
        let login = pool.login().await?;
        let vms = pool::make_vms(&login, WRITERS[2]).await?;
        let bench = Bench {
            pool,
            login,
            vms,
            during,
        };
        bench.writers(etcd.as_ref()).await?;
        drop(etcd);
        bench.writers_and_watchers().await?;
        bench.watchers().await
    })
}

impl Bench {
    async fn writers(&self, etcd: Option<&Etcd>) -> Result<(), Failure> {
        let head = [
            "writers",
            "who",
            "commits/s",
            "p50",
            "p99",
            "max",
            "CPU µs/commit",
            "ratio",
        ];
        let mut table = Table::new("Commits through the API (JSON-RPC over HTTP, keep-alive)", &head);
        for _ in 0..args::option("--rounds", 2) {
            for writers in WRITERS {
                let before = process::cpu_of_all(&self.pool.pids()?);
                let mut ours = load::write(&self.login, &self.vms, writers, self.during).await?;
                let cpu = process::cpu_of_all(&self.pool.pids()?) - before;
                let rate = |latencies: &Latencies| latencies.count() as f64 / self.during.as_secs_f64();
                let theirs = match etcd {
                    Some(etcd) => {
                        let before = process::cpu_of_all(&etcd.pids());
                        let theirs = etcd.write(writers, self.during, &raft_node::text(1)).await?;
                        Some((theirs, process::cpu_of_all(&etcd.pids()) - before))
                    }
                    None => None,
                };
                let ratio = theirs
                    .as_ref()
                    .map(|(theirs, _)| format!("{:.2}x", rate(&ours) / rate(theirs)));
                table.row(&cells(writers, "xenith", &mut ours, cpu, (self.during, ratio)));
                if let Some((mut theirs, cpu)) = theirs {
                    table.row(&cells(writers, "etcd", &mut theirs, cpu, (self.during, None)));
                }
            }
        }
        table.print();
        Ok(())
    }

    async fn writers_and_watchers(&self) -> Result<(), Failure> {
        let head = [
            "watchers",
            "writes/s of 64 writers",
            "p50",
            "p99",
            "replies/s",
            "MB/s to watchers",
        ];
        let mut table = Table::new("64 writers and watchers of all VMs", &head);
        for watchers in [0, 50] {
            let watching = Watchers::start(&self.login, watchers, Instant::now()).await?;
            let mut latencies = load::write(&self.login, &self.vms, 64, self.during).await?;
            let seconds = self.during.as_secs_f64();
            let (replies, bytes) = (
                watching.replies.load(Ordering::Relaxed),
                watching.bytes.load(Ordering::Relaxed),
            );
            watching.end().await;
            table.row(&[
                watchers.to_string(),
                format!("{:.0}", latencies.count() as f64 / seconds),
                time(latencies.quantile(0.5)),
                time(latencies.quantile(0.99)),
                format!("{:.0}", replies as f64 / seconds),
                format!("{:.1}", bytes as f64 / seconds / 1e6),
            ]);
        }
        table.print();
        Ok(())
    }

    async fn watchers(&self) -> Result<(), Failure> {
        let head = ["watchers", "events", "p50", "p99", "max", "CPU of the coordinator"];
        let mut table = Table::new("event.from: from sending a write to its event, at 20 changes/s", &head);
        let ticks = (self.during.as_secs_f64() * f64::from(CHANGES_PER_S)) as u32;
        let coordinator = self.pool.pid(self.login.host)?;
        for watchers in WATCHERS {
            let clock = Instant::now();
            let watching = Watchers::start(&self.login, watchers, clock).await?;
            let before = process::cpu_us(coordinator);
            let every = Duration::from_secs(1) / CHANGES_PER_S;
            load::tick(&self.login, &self.vms[..1], (every, ticks), clock).await?;
            let cpu = process::cpu_us(coordinator) - before;
            let mut latencies = load::since_sent(&watching.end().await);
            table.row(&[
                watchers.to_string(),
                latencies.count().to_string(),
                time(latencies.quantile(0.5)),
                time(latencies.quantile(0.99)),
                time(latencies.max()),
                format!("{:.1} %", cpu as f64 / self.during.as_secs_f64() / 1e4),
            ]);
        }
        table.print();
        Ok(())
    }
}

fn cells(
    writers: usize,
    who: &str,
    latencies: &mut Latencies,
    cpu_us: u64,
    (during, ratio): (Duration, Option<String>),
) -> Vec<String> {
    let count = latencies.count();
    vec![
        writers.to_string(),
        who.to_owned(),
        format!("{:.0}", count as f64 / during.as_secs_f64()),
        time(latencies.quantile(0.5)),
        time(latencies.quantile(0.99)),
        time(latencies.max()),
        format!("{:.0}", cpu_us as f64 / count.max(1) as f64),
        ratio.unwrap_or_default(),
    ]
}
