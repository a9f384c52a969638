//! A pool with 1,000 VMs and their devices: memory and idle processor time of its daemons, and the time it takes to start.
//!
//! Options: `--rounds N` restarts, `--seconds S` of idling, `--vms N`.

use std::time::{Duration, Instant};
use xenith_benches::pool::{self, Pool};
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, process, runtime};

fn main() -> Result<(), Failure> {
    let vms = args::option("--vms", 1_000);
    let idle = Duration::from_secs_f64(args::option("--seconds", 20.0));
    let runtime = runtime();
    let begin = Instant::now();
    let mut pool = Pool::start("startup", 3)?;
    let mut started = Table::new("Start-up of a pool of 3", &["what", "time"]);
    started.row(&["`xenith up` forms a new pool".into(), micros(begin.elapsed())]);
    started.row(&["restart, empty".into(), micros(pool.restart()?)]);
    let mut costs = Table::new(
        "A daemon's costs",
        &["when", "RSS of the 3 daemons", "idle CPU of each"],
    );
    costs.row(&row("empty", &pool, idle)?);
    runtime.block_on(async {
        let login = pool.login().await?;
        let begin = Instant::now();
        let made = pool::make_vms(&login, vms).await?;
        pool::make_devices(&login, &made).await?;
        println!(
            "{vms} VMs, {0} VBDs, {0} VIFs made through the API in {1}",
            vms * 3,
            micros(begin.elapsed())
        );
        Ok::<(), Failure>(())
    })?;
    costs.row(&row(&format!("after making {vms} VMs + devices"), &pool, idle)?);
    for _ in 0..args::option("--rounds", 3) {
        started.row(&[format!("restart, {vms} VMs + devices"), micros(pool.restart()?)]);
    }
    costs.row(&row("after a restart", &pool, idle)?);
    started.print();
    costs.print();
    Ok(())
}

fn row(when: &str, pool: &Pool, idle: Duration) -> Result<Vec<String>, Failure> {
    // What start-up left to do is not idling.
    std::thread::sleep(Duration::from_secs(2));
    let pids = pool.pids()?;
    let before: Vec<u64> = pids.iter().map(|pid| process::cpu_us(*pid)).collect();
    std::thread::sleep(idle);
    let share = |(pid, before): (&u32, u64)| {
        let us = process::cpu_us(*pid) - before;
        format!("{:.2} %", us as f64 / idle.as_secs_f64() / 1e4)
    };
    let shares: Vec<String> = pids.iter().zip(before).map(share).collect();
    let resident: Vec<String> = pids
        .iter()
        .map(|pid| format!("{:.0} MiB", process::resident_kib(*pid) as f64 / 1024.0))
        .collect();
    Ok(vec![when.to_owned(), resident.join(", "), shares.join(", ")])
}

fn micros(took: Duration) -> String {
    time(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}
