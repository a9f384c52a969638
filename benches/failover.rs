//! kill -9 of the coordinator, again and again, under writers: how long until a write is accepted anywhere, and is anything lost.
//!
//! One writer knocks at each host with a session made before the first kill, and each has a VM of its own to which it writes
//! growing numbers. A write that is acknowledged must be there, or a later one of the same writer's, at every read after it.
//! Options: `--rounds N`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use xenith_benches::http::{CallError, Connection, text_of};
use xenith_benches::pool::{self, Login, Pool};
use xenith_benches::table::{Table, time};
use xenith_benches::{Failure, args, runtime};
use xenith_datamodel::{Ref, Value};

/// Between two attempts at a host that does not take the write.
const KNOCK_EVERY: Duration = Duration::from_millis(5);
/// A call that is not answered is given up, as a client would.
const CALL_WITHIN: Duration = Duration::from_secs(2);
/// A pool without writes for this long is broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pool may settle between two kills.
const SETTLE: Duration = Duration::from_millis(700);

fn main() -> Result<(), Failure> {
    let rounds = args::option("--rounds", 100);
    let mut pool = Pool::start("failover", 3)?;
    runtime().block_on(async {
        let login = pool.login().await?;
        let vms = pool::make_vms(&login, usize::from(pool.hosts)).await?;
        let (acked, mut acks) = mpsc::unbounded_channel();
        let stop = Arc::<AtomicBool>::default();
        let mut writers = Vec::new();
        for (host, vm) in (1..=pool.hosts).zip(vms) {
            let writer = Writer {
                address: pool.address(host),
                session: login.session.clone(),
                vm,
                acked: acked.clone(),
                stop: stop.clone(),
                last_acked: 0,
                lost: 0,
            };
            writers.push(tokio::spawn(writer.run()));
        }
        let mut outages = Vec::new();
        for round in 0..rounds {
            tokio::time::sleep(SETTLE).await;
            let Login { host, .. } = pool.login().await?;
            while acks.try_recv().is_ok() {}
            let killed = pool.kill(host)?;
            let outage = first_ack_of_after(&mut acks, killed).await?;
            outages.push(u64::try_from(outage.as_micros())?);
            if args::flag("--verbose") {
                println!(
                    "round {round}: host {host} killed, a write after {}",
                    time(outages[round])
                );
            }
            pool.start_host(host)?;
        }
        stop.store(true, Ordering::Relaxed);
        let (mut lost, mut written) = (0, 0);
        for writer in writers {
            let writer = writer.await?;
            lost += writer.lost;
            written += writer.last_acked;
        }
        report(&mut outages, lost, written);
        Ok(())
    })
}

fn report(outages: &mut [u64], lost: u64, written: u64) {
    outages.sort_unstable();
    let at = |share: usize| {
        time(
            outages
                .get((outages.len() * share / 100).min(outages.len() - 1))
                .copied()
                .unwrap_or(0),
        )
    };
    let mut table = Table::new(
        "kill -9 of the coordinator to the first accepted write",
        &[
            "kills",
            "min",
            "median",
            "p95",
            "max",
            "writes",
            "acknowledged and lost",
        ],
    );
    let head = outages.len().to_string();
    table.row(&[
        head,
        at(0),
        at(50),
        at(95),
        at(100),
        format!("about {written}"),
        lost.to_string(),
    ]);
    table.print();
}

/// The first write that began after the kill and was acknowledged.
async fn first_ack_of_after(acks: &mut mpsc::UnboundedReceiver<Ack>, killed: Instant) -> Result<Duration, Failure> {
    loop {
        match tokio::time::timeout(PATIENCE, acks.recv()).await {
            Ok(Some(ack)) if ack.begun > killed => return Ok(ack.done - killed),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Err("no write is accepted any more".into()),
        }
    }
}

struct Ack {
    begun: Instant,
    done: Instant,
}

struct Writer {
    address: String,
    session: Ref,
    vm: Ref,
    acked: mpsc::UnboundedSender<Ack>,
    stop: Arc<AtomicBool>,
    last_acked: u64,
    lost: u64,
}

impl Writer {
    async fn run(mut self) -> Writer {
        let (mut connection, mut number) = (None, 0_u64);
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            let begun = Instant::now();
            match tokio::time::timeout(CALL_WITHIN, self.attempt(&mut connection, number)).await {
                Ok(Ok(())) => {
                    self.last_acked = number;
                    // The receiver is gone when the bench is over.
                    drop(self.acked.send(Ack {
                        begun,
                        done: Instant::now(),
                    }));
                }
                Ok(Err(CallError::Api(_))) => tokio::time::sleep(KNOCK_EVERY).await,
                Ok(Err(CallError::Lost(_) | CallError::Malformed(_))) | Err(_) => {
                    connection = None;
                    tokio::time::sleep(KNOCK_EVERY).await;
                }
            }
        }
        self
    }

    /// On a fresh connection, and now and then, it looks first whether what was acknowledged is there.
    async fn attempt(&mut self, connection: &mut Option<Connection>, number: u64) -> Result<(), CallError> {
        let fresh = connection.is_none();
        let connection = match connection {
            Some(open) => open,
            None => connection.insert(Connection::open(&self.address).await.map_err(CallError::Lost)?),
        };
        if fresh || number.is_multiple_of(16) {
            let params = [Value::Ref(self.session.clone()), Value::Ref(self.vm.clone())];
            let text = connection.call("VM.get_name_description", &params).await?;
            let there: u64 = text_of(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
            if there < self.last_acked {
                eprintln!("LOST: {} was acknowledged, {there} is there", self.last_acked);
                self.lost += 1;
            }
        }
        pool::write(connection, &self.session, &self.vm, &number.to_string())
            .await
            .map(drop)
    }
}
