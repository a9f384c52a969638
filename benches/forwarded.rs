//! Calls in flight to a host that sleeps: what they cost the coordinator, beside as many OS threads that wait, in the same run.
//!
//! Each call is a VM.hard_shutdown of a VM on a host whose daemon stands still; every call has its own connection, and waits. The pool is
//! told to be patient with hosts that are not heard.
//! Options: `--calls N`.

use rustix::process::Signal;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xenith_benches::http::{Connection, text_of};
use xenith_benches::pool::{self, Login, Pool};
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, process, runtime};
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;

/// More calls are begun at a time than a thread a request would bear.
const AT_ONCE: usize = 256;
/// The VMs are started by so many at a time.
const CALLERS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(180);

fn main() -> Result<(), Failure> {
    let calls = args::option("--calls", 10_000);
    process::allow_many_files()?;
    let mut table = Table::new(
        &format!("{calls} calls in flight to a host that sleeps"),
        &[
            "what",
            "threads before",
            "threads",
            "resident before",
            "resident",
            "each",
        ],
    );
    let (before, during) = blocked_threads(calls);
    table.row(&row("as many blocked OS threads", calls, before, during));
    let pool = Pool::start_with("forwarded", 3, &["silent_after_s=600"])?;
    let ended = runtime().block_on(async {
        let login = pool.login().await?;
        let sleeper = login.host % 3 + 1;
        let host = host_by_uuid(&login, &pool.host_uuid(sleeper)?).await?;
        let vms = pool::make_vms_of(&login, calls, 0).await?;
        start_on(&login, &vms, &host).await?;
        let coordinator = pool.pid(login.host)?;
        let before = Cost::of(coordinator);
        process::signal(pool.pid(sleeper)?, Signal::STOP);
        let mut tasks = tokio::task::JoinSet::new();
        let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let begin = Instant::now();
        for vm in vms {
            let (login, places) = (login.clone(), places.clone());
            tasks.spawn(async move {
                // Only the opening is held back: a call in flight holds no place.
                let place = places.acquire_owned().await?;
                let mut connection = Connection::open(&login.address).await?;
                let params = [Value::Ref(login.session.clone()), Value::Ref(vm)];
                let call = connection.call("VM.hard_shutdown", &params);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    drop(place);
                });
                call.await?;
                Ok::<(), Failure>(())
            });
        }
        until_in_flight(&login, calls).await?;
        println!(
            "all in flight after {}",
            time(u64::try_from(begin.elapsed().as_micros())?)
        );
        let during = Cost::of(coordinator);
        table.row(&row("coordinator's daemon", calls, before, during));
        process::signal(pool.pid(sleeper)?, Signal::CONT);
        let begin = Instant::now();
        let mut failed = 0;
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended? {
                failed += 1;
                eprintln!("{error}");
            }
        }
        Ok::<(usize, Duration), Failure>((failed, begin.elapsed()))
    });
    process_result(&pool, ended, &table)
}

fn process_result(pool: &Pool, ended: Result<(usize, Duration), Failure>, table: &Table) -> Result<(), Failure> {
    if ended.is_err() {
        // A host that stands still cannot be stopped.
        for pid in pool.pids()? {
            process::signal(pid, Signal::CONT);
        }
    }
    let (failed, took) = ended?;
    table.print();
    let took = time(u64::try_from(took.as_micros())?);
    println!("awake again, the host had done all of them after {took}; {failed} failed");
    Ok(())
}

#[derive(Clone, Copy)]
struct Cost {
    threads: u64,
    resident_kib: u64,
}

impl Cost {
    fn of(pid: u32) -> Cost {
        Cost {
            threads: process::threads(pid),
            resident_kib: process::resident_kib(pid),
        }
    }
}

fn row(what: &str, calls: usize, before: Cost, during: Cost) -> Vec<String> {
    let each = during.resident_kib.saturating_sub(before.resident_kib) as f64 / calls as f64;
    vec![
        what.to_owned(),
        before.threads.to_string(),
        during.threads.to_string(),
        format!("{} MiB", before.resident_kib / 1024),
        format!("{} MiB", during.resident_kib / 1024),
        format!("{each:.1} KiB"),
    ]
}

/// This process with and without threads that wait.
fn blocked_threads(count: usize) -> (Cost, Cost) {
    let me = std::process::id();
    let (gate, before) = (Arc::new((Mutex::new(false), Condvar::new())), Cost::of(me));
    let threads: Vec<_> = (0..count)
        .map_while(|_| {
            let gate = gate.clone();
            let wait = move || {
                let open = gate.0.lock().unwrap_or_else(PoisonError::into_inner);
                drop(gate.1.wait_while(open, |open| !*open));
            };
            std::thread::Builder::new().spawn(wait).ok()
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    let during = Cost::of(me);
    *gate.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    gate.1.notify_all();
    for thread in threads {
        // It only waited.
        drop(thread.join());
    }
    (before, during)
}

async fn until_in_flight(login: &Login, calls: usize) -> Result<(), Failure> {
    let (mut connection, until) = (Connection::open(&login.address).await?, Instant::now() + PATIENCE);
    while Instant::now() < until {
        let tasks = connection
            .call("task.get_all", &[Value::Ref(login.session.clone())])
            .await?;
        if matches!(&tasks, WireValue::Array(tasks) if tasks.len() >= calls) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("the calls did not all get in flight".into())
}

async fn start_on(login: &Login, vms: &[Ref], host: &Ref) -> Result<(), Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for vms in vms.chunks(vms.len().div_ceil(CALLERS).max(1)) {
        let (login, vms, host) = (login.clone(), vms.to_vec(), host.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(&login.address).await?;
            for vm in vms {
                let session = Value::Ref(login.session.clone());
                let params = [
                    session,
                    Value::Ref(vm),
                    Value::Ref(host.clone()),
                    false.into(),
                    false.into(),
                ];
                connection.call("VM.start_on", &params).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

async fn host_by_uuid(login: &Login, uuid: &str) -> Result<Ref, Failure> {
    let mut connection = Connection::open(&login.address).await?;
    let params = [Value::Ref(login.session.clone()), Value::text(uuid)];
    Ok(Ref::new(text_of(connection.call("host.get_by_uuid", &params).await?)?))
}
