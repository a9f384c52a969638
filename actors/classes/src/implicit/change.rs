//! The generic destructor, setters, and adders and removers of maps and sets.

use crate::{Args, Plan, PlanCx};
use xenith_datamodel::{ApiError, ClassId, Column, Ref, Type, Value};

pub fn destroy(cx: &mut PlanCx<'_>, class: ClassId, args: Args<'_>) -> Result<Plan, ApiError> {
    let row = existing(cx, class, args)?;
    let mut tx = cx.transaction();
    tx.destroy(class, row);
    Ok(Plan::Commit(tx, Value::Void))
}

pub fn set(cx: &mut PlanCx<'_>, column: Column, args: Args<'_>) -> Result<Plan, ApiError> {
    let row = existing(cx, column.class, args)?;
    let mut tx = cx.transaction();
    tx.set_value(row, column, args.value(1)?.clone());
    Ok(Plan::Commit(tx, Value::Void))
}

pub fn add(cx: &mut PlanCx<'_>, column: Column, args: Args<'_>) -> Result<Plan, ApiError> {
    let row = existing(cx, column.class, args)?;
    let mut tx = cx.transaction();
    if is_map(column) {
        let key = args.value(1)?;
        check_new_key(cx, column, row, key)?;
        tx.add(row, column, Some(key.clone()), args.value(2)?.clone());
    } else {
        tx.add(row, column, None, args.value(1)?.clone());
    }
    Ok(Plan::Commit(tx, Value::Void))
}

pub fn remove(cx: &mut PlanCx<'_>, column: Column, args: Args<'_>) -> Result<Plan, ApiError> {
    let row = existing(cx, column.class, args)?;
    let mut tx = cx.transaction();
    tx.remove(row, column, args.value(1)?.clone());
    Ok(Plan::Commit(tx, Value::Void))
}

/// An existing key is refused even with the same value, and so is an empty key (semantics.md §9).
pub(crate) fn check_new_key(cx: &PlanCx<'_>, column: Column, row: &Ref, key: &Value) -> Result<(), ApiError> {
    let name = column.desc().name;
    if key.as_text() == Some("") {
        return Err(ApiError::internal(format!(
            "the key of {}.{name} may not be empty",
            column.class.name()
        )));
    }
    let held = cx.view.value(row, column);
    let pairs = held.as_ref().and_then(Value::as_map).unwrap_or_default();
    if !pairs.iter().any(|(held, _)| held == key) {
        return Ok(());
    }
    // This one error spells the field as the database does.
    let stored = column.desc().db.unwrap_or(name);
    Err(ApiError::new(
        "MAP_DUPLICATE_KEY",
        [column.class.name(), stored, row.as_str(), &key_text(key)],
    ))
}

/// A map's key as text, for errors and permissions.
pub(crate) fn key_text(key: &Value) -> String {
    match key {
        Value::Text(text) => text.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Ref(reference) => reference.as_str().to_owned(),
        Value::Void
        | Value::Float(_)
        | Value::Bool(_)
        | Value::DateTime(_)
        | Value::Set(_)
        | Value::Map(_)
        | Value::Record(_) => String::new(),
    }
}

fn is_map(column: Column) -> bool {
    matches!(column.desc().ty, Type::Map(_, _))
}

fn existing<'a>(cx: &PlanCx<'_>, class: ClassId, args: Args<'a>) -> Result<&'a Ref, ApiError> {
    let row = args.reference(0)?;
    if cx.view.contains(class, row) {
        Ok(row)
    } else {
        Err(ApiError::handle_invalid(class.name(), row))
    }
}
