//! Tasks: those that clients make, and the rows of the toolstack's own work.
//!
//! Invariant: once a task is not pending, the server itself never changes it again (semantics.md §4).

mod born;
mod client;
mod reap;

pub use born::{Header, begin_task, finish_task};
pub(crate) use born::{born_finished, set_cancellable, set_finished};
pub use reap::{Reaped, reap_tasks};

use crate::room::Planner;
use crate::{PlanCx, rbac, rows};
use xenith_datamodel::{ApiError, Ref, Role, RoleFloor, Value};
use xenith_pooldb::{Transaction, View};

/// The type of every task, as xapi writes it.
pub(crate) const TYPE_NONE: &str = "<none/>";
/// The key under which a pending task is marked for destruction.
pub(crate) const DESTROY_MARK: &str = "task";

/// Tasks of others need pool-operator, the permission `task.destroy/any`.
const ANY_TASK: RoleFloor = RoleFloor {
    role: Role::PoolOperator,
    or_client_cert: false,
};

pub fn lookup(message: &str) -> Option<Planner> {
    Some(Planner::Write(match message {
        "add_to_other_config" => client::add_to_other_config,
        "cancel" => client::cancel,
        "create" => client::create,
        "destroy" => client::destroy,
        "remove_from_other_config" => client::remove_from_other_config,
        "set_error_info" => client::set_error_info,
        "set_other_config" => client::set_other_config,
        "set_progress" => client::set_progress,
        "set_result" => client::set_result,
        "set_status" => client::set_status,
        _ => return None,
    }))
}

/// True while the task's work is not over. A task that is gone is not pending.
pub fn is_pending(view: &View, task: &Ref) -> Result<bool, ApiError> {
    if !view.contains(rows::class("task")?, task) {
        return Ok(false);
    }
    let status = rows::text(view, "task", task, "status")?;
    Ok(status == "pending" || status == "cancelling")
}

/// What became of the task's work: the XML-RPC text of its result, or its error. Nothing while it is under way.
pub fn outcome(view: &View, task: &Ref) -> Result<Option<Result<String, ApiError>>, ApiError> {
    rows::check(view, "task", task)?;
    if is_pending(view, task)? {
        return Ok(None);
    }
    if rows::text(view, "task", task, "status")? == "success" {
        return rows::text(view, "task", task, "result").map(|text| Some(Ok(text)));
    }
    let info = rows::value(view, "task", task, "error_info")?;
    let mut info = info.as_set().unwrap_or_default().iter().filter_map(Value::as_text);
    let error = match info.next() {
        Some(code) => ApiError {
            code: code.to_owned().into(),
            params: info.map(str::to_owned).collect(),
        },
        // A client has ended the task by hand.
        None => ApiError::new("TASK_CANCELLED", [task.as_str()]),
    };
    Ok(Some(Err(error)))
}

/// Tasks of calls that have been answered go, those of them that are over. Nothing if none is.
pub fn destroy_answered(view: &View, now_ms: i64, tasks: &[Ref]) -> Result<Option<Transaction>, ApiError> {
    let mut tx = Transaction::new(now_ms);
    for task in tasks {
        if view.contains(rows::class("task")?, task) && !is_pending(view, task)? {
            rows::destroy(&mut tx, "task", task)?;
        }
    }
    Ok((!tx.changes.is_empty()).then_some(tx))
}

/// Refuses work on another account's task. The account is that of the session that made it; with that session gone, only
/// an operator may touch the task.
pub(crate) fn check_owner(cx: &PlanCx<'_>, task: &Ref, permission: &str) -> Result<(), ApiError> {
    rows::check(cx.view, "task", task)?;
    if rbac::allows(cx.caller, ANY_TASK) {
        return Ok(());
    }
    let maker = rows::reference(cx.view, "task", task, "session")?;
    let sid = rows::text(cx.view, "session", &maker, "auth_user_sid");
    if sid.is_ok_and(|sid| sid == cx.caller.user_sid) {
        return Ok(());
    }
    let roles: Vec<&str> = rbac::roles_with(ANY_TASK).map(rbac::role_name).collect();
    let text = format!(
        "No permission in user session. (Roles with this permission: {})",
        roles.join(", ")
    );
    Err(ApiError::new(
        "RBAC_PERMISSION_DENIED",
        [format!("{permission}/any"), text],
    ))
}
