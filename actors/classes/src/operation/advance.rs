//! From an event to the next transaction of an operation.

use super::admit::Ground;
use super::{Event, Lock, Record, StepCx, kinds, locks};
use crate::{ALL_HEARD, Ids, rows, task, vm};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{ApplyError, Transaction, View};
use xenith_xen_port::{Done, EffectError};

/// What became of an order.
pub type Outcome = Result<Vec<Done>, Failure>;

/// The effects before the `at`-th are done, this one is not, the rest was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub at: usize,
    pub error: EffectError,
}

/// The outcome of an operation's order. Nothing when the operation is over or has gone on: an outcome that comes twice counts once.
///
/// An order that is given once more because nobody knows what became of it ([`Record::again`]) is not given up half-way, and only a
/// failure that says something of the domain says that it was not done before.
pub fn advance(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    (operation, sequence): (&Ref, i64),
    outcome: Outcome,
) -> Result<Option<Transaction>, ApiError> {
    if !Record::exists(view, operation)? {
        return Ok(None);
    }
    let record = Record::read(view, operation)?;
    if !kinds::is_known(&record.kind) || record.sequence != sequence {
        return Ok(None);
    }
    let event = match outcome {
        Ok(done) => Event::Worked(done),
        Err(failure) => failed(&record, failure),
    };
    step(view, now_ms, ids, record, event).map(Some)
}

fn failed(record: &Record, Failure { at, error }: Failure) -> Event {
    let error = match error {
        EffectError::Cancelled | EffectError::Storage(_) | EffectError::Failed(_) if record.again => {
            EffectError::NotKnown(format!("{error}; all of it may have been done before"))
        }
        known => known,
    };
    Event::Failed { at, error }
}

/// The host is dead, and all its domains with it: nobody waits for it any more (CORRECTNESS D1). Adds to `tx`.
pub fn lose_host(view: &View, tx: &mut Transaction, ids: &mut dyn Ids, host: &Ref) -> Result<(), ApiError> {
    let mut now = after(view, tx)?;
    for operation in rows::all(view, "xenith_operation")? {
        let record = Record::read(view, &operation)?;
        let event = match record.works_on(host) {
            true => Event::HostLost,
            false if holds_vm_on(&now, &record, host)? => Event::VmLost,
            false if record.locks.iter().any(|lock| lock.object == *host) => Event::PeerLost,
            false => continue,
        };
        if !kinds::is_known(&record.kind) {
            continue;
        }
        let more = step(&now, tx.time_ms, ids, record, event)?;
        now = after(&now, &more)?;
        tx.changes.extend(more.changes);
    }
    Ok(())
}

/// The host says nothing: an operation that can do without it is told that what became of its order is not known.
pub(super) fn without_host(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    record: Record,
) -> Result<Transaction, ApiError> {
    let error = EffectError::NotKnown("the host cannot be contacted".to_owned());
    step(view, now_ms, ids, record, Event::Failed { at: 0, error })
}

/// A fault of ours must not hold the objects for ever, nor keep a host from being declared dead: it ends the operation.
fn step(view: &View, now_ms: i64, ids: &mut dyn Ids, record: Record, event: Event) -> Result<Transaction, ApiError> {
    go_on(view, now_ms, &mut *ids, &record, event).or_else(|fault| {
        let mut tx = Transaction::new(now_ms);
        end(view, &mut tx, ids, (&record, Err(fault)))?;
        Ok(tx)
    })
}

fn go_on(view: &View, now_ms: i64, ids: &mut dyn Ids, record: &Record, event: Event) -> Result<Transaction, ApiError> {
    let mut tx = Transaction::new(now_ms);
    let ground = Ground {
        view,
        now_ms,
        ids: &mut *ids,
        silent: &ALL_HEARD,
    };
    let mut cx = StepCx::new(ground, &record.reference, &mut tx);
    cx.cancelled = record.cancelled;
    cx.remains = record.remains.clone();
    let is_unsure = matches!(
        &event,
        Event::Failed {
            error: EffectError::NotKnown(_),
            ..
        }
    );
    let stepped = kinds::settle(&record.kind, &record.state, &mut cx, event)?;
    let (more, lets_go, remains) = (std::mem::take(&mut cx.more), cx.lets_go, cx.remains.take());
    let pause_ms = cx.pause_ms;
    match stepped {
        kinds::Stepped::End(outcome) => end(view, &mut tx, ids, (record, outcome))?,
        kinds::Stepped::Work {
            state,
            host,
            effects,
            cancellable,
            progress,
        } => {
            let kept: &[Lock] = if lets_go { &[] } else { &record.locks };
            if lets_go {
                locks::release(view, &mut tx, &record.reference, &record.locks)?;
            }
            locks::mark(&mut tx, &record.reference, &more)?;
            let again = is_unsure && record.works_on(&host) && record.effects == effects;
            let cancellable = cancellable && !again;
            let (host, later_host) = match pause_ms > 0 {
                true => (Ref::null(), host),
                false => (host, Ref::null()),
            };
            let next = Record {
                state,
                host,
                effects,
                cancellable,
                again,
                sequence: record.sequence + 1,
                locks: kept.iter().cloned().chain(more).collect(),
                deadline_ms: now_ms + pause_ms,
                later_host,
                remains,
                ..record.clone()
            };
            next.write(&mut tx)?;
            // A client may have ended its task: the work goes on.
            if task::is_pending(view, &next.reference)? {
                task::set_cancellable(&mut tx, &next.reference, cancellable)?;
                let progress = progress.unwrap_or_else(|| kinds::progress(&next.kind, next.sequence));
                rows::set(&mut tx, "task", &next.reference, "progress", Value::Float(progress))?;
            }
            let touched = if lets_go { &record.locks } else { &next.locks };
            locks::refresh_allowed(view, &mut tx, touched)?;
        }
    }
    Ok(tx)
}

fn end(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    (record, outcome): (&Record, Result<Value, ApiError>),
) -> Result<(), ApiError> {
    if let Some(lock) = record
        .locks
        .first()
        .filter(|lock| lock.class == "VM" && outcome.is_ok())
    {
        vm::told::tell(view, tx, ids, (&lock.object, &lock.operation))?;
    }
    let outcome = outcome.map(|value| xenith_wire::xmlrpc::encode_value(&value));
    task::finish_task(view, tx, &record.reference, outcome)?;
    record.destroy(tx)?;
    locks::release(view, tx, &record.reference, &record.locks)?;
    locks::refresh_allowed(view, tx, &record.locks)
}

fn after(view: &View, tx: &Transaction) -> Result<View, ApiError> {
    match view.apply(tx) {
        Ok((after, _)) => Ok(after),
        Err(ApplyError::Api(error)) => Err(error),
        Err(conflict @ ApplyError::Conflict { .. }) => Err(ApiError::internal(conflict.to_string())),
    }
}

fn holds_vm_on(view: &View, record: &Record, host: &Ref) -> Result<bool, ApiError> {
    for lock in record.locks.iter().filter(|lock| lock.class == "VM") {
        if rows::reference(view, "VM", &lock.object, "resident_on")? == *host {
            return Ok(true);
        }
    }
    Ok(false)
}
