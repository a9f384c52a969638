//! The generic constructor: defaults, required fields, a uuid of ours.

use crate::{Args, Plan, PlanCx};
use std::sync::Arc;
use xenith_datamodel::{ApiError, ClassId, Column, Qualifier, Value};

pub fn create(cx: &mut PlanCx<'_>, class: ClassId, args: Args<'_>) -> Result<Plan, ApiError> {
    let given = args.record(0)?;
    let (reference, uuid) = cx.new_row();
    let mut fields = constructor_fields(class, given)?;
    if let Some(column) = class.column("uuid") {
        fields.push((column, Value::text(uuid)));
    }
    crate::rows::null_refs(class, &mut fields);
    let mut tx = cx.transaction();
    tx.create(class, &reference, fields);
    Ok(Plan::Commit(tx, Value::Ref(reference)))
}

/// The fields that a constructor may set, given or by default. Fields it may not set are left to their default, whatever
/// was given for them (xapi ignores them too). A missing field without default is the error xapi gives (semantics.md §2).
pub(crate) fn constructor_fields(
    class: ClassId,
    given: &[(Arc<str>, Value)],
) -> Result<Vec<(Column, Value)>, ApiError> {
    let mut fields = Vec::new();
    for column in class.columns() {
        let desc = column.desc();
        let settable = match desc.qualifier {
            Qualifier::ReadWrite | Qualifier::Constructor => true,
            Qualifier::Runtime => false,
        };
        if !settable || desc.internal || column.is_computed() {
            continue;
        }
        match given.iter().find(|(name, _)| **name == *desc.name) {
            Some((_, value)) => fields.push((column, value.clone())),
            None if desc.default.is_some() => fields.push((column, column.default_value())),
            None => {
                let text = format!("Server_helpers.Dispatcher_FieldNotFound(\"{}\")", desc.name);
                return Err(ApiError::internal(text));
            }
        }
    }
    Ok(fields)
}

/// Refuses a constructor's record that lacks a field without default: that comes before what the fields say.
pub(crate) fn check_given(class: ClassId, given: &[(Arc<str>, Value)]) -> Result<(), ApiError> {
    constructor_fields(class, given).map(|_| ())
}

/// Constructor fields with some of them replaced or added.
pub(crate) fn fields_with(
    class: ClassId,
    given: &[(Arc<str>, Value)],
    ours: Vec<(&'static str, Value)>,
) -> Result<Vec<(Column, Value)>, ApiError> {
    let mut fields = constructor_fields(class, given)?;
    for (name, value) in ours {
        let column = crate::rows::column(class.name(), name)?;
        match fields.iter_mut().find(|(at, _)| *at == column) {
            Some(slot) => slot.1 = value,
            None => fields.push((column, value)),
        }
    }
    crate::rows::null_refs(class, &mut fields);
    Ok(fields)
}
