//! The messages that a VM's operations leave for people: names and priorities are xapi's.

use crate::{Ids, message, rows};
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::{Transaction, View};

/// What is told when an operation on a VM has succeeded, and how it goes in a sentence.
fn sentence(operation: &str) -> Option<(&'static str, &'static str)> {
    Some(match operation {
        "start" | "start_on" => ("VM_STARTED", "was started"),
        "clean_shutdown" => ("VM_SHUTDOWN", "was shut down cleanly"),
        "hard_shutdown" => ("VM_SHUTDOWN", "was shut down by force"),
        "shutdown" => ("VM_SHUTDOWN", "was shut down"),
        "clean_reboot" => ("VM_REBOOTED", "was rebooted cleanly"),
        "hard_reboot" => ("VM_REBOOTED", "was rebooted by force"),
        "suspend" => ("VM_SUSPENDED", "was suspended"),
        "resume" | "resume_on" => ("VM_RESUMED", "was resumed"),
        "snapshot" => ("VM_SNAPSHOTTED", "was snapshotted"),
        "reverting" => ("VM_SNAPSHOT_REVERTED", "was reverted to a snapshot"),
        "clone" | "copy" => ("VM_CLONED", "was cloned"),
        _ => return None,
    })
}

/// Adds the message to `tx`, which has made true what it tells.
pub fn tell(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    (vm, operation): (&Ref, &str),
) -> Result<(), ApiError> {
    let Some((name, what)) = sentence(operation) else {
        return Ok(());
    };
    let (after, _) = view.apply(tx).map_err(|error| ApiError::internal(error.to_string()))?;
    if !after.contains(rows::class("VM")?, vm) {
        return Ok(());
    }
    let label = rows::text(&after, "VM", vm, "name_label")?;
    let host = rows::reference(&after, "VM", vm, "resident_on")?;
    let place = match after.contains(rows::class("host")?, &host) {
        true => {
            let text = |field| rows::text(&after, "host", &host, field);
            format!(" on host {} (uuid: {})", text("name_label")?, text("uuid")?)
        }
        false => String::new(),
    };
    let body = format!("VM '{label}' {what}{place}");
    let uuid = rows::text(&after, "VM", vm, "uuid")?;
    message::add(tx, ids, (name, 5), ("VM", &uuid), &body)
}
