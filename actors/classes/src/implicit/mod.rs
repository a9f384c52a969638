//! The 13 implicit message patterns, generic over all classes.

mod change;
mod create;

pub(crate) use change::check_new_key;
pub(crate) use create::{check_given, fields_with};

use crate::{Args, Plan, PlanCx, Rows};
use xenith_datamodel::{ApiError, ClassId, Column, MessageKind, Method, Value};
use xenith_pooldb::FilterError;

/// True for the patterns that only look.
pub fn is_read(kind: MessageKind) -> bool {
    match kind {
        MessageKind::GetAll
        | MessageKind::GetAllRecords
        | MessageKind::GetAllWhere
        | MessageKind::GetAllRecordsWhere
        | MessageKind::GetByUuid
        | MessageKind::GetByNameLabel
        | MessageKind::GetRecord
        | MessageKind::GetField(_) => true,
        MessageKind::Explicit
        | MessageKind::Create
        | MessageKind::Destroy
        | MessageKind::SetField(_)
        | MessageKind::AddTo(_)
        | MessageKind::RemoveFrom(_) => false,
    }
}

pub fn plan(cx: &mut PlanCx<'_>, method: &Method, args: Args<'_>) -> Result<Plan, ApiError> {
    let class = method.class;
    match method.message.kind {
        MessageKind::Explicit => Err(ApiError::internal("an explicit message has no pattern")),
        MessageKind::GetAll => Ok(Plan::Reply(Value::set(cx.view.refs(class).map(Value::from)))),
        MessageKind::GetAllRecords => Ok(Plan::Show(Rows::Many(class, cx.view.refs(class).cloned().collect()))),
        MessageKind::GetAllWhere => {
            let found = find(cx, class, args.text(0)?)?;
            Ok(Plan::Reply(Value::set(found.into_iter().map(Value::Ref))))
        }
        MessageKind::GetAllRecordsWhere => {
            let found = find(cx, class, args.text(0)?)?;
            Ok(Plan::Show(Rows::Many(class, found)))
        }
        MessageKind::GetByUuid => get_by_uuid(cx, class, args.text(0)?).map(Plan::Reply),
        MessageKind::GetByNameLabel => {
            let found = cx.view.by_name_label(class, args.text(0)?);
            Ok(Plan::Reply(Value::set(found.into_iter().map(Value::Ref))))
        }
        MessageKind::GetRecord => get_record(cx, class, args).map(Plan::Show),
        MessageKind::GetField(field) => get_field(cx, at(class, field), args).map(Plan::Reply),
        MessageKind::Create => create::create(cx, class, args),
        MessageKind::Destroy => change::destroy(cx, class, args),
        MessageKind::SetField(field) => change::set(cx, at(class, field), args),
        MessageKind::AddTo(field) => change::add(cx, at(class, field), args),
        MessageKind::RemoveFrom(field) => change::remove(cx, at(class, field), args),
    }
}

/// The answer to a filter that does not parse.
pub(crate) fn bad_filter(expression: &str, error: FilterError) -> ApiError {
    error.to_api_error(expression)
}

fn at(class: ClassId, field: usize) -> Column {
    // A class has far fewer than 65,536 fields; the tables are checked for that.
    Column {
        class,
        field: field as u16,
    }
}

fn find(cx: &PlanCx<'_>, class: ClassId, expression: &str) -> Result<Vec<xenith_datamodel::Ref>, ApiError> {
    cx.view
        .find_where(class, expression)
        .map_err(|error| bad_filter(expression, error))
}

fn get_by_uuid(cx: &PlanCx<'_>, class: ClassId, uuid: &str) -> Result<Value, ApiError> {
    cx.view
        .by_uuid(class, uuid)
        .map(Value::Ref)
        .ok_or_else(|| ApiError::uuid_invalid(class.name(), uuid))
}

fn get_record(cx: &PlanCx<'_>, class: ClassId, args: Args<'_>) -> Result<Rows, ApiError> {
    let row = args.reference(0)?;
    if cx.view.contains(class, row) {
        Ok(Rows::One(class, row.clone()))
    } else {
        Err(ApiError::handle_invalid(class.name(), row))
    }
}

fn get_field(cx: &PlanCx<'_>, column: Column, args: Args<'_>) -> Result<Value, ApiError> {
    let row = args.reference(0)?;
    cx.view
        .value(row, column)
        .ok_or_else(|| ApiError::handle_invalid(column.class.name(), row))
}
