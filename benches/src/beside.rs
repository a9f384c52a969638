//! A good client's latency, alone and beside one that asks for as much as it can.

use crate::Failure;
use crate::http::Connection;
use crate::latency::Latencies;
use crate::pool::Login;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// The two are told apart by their addresses.
const GOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 77);
const GREEDY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
/// Of the good client, between its calls.
const PAUSE: Duration = Duration::from_millis(5);

/// One call again and again, on a thread of its own so that the greedy client's part in this process does not hold it up.
pub async fn good(login: &Login, body: Vec<u8>, during: Duration) -> Result<Latencies, Failure> {
    let address = login.address.clone();
    let (tx, rx) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let measured = runtime
            .map_err(Failure::from)
            .and_then(|runtime| runtime.block_on(measure(&address, &body, during)));
        // Nobody waits any more: the bench has failed elsewhere.
        let _ = tx.send(measured);
    });
    rx.await?
}

async fn measure(address: &str, body: &[u8], during: Duration) -> Result<Latencies, Failure> {
    let mut connection = Connection::open_from(GOOD, address).await?;
    connection.post("/jsonrpc", body).await?;
    let (mut latencies, end) = (Latencies::default(), Instant::now() + during);
    while Instant::now() < end {
        tokio::time::sleep(PAUSE).await;
        let begin = Instant::now();
        connection.post("/jsonrpc", body).await?;
        latencies.add(begin.elapsed());
    }
    Ok(latencies)
}

/// Many connections in a closed loop.
pub struct Greedy {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Result<(), Failure>>>,
}

impl Greedy {
    /// `bodies`: a connection each.
    pub async fn start(login: &Login, bodies: Vec<Vec<u8>>) -> Result<Greedy, Failure> {
        let (stop, calls) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let mut tasks = Vec::new();
        for body in bodies {
            let mut connection = Connection::open_from(GREEDY, &login.address).await?;
            let (stop, calls) = (stop.clone(), calls.clone());
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    connection.post("/jsonrpc", &body).await?;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }));
        }
        Ok(Greedy { stop, calls, tasks })
    }

    /// How many calls it made.
    pub async fn end(self) -> Result<u64, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok(self.calls.load(Ordering::Relaxed))
    }
}
