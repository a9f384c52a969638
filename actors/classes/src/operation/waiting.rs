//! Tickets: calls that wait for busy objects, first come first served. They are rows, so the order outlives a coordinator.

use super::admit::{Ground, Standing, begin, standing};
use super::record::from_json;
use super::{Lock, Record, Request, silence};
use crate::room;
use crate::task::finish_task;
use crate::{Args, Ids, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

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

/// Those that wait, oldest first.
pub(super) struct Tickets(Vec<Record>);

impl Tickets {
    pub fn read(view: &View) -> Result<Tickets, ApiError> {
        let class = rows::class("xenith_operation")?;
        let kind = rows::column("xenith_operation", "kind")?;
        let mut waiting = Vec::new();
        for reference in view.refs(class) {
            let kind = view.value(reference, kind);
            if kind.is_some_and(|kind| kind.as_text() == Some(super::record::WAITING)) {
                let created = view.generations(class, reference).map(|(created, _)| created);
                waiting.push((created, Record::read(view, reference)?));
            }
        }
        waiting.sort_by(|(one, a), (other, b)| (one, &a.reference).cmp(&(other, &b.reference)));
        Ok(Tickets(waiting.into_iter().map(|(_, record)| record).collect()))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that want what cannot be held beside `lock`.
    fn against<'a>(&'a self, lock: &'a Lock) -> impl Iterator<Item = &'a Record> {
        let excludes = move |record: &&Record| record.locks.iter().any(|wanted| wanted.excludes(lock));
        self.0.iter().filter(excludes)
    }

    pub fn of<'a>(&'a self, object: &'a Ref) -> impl Iterator<Item = &'a Record> {
        self.0
            .iter()
            .filter(move |record| record.locks.iter().any(|lock| lock.object == *object))
    }

    /// Whether somebody waits already for what excludes one of the request's locks: it goes behind. What it gives up does not count.
    pub fn before(&self, request: &Request) -> Option<ApiError> {
        for lock in &request.locks {
            let ahead = self.against(lock).find(|record| {
                let wants = record.locks.first().map(|wanted| wanted.operation.as_str());
                !wants.is_some_and(|wants| request.gives_up.contains(&wants))
            });
            if let Some(record) = ahead {
                let wants = record.locks.first().map(|wanted| wanted.operation.clone());
                let params = [
                    lock.class.clone(),
                    lock.object.as_str().to_owned(),
                    wants.unwrap_or_default(),
                    record.reference.as_str().to_owned(),
                ];
                return Some(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params));
            }
        }
        None
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
    let mut blocked: Vec<Lock> = Vec::new();
    for record in Tickets::read(view)?.0 {
        let ticket: Ticket = from_json(&record.state)?;
        let request = match ticket.request(view) {
            Ok(request) => request,
            Err(error) => return end(view, now_ms, &record, Err(error)).map(Some),
        };
        let is_blocked = |lock: &Lock| blocked.iter().any(|ahead| ahead.excludes(lock));
        if request.locks.iter().any(is_blocked) {
            // Those behind it on its other objects wait too, or a ticket for many objects would never have its turn.
            blocked.extend(request.locks);
            continue;
        }
        match standing(view, &request)? {
            Standing::Refused(error) => return end(view, now_ms, &record, Err(error)).map(Some),
            Standing::Busy(busy) if now_ms >= record.deadline_ms => {
                return end(view, now_ms, &record, Err(busy)).map(Some);
            }
            Standing::Busy(_) => match silence::check_vms(view, silent, &request.locks) {
                Ok(()) => blocked.extend(request.locks),
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
