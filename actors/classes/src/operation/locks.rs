//! What an operation holds: entries of `current_operations`, all of them or none (CORRECTNESS C4).

use super::Record;
use crate::{birth, host, pool, rows, sr, vbd, vdi, vm};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// One object, and what it is held for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lock {
    pub class: String,
    pub object: Ref,
    /// Of the class's enumeration of operations.
    pub operation: String,
    /// A VM may be held although its guest does not say that it can do this.
    #[serde(default)]
    pub is_forced: bool,
}

impl Lock {
    pub fn new(class: &str, object: &Ref, operation: &str) -> Lock {
        Lock {
            class: class.to_owned(),
            object: object.clone(),
            operation: operation.to_owned(),
            is_forced: false,
        }
    }

    /// Whether the two cannot be held at once by different operations. Of a VM and its devices nothing is told apart: that is for
    /// tickets, where the later one may wait a little longer than it must.
    pub(super) fn excludes(&self, other: &Lock) -> bool {
        let same = self.class == other.class && self.object == other.object;
        same && (self.class != "host" || host::operations_clash(&self.operation, &other.operation))
    }

    pub fn forced(self, is_forced: bool) -> Lock {
        Lock { is_forced, ..self }
    }

    /// Whether the object may be held for this now: the same function that says what is allowed.
    pub(super) fn check(&self, view: &View) -> Result<(), ApiError> {
        match self.class.as_str() {
            "VM" => vm::lifecycle::Facts::of(view, &self.object)?.check(&self.operation, !self.is_forced),
            "VBD" => vbd::check_attach(view, &self.object),
            "VDI" => vdi::check_operation(view, &self.object, &self.operation),
            "SR" => sr::check_operation(view, &self.object, &self.operation),
            "VIF" => vbd::check_free(view, &self.class, &self.object),
            "host" => host::check_operation(view, &self.object, &self.operation),
            "pool" => pool::lifecycle::Facts::of(view, &self.object)?.check(&self.operation),
            other => Err(ApiError::internal(format!("{other} cannot be held"))),
        }
    }
}

pub(super) fn mark(tx: &mut Transaction, task: &Ref, locks: &[Lock]) -> Result<(), ApiError> {
    for lock in locks {
        let column = rows::column(&lock.class, "current_operations")?;
        let key = Value::text(task.as_str());
        tx.add(&lock.object, column, Some(key), Value::text(&lock.operation));
    }
    Ok(())
}

/// An object that is gone, or goes with this, needs no release.
pub(super) fn release(view: &View, tx: &mut Transaction, task: &Ref, locks: &[Lock]) -> Result<(), ApiError> {
    let (after, _) = view.apply(tx).map_err(|error| match error {
        xenith_pooldb::ApplyError::Api(error) => error,
        conflict => ApiError::internal(conflict.to_string()),
    })?;
    for lock in locks {
        if after.contains(rows::class(&lock.class)?, &lock.object) {
            let column = rows::column(&lock.class, "current_operations")?;
            tx.remove(&lock.object, column, Value::text(task.as_str()));
        }
    }
    Ok(())
}

/// Adds to `tx` what the objects may do when it is applied.
pub(super) fn refresh_allowed(view: &View, tx: &mut Transaction, locks: &[Lock]) -> Result<(), ApiError> {
    let (after, _) = view.apply(tx).map_err(|error| match error {
        xenith_pooldb::ApplyError::Api(error) => error,
        conflict => ApiError::internal(conflict.to_string()),
    })?;
    let mut vms = BTreeSet::new();
    for lock in locks {
        match lock.class.as_str() {
            "VM" => drop(vms.insert(lock.object.clone())),
            "host" if after.contains(rows::class("host")?, &lock.object) => {
                let allowed = host::allowed_now(&after, &lock.object)?;
                rows::set(tx, "host", &lock.object, "allowed_operations", allowed)?;
            }
            "pool" if after.contains(rows::class("pool")?, &lock.object) => {
                let allowed = pool::lifecycle::Facts::of(&after, &lock.object)?.allowed_operations();
                rows::set(tx, "pool", &lock.object, "allowed_operations", allowed)?;
            }
            "SR" if after.contains(rows::class("SR")?, &lock.object) => {
                let allowed = sr::allowed_now(&after, &lock.object)?;
                birth::set_if_new(&after, tx, ("SR", &lock.object), "allowed_operations", allowed)?;
            }
            "VDI" if after.contains(rows::class("VDI")?, &lock.object) => {
                let allowed = vdi::allowed_now(&after, &lock.object)?;
                birth::set_if_new(&after, tx, ("VDI", &lock.object), "allowed_operations", allowed)?;
            }
            _ => {}
        }
    }
    for vm in vms {
        if after.contains(rows::class("VM")?, &vm) {
            vm::refresh_allowed(&after, tx, &vm)?;
        }
    }
    Ok(())
}

/// Every lock of every operation that runs, with its task. For checks.
pub fn held(view: &View) -> Result<Vec<(Ref, Lock)>, ApiError> {
    let mut held = Vec::new();
    for reference in rows::all(view, "xenith_operation")? {
        let record = Record::read(view, &reference)?;
        if !record.is_waiting() {
            held.extend(record.locks.into_iter().map(|lock| (reference.clone(), lock)));
        }
    }
    Ok(held)
}
