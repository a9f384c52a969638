//! Calls in flight to a host that sleeps: what they cost the coordinator, beside as many OS threads that wait, in the same run.
//!
//! Each call is a VDI.create on the local repository of a host whose daemon stands still; every call has its own connection, and waits.
//! Options: `--calls N`.

use rustix::process::Signal;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xenith_benches::http::{Connection, text_of};
use xenith_benches::pool::{Login, Pool};
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, process, runtime};
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;

/// More calls are begun at a time than a thread a request would bear.
const AT_ONCE: usize = 256;
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
    let pool = Pool::start("forwarded", 3)?;
    let ended = runtime().block_on(async {
        let login = pool.login().await?;
        let sleeper = login.host % 3 + 1;
        let sr = local_repository(&login, &pool.host_uuid(sleeper)?).await?;
        let coordinator = pool.pid(login.host)?;
        let before = Cost::of(coordinator);
        process::signal(pool.pid(sleeper)?, Signal::STOP);
        let mut tasks = tokio::task::JoinSet::new();
        let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        for number in 0..calls {
            let (login, sr, places) = (login.clone(), sr.clone(), places.clone());
            tasks.spawn(async move {
                // Only the opening is held back: a call in flight holds no place.
                let place = places.acquire_owned().await?;
                let mut connection = Connection::open(&login.address).await?;
                let params = [Value::Ref(login.session.clone()), vdi_record(&sr, number)];
                let call = connection.call("VDI.create", &params);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    drop(place);
                });
                call.await?;
                Ok::<(), Failure>(())
            });
        }
        until_in_flight(&login, &sr, calls).await?;
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

async fn local_repository(login: &Login, host_uuid: &str) -> Result<Ref, Failure> {
    let mut connection = Connection::open(&login.address).await?;
    let session = || Value::Ref(login.session.clone());
    let host = connection
        .call("host.get_by_uuid", &[session(), Value::text(host_uuid)])
        .await?;
    let host = text_of(host)?;
    let all = connection.call("PBD.get_all_records", &[session()]).await?;
    let WireValue::Struct(pbds) = all else {
        return Err("no records of PBDs".into());
    };
    for (_, pbd) in &pbds {
        let text = |field: &str| match pbd.member(field) {
            Some(WireValue::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let (sr, is_here) = (text("SR"), text("host") == host);
        let of_sr = connection
            .call("SR.get_shared", &[session(), Value::Ref(Ref::new(&sr))])
            .await?;
        if is_here && of_sr == WireValue::Bool(false) {
            return Ok(Ref::new(sr));
        }
    }
    Err("the host has no local repository".into())
}

async fn until_in_flight(login: &Login, sr: &Ref, calls: usize) -> Result<(), Failure> {
    let (mut connection, until) = (Connection::open(&login.address).await?, Instant::now() + PATIENCE);
    while Instant::now() < until {
        let params = [Value::Ref(login.session.clone()), Value::from(sr)];
        let held = connection.call("SR.get_current_operations", &params).await?;
        if matches!(&held, WireValue::Struct(held) if held.len() == calls) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("the calls did not all get in flight".into())
}

fn vdi_record(sr: &Ref, number: usize) -> Value {
    Value::record([
        ("name_label", Value::text(format!("disk {number}"))),
        ("name_description", "".into()),
        ("SR", Value::from(sr)),
        ("virtual_size", Value::Int(1 << 20)),
        ("type", "user".into()),
        ("sharable", false.into()),
        ("read_only", false.into()),
        ("other_config", Value::map([])),
        ("xenstore_data", Value::map([])),
        ("sm_config", Value::map([])),
        ("tags", Value::set([])),
    ])
}
