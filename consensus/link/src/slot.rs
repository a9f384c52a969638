//! What this host holds for one peer: the connection in use, the budgets, and the rule that picks the connection.
//!
//! The rule. The host with the lower node id selects; the other one follows its verdict. Selections for a peer are
//! counted (`sequence`). When two connections meet, because both dialled or because one side lost the old one:
//! - the lower node's own dial loses against a connection that is already selected and alive here;
//! - the higher node's dial replaces the selected connection if its hello shows that the dialler knew of that selection
//!   (`known_sequence`): it dialled because it has lost it, whatever this side still believes. If it did not know, the
//!   two crossed, or the dialler has been restarted: the dial is answered `Duplicate` with the sequence. The dialler then
//!   waits for its own accepted handshakes to settle (the selected connection can only be one of them). If none of them
//!   was it, the next dial shows that it knows of the selection, and replaces.
//!
//! So a half-dead connection delays a new one by one back-off as a rule, and crossing dials end in one connection.

use crate::codec::Verdict;
use crate::config::Limits;
use crate::connection::{Connection, RawStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, watch};

pub(crate) struct Slot {
    pub node: u128,
    state: Mutex<State>,
    current: watch::Sender<Option<Arc<Connection>>>,
    waiters: AtomicUsize,
    /// Streams that have carried whole requests and wait for the next one, the last used last.
    idle: Mutex<Vec<(Arc<Connection>, RawStream)>>,
    /// Ours to the peer.
    pub requests: Arc<Semaphore>,
    pub streams: Arc<Semaphore>,
    /// The peer's to us.
    pub inbound_requests: Arc<Semaphore>,
    pub inbound_streams: Arc<Semaphore>,
    pub inbound_bytes: Arc<Semaphore>,
}

/// More are closed when their request is done.
const IDLE_STREAMS_MAX: usize = 16;

#[derive(Default)]
struct State {
    /// Lower node: the last selection made. Higher node: the last one heard of.
    sequence: u64,
    dialling: bool,
    last_error: Option<String>,
}

/// Held while someone waits for a connection, so that the dial task goes on.
pub(crate) struct Waiter(Arc<Slot>);

impl Slot {
    pub fn new(node: u128, limits: &Limits) -> Slot {
        Slot {
            node,
            state: Mutex::new(State::default()),
            current: watch::Sender::new(None),
            waiters: AtomicUsize::new(0),
            idle: Mutex::new(Vec::new()),
            requests: Arc::new(Semaphore::new(limits.requests_per_peer)),
            streams: Arc::new(Semaphore::new(limits.streams_per_peer)),
            inbound_requests: Arc::new(Semaphore::new(limits.requests_per_peer)),
            inbound_streams: Arc::new(Semaphore::new(limits.streams_per_peer)),
            inbound_bytes: Arc::new(Semaphore::new(limits.inbound_bytes_per_peer)),
        }
    }

    /// The connection in use, if it is alive.
    pub fn live(&self) -> Option<Arc<Connection>> {
        self.current
            .borrow()
            .as_ref()
            .filter(|connection| !connection.is_closed())
            .cloned()
    }

    /// A stream of the connection in use that is ready for a request.
    pub fn idle_stream(&self) -> Option<(Arc<Connection>, RawStream)> {
        let live = self.live()?;
        let mut idle = self.idle();
        idle.retain(|(connection, _)| Arc::ptr_eq(connection, &live));
        idle.pop()
    }

    /// Keeps the stream for the next request.
    pub fn keep_idle(&self, connection: Arc<Connection>, stream: RawStream) {
        let mut idle = self.idle();
        if idle.len() < IDLE_STREAMS_MAX && !connection.is_closed() {
            idle.push((connection, stream));
        }
    }

    #[cfg(test)]
    pub fn idle_streams(&self) -> usize {
        self.idle().len()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Arc<Connection>, RawStream)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn subscribe(&self) -> watch::Receiver<Option<Arc<Connection>>> {
        self.current.subscribe()
    }

    /// For the hello of a dial: `None` when a connection has come up meanwhile, so that the dial is pointless. A hello
    /// that names the live connection's own selection would make the other side replace it.
    pub fn sequence_to_tell(&self) -> Option<u64> {
        let state = self.state();
        if self.live().is_some() {
            None
        } else {
            Some(state.sequence)
        }
    }

    #[cfg(test)]
    pub fn selections(&self) -> u64 {
        self.state().sequence
    }

    pub fn last_error(&self) -> Option<String> {
        self.state().last_error.clone()
    }

    pub fn set_error(&self, error: String) {
        self.state().last_error = Some(error);
    }

    /// On the lower node: selects the candidate and takes it into use, or not (see the module's rule).
    pub fn select(&self, candidate: &Arc<Connection>, their_known_sequence: u64) -> Verdict {
        let mut state = self.state();
        let sequence = state.sequence;
        let keep = self.live().is_some() && (candidate.dialled || their_known_sequence < sequence);
        if keep {
            return Verdict::Duplicate { sequence };
        }
        state.sequence += 1;
        self.take_into_use(&mut state, candidate);
        Verdict::Selected {
            sequence: state.sequence,
        }
    }

    /// On the higher node: the lower one has selected this connection.
    pub fn follow(&self, selected: &Arc<Connection>, sequence: u64) {
        let mut state = self.state();
        state.sequence = sequence;
        self.take_into_use(&mut state, selected);
    }

    /// On the higher node: the lower one says it has another connection with us.
    pub fn heard_of(&self, sequence: u64) {
        self.state().sequence = sequence;
    }

    /// The connection has ended.
    pub fn forget(&self, ended: &Arc<Connection>) {
        let _state = self.state();
        self.current.send_if_modified(|current| {
            let same = current
                .as_ref()
                .is_some_and(|connection| Arc::ptr_eq(connection, ended));
            if same {
                *current = None;
            }
            same
        });
        self.idle().retain(|(connection, _)| !Arc::ptr_eq(connection, ended));
    }

    /// Registers interest; `true` when the caller has to start the dial task.
    pub fn wait(self: &Arc<Self>) -> (Waiter, bool) {
        let mut state = self.state();
        self.waiters.fetch_add(1, Ordering::Relaxed);
        let start = !state.dialling;
        state.dialling = true;
        (Waiter(self.clone()), start)
    }

    /// The dial task asks whether it is still needed; `false` ends it, and the next waiter starts another.
    pub fn dial_on(&self) -> bool {
        let mut state = self.state();
        state.dialling = self.waiters.load(Ordering::Relaxed) > 0 && self.live().is_none();
        state.dialling
    }

    fn take_into_use(&self, state: &mut State, connection: &Arc<Connection>) {
        state.last_error = None;
        if let Some(old) = self.current.send_replace(Some(connection.clone())) {
            old.close();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::Relaxed);
    }
}
