//! The load: clients that write, swap and read registers and make rows, on whatever host they happen to ask.
//!
//! Invariant: a call is noted before it is made, its answer by the host's own task when it is there; a host that dies with the call
//! leaves it open.

use crate::checkers::acked_writes;
use crate::checkers::pool_time_monotonic::ReadFloor;
use crate::history::{Kind, Making, Outcome, Written};
use crate::host::wall_clock_ms;
use crate::plant::Plant;
use crate::random::Random;
use crate::rows;
use crate::scenario::Scenario;
use crate::shared::{Door, Shared, lock};
use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xenith_datamodel::Value;
use xenith_pooldb::{Transaction, View};
use xenith_raft::{CommitError, PoolLog};

/// How long a client waits before it goes on to its next call; the call itself goes on.
const PATIENCE: Duration = Duration::from_secs(3);
/// Acknowledged rows looked for in each read.
const ROWS_LOOKED_FOR: usize = 6;

/// What all clients of a run share.
pub struct Clients {
    pub shared: Arc<Shared>,
    pub scenario: Scenario,
    /// Each host's clock error: what it stamps its transactions with.
    pub skews: Vec<Arc<AtomicI64>>,
    last_value: AtomicU64,
    floor: Mutex<ReadFloor>,
}

impl Clients {
    pub fn new(shared: Arc<Shared>, scenario: Scenario, skews: Vec<Arc<AtomicI64>>) -> Arc<Clients> {
        Arc::new(Clients {
            shared,
            scenario,
            skews,
            last_value: AtomicU64::new(0),
            floor: Mutex::default(),
        })
    }

    /// One client, until the run stops them.
    pub async fn run(self: Arc<Clients>, number: usize, mut random: Random) {
        let mut made = 0;
        let mut passing = Vec::new();
        while !self.shared.stopping() {
            let rest = random.below(self.scenario.rest_ms + 1);
            tokio::time::sleep(Duration::from_millis(rest)).await;
            let Some(door) = self.choose(&mut random) else { continue };
            let register = random.index(self.scenario.registers);
            let this = self.clone();
            match random.below(100) {
                0..30 => on_host(&door, this.write(door.clone(), register, random.percent(40))).await,
                30..65 => on_host(&door, this.read(door.clone(), register, random.fork())).await,
                65..70 => on_host(&door, this.look(door.clone(), register)).await,
                70..85 => {
                    made += 1;
                    on_host(&door, this.make(door.clone(), format!("row-{number}-{made}"))).await;
                }
                85..93 => {
                    made += 1;
                    let name = format!("passing-{number}-{made}");
                    passing.push(name.clone());
                    let transaction = rows::make_row(self.clock(&door), &name);
                    on_host(&door, this.propose_untracked(door.clone(), transaction)).await;
                }
                _ if !passing.is_empty() => {
                    let name = passing.swap_remove(random.index(passing.len()));
                    let transaction = rows::destroy_row(self.clock(&door), &name);
                    on_host(&door, this.propose_untracked(door.clone(), transaction)).await;
                }
                _ => {}
            }
        }
    }

    /// Mostly a host that says that it coordinates, else any.
    fn choose(&self, random: &mut Random) -> Option<Door> {
        let coordinators = self.shared.coordinators();
        let doors = if coordinators.is_empty() || random.percent(40) {
            self.shared.doors()
        } else {
            coordinators
        };
        doors.get(random.index(doors.len())).cloned()
    }

    fn clock(&self, door: &Door) -> i64 {
        self.skews
            .get(door.host)
            .map_or(0, |skew| wall_clock_ms(&self.shared, skew))
    }

    async fn write(self: Arc<Clients>, door: Door, register: usize, swap: bool) {
        let value: Written = self.last_value.fetch_add(1, Ordering::Relaxed) + 1;
        let kind = if swap { Kind::Swap(value) } else { Kind::Write(value) };
        let place = self.call(&door, register, kind);
        let time = self.clock(&door);
        let planned = door.node.propose(Box::new(move |view: &View| {
            let mut transaction = Transaction::new(time);
            rows::write_register(&mut transaction, register, value);
            Ok((transaction, seen_value(view, register)))
        }));
        let answer = planned.await;
        let outcome = self.outcome(&answer);
        self.answer(place, outcome);
    }

    async fn read(self: Arc<Clients>, door: Door, register: usize, mut random: Random) {
        let place = self.call(&door, register, Kind::Read);
        let floor = lock(&self.floor).at_call();
        let wanted = acked_writes::some_acked(&self.shared.history().acked, ROWS_LOOKED_FOR, &mut random);
        let read = match self.scenario.plant {
            Plant::StaleReads => Ok(door.node.applied()),
            Plant::None | Plant::AckBeforeFsync => door.node.read().await,
        };
        let view = match read {
            Ok(view) => view,
            Err(error) => {
                self.shared.probe("reads_refused");
                self.shared.trace(format!("op {place}: {error}"));
                return self.answer(place, Outcome::Refused);
            }
        };
        let (first, second) = rows::read_register(&view, register);
        self.answer(place, Outcome::Done { seen: first });
        if first != second {
            self.shared.violation(format!(
                "half a transaction is seen: register {register} is {first} and {second}"
            ));
        }
        if let Some(lost) = wanted.iter().find(|name| !rows::has_row(&view, name)) {
            let host = door.host;
            self.shared
                .violation(format!("acked write lost: a read on host {host} does not hold {lost}"));
        }
        if let Err(text) = lock(&self.floor).at_answer(floor, &view) {
            self.shared.violation(format!("host {}: {text}", door.host));
        }
    }

    /// A read by a plan that changes nothing.
    async fn look(self: Arc<Clients>, door: Door, register: usize) {
        let place = self.call(&door, register, Kind::Read);
        let planned = door.node.propose(Box::new(move |view: &View| {
            Ok((Transaction::new(0), seen_value(view, register)))
        }));
        let outcome = match self.outcome(&planned.await) {
            // A read changes nothing: without its answer it tells nothing.
            Outcome::Unknown | Outcome::Refused => Outcome::Refused,
            done @ Outcome::Done { .. } => done,
        };
        self.answer(place, outcome);
    }

    async fn make(self: Arc<Clients>, door: Door, name: String) {
        self.shared.history().make(&name);
        let transaction = rows::make_row(self.clock(&door), &name);
        let outcome = door
            .node
            .propose(Box::new(move |_| Ok((transaction, Value::Int(0)))))
            .await;
        let making = match self.outcome(&outcome) {
            Outcome::Unknown => Making::Unknown,
            Outcome::Refused => Making::Refused,
            Outcome::Done { .. } => Making::Acked,
        };
        self.shared.trace(format!("host {} {name}: {making:?}", door.host));
        self.shared.history().made(&name, making);
    }

    /// Rows that come and go: for the watchers. Whether it succeeds does not matter.
    async fn propose_untracked(self: Arc<Clients>, door: Door, transaction: Transaction) {
        let outcome = door
            .node
            .propose(Box::new(move |_| Ok((transaction, Value::Int(0)))))
            .await;
        self.outcome(&outcome);
    }

    fn call(&self, door: &Door, register: usize, kind: Kind) -> usize {
        let called = self.shared.next_sequence();
        let place = self.shared.history().call(register, kind, called);
        self.shared.trace(format!(
            "op {place} on host {}: register {register} {kind:?}",
            door.host
        ));
        place
    }

    fn answer(&self, place: usize, outcome: Outcome) {
        let at = self.shared.next_sequence();
        self.shared.history().answer(place, at, outcome);
        self.shared.trace(format!("op {place}: {outcome:?}"));
    }

    fn outcome(&self, answer: &Result<Value, CommitError>) -> Outcome {
        let probe = match answer {
            Ok(value) => {
                let seen = value.as_int().and_then(|seen| u64::try_from(seen).ok()).unwrap_or(0);
                self.shared.probe("commits");
                return Outcome::Done { seen };
            }
            Err(CommitError::Api(_)) => "refused_by_plan",
            Err(CommitError::NotCoordinator) => "not_coordinator",
            Err(CommitError::Frozen) => "frozen",
            Err(CommitError::TooBusy) => "too_busy",
            Err(CommitError::Unknown) => "commit_unknown",
            Err(CommitError::UnknownByStoreFault(_) | CommitError::StoreFault(_)) => "store_fault",
        };
        self.shared.probe(probe);
        match answer {
            Err(CommitError::Unknown | CommitError::UnknownByStoreFault(_) | CommitError::StoreFault(_)) => {
                Outcome::Unknown
            }
            Ok(_) | Err(_) => Outcome::Refused,
        }
    }
}

fn seen_value(view: &View, register: usize) -> Value {
    let (seen, _) = rows::read_register(view, register);
    Value::Int(i64::try_from(seen).unwrap_or(i64::MAX))
}

/// Runs it on the host, which may die with it; waits for it as long as a client has patience.
pub async fn on_host(door: &Door, work: impl Future<Output = ()> + Send + 'static) {
    let running = door.runtime.spawn(work);
    // Dead with its host, or slow: the history shows it as open.
    let _ = tokio::time::timeout(PATIENCE, running).await;
}
