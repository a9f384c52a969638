//! What a host may be held for: one table decides what is advertised and what is admitted (allowed_operations.md, host).

use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// Each operation, and what it does not go beside.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("provision", &["evacuate", "reboot", "shutdown", "provision"]),
    ("evacuate", &["provision", "vm_resume", "vm_migrate"]),
    (
        "shutdown",
        &["provision", "vm_resume", "vm_migrate", "reboot", "apply_updates"],
    ),
    (
        "reboot",
        &["provision", "vm_resume", "vm_migrate", "shutdown", "apply_updates"],
    ),
    ("vm_start", &[]),
    ("vm_resume", &["evacuate", "reboot", "shutdown"]),
    ("vm_migrate", &["evacuate", "reboot", "shutdown"]),
    ("apply_updates", &["reboot", "shutdown"]),
    ("enable", &["apply_updates"]),
];
/// Only while no VM may start on the host.
const WHEN_DISABLED: &[&str] = &["shutdown", "reboot", "apply_updates"];

/// What a host with nothing under way may do. `power_on` is never among it: nothing here can power a machine on yet.
pub fn allowed_operations(is_enabled: bool) -> Value {
    allowed(is_enabled, &[])
}

pub(crate) fn allowed(is_enabled: bool, current: &[(Value, Value)]) -> Value {
    let free = OPERATIONS.iter().map(|(operation, _)| *operation).filter(|operation| {
        let disabled = !is_enabled || !WHEN_DISABLED.contains(operation);
        disabled && in_the_way(operation, current).is_none()
    });
    Value::set(free.map(Value::text))
}

/// What is under way that the operation does not go beside: (task, operation).
fn in_the_way<'a>(operation: &str, current: &'a [(Value, Value)]) -> Option<(&'a str, &'a str)> {
    let (_, others) = OPERATIONS.iter().find(|(name, _)| *name == operation)?;
    let held = current
        .iter()
        .filter_map(|(task, held)| task.as_text().zip(held.as_text()));
    held.into_iter().find(|(_, held)| others.contains(held))
}

/// Whether the two exclude each other.
pub(crate) fn operations_clash(one: &str, other: &str) -> bool {
    let excludes = |ours: &str, theirs: &str| {
        let found = OPERATIONS.iter().find(|(name, _)| *name == ours);
        found.is_some_and(|(_, others)| others.contains(&theirs))
    };
    excludes(one, other) || excludes(other, one)
}

/// Whether the host may be held for the operation beside those that hold it already.
pub(crate) fn check_operation(view: &View, host: &Ref, operation: &str) -> Result<(), ApiError> {
    let current = rows::value(view, "host", host, "current_operations")?;
    if let Some((task, other)) = in_the_way(operation, current.as_map().unwrap_or_default()) {
        let params = ["host", host.as_str(), other, task];
        return Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params));
    }
    if WHEN_DISABLED.contains(&operation) && rows::boolean(view, "host", host, "enabled")? {
        return Err(ApiError::plain("HOST_NOT_DISABLED"));
    }
    Ok(())
}

/// The value of the field `allowed_operations` with what is under way.
pub(crate) fn allowed_now(view: &View, host: &Ref) -> Result<Value, ApiError> {
    let current = rows::value(view, "host", host, "current_operations")?;
    let is_enabled = rows::boolean(view, "host", host, "enabled")?;
    Ok(allowed(is_enabled, current.as_map().unwrap_or_default()))
}
