//! `pool.designate_new_master`, again and again, under writers whose session stays at one address (CORRECTNESS B4, B5).
//!
//! Options: `--rounds N`, `--writers N`, `--hosts N` (with 7, two of the targets are learners), `--lag MS` (each target stands still for so long
//! just before it is asked for: it lacks what was written meanwhile).

use rustix::process::Signal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xenith_benches::http::Connection;
use xenith_benches::pool::{self, Pool};
use xenith_benches::process;
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, runtime};
use xenith_datamodel::{Ref, Value};

/// What a hand-over leaves behind shows within this time.
const AFTER: Duration = Duration::from_millis(300);

#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    errors: AtomicU64,
    /// When writes were acknowledged, and how long each took; emptied each round.
    acks: Mutex<Vec<(Instant, Duration)>>,
}

fn main() -> Result<(), Failure> {
    let (rounds, writers) = (args::option("--rounds", 100), args::option("--writers", 8));
    let (hosts, lag) = (args::option("--hosts", 3), args::option("--lag", 0_u64));
    let pool = Pool::start("hand_over", hosts)?;
    runtime().block_on(async {
        let login = pool.login().await?;
        let vms = pool::make_vms(&login, writers).await?;
        let hosts = hosts_by_number(&pool, &login.address, &login.session).await?;
        let seen = Arc::new(Seen::default());
        let mut tasks = Vec::new();
        for vm in vms {
            let (address, session, seen) = (login.address.clone(), login.session.clone(), seen.clone());
            tasks.push(tokio::spawn(write(address, session, vm, seen)));
        }
        tokio::time::sleep(AFTER).await;
        let (mut calls, mut gaps, mut slowest, mut refused) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut coordinator = login.host;
        for _ in 0..rounds {
            let target = coordinator % pool.hosts + 1;
            stand_still(&pool, target, Duration::from_millis(lag)).await?;
            seen.acks.lock().unwrap_or_else(PoisonError::into_inner).clear();
            let begin = Instant::now();
            let mut asking = Connection::open(&login.address).await?;
            let params = [
                Value::Ref(login.session.clone()),
                Value::Ref(hosts[usize::from(target) - 1].clone()),
            ];
            match asking.call("pool.designate_new_master", &params).await {
                Ok(_) => coordinator = target,
                Err(error) => {
                    refused += 1;
                    eprintln!("hand-over to host {target}: {error}");
                    coordinator = pool.login().await?.host;
                }
            }
            calls.push(micros(begin.elapsed()));
            tokio::time::sleep(AFTER).await;
            let acks = std::mem::take(&mut *seen.acks.lock().unwrap_or_else(PoisonError::into_inner));
            gaps.push(longest_gap(&acks));
            slowest.push(acks.iter().map(|(_, took)| micros(*took)).max().unwrap_or(0));
        }
        seen.stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await?;
        }
        let mut table = Table::new(
            "Hand-overs under writers at the first coordinator's address",
            &[
                "hand-overs",
                "refused",
                "errors of the writers",
                "what",
                "median",
                "p95",
                "max",
            ],
        );
        let errors = seen.errors.load(Ordering::Relaxed);
        for (what, mut figures) in [
            ("time without an acknowledged write", gaps),
            ("slowest single write", slowest),
            ("the call", calls),
        ] {
            figures.sort_unstable();
            let at = |share: usize| time(figures[(figures.len() * share / 100).min(figures.len() - 1)]);
            let (rounds, refused, errors) = (rounds.to_string(), refused.to_string(), errors.to_string());
            table.row(&[rounds, refused, errors, what.to_owned(), at(50), at(95), at(100)]);
        }
        table.print();
        Ok(())
    })
}

async fn stand_still(pool: &Pool, host: u8, how_long: Duration) -> Result<(), Failure> {
    if how_long.is_zero() {
        return Ok(());
    }
    let pid = pool.pid(host)?;
    process::signal(pid, Signal::STOP);
    tokio::time::sleep(how_long).await;
    process::signal(pid, Signal::CONT);
    Ok(())
}

async fn hosts_by_number(pool: &Pool, address: &str, session: &Ref) -> Result<Vec<Ref>, Failure> {
    let mut connection = Connection::open(address).await?;
    let mut hosts = Vec::new();
    for host in 1..=pool.hosts {
        let params = [Value::Ref(session.clone()), Value::text(pool.host_uuid(host)?)];
        let reference = connection.call("host.get_by_uuid", &params).await?;
        hosts.push(Ref::new(xenith_benches::http::text_of(reference)?));
    }
    Ok(hosts)
}

/// Never logs in again and never goes to another address; a connection that ends is an error like any other.
async fn write(address: String, session: Ref, vm: Ref, seen: Arc<Seen>) {
    let (mut connection, mut round) = (None, 0_u64);
    while !seen.stop.load(Ordering::Relaxed) {
        round += 1;
        let begin = Instant::now();
        let outcome = match &mut connection {
            Some(open) => pool::write(open, &session, &vm, &round.to_string()).await.map(drop),
            None => match Connection::open(&address).await {
                Ok(open) => {
                    connection = Some(open);
                    continue;
                }
                Err(cause) => Err(xenith_benches::http::CallError::Lost(cause)),
            },
        };
        match outcome {
            Ok(()) => {
                let mut acks = seen.acks.lock().unwrap_or_else(PoisonError::into_inner);
                acks.push((Instant::now(), begin.elapsed()));
            }
            Err(error) => {
                eprintln!("a writer sees: {error}");
                seen.errors.fetch_add(1, Ordering::Relaxed);
                connection = None;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn longest_gap(acks: &[(Instant, Duration)]) -> u64 {
    acks.windows(2)
        .map(|pair| micros(pair[1].0.saturating_duration_since(pair[0].0)))
        .max()
        .unwrap_or(u64::MAX)
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
