//! The messages by which clients make and steer tasks.

use super::{DESTROY_MARK, Header, born, check_owner, is_pending};
use crate::room::{created, done};
use crate::{Args, PlanCx, rbac, rows};
use xenith_datamodel::{ApiError, Value};
use xenith_pooldb::Transaction;

type Planned = Result<(Transaction, Value), ApiError>;

pub fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (reference, fields) = born::row(cx, args.text(0)?, args.text(1)?, &Header::default());
    let mut tx = cx.transaction();
    rows::create(&mut tx, "task", &reference, fields)?;
    created(tx, &reference)
}

/// A pending task is only marked: its row goes when its work is over.
pub fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let task = args.reference(0)?;
    check_owner(cx, task, "task.destroy")?;
    let mut tx = cx.transaction();
    if is_pending(cx.view, task)? || crate::operation::Record::exists(cx.view, task)? {
        let marks = rows::column("task", "current_operations")?;
        let key = Value::text(DESTROY_MARK);
        let held = cx.view.value(task, marks);
        if held.as_ref().is_some_and(|held| held.member(DESTROY_MARK).is_some()) {
            let params = ["task", "current_operations", task.as_str(), DESTROY_MARK];
            return Err(ApiError::new("MAP_DUPLICATE_KEY", params));
        }
        tx.add(task, marks, Some(key), Value::text("destroy"));
    } else {
        rows::destroy(&mut tx, "task", task)?;
    }
    done(tx)
}

/// Only marks: whoever does the work notices. A second cancel changes nothing, so that marks do not pile up.
pub fn cancel(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let task = args.reference(0)?;
    check_owner(cx, task, "task.cancel")?;
    let mut tx = cx.transaction();
    let marks = rows::column("task", "current_operations")?;
    let held = cx.view.value(task, marks);
    let pairs = held.as_ref().and_then(Value::as_map).unwrap_or_default();
    if !pairs.iter().any(|(_, operation)| operation.as_text() == Some("cancel")) {
        let key = format!("DummyRef:|{}|task.cancel", cx.ids.uuid());
        tx.add(task, marks, Some(Value::from(key)), Value::text("cancel"));
        crate::operation::cancel(cx.view, &mut tx, task)?;
    }
    done(tx)
}

pub fn set_status(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "status")
}

pub fn set_progress(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "progress")
}

pub fn set_result(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "result")
}

pub fn set_error_info(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "error_info")
}

pub fn set_other_config(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let task = args.reference(0)?;
    let held = rows::value(cx.view, "task", task, "other_config")?;
    rbac::check_changed_keys(cx.caller, "task.add_to_other_config", &held, args.value(1)?)?;
    set(cx, args, "other_config")
}

pub fn add_to_other_config(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (task, key) = (args.reference(0)?, args.value(1)?);
    rows::check(cx.view, "task", task)?;
    let column = rows::column("task", "other_config")?;
    crate::implicit::check_new_key(cx, column, task, key)?;
    let mut tx = cx.transaction();
    tx.add(task, column, Some(key.clone()), args.value(2)?.clone());
    done(tx)
}

pub fn remove_from_other_config(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let task = args.reference(0)?;
    rows::check(cx.view, "task", task)?;
    let mut tx = cx.transaction();
    tx.remove(task, rows::column("task", "other_config")?, args.value(1)?.clone());
    done(tx)
}

fn set(cx: &mut PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let task = args.reference(0)?;
    check_owner(cx, task, &format!("task.set_{field}"))?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "task", task, field, args.value(1)?.clone())?;
    done(tx)
}
