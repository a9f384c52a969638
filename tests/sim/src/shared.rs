//! What every part of a run sees: the virtual time, the trace, the probes, the history, and the nodes that are up.
//!
//! One thread only; the locks are there because tokio wants tasks that could move. Must not: hold two of them at once.

use crate::history::History;
use crate::probes::Probes;
use crate::trace::Trace;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use xenith_raft::{PoolLog, RaftNode, Role};
use xenith_runtime::Toolstack;

/// A node that is up: work for it is spawned on its own runtime, and dies with it.
#[derive(Clone)]
pub struct Door {
    pub host: usize,
    /// Raised at every start of the host.
    pub life: u64,
    pub runtime: Handle,
    pub node: Arc<RaftNode>,
    /// Of hosts that work operations.
    pub toolstack: Option<Arc<Toolstack>>,
}

pub struct Shared {
    now_us: AtomicU64,
    sequence: AtomicU64,
    trace: Mutex<Trace>,
    probes: Mutex<Probes>,
    violations: Mutex<Vec<String>>,
    doors: Mutex<Vec<Option<Door>>>,
    history: Mutex<History>,
    stopping: AtomicBool,
}

impl Shared {
    pub fn new(hosts: usize, print: bool) -> Arc<Shared> {
        Arc::new(Shared {
            now_us: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            trace: Mutex::new(Trace::new(print)),
            probes: Mutex::default(),
            violations: Mutex::default(),
            doors: Mutex::new(vec![None; hosts]),
            history: Mutex::default(),
            stopping: AtomicBool::new(false),
        })
    }

    /// Virtual microseconds since the run began.
    pub fn now_us(&self) -> u64 {
        self.now_us.load(Ordering::Relaxed)
    }

    pub fn set_now_us(&self, now: u64) {
        self.now_us.store(now, Ordering::Relaxed);
    }

    /// Orders what happens within one instant.
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub fn trace(&self, text: impl AsRef<str>) {
        let now = self.now_us();
        lock(&self.trace).line(now, text.as_ref());
    }

    pub fn trace_hash(&self) -> String {
        lock(&self.trace).hash()
    }

    /// The path is a rare one: say that it was gone.
    pub fn probe(&self, name: &'static str) {
        lock(&self.probes).hit(name);
    }

    pub fn probes(&self) -> Probes {
        lock(&self.probes).clone()
    }

    /// Something that must never be.
    pub fn violation(&self, text: impl Into<String>) {
        let text = text.into();
        self.trace(format!("VIOLATION {text}"));
        lock(&self.violations).push(text);
    }

    pub fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    pub fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }

    pub fn open_door(&self, door: Door) {
        let host = door.host;
        if let Some(place) = lock(&self.doors).get_mut(host) {
            *place = Some(door);
        }
    }

    pub fn close_door(&self, host: usize) {
        let closed = lock(&self.doors).get_mut(host).and_then(Option::take);
        drop(closed);
    }

    pub fn door(&self, host: usize) -> Option<Door> {
        lock(&self.doors).get(host).cloned().flatten()
    }

    pub fn doors(&self) -> Vec<Door> {
        lock(&self.doors).iter().flatten().cloned().collect()
    }

    /// The nodes that say that they coordinate: mostly one, none or two for a while after a failure.
    pub fn coordinators(&self) -> Vec<Door> {
        let mut doors = self.doors();
        doors.retain(|door| matches!(*door.node.watch_role().borrow(), Role::Coordinator { .. }));
        doors
    }

    /// Clients end what they do and begin nothing more.
    pub fn stop_clients(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
