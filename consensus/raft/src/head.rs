//! The speculative head: the state with everything in flight applied, against which the coordinator plans (CORRECTNESS C1).
//!
//! ```text
//!  Following ──elected──► Opening ──own "opened" entry applied──► Open ◄──thaw── Open, frozen
//!      ▲                     ▲                                     │  └──freeze──►
//!      └──leadership lost────┴────────a proposal failed────────────┘
//! ```
//! Invariants: plan, apply to the head and enqueue are one step under one lock, so the queue's order is the head's order; the queue is
//! drained by one task; every item names the leadership it was planned under, and Raft refuses it under another; once an item has failed,
//! later ones of its epoch become blank entries, though Raft takes them ([`Guard`]); the "opened" entry goes
//! through the same queue, so when it is applied nothing of an earlier head can follow. Must not: await under a lock.

use crate::codec::CodecError;
use crate::entry::{Body, Guard, Record};
use crate::pool_log::{CommitError, Plan};
use crate::responder::Callback;
use crate::state_machine::{Applied, StateMachine};
use crate::sync::SyncGate;
use crate::types::{LeaderId, TypeConfig};
use openraft::error::ClientWriteError;
use openraft::raft::ClientWriteResult;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};
use xenith_datamodel::{ApiError, Value};
use xenith_pooldb::{ApplyError, Transaction, View};

#[cfg(test)]
mod tests;

/// Items taken from the queue at once.
const DRAIN_BATCH: usize = 256;

/// Largest entry: an append must fit into one message of the link.
const ENTRY_BYTES_MAX: usize = 8 << 20;

pub type Outcome = Result<(), CommitError>;

pub struct Head {
    /// Fair: planners follow each other closely, and the standard library's lets the one who has just had it take it again and again, while
    /// Raft's own tasks wait for it and the lease is lost.
    state: parking_lot::Mutex<State>,
    flights: Mutex<Flights>,
    queue: mpsc::Sender<Item>,
    /// Of the state that is open; an item of an older one is dropped instead of sent.
    epoch: Arc<AtomicU64>,
    /// Raised at each change of phase.
    changed: watch::Sender<u64>,
    in_flight_max: usize,
}

struct State {
    phase: Phase,
    seq: u64,
}

enum Phase {
    Following,
    Opening,
    Open {
        leader: LeaderId,
        view: View,
        frozen: bool,
    },
    /// Raft has stopped; with the cause.
    Stopped(String),
}

#[derive(Default)]
struct Flights {
    replies: BTreeMap<u64, oneshot::Sender<Outcome>>,
    /// Answers that wait for what they saw, by the newest proposal they saw.
    waiters: BTreeMap<u64, Vec<oneshot::Sender<Outcome>>>,
}

/// One proposal on its way to Raft.
pub struct Item {
    seq: u64,
    epoch: u64,
    leader: LeaderId,
    record: Record,
    /// A client's change, as opposed to our own markers: it may have to wait for a learner (E1).
    is_change: bool,
}

/// What planning came to.
pub enum Attempt {
    /// Answered at once.
    Done(CommitError),
    /// The plan was not run: try again when the head has changed.
    Hold(Plan),
    /// Enqueued, or waiting for what it saw.
    InFlight(oneshot::Receiver<Outcome>, Value),
    /// Nothing to change and nothing in flight: the value holds if this leadership still does.
    Confirm(LeaderId, Value),
}

impl Head {
    pub fn new(in_flight_max: usize) -> (Arc<Head>, mpsc::Receiver<Item>) {
        // Room for the "opened" entry beside a full house.
        let (queue, rx) = mpsc::channel(in_flight_max + 1);
        let head = Head {
            state: parking_lot::Mutex::new(State {
                phase: Phase::Following,
                seq: 0,
            }),
            flights: Mutex::default(),
            queue,
            epoch: Arc::default(),
            changed: watch::Sender::new(0),
            in_flight_max,
        };
        (Arc::new(head), rx)
    }

    /// Runs the plan and enqueues what it gives, as one step.
    pub fn attempt(&self, plan: Plan) -> Attempt {
        let mut state = self.state();
        let State { phase, seq } = &mut *state;
        let (leader, view) = match phase {
            Phase::Following => return Attempt::Done(CommitError::NotCoordinator),
            Phase::Stopped(why) => return Attempt::Done(CommitError::StoreFault(why.clone())),
            Phase::Opening | Phase::Open { frozen: true, .. } => return Attempt::Hold(plan),
            Phase::Open {
                leader,
                view,
                frozen: false,
            } => (*leader, view),
        };
        if self.flights().replies.len() >= self.in_flight_max {
            return Attempt::Done(CommitError::TooBusy);
        }
        let (transaction, value) = match plan(view) {
            Ok(planned) => planned,
            Err(error) => return Attempt::Done(CommitError::Api(error)),
        };
        if is_empty(&transaction) {
            return match self.flights().wait_for_newest() {
                Some(waiting) => Attempt::InFlight(waiting, value),
                None => Attempt::Confirm(leader, value),
            };
        }
        let next = match view.apply(&transaction) {
            Ok((next, _changes)) => next,
            Err(error) => return Attempt::Done(refused(error)),
        };
        let record = Record::new(Body::Transaction(transaction));
        let record = record.map(|record| record.foreseen(view.clone(), next.clone()));
        match self.enqueue(*seq + 1, leader, record, true) {
            Ok(reply) => {
                *view = next;
                *seq += 1;
                Attempt::InFlight(reply, value)
            }
            Err(error) => Attempt::Done(error),
        }
    }

    /// An entry that changes no row, in order with the others.
    pub fn enqueue_marker(&self, body: Body) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        let mut state = self.state();
        let State {
            phase: Phase::Open {
                leader, frozen: false, ..
            },
            seq,
        } = &mut *state
        else {
            return Err(CommitError::NotCoordinator);
        };
        let reply = self.enqueue(*seq + 1, *leader, Record::new(body), false)?;
        *seq += 1;
        Ok(reply)
    }

    /// Enqueues the "opened" entry of this leadership. Everything planned before it is not sent any more.
    pub fn enqueue_opened(&self, leader: LeaderId, body: Body) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        let mut state = self.state();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        state.phase = Phase::Opening;
        let reply = self.enqueue(state.seq + 1, leader, Record::new(body), false)?;
        state.seq += 1;
        drop(state);
        self.notify();
        Ok(reply)
    }

    /// Opens with the state right after the "opened" entry. Not when the phase changed meanwhile.
    pub fn open(&self, leader: LeaderId, view: View) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Opening) {
            state.phase = Phase::Open {
                leader,
                view,
                frozen: false,
            };
        }
        drop(state);
        self.notify();
    }

    /// Leadership is gone or doubtful: what is in flight may or may not be committed.
    pub fn lose(&self) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Following | Phase::Stopped(_)) {
            return;
        }
        state.phase = Phase::Following;
        self.epoch.fetch_add(1, Ordering::SeqCst);
        drop(state);
        self.flights().end(&CommitError::Unknown);
        self.notify();
    }

    /// Raft has stopped, for good.
    pub fn stop(&self, why: String) {
        self.lose();
        self.state().phase = Phase::Stopped(why);
        self.flights().end(&CommitError::Unknown);
        self.notify();
    }

    /// The leadership that is open now.
    pub fn open_leader(&self) -> Option<LeaderId> {
        match &self.state().phase {
            Phase::Open { leader, .. } => Some(*leader),
            Phase::Following | Phase::Opening | Phase::Stopped(_) => None,
        }
    }

    /// Proposals wait from now on; gives false when the head is not open.
    pub fn freeze(&self) -> bool {
        self.set_frozen(true)
    }

    pub fn thaw(&self) {
        self.set_frozen(false);
        self.notify();
    }

    /// Resolves when nothing that was proposed is in flight.
    pub async fn drained(&self) -> Outcome {
        let waiting = self.flights().wait_for_newest();
        match waiting {
            None => Ok(()),
            Some(waiting) => waiting.await.unwrap_or(Err(CommitError::Unknown)),
        }
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn in_flight(&self) -> usize {
        self.flights().replies.len()
    }

    /// The record was encoded before, so that what cannot be stored is refused before the head has it.
    fn enqueue(
        &self,
        seq: u64,
        leader: LeaderId,
        record: Result<Record, CodecError>,
        is_change: bool,
    ) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        let record = record.map_err(|error| CommitError::Api(ApiError::internal(error.to_string())))?;
        let size = record.envelope().len();
        if size > ENTRY_BYTES_MAX {
            let text = format!("a change of {size} bytes; at most {ENTRY_BYTES_MAX} can be made at once");
            return Err(CommitError::Api(ApiError::internal(text)));
        }
        let permit = self.queue.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => CommitError::TooBusy,
            mpsc::error::TrySendError::Closed(()) => CommitError::NotCoordinator,
        })?;
        let (tx, rx) = oneshot::channel();
        self.flights().replies.insert(seq, tx);
        let epoch = self.epoch.load(Ordering::SeqCst);
        permit.send(Item {
            seq,
            epoch,
            leader,
            record,
            is_change,
        });
        Ok(rx)
    }

    /// Answers the proposer and whoever waits for it; a failure ends this head.
    fn complete(&self, seq: u64, epoch: u64, outcome: Outcome) {
        let failed = match &outcome {
            Ok(()) => false,
            Err(_) => true,
        };
        self.flights().complete(seq, outcome);
        if failed && self.epoch.load(Ordering::SeqCst) == epoch {
            self.fail(epoch);
        }
    }

    /// What was planned on top of a failed proposal must not be sent: a new head is opened.
    fn fail(&self, epoch: u64) {
        let mut state = self.state();
        if self.epoch.load(Ordering::SeqCst) != epoch {
            return;
        }
        if matches!(state.phase, Phase::Open { .. }) {
            tracing::warn!("a proposal failed: the head is dropped");
            state.phase = Phase::Opening;
        }
        self.epoch.fetch_add(1, Ordering::SeqCst);
        drop(state);
        self.notify();
    }

    fn set_frozen(&self, value: bool) -> bool {
        match &mut self.state().phase {
            Phase::Open { frozen, .. } => {
                *frozen = value;
                true
            }
            Phase::Following | Phase::Opening | Phase::Stopped(_) => false,
        }
    }

    fn notify(&self) {
        self.changed.send_modify(|n| *n += 1);
    }

    fn state(&self) -> parking_lot::MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Taken inside `state`, never around it.
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flights {
    fn wait_for_newest(&mut self) -> Option<oneshot::Receiver<Outcome>> {
        let newest = *self.replies.last_key_value()?.0;
        let (tx, rx) = oneshot::channel();
        self.waiters.entry(newest).or_default().push(tx);
        Some(rx)
    }

    fn complete(&mut self, seq: u64, outcome: Outcome) {
        let Some(reply) = self.replies.remove(&seq) else {
            return;
        };
        let told = match &outcome {
            Ok(()) => {
                // Markers wait for no learner (E1), so they complete before changes that were proposed earlier: whoever saw such a
                // change has all it saw only when nothing older is left.
                let oldest_left = self.replies.first_key_value().map_or(u64::MAX, |(seq, _)| *seq);
                let newer = self.waiters.split_off(&oldest_left);
                (std::mem::replace(&mut self.waiters, newer), Ok(()))
            }
            // Whoever saw it saw what was never committed; a waiter changes nothing itself, so asking again is safe.
            Err(_) => (self.waiters.split_off(&seq), Err(CommitError::NotCoordinator)),
        };
        // A proposer that went away needs no answer.
        let _ = reply.send(outcome);
        for waiter in told.0.into_values().flatten() {
            let _ = waiter.send(told.1.clone());
        }
    }

    fn end(&mut self, error: &CommitError) {
        for reply in std::mem::take(&mut self.replies).into_values() {
            let _ = reply.send(Err(error.clone()));
        }
        for waiter in std::mem::take(&mut self.waiters).into_values().flatten() {
            let _ = waiter.send(Err(CommitError::NotCoordinator));
        }
    }
}

/// Sends the queue's items to Raft, in order. One task per node.
pub async fn drain(
    head: Arc<Head>,
    raft: openraft::Raft<TypeConfig, StateMachine>,
    gate: Arc<SyncGate>,
    mut queue: mpsc::Receiver<Item>,
) {
    let mut items = Vec::with_capacity(DRAIN_BATCH);
    while queue.recv_many(&mut items, DRAIN_BATCH).await > 0 {
        for item in items.drain(..) {
            send(&head, &raft, &gate, item).await;
        }
    }
}

async fn send(head: &Arc<Head>, raft: &openraft::Raft<TypeConfig, StateMachine>, gate: &Arc<SyncGate>, item: Item) {
    let guard = Guard::new(head.epoch.clone(), item.epoch);
    let mut flight = Flight {
        head: head.clone(),
        seq: item.seq,
        epoch: item.epoch,
        guard: guard.clone(),
        answered: false,
    };
    if head.epoch.load(Ordering::SeqCst) != item.epoch {
        return flight.complete(Err(CommitError::NotCoordinator));
    }
    let gate = item.is_change.then(|| gate.clone());
    let responder = Callback::new(move |result| {
        let index = index_of(&result);
        let outcome = outcome_of(result);
        match (gate, index) {
            (Some(gate), Some(index)) => gate.after(index, Box::new(move || flight.complete(outcome))),
            (None, _) | (_, None) => flight.complete(outcome),
        }
    });
    // An error drops the responder, whose flight then says that the outcome is not known.
    if let Err(error) = raft
        .write(item.record.guarded(guard))
        .with_leader(item.leader)
        .responder(responder)
        .await
    {
        tracing::error!(%error, "Raft takes no proposals any more");
    }
}

/// A proposal that Raft has. Dropped unanswered, its outcome is not known.
struct Flight {
    head: Arc<Head>,
    seq: u64,
    epoch: u64,
    guard: Guard,
    answered: bool,
}

impl Flight {
    fn complete(&mut self, outcome: Outcome) {
        self.answered = true;
        let outcome = match outcome {
            // A blank entry was committed in its place.
            Ok(()) if self.guard.is_void() => Err(CommitError::NotCoordinator),
            other => other,
        };
        self.head.complete(self.seq, self.epoch, outcome);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.answered {
            self.head.complete(self.seq, self.epoch, Err(CommitError::Unknown));
        }
    }
}

fn index_of(result: &ClientWriteResult<TypeConfig>) -> Option<u64> {
    result.as_ref().ok().map(|response| response.log_id.index)
}

fn outcome_of(result: ClientWriteResult<TypeConfig>) -> Outcome {
    match result {
        Ok(response) => match response.data {
            Applied::Done => Ok(()),
            Applied::Refused(error) => Err(refused(error)),
            Applied::Quarantined => Err(CommitError::Unknown),
        },
        // Refused before it was appended.
        Err(ClientWriteError::ForwardToLeader(_)) => Err(CommitError::NotCoordinator),
        Err(_) => Err(CommitError::Unknown),
    }
}

fn refused(error: ApplyError) -> CommitError {
    match error {
        ApplyError::Api(error) => CommitError::Api(error),
        conflict @ ApplyError::Conflict { .. } => CommitError::Api(ApiError::internal(conflict.to_string())),
    }
}

fn is_empty(transaction: &Transaction) -> bool {
    transaction.changes.is_empty() && transaction.touch.is_empty()
}
