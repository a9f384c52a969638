//! Reading and writing rows by the names of classes and fields.
//!
//! A name that is not in the tables is a fault of ours: INTERNAL_ERROR, found by the tests of every room.

use xenith_datamodel::{ApiError, ClassId, Column, DateTime, Ref, Value};
use xenith_pooldb::{Transaction, View};

pub fn class(name: &str) -> Result<ClassId, ApiError> {
    xenith_datamodel::class(name).ok_or_else(|| ApiError::internal(format!("no class {name}")))
}

pub fn column(class_name: &str, field: &str) -> Result<Column, ApiError> {
    class(class_name)?
        .column(field)
        .ok_or_else(|| ApiError::internal(format!("no field {class_name}.{field}")))
}

/// HANDLE_INVALID unless the row is there.
pub fn check(view: &View, class_name: &str, reference: &Ref) -> Result<(), ApiError> {
    if view.contains(class(class_name)?, reference) {
        Ok(())
    } else {
        Err(ApiError::handle_invalid(class_name, reference))
    }
}

/// The field's value; HANDLE_INVALID when the row is not there.
pub fn value(view: &View, class_name: &str, reference: &Ref, field: &str) -> Result<Value, ApiError> {
    view.value(reference, column(class_name, field)?)
        .ok_or_else(|| ApiError::handle_invalid(class_name, reference))
}

pub fn text(view: &View, class_name: &str, reference: &Ref, field: &str) -> Result<String, ApiError> {
    let found = value(view, class_name, reference, field)?;
    found.as_text().map(str::to_owned).ok_or_else(|| odd(class_name, field))
}

pub fn int(view: &View, class_name: &str, reference: &Ref, field: &str) -> Result<i64, ApiError> {
    value(view, class_name, reference, field)?
        .as_int()
        .ok_or_else(|| odd(class_name, field))
}

pub fn boolean(view: &View, class_name: &str, reference: &Ref, field: &str) -> Result<bool, ApiError> {
    value(view, class_name, reference, field)?
        .as_bool()
        .ok_or_else(|| odd(class_name, field))
}

pub fn date_time(view: &View, class_name: &str, reference: &Ref, field: &str) -> Result<DateTime, ApiError> {
    value(view, class_name, reference, field)?
        .as_date_time()
        .ok_or_else(|| odd(class_name, field))
}

pub fn reference(view: &View, class_name: &str, of: &Ref, field: &str) -> Result<Ref, ApiError> {
    let found = value(view, class_name, of, field)?;
    found.as_ref().cloned().ok_or_else(|| odd(class_name, field))
}

/// The refs of a `Set(Ref)` field.
pub fn references(view: &View, class_name: &str, of: &Ref, field: &str) -> Result<Vec<Ref>, ApiError> {
    let found = value(view, class_name, of, field)?;
    let items = found.as_set().ok_or_else(|| odd(class_name, field))?;
    Ok(items.iter().filter_map(|item| item.as_ref().cloned()).collect())
}

/// The value of one key of a map of strings.
pub fn map_text(view: &View, class_name: &str, of: &Ref, field: &str, key: &str) -> Result<Option<String>, ApiError> {
    let found = value(view, class_name, of, field)?;
    Ok(found.member(key).and_then(Value::as_text).map(str::to_owned))
}

pub fn create(
    tx: &mut Transaction,
    class_name: &str,
    reference: &Ref,
    fields: Vec<(&'static str, Value)>,
) -> Result<(), ApiError> {
    let mut columns = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        columns.push((column(class_name, name)?, value));
    }
    let id = class(class_name)?;
    null_refs(id, &mut columns);
    tx.create(id, reference, columns);
    Ok(())
}

/// A new row with the stored fields of another, but for those that are given.
pub fn copy(
    view: &View,
    tx: &mut Transaction,
    class_name: &str,
    (from, to): (&Ref, &Ref),
    own: Vec<(&'static str, Value)>,
) -> Result<(), ApiError> {
    let id = class(class_name)?;
    let mut fields = Vec::new();
    for (name, value) in own {
        fields.push((column(class_name, name)?, value));
    }
    for column in id.columns().filter(|column| !column.is_computed()) {
        if !fields.iter().any(|(given, _)| *given == column) {
            let held = view.value(from, column);
            fields.push((column, held.ok_or_else(|| ApiError::handle_invalid(class_name, from))?));
        }
    }
    tx.create(id, to, fields);
    Ok(())
}

/// Some ref fields have the empty text as default in the model; what xapi puts there is the null ref.
pub fn null_refs(class: ClassId, fields: &mut Vec<(Column, Value)>) {
    for column in class.columns().filter(|column| !column.is_computed()) {
        let empty = column
            .default_value()
            .as_ref()
            .is_some_and(|default| default.as_str().is_empty());
        if empty && !fields.iter().any(|(given, _)| *given == column) {
            fields.push((column, Value::Ref(Ref::null())));
        }
    }
}

pub fn set(
    tx: &mut Transaction,
    class_name: &str,
    reference: &Ref,
    field: &str,
    value: impl Into<Value>,
) -> Result<(), ApiError> {
    tx.set_value(reference, column(class_name, field)?, value.into());
    Ok(())
}

pub fn destroy(tx: &mut Transaction, class_name: &str, reference: &Ref) -> Result<(), ApiError> {
    tx.destroy(class(class_name)?, reference);
    Ok(())
}

/// All rows of a class, as owned refs.
pub fn all(view: &View, class_name: &str) -> Result<Vec<Ref>, ApiError> {
    Ok(view.refs(class(class_name)?).cloned().collect())
}

pub fn enums(values: &[&str]) -> Value {
    Value::set(values.iter().map(Value::text))
}

fn odd(class_name: &str, field: &str) -> ApiError {
    ApiError::internal(format!("{class_name}.{field} holds a value of another kind"))
}
