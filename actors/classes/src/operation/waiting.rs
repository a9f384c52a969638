//! Tickets: calls that wait for busy objects, first come first served. They are rows, so the order outlives a coordinator.

use super::admit::{Ground, Standing, begin, standing};
use super::record::{WAITING, from_json};
use super::{Lock, Record, Request, silence};
use crate::room;
use crate::task::finish_task;
use crate::{Args, Ids, rows};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

const CLASS: &str = "xenith_operation";

/// What a ticket remembers: the call, to be asked again. Who called was checked when it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ticket {
    method: String,
    params: Vec<Value>,
}

impl Ticket {
    pub fn new(method: &str, params: &[Value]) -> Ticket {
        Ticket {
            method: method.to_owned(),
            params: params.to_vec(),
        }
    }

    fn request(&self, view: &View) -> Result<Request, ApiError> {
        let (class, message) = self.method.split_once('.').unwrap_or_default();
        let asker = room::asker(class, message)
            .ok_or_else(|| ApiError::internal(format!("{} is no operation", self.method)))?;
        asker(view, Args(&self.params))
    }
}

/// A ticket, as far as it is looked at whenever somebody comes or goes.
pub(super) struct Waiting {
    /// That of the task.
    pub reference: Ref,
    pub locks: Vec<Lock>,
}

impl Waiting {
    fn read(view: &View, reference: &Ref) -> Result<Waiting, ApiError> {
        Ok(Waiting {
            reference: reference.clone(),
            locks: from_json(&rows::text(view, CLASS, reference, "locks")?)?,
        })
    }

    /// What it wants of its main object.
    fn wants(&self) -> Option<&str> {
        self.locks.first().map(|wanted| wanted.operation.as_str())
    }

    /// Whether the request would have it given up: then it is not in its way.
    pub fn is_given_up_by(&self, request: &Request) -> bool {
        self.wants().is_some_and(|wants| request.gives_up.contains(&wants))
    }
}

/// How many wait in the whole pool.
pub(super) fn count(view: &View) -> Result<usize, ApiError> {
    Ok(view.having(rows::column(CLASS, "kind")?, WAITING).count())
}

/// All that wait, oldest first.
fn all(view: &View) -> Result<Vec<Waiting>, ApiError> {
    let class = rows::class(CLASS)?;
    let waiting = view.having(rows::column(CLASS, "kind")?, WAITING);
    let created = |reference| view.generations(class, reference).map(|(created, _)| created);
    let mut waiting: Vec<_> = waiting.map(|reference| (created(reference), reference)).collect();
    waiting.sort();
    waiting
        .into_iter()
        .map(|(_, reference)| Waiting::read(view, reference))
        .collect()
}

/// Those that wait for the object, in no order. Read one by one: mostly the first says enough.
pub(super) fn of<'a>(
    view: &'a View,
    object: &'a Ref,
) -> Result<impl Iterator<Item = Result<Waiting, ApiError>> + 'a, ApiError> {
    let waiting = view.having(rows::column(CLASS, "waits_for")?, object.as_str());
    Ok(waiting.map(|reference| Waiting::read(view, reference)))
}

/// Whether somebody waits already for what excludes one of the request's locks: it goes behind. What it gives up does not count.
pub(super) fn before(view: &View, request: &Request) -> Result<Option<ApiError>, ApiError> {
    for lock in &request.locks {
        for waiting in of(view, &lock.object)? {
            let waiting = waiting?;
            let excludes = waiting.locks.iter().any(|wanted| wanted.excludes(lock));
            if excludes && !waiting.is_given_up_by(request) {
                let params = [
                    lock.class.as_str(),
                    lock.object.as_str(),
                    waiting.wants().unwrap_or_default(),
                    waiting.reference.as_str(),
                ];
                return Ok(Some(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params)));
            }
        }
    }
    Ok(None)
}

/// What those that have to wait want, by object.
#[derive(Default)]
struct Ahead(BTreeMap<Ref, Vec<Lock>>);

impl Ahead {
    fn excludes(&self, locks: &[Lock]) -> bool {
        locks.iter().any(|lock| {
            let of_object = self.0.get(&lock.object);
            of_object.is_some_and(|ahead| ahead.iter().any(|ahead| ahead.excludes(lock)))
        })
    }

    fn extend(&mut self, locks: Vec<Lock>) {
        for lock in locks {
            let of_object = self.0.entry(lock.object.clone()).or_default();
            if !of_object.contains(&lock) {
                of_object.push(lock);
            }
        }
    }
}

/// The next ticket that can go on or has to end, or the next operation whose pause is over: what to commit. Nothing when all have to wait.
/// To be asked again after each commit of its answer, whenever an operation has ended, and each second for pauses and deadlines.
pub fn admit_next(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    silent: &BTreeSet<Ref>,
) -> Result<Option<Transaction>, ApiError> {
    if let Some(woken) = super::pause::wake_next(view, now_ms)? {
        return Ok(Some(woken));
    }
    let mut ahead = Ahead::default();
    for Waiting { reference, locks } in all(view)? {
        if ahead.excludes(&locks) {
            // Those behind it on its other objects wait too, or a ticket for many objects would never have its turn.
            ahead.extend(locks);
            continue;
        }
        let record = Record::read(view, &reference)?;
        let ticket: Ticket = from_json(&record.state)?;
        let request = match ticket.request(view) {
            Ok(request) => request,
            Err(error) => return end(view, now_ms, &record, Err(error)).map(Some),
        };
        if ahead.excludes(&request.locks) {
            ahead.extend(request.locks);
            continue;
        }
        match standing(view, &request)? {
            Standing::Refused(error) => return end(view, now_ms, &record, Err(error)).map(Some),
            Standing::Busy(busy) if now_ms >= record.deadline_ms => {
                return end(view, now_ms, &record, Err(busy)).map(Some);
            }
            Standing::Busy(_) => match silence::check_vms(view, silent, &request.locks) {
                Ok(()) => ahead.extend(request.locks),
                Err(unheard) => return end(view, now_ms, &record, Err(unheard)).map(Some),
            },
            Standing::Free => {
                let mut tx = Transaction::new(now_ms);
                let mut ground = Ground {
                    view,
                    now_ms,
                    ids,
                    silent,
                };
                return match begin(&mut ground, &mut tx, &record.reference, &request, true) {
                    Ok(None) => Ok(Some(tx)),
                    Ok(Some(value)) => end_with(view, tx, &record, Ok(value)).map(Some),
                    Err(error) => end(view, now_ms, &record, Err(error)).map(Some),
                };
            }
        }
    }
    Ok(None)
}

fn end(view: &View, now_ms: i64, record: &Record, outcome: Result<Value, ApiError>) -> Result<Transaction, ApiError> {
    end_with(view, Transaction::new(now_ms), record, outcome)
}

/// Ends the ticket beside the changes of an operation that was over with its first step.
fn end_with(
    view: &View,
    mut tx: Transaction,
    record: &Record,
    outcome: Result<Value, ApiError>,
) -> Result<Transaction, ApiError> {
    let outcome = outcome.map(|value| xenith_wire::xmlrpc::encode_value(&value));
    finish_task(view, &mut tx, &record.reference, outcome)?;
    record.destroy(&mut tx)?;
    Ok(tx)
}
