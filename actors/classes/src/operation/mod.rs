//! Operations: work that takes more than one transaction.
//!
//! ```text
//!  call ──► plan: request ──► admission ──► record (locks, state, first order) ── commit #1
//!                               │ busy            │
//!                               ▼                 ▼ order (sequence n) to a host ── its outcome
//!                            ticket          step(state, outcome) ── commit #n+1: next order, or the end
//! ```
//!
//! An operation is a row of the class `xenith_operation`, keyed by the ref of its task. Its kind's [`Operation::step`] is pure:
//! state, view and event in; next state, changes and effects out. State and changes are committed first; orders are read from
//! committed rows ([`orders`]), so a new coordinator finds them as the old one did (CORRECTNESS C2, C3).
//!
//! Invariants: an object's `current_operations` name live operations only, for one transaction sets or clears both (C4);
//! an outcome counts only for the sequence that the record stands at; a record never names effects on two hosts at once.

mod admit;
mod advance;
mod kinds;
mod locks;
mod orders;
mod pause;
mod record;
mod remains;
mod request;
mod silence;
mod waiting;

pub use admit::{Admitted, admit, cancel};
pub use advance::{Failure, Outcome, advance, lose_host};
pub use locks::{Lock, held};
pub use orders::{Order, is_live, order_of, orders};
pub(crate) use pause::pause_ms;
pub use record::Record;
pub use remains::{Remains, remains};
pub use request::Request;
pub use silence::{go_on_without, unheard, waits_for_silent};
pub use waiting::admit_next;

use crate::Ids;
use admit::Ground;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::{Done, Effect, EffectError};

/// One kind of operation: a state machine. The state holds everything that the rows do not.
pub trait Operation: Serialize + DeserializeOwned {
    /// Its name in the table of kinds; never changes, for records outlive versions.
    const KIND: &'static str;

    /// Whether its object can be let go of without the host that has the newest order: when it is silent, the operation is told that
    /// nobody knows what became of the order.
    fn goes_on_without_host(&self) -> bool {
        false
    }

    /// How much of the work is done, 0 to less than 1, when the orders do not say it.
    fn progress(&self) -> Option<f64> {
        None
    }

    /// What an event makes of the operation. An error is a fault of ours or of the rows: it ends the operation and is told.
    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Self>, ApiError>;
}

/// What a step is given beside its state and the event.
pub struct StepCx<'a> {
    /// The coordinator's speculative head (C1).
    pub view: &'a View,
    pub now_ms: i64,
    pub ids: &'a mut dyn Ids,
    /// The task, and so the operation.
    pub task: &'a Ref,
    /// Somebody has asked to give the operation up.
    pub cancelled: bool,
    /// See [`PlanCx::silent`](crate::PlanCx::silent).
    pub silent: &'a BTreeSet<Ref>,
    /// Takes the step's changes of rows.
    pub tx: &'a mut Transaction,
    /// Objects that the step found it needs beside those of the request, as the host that was chosen.
    pub more: Vec<Lock>,
    /// Everything held so far is let go of with this step: what is left to do is nothing of the objects'.
    pub lets_go: bool,
    /// From this step on, until it says otherwise.
    pub remains: Option<Remains>,
    /// The next order is given after this time only.
    pub pause_ms: i64,
}

impl<'a> StepCx<'a> {
    fn new(ground: Ground<'a>, task: &'a Ref, tx: &'a mut Transaction) -> StepCx<'a> {
        StepCx {
            view: ground.view,
            now_ms: ground.now_ms,
            ids: ground.ids,
            task,
            cancelled: false,
            silent: ground.silent,
            tx,
            more: Vec::new(),
            lets_go: false,
            remains: None,
            pause_ms: 0,
        }
    }

    /// Holds one more object from this step on; refuses when it is busy with something that does not go beside.
    pub fn hold(&mut self, lock: Lock) -> Result<(), ApiError> {
        lock.check(self.view)?;
        self.more.push(lock);
        Ok(())
    }

    /// As `hold`, of an object as this step's changes leave it.
    pub fn hold_after(&mut self, lock: Lock) -> Result<(), ApiError> {
        lock.check(&self.after()?)?;
        self.more.push(lock);
        Ok(())
    }

    /// The rows as they will be when this step's changes are applied.
    pub fn after(&self) -> Result<View, ApiError> {
        let applied = self.view.apply(self.tx).map(|(after, _)| after);
        applied.map_err(|error| ApiError::internal(error.to_string()))
    }

    /// What a failed effect is for the client, unless the operation was given up.
    pub fn failure(&self, why: ApiError) -> ApiError {
        if self.cancelled {
            ApiError::new("TASK_CANCELLED", [self.task.as_str()])
        } else {
            why
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The objects are held; nothing has been done yet. The step may still refuse: then nothing is changed.
    Begun,
    /// Every effect of the order is done.
    Worked(Vec<Done>),
    /// The effects before the `at`-th are done, this one is not, the rest was not tried.
    Failed { at: usize, error: EffectError },
    /// The host that worked the order is dead, with all its domains (D1). Its last order may have been done or not.
    HostLost,
    /// The host on which the VM is resident is dead, while another works the order.
    VmLost,
    /// Another host that the operation holds is dead, as the one that a VM is sent to.
    PeerLost,
}

/// What comes next.
#[derive(Debug)]
pub enum Next<S> {
    /// Commit the changes and the state, then let the host work these effects, in order, until one fails.
    Work {
        state: S,
        host: Ref,
        effects: Vec<Effect>,
        /// The order may be given up half-way: [`Event::Failed`] comes then.
        cancellable: bool,
    },
    /// Commit the changes, let go of everything, finish the task.
    End(Result<Value, ApiError>),
}
