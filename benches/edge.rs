//! The API edge: getters and records beside a bare actix-web handler of the same sizes, records in bulk, 1,000 watchers without a
//! batching delay, and a good client beside a greedy one.
//!
//! Both servers have two workers, the same allocator and one core, which the load generator keeps off; rates are calls in a second of the
//! serving process's time on a processor, so what else runs on the machine changes them little.
//! Options: `--seconds S` of each measurement, `--rounds N`, `--only PART` (getters, bulk, watchers, greedy).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use xenith_benches::beside::{self, Greedy};
use xenith_benches::http::Connection;
use xenith_benches::latency::Latencies;
use xenith_benches::load::{self, Seen, Watchers};
use xenith_benches::pool::{self, Login, Pool};
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, bare, process, runtime};
use xenith_datamodel::{Ref, Value};
use xenith_wire::{jsonrpc, xmlrpc};

const VMS: usize = 1_000;
const CONNECTIONS: usize = 32;
const WATCHERS: usize = 1_000;
/// Of changes that the watchers hear of.
const WRITERS: usize = 10;
const GREEDY_CONNECTIONS: usize = 64;
const GREEDY_WRITERS: usize = 512;
/// Of the two cores: the measured server's, and everybody else's.
const SERVER_CORE: u8 = 0;
const OTHER_CORE: u8 = 1;

/// The floor allocates as the daemon does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Bench {
    pool: Pool,
    login: Login,
    vms: Vec<Ref>,
    during: Duration,
}

fn main() -> Result<(), Failure> {
    if bare::served()? {
        return Ok(());
    }
    process::allow_many_files()?;
    let during = Duration::from_secs_f64(args::option("--seconds", 5.0));
    let runtime = runtime();
    let pool = Pool::start_with("edge", 3, &["event_batch_ms=0"])?;
    runtime.block_on(async {
        let login = pool.login().await?;
        let vms = pool::make_vms(&login, VMS).await?;
        let bench = Bench {
            pool,
            login,
            vms,
            during,
        };
        let only: String = args::option("--only", String::new());
        let is_wanted = |part: &str| only.is_empty() || only == part;
        if is_wanted("getters") {
            bench.pinned()?;
            bench.getters().await?;
            bench.unpinned()?;
        }
        if is_wanted("bulk") {
            bench.bulk().await?;
        }
        if is_wanted("watchers") {
            bench.watchers().await?;
        }
        if is_wanted("greedy") {
            bench.greedy().await?;
        }
        Ok(())
    })
}

impl Bench {
    fn coordinator(&self) -> Result<u32, Failure> {
        self.pool.pid(self.login.host)
    }

    /// The coordinator on a core of its own.
    fn pinned(&self) -> Result<(), Failure> {
        for pid in self.pool.pids()?.into_iter().chain([std::process::id()]) {
            process::pin(pid, OTHER_CORE)?;
        }
        process::pin(self.coordinator()?, SERVER_CORE)
    }

    fn unpinned(&self) -> Result<(), Failure> {
        let all = self.pool.pids()?.into_iter().chain([std::process::id()]);
        all.into_iter().try_for_each(process::unpin)
    }

    async fn getters(&self) -> Result<(), Failure> {
        let head = [
            "call",
            "form",
            "request, answer",
            "ours /s of CPU",
            "bare /s of CPU",
            "ratio",
            "ours, bare /s",
        ];
        let mut table = Table::new("Reads beside a bare actix-web handler, 32 connections", &head);
        let port = process::free_port(32_000);
        let floor = bare::start(port)?;
        process::pin(floor.pid(), SERVER_CORE)?;
        let floor_address = format!("127.0.0.1:{port}");
        for _ in 0..args::option("--rounds", 2) {
            for method in ["VM.get_name_label", "VM.get_record"] {
                for (form, path) in [("JSON", "/jsonrpc"), ("XML", "/")] {
                    let bodies: Vec<Vec<u8>> = self
                        .vms
                        .iter()
                        .map(|vm| self.body(form, method, &[Value::from(vm)]))
                        .collect();
                    let answer = Connection::open(&self.login.address)
                        .await?
                        .post(path, &bodies[0])
                        .await?;
                    let address = &self.login.address;
                    let ours = self.rate((address, path), &bodies, self.coordinator()?).await?;
                    // The floor parses JSON whatever the form, in a request of the same length.
                    let same = vec![json_of_length(bodies[0].len())];
                    let bare_path = format!("/{}", answer.len());
                    let theirs = self.rate((&floor_address, &bare_path), &same, floor.pid()).await?;
                    table.row(&[
                        method.to_owned(),
                        form.to_owned(),
                        format!("{}, {} bytes", bodies[0].len(), answer.len()),
                        format!("{:.0}", ours.0),
                        format!("{:.0}", theirs.0),
                        format!("{:.2}x", ours.0 / theirs.0),
                        format!("{:.0}, {:.0}", ours.1, theirs.1),
                    ]);
                }
            }
        }
        table.print();
        Ok(())
    }

    fn body(&self, form: &str, method: &str, more: &[Value]) -> Vec<u8> {
        let params = [&[Value::Ref(self.login.session.clone())], more].concat();
        match form {
            "JSON" => jsonrpc::encode_call(1, method, &params),
            _ => xmlrpc::encode_call(method, &params),
        }
    }

    /// Calls in a second of CPU of the server, and in a second.
    async fn rate(
        &self,
        (address, path): (&str, &str),
        bodies: &[Vec<u8>],
        server: u32,
    ) -> Result<(f64, f64), Failure> {
        let count = Arc::<AtomicU64>::default();
        let before = process::cpu_us(server);
        let begin = Instant::now();
        let end = begin + self.during;
        let mut tasks = Vec::new();
        for first in 0..CONNECTIONS {
            let mut connection = Connection::open(address).await?;
            let (path, count) = (path.to_owned(), count.clone());
            let bodies: Vec<Vec<u8>> = bodies
                .iter()
                .cycle()
                .skip(first)
                .step_by(CONNECTIONS)
                .take(VMS)
                .cloned()
                .collect();
            tasks.push(tokio::spawn(async move {
                for body in bodies.iter().cycle() {
                    if Instant::now() >= end {
                        break;
                    }
                    connection.post(&path, body).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), Failure>(())
            }));
        }
        for task in tasks {
            task.await??;
        }
        let (count, cpu) = (count.load(Ordering::Relaxed) as f64, process::cpu_us(server) - before);
        Ok((count / (cpu.max(1) as f64 / 1e6), count / begin.elapsed().as_secs_f64()))
    }

    async fn bulk(&self) -> Result<(), Failure> {
        let head = ["rows changed before each call", "form", "bytes", "CPU a call", "p50"];
        let mut table = Table::new("VM.get_all_records of 1,000 VMs", &head);
        let mut connection = Connection::open(&self.login.address).await?;
        for (form, path) in [("JSON", "/jsonrpc"), ("XML", "/")] {
            for changed in [0, 10] {
                let body = self.body(form, "VM.get_all_records", &[]);
                let bytes = connection.post(path, &body).await?.len();
                let (mut cpu, mut latencies, mut round) = (0, Latencies::default(), 0);
                let end = Instant::now() + self.during;
                while Instant::now() < end {
                    for vm in self.vms.iter().take(changed) {
                        round += 1;
                        pool::write(&mut connection, &self.login.session, vm, &format!("round {round}")).await?;
                    }
                    // Many calls in one tick of the kernel's clock: what counts is the sum.
                    let before = process::cpu_us(self.coordinator()?);
                    let begin = Instant::now();
                    connection.post(path, &body).await?;
                    latencies.add(begin.elapsed());
                    cpu += process::cpu_us(self.coordinator()?) - before;
                }
                let calls = latencies.count().max(1) as u64;
                table.row(&[
                    changed.to_string(),
                    form.to_owned(),
                    bytes.to_string(),
                    time(cpu / calls),
                    time(latencies.quantile(0.5)),
                ]);
            }
        }
        table.print();
        Ok(())
    }

    async fn watchers(&self) -> Result<(), Failure> {
        let head = [
            "changes/s",
            "replies/s",
            "from commit: p50",
            "p99",
            "max",
            "from sending: p50",
            "p99",
            "watchers without the last state",
            "CPU of the coordinator",
        ];
        let mut table = Table::new("1,000 watchers of all VMs, no batching delay", &head);
        for (changes, vms) in [(20, 1), (200, 50)] {
            let vms = &self.vms[..vms];
            let clock = Instant::now();
            let watching = Watchers::start(&self.login, WATCHERS, clock).await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let ticks = (self.during.as_secs_f64() * f64::from(changes)) as u32;
            let (before, begin) = (process::cpu_us(self.coordinator()?), Instant::now());
            // A write may take longer than the time between two: some writers, each with VMs of its own.
            let of_each = vms.chunks(vms.len().div_ceil(WRITERS));
            let writers = of_each.len() as u32;
            let pace = (Duration::from_secs(1) * writers / changes, ticks / writers);
            let writing = of_each.clone().map(|vms| load::tick(&self.login, vms, pace, clock));
            let written = futures::future::try_join_all(writing).await?;
            let cpu = process::cpu_us(self.coordinator()?) - before;
            let replies = watching.replies.load(Ordering::Relaxed);
            // Writes may come later than they were to.
            let seconds = begin.elapsed().as_secs_f64();
            // The last changes are told too.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let seen = watching.end().await;
            let last: Vec<u64> = written.iter().zip(of_each).flat_map(last_of_each).collect();
            let written = written.concat();
            let (mut sent, mut committed) = (load::since_sent(&seen), since_acknowledged(&seen, &written));
            let lost = seen.iter().filter(|seen| !holds_all(seen, &last)).count();
            table.row(&[
                format!("{changes}, made {:.0}", written.len() as f64 / seconds),
                format!("{:.0}", replies as f64 / seconds),
                time(committed.quantile(0.5)),
                time(committed.quantile(0.99)),
                time(committed.max()),
                time(sent.quantile(0.5)),
                time(sent.quantile(0.99)),
                lost.to_string(),
                format!("{:.0} %", cpu as f64 / seconds / 1e4),
            ]);
        }
        table.print();
        Ok(())
    }
}

/// What two clients ask for.
struct Beside {
    greed: &'static str,
    /// A connection each.
    greedy: Vec<Vec<u8>>,
    call: &'static str,
    good: Vec<u8>,
}

impl Bench {
    fn besides(&self) -> [Beside; 4] {
        let of = |method, more: &[Value]| self.body("JSON", method, more);
        let record = |vm: &Ref| of("VM.get_record", &[Value::from(vm)]);
        let write = |vm: &Ref| of("VM.set_name_description", &[Value::from(vm), "x".into()]);
        let all = |_: &Ref| of("VM.get_all_records", &[]);
        let many = |of: &dyn Fn(&Ref) -> Vec<u8>, count| self.vms.iter().take(count).map(of).collect::<Vec<_>>();
        let (read, set, last) = ("get_record", "set_name_description", &self.vms[VMS - 1]);
        let beside = |greed, greedy, call| Beside {
            greed,
            greedy,
            call,
            good: if call == read { record(last) } else { write(last) },
        };
        [
            beside(read, many(&record, GREEDY_CONNECTIONS), read),
            beside("get_all_records", many(&all, GREEDY_CONNECTIONS), read),
            beside(set, many(&write, GREEDY_WRITERS), read),
            beside(set, many(&write, GREEDY_WRITERS), set),
        ]
    }

    async fn greedy(&self) -> Result<(), Failure> {
        let head = [
            "greedy: connections, call",
            "its calls/s",
            "good client's call",
            "alone: p50, p99",
            "beside it: p50, p99",
            "ratio",
        ];
        let mut table = Table::new("A good client beside a greedy one, at other addresses", &head);
        for Beside {
            greed,
            greedy,
            call,
            good,
        } in self.besides()
        {
            let mut alone = beside::good(&self.login, good.clone(), self.during).await?;
            let connections = greedy.len();
            let begin = Instant::now();
            let greedy = Greedy::start(&self.login, greedy).await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mut beside = beside::good(&self.login, good, self.during).await?;
            let calls = greedy.end().await?;
            let ratio = |at| beside.clone().quantile(at) as f64 / alone.clone().quantile(at).max(1) as f64;
            let ratios = format!("{:.1}x, {:.1}x", ratio(0.5), ratio(0.99));
            let both = |of: &mut Latencies| format!("{}, {}", time(of.quantile(0.5)), time(of.quantile(0.99)));
            table.row(&[
                format!("{connections}, {greed}"),
                format!("{:.0}", calls as f64 / begin.elapsed().as_secs_f64()),
                call.to_owned(),
                both(&mut alone),
                both(&mut beside),
                ratios,
            ]);
        }
        table.print();
        Ok(())
    }
}

/// From the writer's acknowledgement to each watcher's event; none when the event was first.
fn since_acknowledged(seen: &[Vec<Seen>], written: &[Seen]) -> Latencies {
    let acknowledged: std::collections::BTreeMap<u64, u64> =
        written.iter().map(|write| (write.mark, write.at)).collect();
    let mut all = Latencies::default();
    for seen in seen.iter().flatten() {
        if let Some(at) = acknowledged.get(&seen.mark) {
            all.add(Duration::from_micros(seen.at.saturating_sub(*at)));
        }
    }
    all
}

/// The last mark of each VM that one writer wrote in turn.
fn last_of_each((written, vms): (&Vec<Seen>, &[Ref])) -> Vec<u64> {
    written.iter().rev().take(vms.len()).map(|seen| seen.mark).collect()
}

/// Whether the watcher has seen the last state of every VM: changes may be merged, but none may be missing in the end.
fn holds_all(seen: &[Seen], last: &[u64]) -> bool {
    last.iter().all(|mark| seen.iter().rev().any(|seen| seen.mark == *mark))
}

fn json_of_length(length: usize) -> Vec<u8> {
    let frame = "{\"jsonrpc\":\"2.0\",\"method\":\"\",\"params\":[],\"id\":1}".len();
    let filler = "x".repeat(length.saturating_sub(frame));
    format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{filler}\",\"params\":[],\"id\":1}}").into_bytes()
}
