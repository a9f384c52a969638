//! `Rate_limit`: how much the callers that share it may ask. The waiting is the runtime's.

use crate::room::{Planned, Planner, created, done};
use crate::{Args, PlanCx, implicit, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::Write;
    Some(match message {
        "add_caller" => Write(add_caller),
        "create" => Write(create),
        "destroy" => Write(destroy),
        "remove_caller" => Write(remove_caller),
        "set_burst_size" => Write(|cx, args| set(cx, "burst_size", args)),
        "set_fill_rate" => Write(|cx, args| set(cx, "fill_rate", args)),
        _ => return None,
    })
}

/// What a row says: tokens that can be saved up, and that come back each second. Both are above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub burst_size: f64,
    pub fill_rate: f64,
}

/// `None`: there is no such row, or not one that limits (it came from elsewhere).
pub fn limit(view: &View, row: &Ref) -> Option<Limit> {
    let float = |field| rows::value(view, "Rate_limit", row, field).ok()?.as_float();
    let limit = Limit {
        burst_size: float("burst_size")?,
        fill_rate: float("fill_rate")?,
    };
    (is_positive(limit.burst_size) && is_positive(limit.fill_rate)).then_some(limit)
}

fn is_positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn check(field: &'static str, value: &Value) -> Result<(), ApiError> {
    match value.as_float() {
        Some(value) if is_positive(value) => Ok(()),
        Some(value) => Err(ApiError::invalid_value(field, &value.to_string())),
        None => Err(ApiError::internal("a limit that is no number")),
    }
}

fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let class = rows::class("Rate_limit")?;
    let (reference, uuid) = cx.new_row();
    let fields = implicit::fields_with(class, args.record(0)?, vec![("uuid", Value::text(uuid))])?;
    for (column, value) in &fields {
        if let name @ ("burst_size" | "fill_rate") = column.desc().name {
            check(name, value)?;
        }
    }
    let mut tx = cx.transaction();
    tx.create(class, &reference, fields);
    created(tx, &reference)
}

/// Its callers stay, without a limit.
fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let limit = args.reference(0)?;
    let mut tx = cx.transaction();
    for caller in rows::references(cx.view, "Rate_limit", limit, "callers")? {
        rows::set(&mut tx, "Caller", &caller, "rate_limit", Ref::null())?;
    }
    rows::destroy(&mut tx, "Rate_limit", limit)?;
    done(tx)
}

/// A caller has one limit: the new one takes the place of the old one.
fn add_caller(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (limit, caller) = (args.reference(0)?, args.reference(1)?);
    rows::check(cx.view, "Rate_limit", limit)?;
    rows::check(cx.view, "Caller", caller)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "Caller", caller, "rate_limit", limit.clone())?;
    done(tx)
}

/// Of a caller with another limit, nothing is taken.
fn remove_caller(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (limit, caller) = (args.reference(0)?, args.reference(1)?);
    rows::check(cx.view, "Rate_limit", limit)?;
    let mut tx = cx.transaction();
    if rows::reference(cx.view, "Caller", caller, "rate_limit")? == *limit {
        rows::set(&mut tx, "Caller", caller, "rate_limit", Ref::null())?;
    }
    done(tx)
}

fn set(cx: &mut PlanCx<'_>, field: &'static str, args: Args<'_>) -> Planned {
    let (limit, value) = (args.reference(0)?, args.value(1)?);
    rows::check(cx.view, "Rate_limit", limit)?;
    check(field, value)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "Rate_limit", limit, field, value.clone())?;
    done(tx)
}
