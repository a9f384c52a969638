//! Commits of three nodes below the API, beside etcd and the disk's floor in the same run, turn about.
//!
//! Options: `--seconds S` of each measurement, `--rounds N`, `--writers N` alone, `--without-etcd`.

use std::path::Path;
use std::time::Duration;
use xenith_benches::etcd::{self, Etcd};
use xenith_benches::raft_rig::Rig;
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, floor, process, raft_node, runtime};

const WRITERS: [usize; 3] = [1, 64, 512];
/// As many rows as a big pool has VMs; more than writers.
const ROWS: usize = 1_000;

fn main() -> Result<(), Failure> {
    let node = args::option("--node", usize::MAX);
    if node != usize::MAX {
        return raft_node::run(Path::new(&args::option("--dir", String::new())), node);
    }
    let during = Duration::from_secs_f64(args::option("--seconds", 5.0));
    let (rounds, only) = (args::option("--rounds", 2), args::option("--writers", 0));
    let data = process::data_dir("commit-");
    let mut floor = floor::appends(data.path(), during / 2);
    println!(
        "fdatasync of a 4 KiB append: p50 {}, p99 {}, {:.0}/s",
        time(floor.quantile(0.5)),
        time(floor.quantile(0.99)),
        floor.count() as f64 / during.as_secs_f64() * 2.0
    );
    let runtime = runtime();
    let etcd = match etcd::version().filter(|_| !args::flag("--without-etcd")) {
        Some(version) => {
            println!("etcd {version}, 3 nodes, defaults, no TLS; writers over gRPC (tonic) from this process");
            Some(runtime.block_on(Etcd::start(data.path()))?)
        }
        None => {
            println!("etcd is not installed (Debian: etcd-server); only ours is measured");
            None
        }
    };
    let mut rig = Rig::start(data.path(), ROWS)?;
    let mut table = Table::new(
        "Commits of 3 processes",
        &[
            "writers",
            "who",
            "commits/s",
            "p50",
            "p99",
            "max",
            "CPU µs/commit",
            "errors",
            "ratio",
        ],
    );
    for _ in 0..rounds {
        for writers in WRITERS.into_iter().filter(|writers| only == 0 || *writers == only) {
            let ours = xenith(&mut rig, writers, during)?;
            let theirs = match &etcd {
                Some(etcd) => Some(runtime.block_on(peer(etcd, writers, during))?),
                None => None,
            };
            let ratio = theirs.as_ref().map(|theirs| ours.rate / theirs.rate);
            table.row(&ours.cells(writers, "xenith", ratio));
            if let Some(theirs) = theirs {
                table.row(&theirs.cells(writers, "etcd", None));
            }
        }
    }
    table.print();
    Ok(())
}

struct Figures {
    rate: f64,
    p50: u64,
    p99: u64,
    max: u64,
    cpu_us: f64,
    errors: u64,
}

impl Figures {
    fn cells(&self, writers: usize, who: &str, ratio: Option<f64>) -> Vec<String> {
        vec![
            writers.to_string(),
            who.to_owned(),
            format!("{:.0}", self.rate),
            time(self.p50),
            time(self.p99),
            time(self.max),
            format!("{:.0}", self.cpu_us),
            self.errors.to_string(),
            ratio.map_or(String::new(), |ratio| format!("{ratio:.2}x")),
        ]
    }
}

fn xenith(rig: &mut Rig, writers: usize, during: Duration) -> Result<Figures, Failure> {
    let before = process::cpu_of_all(&rig.pids());
    let outcome = rig.run(writers, during)?;
    let cpu = process::cpu_of_all(&rig.pids()) - before;
    Ok(Figures {
        rate: outcome.commits as f64 / during.as_secs_f64(),
        p50: outcome.p50,
        p99: outcome.p99,
        max: outcome.max,
        cpu_us: cpu as f64 / outcome.commits.max(1) as f64,
        errors: outcome.errors,
    })
}

async fn peer(etcd: &Etcd, writers: usize, during: Duration) -> Result<Figures, Failure> {
    let before = process::cpu_of_all(&etcd.pids());
    let mut latencies = etcd.write(writers, during, &raft_node::text(1)).await?;
    let cpu = process::cpu_of_all(&etcd.pids()) - before;
    Ok(Figures {
        rate: latencies.count() as f64 / during.as_secs_f64(),
        p50: latencies.quantile(0.5),
        p99: latencies.quantile(0.99),
        max: latencies.max(),
        cpu_us: cpu as f64 / latencies.count().max(1) as f64,
        errors: 0,
    })
}
