//! Admission: a call becomes an operation at once, or a ticket that waits for its objects (CORRECTNESS C4).

use super::locks::refresh_allowed;
use super::record::{WAITING, to_json};
use super::waiting::{self, Ticket};
use super::{Event, Lock, Record, Request, StepCx, kinds, locks, silence};
use crate::room::Asker;
use crate::task::{self, Header};
use crate::{Args, Ids, PlanCx, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// A call waits this long for its objects, in pool time: it goes on over a change of coordinator.
pub(super) const WAIT_MS_MAX: i64 = 2 * 60 * 60 * 1000;
/// Calls that wait, in the whole pool.
const TICKETS_MAX: usize = 2_000;

/// A call that was taken on.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    pub tx: Transaction,
    pub task: Ref,
}

/// What the pure parts of the frame are given.
pub(super) struct Ground<'a> {
    pub view: &'a View,
    pub now_ms: i64,
    pub ids: &'a mut dyn Ids,
    pub silent: &'a BTreeSet<Ref>,
}

/// Whether a request's objects can be held now.
pub(super) enum Standing {
    Free,
    /// Busy with this.
    Busy(ApiError),
    Refused(ApiError),
}

/// Takes a call on: its task, and its operation or its ticket, in one transaction. Refused, nothing is changed.
pub fn admit(
    cx: &mut PlanCx<'_>,
    (method, asker, params): (&str, Asker, &[Value]),
    (label, header): (&str, &Header),
) -> Result<Admitted, ApiError> {
    let request = asker(cx.view, Args(params))?;
    let standing = match waiting::before(cx.view, &request)? {
        Some(busy) => Standing::Busy(busy),
        None => standing(cx.view, &request)?,
    };
    let mut tx = cx.transaction();
    let task = task::begin_task(cx, &mut tx, label, header)?;
    let mut ground = Ground {
        view: cx.view,
        now_ms: cx.now_ms,
        ids: cx.ids,
        silent: cx.silent,
    };
    match standing {
        Standing::Refused(error) => return Err(error),
        Standing::Free => {
            if let Some(value) = begin(&mut ground, &mut tx, &task, &request, false)? {
                task::set_finished(&mut tx, &task, Ok(xenith_wire::xmlrpc::encode_value(&value)))?;
            }
        }
        Standing::Busy(_) if waiting::count(cx.view)? >= TICKETS_MAX => {
            return Err(ApiError::plain("TOO_MANY_PENDING_TASKS"));
        }
        Standing::Busy(_) => {
            silence::check_vms(cx.view, cx.silent, &request.locks)?;
            let ticket = Ticket::new(method, params);
            wait(&mut ground, &mut tx, &task, (&ticket, &request.locks))?;
            give_up_others(cx.view, &mut tx, &request)?;
        }
    }
    Ok(Admitted { tx, task })
}

/// The lifecycle's checks, object by object, in order.
pub(super) fn standing(view: &View, request: &Request) -> Result<Standing, ApiError> {
    for lock in &request.locks {
        match lock.check(view) {
            Ok(()) => {}
            Err(error) if error.code == "OTHER_OPERATION_IN_PROGRESS" && !error.params.is_empty() => {
                return Ok(Standing::Busy(error));
            }
            Err(error) => return Ok(Standing::Refused(error)),
        }
    }
    // What others do with the object is given up for this one: it waits until they have.
    let main = request.locks.first().filter(|_| !request.gives_up.is_empty());
    if let Some(lock) = main
        && let Some((task, operation)) = current(view, lock)?.into_iter().next()
    {
        let params = [lock.class.clone(), lock.object.as_str().to_owned(), operation, task];
        return Ok(Standing::Busy(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params)));
    }
    Ok(Standing::Free)
}

/// The first step, and the operation's record: made, or in the place of its ticket. A value when it is over at once.
pub(super) fn begin(
    ground: &mut Ground<'_>,
    tx: &mut Transaction,
    task: &Ref,
    request: &Request,
    had_ticket: bool,
) -> Result<Option<Value>, ApiError> {
    let again = Ground {
        view: ground.view,
        now_ms: ground.now_ms,
        ids: &mut *ground.ids,
        silent: ground.silent,
    };
    let mut cx = StepCx::new(again, task, tx);
    let stepped = kinds::settle(request.kind, &request.state, &mut cx, Event::Begun)?;
    let more = std::mem::take(&mut cx.more);
    let (state, host, effects, cancellable) = match stepped {
        kinds::Stepped::Work {
            state,
            host,
            effects,
            cancellable,
            progress: _,
        } => (state, host, effects, cancellable),
        kinds::Stepped::End(outcome) => return outcome.map(Some),
    };
    silence::check(ground.view, ground.silent, &host, &request.locks)?;
    let locks: Vec<Lock> = request.locks.iter().cloned().chain(more).collect();
    let record = Record {
        reference: task.clone(),
        kind: request.kind.to_owned(),
        version: 1,
        state,
        locks: locks.clone(),
        sequence: 1,
        host,
        effects,
        cancellable,
        cancelled: false,
        again: false,
        deadline_ms: 0,
        later_host: Ref::null(),
        remains: None,
    };
    match had_ticket {
        true => record.write(tx)?,
        false => record.create(tx, ground.ids.uuid())?,
    }
    locks::mark(tx, task, &locks)?;
    task::set_cancellable(tx, task, cancellable)?;
    refresh_allowed(ground.view, tx, &locks)?;
    Ok(None)
}

fn wait(
    ground: &mut Ground<'_>,
    tx: &mut Transaction,
    task: &Ref,
    (ticket, locks): (&Ticket, &[Lock]),
) -> Result<(), ApiError> {
    let record = Record {
        reference: task.clone(),
        kind: WAITING.to_owned(),
        version: 1,
        state: to_json(ticket)?,
        locks: locks.to_vec(),
        sequence: 0,
        host: Ref::null(),
        effects: Vec::new(),
        cancellable: true,
        cancelled: false,
        again: false,
        deadline_ms: ground.now_ms + WAIT_MS_MAX,
        later_host: Ref::null(),
        remains: None,
    };
    record.create(tx, ground.ids.uuid())?;
    task::set_cancellable(tx, task, true)
}

fn give_up_others(view: &View, tx: &mut Transaction, request: &Request) -> Result<(), ApiError> {
    let main = request.locks.first().filter(|_| !request.gives_up.is_empty());
    let Some(lock) = main else {
        return Ok(());
    };
    for (task, operation) in current(view, lock)? {
        if request.gives_up.contains(&operation.as_str()) {
            cancel(view, tx, &Ref::new(task))?;
        }
    }
    // Those that wait for the object would only hold it up later.
    for waiting in waiting::of(view, &lock.object)? {
        let waiting = waiting?;
        if waiting.is_given_up_by(request) {
            cancel(view, tx, &waiting.reference)?;
        }
    }
    Ok(())
}

/// Asks a task's operation to give up: one that waits ends here and now, one that works is told so by its next order. A task without
/// an operation is left alone.
pub fn cancel(view: &View, tx: &mut Transaction, task: &Ref) -> Result<(), ApiError> {
    if !Record::exists(view, task)? {
        return Ok(());
    }
    let record = Record::read(view, task)?;
    if record.is_waiting() {
        let cancelled = ApiError::new("TASK_CANCELLED", [task.as_str()]);
        task::finish_task(view, tx, task, Err(cancelled))?;
        return record.destroy(tx);
    }
    if record.cancelled {
        return Ok(());
    }
    rows::set(tx, "xenith_operation", task, "cancelled", true)
}

fn current(view: &View, lock: &Lock) -> Result<Vec<(String, String)>, ApiError> {
    let held = rows::value(view, &lock.class, &lock.object, "current_operations")?;
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let pairs = held.as_map().unwrap_or_default();
    Ok(pairs
        .iter()
        .map(|(task, operation)| (text(task), text(operation)))
        .collect())
}
