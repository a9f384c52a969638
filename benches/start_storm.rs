//! VM.start of many VMs over simulated hosts with instant guests: starts a second, and whether events and machines agree afterwards.
//!
//! Options: `--hosts N`, `--vms N`, `--callers N` (connections, each with one call at a time), `--rounds N`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use xenith_benches::http::Connection;
use xenith_benches::latency::Latencies;
use xenith_benches::pool::{self, Login, Pool};
use xenith_benches::process;
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, runtime};
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;
use xenith_xen_port::{DomainState, Hypervisor as _};
use xenith_xen_sim::SimulatedHost;

/// Events of the last start come within this time.
const EVENTS_WITHIN: Duration = Duration::from_secs(10);

fn main() -> Result<(), Failure> {
    let (hosts, vms) = (args::option("--hosts", 8), args::option("--vms", 1_000));
    let (callers, rounds) = (args::option("--callers", 64), args::option("--rounds", 3));
    let pool = Pool::start("start_storm", hosts)?;
    let mut table = Table::new(
        &format!("VM.start of {vms} VMs over {hosts} hosts by {callers} callers"),
        &[
            "round",
            "starts/s",
            "median",
            "p99",
            "max",
            "CPU of all daemons a start",
            "seen Running",
            "domains",
            "fullest host",
        ],
    );
    runtime().block_on(async {
        let login = pool.login().await?;
        let all = pool::make_vms(&login, vms).await?;
        for round in 1..=rounds {
            let watcher = tokio::spawn(watch(login.clone(), vms));
            tokio::time::sleep(Duration::from_millis(300)).await;
            let (pids, begin) = (pool.pids()?, Instant::now());
            let cpu = process::cpu_of_all(&pids);
            let mut took = for_all(&login, &all, callers, "VM.start").await?;
            let (elapsed, cpu) = (begin.elapsed(), process::cpu_of_all(&pids) - cpu);
            let seen = tokio::time::timeout(EVENTS_WITHIN, watcher)
                .await
                .map_or(Ok(Ok(0)), |seen| seen)??;
            let (domains, fullest) = domains(&pool).await?;
            table.row(&[
                round.to_string(),
                format!("{:.0}", vms as f64 / elapsed.as_secs_f64()),
                time(took.quantile(0.5)),
                time(took.quantile(0.99)),
                time(took.max()),
                time(cpu / vms as u64),
                seen.to_string(),
                domains.to_string(),
                format!("{:.1} GiB", fullest as f64 / f64::from(1 << 30)),
            ]);
            for_all(&login, &all, callers, "VM.hard_shutdown").await?;
        }
        Ok::<(), Failure>(())
    })?;
    table.print();
    Ok(())
}

/// The call for each VM; gives how long each took.
async fn for_all(login: &Login, vms: &[Ref], callers: usize, method: &'static str) -> Result<Latencies, Failure> {
    let (next, vms) = (Arc::new(AtomicUsize::new(0)), Arc::new(vms.to_vec()));
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let (next, vms, login) = (next.clone(), vms.clone(), login.clone());
        tasks.push(tokio::spawn(async move {
            let (mut connection, mut took) = (Connection::open(&login.address).await?, Latencies::default());
            while let Some(vm) = vms.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut params = vec![Value::Ref(login.session.clone()), Value::Ref(vm.clone())];
                if method == "VM.start" {
                    params.extend([false.into(), false.into()]);
                }
                let begin = Instant::now();
                connection.call(method, &params).await?;
                took.add(begin.elapsed());
            }
            Ok::<Latencies, Failure>(took)
        }));
    }
    let mut all = Latencies::default();
    for task in tasks {
        all.merge(task.await??);
    }
    Ok(all)
}

/// VMs that the events of one watcher have shown as running; ends when all have.
async fn watch(login: Login, vms: usize) -> Result<usize, Failure> {
    let mut connection = Connection::open(&login.address).await?;
    let (mut running, mut token, mut is_first) = (BTreeMap::new(), String::new(), true);
    while running.values().filter(|runs| **runs).count() < vms {
        let classes = Value::set([Value::text("vm")]);
        let params = [
            Value::Ref(login.session.clone()),
            classes,
            Value::text(&token),
            Value::Float(2.0),
        ];
        let answer = connection.call("event.from", &params).await?;
        if let Some(WireValue::Text(text)) = answer.member("token") {
            token.clone_from(text);
        }
        let Some(WireValue::Array(events)) = answer.member("events") else {
            return Err("no events".into());
        };
        for event in events {
            let (Some(WireValue::Text(vm)), Some(snapshot)) = (event.member("ref"), event.member("snapshot")) else {
                continue;
            };
            let runs = snapshot.member("power_state") == Some(&WireValue::Text("Running".to_owned()));
            let is_guest = snapshot.member("is_control_domain") == Some(&WireValue::Bool(false));
            // What ran before is not this round's.
            if is_guest && !(is_first && runs) {
                running.insert(vm.clone(), runs);
            }
        }
        is_first = false;
    }
    Ok(running.values().filter(|runs| **runs).count())
}

/// Running domains on all machines, and the memory of the fullest, bytes.
async fn domains(pool: &Pool) -> Result<(usize, i64), Failure> {
    let (mut count, mut fullest) = (0, 0);
    for host in 1..=pool.hosts {
        let machine = SimulatedHost::new(pool.dir().join(format!("host-{host}/machine.sock")));
        let domains = machine.domains().await?;
        count += domains
            .iter()
            .filter(|domain| domain.state == DomainState::Running)
            .count();
        fullest = fullest.max(domains.iter().map(|domain| domain.memory_bytes).sum());
    }
    Ok((count, fullest))
}
