//! The table of kinds: from the name in a record to its state machine.

use super::record::{from_json, to_json};
use super::{Event, Next, Operation, StepCx};
use crate::host::dead;
use crate::vm;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_xen_port::Effect;

/// [`Next`] with the state as its record holds it.
pub(super) enum Stepped {
    Work {
        state: String,
        host: Ref,
        effects: Vec<Effect>,
        cancellable: bool,
    },
    End(Result<Value, ApiError>),
}

type Step = fn(&str, &mut StepCx<'_>, Event) -> Result<Stepped, ApiError>;

/// A row for each kind. Names stay for ever: a record may be older than this program.
const KINDS: &[(&str, Step)] = &[
    (vm::Start::KIND, run::<vm::Start>),
    (vm::Stop::KIND, run::<vm::Stop>),
    (vm::Reboot::KIND, run::<vm::Reboot>),
    (vm::Pause::KIND, run::<vm::Pause>),
    (vm::Migrate::KIND, run::<vm::Migrate>),
    (vm::Copy::KIND, run::<vm::Copy>),
    (vm::Provision::KIND, run::<vm::Provision>),
];

/// Whether this version knows the kind: an operation of a newer one waits for a coordinator that does.
pub(super) fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// Steps until a living host has something to do, or the operation is over: a dead host is not asked (D1).
pub(super) fn settle(kind: &str, state: &str, cx: &mut StepCx<'_>, event: Event) -> Result<Stepped, ApiError> {
    let (_, step) = KINDS
        .iter()
        .find(|(name, _)| *name == kind)
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
            state: to_json(&state)?,
            host,
            effects,
            cancellable,
        },
        Next::End(outcome) => Stepped::End(outcome),
    })
}
