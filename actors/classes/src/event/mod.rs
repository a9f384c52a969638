//! Events: subscriptions, tokens, and what `event.from` answers.
//!
//! Pure: the runtime waits, this says what there is. Classes without events never appear.

mod answer;
mod subscription;
mod token;

pub use answer::{Answer, Event, NO_TIME, answer, empty_answer, events};
pub use subscription::{Subscription, is_told};
pub use token::{format_token, parse_token};

use crate::room::Planner;
use crate::{Args, PlanCx, rows};
use std::sync::Arc;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{EventToken, Transaction};

pub fn lookup(message: &str) -> Option<Planner> {
    Some(match message {
        "get_current_id" => Planner::Read(get_current_id),
        "inject" => Planner::Write(inject),
        _ => return None,
    })
}

/// The number of the newest change.
fn get_current_id(cx: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    Ok(Value::Int(i64::try_from(cx.view.generation()).unwrap_or(i64::MAX)))
}

/// Touches a row; the answer is the token just before the touch, to be used as a barrier.
fn inject(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    // The model declares the ref as text: it may be of any class.
    let (name, row) = (args.text(0)?, &Ref::new(args.text(1)?));
    let class = xenith_datamodel::class_any_case(name).ok_or_else(|| ApiError::handle_invalid(name, row))?;
    rows::check(cx.view, class.name(), row)?;
    let before = EventToken {
        database: cx.view.generation(),
        message: cx.view.message_generation(),
    };
    let mut tx = cx.transaction();
    tx.touch.push((Arc::from(class.name()), row.clone()));
    Ok((tx, Value::from(format_token(before))))
}
