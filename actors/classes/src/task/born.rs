//! Rows of the toolstack's own tasks: made when work begins, finished with it.

use super::{DESTROY_MARK, TYPE_NONE, is_pending};
use crate::cx::{EPOCH, date_time};
use crate::{PlanCx, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// What a request's headers say of its task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// `subtask-of`
    pub subtask_of: Option<Ref>,
    /// `x-http-other-config-<key>: value`; becomes other_config `http:<key>`.
    pub other_config: Vec<(String, String)>,
}

/// A pending task's row, added to `tx`.
pub fn begin_task(cx: &mut PlanCx<'_>, tx: &mut Transaction, label: &str, header: &Header) -> Result<Ref, ApiError> {
    let (reference, fields) = row(cx, label, "", header);
    rows::create(tx, "task", &reference, fields)?;
    Ok(reference)
}

/// A task's row that is over from its first day: the work was one transaction.
pub(crate) fn born_finished(
    cx: &mut PlanCx<'_>,
    tx: &mut Transaction,
    label: &str,
    header: &Header,
    outcome: Result<String, ApiError>,
) -> Result<Ref, ApiError> {
    let (reference, mut fields) = row(cx, label, "", header);
    for (name, value) in finished_fields(outcome, cx.now_ms) {
        match fields.iter_mut().find(|(field, _)| *field == name) {
            Some(slot) => slot.1 = value,
            None => fields.push((name, value)),
        }
    }
    rows::create(tx, "task", &reference, fields)?;
    Ok(reference)
}

/// The end of a task's work, added to `tx`: `Ok` is the XML-RPC text of the result. A task that was marked for destruction
/// goes instead; one that is gone or over is left alone.
pub fn finish_task(
    view: &View,
    tx: &mut Transaction,
    task: &Ref,
    outcome: Result<String, ApiError>,
) -> Result<(), ApiError> {
    if !view.contains(rows::class("task")?, task) {
        return Ok(());
    }
    // Also one that its client has ended meanwhile.
    let marks = rows::value(view, "task", task, "current_operations")?;
    if marks.member(DESTROY_MARK).is_some() {
        return rows::destroy(tx, "task", task);
    }
    if !is_pending(view, task)? {
        return Ok(());
    }
    set_finished(tx, task, outcome)
}

/// The end of a task that is known to be pending, or that is made in the same transaction.
pub(crate) fn set_finished(
    tx: &mut Transaction,
    task: &Ref,
    outcome: Result<String, ApiError>,
) -> Result<(), ApiError> {
    for (field, value) in finished_fields(outcome, tx.time_ms) {
        rows::set(tx, "task", task, field, value)?;
    }
    Ok(())
}

/// Whether the task's work can be given up now. `tx` makes the task, or it is there.
pub(crate) fn set_cancellable(tx: &mut Transaction, task: &Ref, can: bool) -> Result<(), ApiError> {
    let allowed: &[&str] = if can { &["cancel"] } else { &[] };
    rows::set(tx, "task", task, "allowed_operations", rows::enums(allowed))
}

pub(super) fn row(cx: &mut PlanCx<'_>, label: &str, text: &str, header: &Header) -> (Ref, Vec<(&'static str, Value)>) {
    let (reference, uuid) = cx.new_row();
    let other_config = header
        .other_config
        .iter()
        .map(|(key, value)| (format!("http:{key}"), value));
    let fields = vec![
        ("uuid", Value::text(uuid)),
        ("name_label", Value::text(label)),
        ("name_description", Value::text(text)),
        ("created", Value::from(cx.now())),
        ("finished", Value::from(EPOCH)),
        ("status", Value::text("pending")),
        (
            "session",
            Value::Ref(cx.caller.session.clone().unwrap_or_else(Ref::null)),
        ),
        ("resident_on", Value::from(&cx.this_host)),
        ("progress", Value::Float(0.0)),
        ("type", Value::text(TYPE_NONE)),
        ("result", Value::text("")),
        ("error_info", Value::set([])),
        ("other_config", Value::text_map(other_config)),
        (
            "subtask_of",
            Value::Ref(header.subtask_of.clone().unwrap_or_else(Ref::null)),
        ),
        ("backtrace", Value::text("()")),
    ];
    (reference, fields)
}

fn finished_fields(outcome: Result<String, ApiError>, now_ms: i64) -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("allowed_operations", Value::set([])),
        ("finished", Value::from(date_time(now_ms))),
        ("progress", Value::Float(1.0)),
    ];
    match outcome {
        Ok(text) => {
            fields.push(("result", Value::text(text)));
            fields.push(("status", Value::text("success")));
        }
        Err(error) => {
            let cancelled = error.code == "TASK_CANCELLED";
            let info = std::iter::once(error.code.into_owned()).chain(error.params);
            fields.push(("error_info", Value::set(info.map(Value::from))));
            fields.push(("status", Value::text(if cancelled { "cancelled" } else { "failure" })));
        }
    }
    fields
}
