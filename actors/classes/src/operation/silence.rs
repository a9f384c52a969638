//! Hosts that say nothing. Whether they live nobody knows (CORRECTNESS D1): nothing is freed for them, but nothing new is asked of them
//! either, and what can do without them goes on.

use super::{Lock, Record, advance, kinds};
use crate::{Ids, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

const CLASS: &str = "xenith_operation";

/// Refuses work that would begin at a silent host, or for a VM that is on one.
pub(super) fn check(view: &View, silent: &BTreeSet<Ref>, host: &Ref, locks: &[Lock]) -> Result<(), ApiError> {
    if silent.contains(host) {
        return Err(unheard(host));
    }
    check_vms(view, silent, locks)
}

/// Refuses to wait for a VM that is on a silent host, or on its way to one: nobody knows when that will be free.
pub(super) fn check_vms(view: &View, silent: &BTreeSet<Ref>, locks: &[Lock]) -> Result<(), ApiError> {
    if silent.is_empty() {
        return Ok(());
    }
    for lock in locks.iter().filter(|lock| lock.class == "VM") {
        for field in ["resident_on", "scheduled_to_be_resident_on"] {
            let host = rows::reference(view, "VM", &lock.object, field)?;
            if silent.contains(&host) {
                return Err(unheard(&host));
            }
        }
    }
    Ok(())
}

/// The silent host that a task's operation waits for: its caller need not.
pub fn waits_for_silent(view: &View, task: &Ref) -> Result<Option<Ref>, ApiError> {
    if !Record::exists(view, task)? || !rows::boolean(view, CLASS, task, "unheard")? {
        return Ok(None);
    }
    rows::reference(view, CLASS, task, "host").map(Some)
}

/// Operations told at once that their host is silent; more come with the next look.
const TOLD_AT_ONCE: usize = 1_000;

/// Of the operations that wait for a silent host the next that can do without it goes on; of those that cannot the callers are told, all
/// together. What to commit, to be asked again after each commit.
pub fn go_on_without(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    silent: &BTreeSet<Ref>,
) -> Result<Option<Transaction>, ApiError> {
    let (host, unheard) = (rows::column(CLASS, "host")?, rows::column(CLASS, "unheard")?);
    let mut tx = Transaction::new(now_ms);
    for operation in view.refs(rows::class(CLASS)?) {
        let works_on = view.value(operation, host);
        let waits = works_on.is_some_and(|host| host.as_ref().is_some_and(|host| silent.contains(host)));
        if !waits || view.value(operation, unheard) == Some(Value::Bool(true)) {
            continue;
        }
        let record = Record::read(view, operation)?;
        if kinds::goes_on_without_host(&record.kind, &record.state)? {
            return advance::without_host(view, now_ms, ids, record).map(Some);
        }
        rows::set(&mut tx, CLASS, operation, "unheard", true)?;
        if tx.changes.len() >= TOLD_AT_ONCE {
            break;
        }
    }
    Ok((!tx.changes.is_empty()).then_some(tx))
}

/// As xapi says it.
pub fn unheard(host: &Ref) -> ApiError {
    ApiError::new("CANNOT_CONTACT_HOST", [host.as_str()])
}
