//! Writers and watchers through the API of a pool.

use crate::Failure;
use crate::http::Connection;
use crate::latency::Latencies;
use crate::pool::{self, Login};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use xenith_datamodel::{Ref, Value};
use xenith_wire::jsonrpc;

/// How long one event.from may wait, in seconds.
const WAIT_S: f64 = 30.0;
/// Marks a time in a description, so that a watcher finds it without decoding the record.
const MARK: &str = "\"name_description\":\"at ";

/// Writers in a closed loop, each with a connection and a VM of its own. Any error ends the run.
pub async fn write(login: &Login, vms: &[Ref], writers: usize, during: Duration) -> Result<Latencies, Failure> {
    let mut connections = Vec::new();
    for _ in 0..writers {
        connections.push(Connection::open(&login.address).await?);
    }
    let end = Instant::now() + during;
    let tasks: Vec<JoinHandle<Result<Latencies, Failure>>> = connections
        .into_iter()
        .zip(vms.iter().cycle().cloned())
        .map(|(mut connection, vm)| {
            let session = login.session.clone();
            tokio::spawn(async move {
                let (mut latencies, mut round) = (Latencies::default(), 0);
                while Instant::now() < end {
                    round += 1;
                    let begin = Instant::now();
                    pool::write(&mut connection, &session, &vm, &crate::raft_node::text(round)).await?;
                    latencies.add(begin.elapsed());
                }
                Ok(latencies)
            })
        })
        .collect();
    let mut all = Latencies::default();
    for task in tasks {
        all.merge(task.await??);
    }
    Ok(all)
}

/// Watchers of all VMs, from now on. Each waits again as soon as it has its answer.
pub struct Watchers {
    stop: Arc<AtomicBool>,
    pub replies: Arc<AtomicU64>,
    pub bytes: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Vec<Seen>>>,
}

/// A time that was written into a description, and when a watcher saw it, in µs of the run's clock.
#[derive(Clone, Copy)]
pub struct Seen {
    pub mark: u64,
    pub at: u64,
}

impl Watchers {
    pub async fn start(login: &Login, count: usize, clock: Instant) -> Result<Watchers, Failure> {
        let token = first_token(login).await?;
        let (stop, replies, bytes) = (Arc::<AtomicBool>::default(), Arc::default(), Arc::default());
        let mut watchers = Watchers {
            stop,
            replies,
            bytes,
            tasks: Vec::new(),
        };
        for _ in 0..count {
            let connection = Connection::open(&login.address).await?;
            let watcher = Watcher {
                connection,
                session: login.session.clone(),
                clock,
                stop: watchers.stop.clone(),
                replies: watchers.replies.clone(),
                bytes: watchers.bytes.clone(),
            };
            watchers.tasks.push(tokio::spawn(watcher.watch(token.clone())));
        }
        Ok(watchers)
    }

    /// What each watcher saw, in order. The last wait of each is cut off.
    pub async fn end(self) -> Vec<Vec<Seen>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.push(task.await.unwrap_or_default());
        }
        all
    }
}

/// From write to its event, over all watchers.
pub fn since_sent(seen: &[Vec<Seen>]) -> Latencies {
    let mut all = Latencies::default();
    for seen in seen.iter().flatten() {
        all.add(Duration::from_micros(seen.at.saturating_sub(seen.mark)));
    }
    all
}

struct Watcher {
    connection: Connection,
    session: Ref,
    clock: Instant,
    stop: Arc<AtomicBool>,
    replies: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Watcher {
    async fn watch(mut self, mut token: String) -> Vec<Seen> {
        let mut all = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let call = jsonrpc::encode_call(1, "event.from", &parameters(&self.session, &token));
            let waiting = tokio::time::timeout(Duration::from_secs(2), self.connection.post("/jsonrpc", &call));
            // Nothing happened for long: the run is over.
            let Ok(Ok(answer)) = waiting.await else { break };
            let at = u64::try_from(self.clock.elapsed().as_micros()).unwrap_or_default();
            self.replies.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(answer.len() as u64, Ordering::Relaxed);
            let Ok(text) = std::str::from_utf8(&answer) else { break };
            let marks = text
                .match_indices(MARK)
                .filter_map(|(at, _)| number(&text[at + MARK.len()..]));
            all.extend(marks.map(|mark| Seen { mark, at }));
            match token_of(text) {
                Some(next) => token = next,
                None => break,
            }
        }
        all
    }
}

/// One write each `every`, telling its time on `clock`; the VMs in turn. Gives each time with that of its acknowledgement. Runs on a
/// thread of its own, so that the watchers do not hold it up.
pub async fn tick(
    login: &Login,
    vms: &[Ref],
    (every, ticks): (Duration, u32),
    clock: Instant,
) -> Result<Vec<Seen>, Failure> {
    let (login, vms) = (login.clone(), vms.to_vec());
    let (tx, rx) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let written = runtime
            .map_err(Failure::from)
            .and_then(|runtime| runtime.block_on(write_marks(&login, &vms, (every, ticks), clock)));
        // Nobody waits any more: the bench has failed elsewhere.
        let _ = tx.send(written);
    });
    rx.await?
}

async fn write_marks(
    login: &Login,
    vms: &[Ref],
    (every, ticks): (Duration, u32),
    clock: Instant,
) -> Result<Vec<Seen>, Failure> {
    let mut connection = Connection::open(&login.address).await?;
    let mut timer = tokio::time::interval(every);
    let now = || u64::try_from(clock.elapsed().as_micros()).unwrap_or_default();
    let mut all = Vec::new();
    for vm in vms.iter().cycle().take(ticks as usize) {
        timer.tick().await;
        let mark = now();
        pool::write(&mut connection, &login.session, vm, &format!("at {mark}")).await?;
        all.push(Seen { mark, at: now() });
    }
    Ok(all)
}

async fn first_token(login: &Login) -> Result<String, Failure> {
    let mut connection = Connection::open(&login.address).await?;
    let call = jsonrpc::encode_call(1, "event.from", &parameters(&login.session, ""));
    let answer = connection.post("/jsonrpc", &call).await?;
    let text = String::from_utf8_lossy(&answer);
    token_of(&text).ok_or_else(|| format!("event.from has no token: {}", &text[..text.len().min(300)]).into())
}

fn parameters(session: &Ref, token: &str) -> [Value; 4] {
    [
        Value::Ref(session.clone()),
        Value::set([Value::text("vm")]),
        Value::text(token),
        Value::Float(WAIT_S),
    ]
}

fn token_of(answer: &str) -> Option<String> {
    let at = answer.rfind("\"token\":\"")? + "\"token\":\"".len();
    let rest = answer.get(at..)?;
    Some(rest.get(..rest.find('"')?)?.to_owned())
}

fn number(text: &str) -> Option<u64> {
    text.get(..text.find('"')?)?.parse().ok()
}
