//! The table of kinds: from the name in a record to its state machine.

use super::record::{from_json, to_json};
use super::{Event, Next, Operation, StepCx};
use crate::host::dead;
use crate::{sr, vdi, vm};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_xen_port::Effect;

/// [`Next`] with the state as its record holds it.
pub(super) enum Stepped {
    Work {
        state: String,
        host: Ref,
        effects: Vec<Effect>,
        cancellable: bool,
        /// See [`Operation::progress`].
        progress: Option<f64>,
    },
    End(Result<Value, ApiError>),
}

type GoesOn = fn(&str) -> Result<bool, ApiError>;
type Step = fn(&str, &mut StepCx<'_>, Event) -> Result<Stepped, ApiError>;

/// A row for each kind, with the orders that it takes when nothing goes wrong. Names stay for ever: a record may be older than this program.
const KINDS: &[(&str, i64, GoesOn, Step)] = &[
    (vm::Start::KIND, 1, goes_on::<vm::Start>, run::<vm::Start>),
    (vm::Stop::KIND, 2, goes_on::<vm::Stop>, run::<vm::Stop>),
    (vm::Reboot::KIND, 2, goes_on::<vm::Reboot>, run::<vm::Reboot>),
    (vm::Pause::KIND, 1, goes_on::<vm::Pause>, run::<vm::Pause>),
    (vm::Migrate::KIND, 4, goes_on::<vm::Migrate>, run::<vm::Migrate>),
    (vm::Copy::KIND, 1, goes_on::<vm::Copy>, run::<vm::Copy>),
    (vm::Provision::KIND, 1, goes_on::<vm::Provision>, run::<vm::Provision>),
    (vm::Revert::KIND, 1, goes_on::<vm::Revert>, run::<vm::Revert>),
    (vm::Suspend::KIND, 2, goes_on::<vm::Suspend>, run::<vm::Suspend>),
    (vm::Resume::KIND, 3, goes_on::<vm::Resume>, run::<vm::Resume>),
    (vdi::Make::KIND, 1, goes_on::<vdi::Make>, run::<vdi::Make>),
    (vdi::Change::KIND, 1, goes_on::<vdi::Change>, run::<vdi::Change>),
    (sr::Scan::KIND, 1, goes_on::<sr::Scan>, run::<sr::Scan>),
];

/// Whether this version knows the kind: an operation of a newer one waits for a coordinator that does.
pub(super) fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(name, ..)| *name == kind)
}

/// How much of the work is done when this order goes out, 0 to 1: what clients see of it. Never all, however many orders it takes.
pub(super) fn progress(kind: &str, sequence: i64) -> f64 {
    let expected = KINDS
        .iter()
        .find(|(name, ..)| *name == kind)
        .map_or(1, |(_, orders, ..)| *orders);
    let done = sequence.saturating_sub(1).max(0);
    done as f64 / expected.max(done.saturating_add(1)) as f64
}

/// See [`Operation::goes_on_without_host`].
pub(super) fn goes_on_without_host(kind: &str, state: &str) -> Result<bool, ApiError> {
    match KINDS.iter().find(|(name, ..)| *name == kind) {
        Some((.., goes_on, _)) => goes_on(state),
        None => Ok(false),
    }
}

fn goes_on<S: Operation>(state: &str) -> Result<bool, ApiError> {
    Ok(from_json::<S>(state)?.goes_on_without_host())
}

/// Steps until a living host has something to do, or the operation is over: a dead host is not asked (D1).
pub(super) fn settle(kind: &str, state: &str, cx: &mut StepCx<'_>, event: Event) -> Result<Stepped, ApiError> {
    let (.., step) = KINDS
        .iter()
        .find(|(name, ..)| *name == kind)
        .ok_or_else(|| ApiError::internal(format!("no operation {kind}")))?;
    let mut stepped = step(state, cx, event)?;
    for _ in 0..STEPS_MAX {
        match &stepped {
            Stepped::Work { state, host, .. } if dead::is_dead(cx.view, host)? => {
                stepped = step(state, cx, Event::HostLost)?;
            }
            Stepped::Work { .. } | Stepped::End(_) => return Ok(stepped),
        }
    }
    Err(ApiError::internal(format!("{kind} goes from dead host to dead host")))
}

/// More hosts than an operation asks one after the other.
const STEPS_MAX: usize = 16;

fn run<S: Operation>(state: &str, cx: &mut StepCx<'_>, event: Event) -> Result<Stepped, ApiError> {
    let state: S = from_json(state)?;
    Ok(match state.step(cx, event)? {
        Next::Work {
            state,
            host,
            effects,
            cancellable,
        } => Stepped::Work {
            progress: state.progress(),
            state: to_json(&state)?,
            host,
            effects,
            cancellable,
        },
        Next::End(outcome) => Stepped::End(outcome),
    })
}
