//! What a VM was when a snapshot was taken of it: its row as text, in xapi's form, so that either can read what the other has written.

use super::lifecycle::Facts;
use crate::rows;
use xenith_datamodel::{ApiError, Column, Ref, Value};
use xenith_pooldb::{View, database_text, fields_of_database_text, from_database_text};

/// The row as it is while `task` takes the snapshot.
pub fn write(view: &View, vm: &Ref, task: &Ref) -> Result<String, ApiError> {
    let class = rows::class("VM")?;
    let mut fields = vec![("_ref", Value::from(vm))];
    for column in class.columns() {
        let value = view.value(vm, column);
        let value = value.ok_or_else(|| ApiError::handle_invalid("VM", vm))?;
        fields.push((name(column), value));
    }
    let mut facts = Facts::of(view, vm)?;
    let is_marked = facts.current.iter().any(|(current, _)| current == task.as_str());
    if !is_marked {
        facts.current.push((task.as_str().to_owned(), "snapshot".to_owned()));
    }
    let current = facts.current.iter().map(|(task, operation)| (task, operation));
    let marks = [
        ("current_operations", Value::text_map(current)),
        ("allowed_operations", facts.allowed_operations()),
    ];
    for (name, value) in marks {
        if let Some((_, held)) = fields.iter_mut().find(|(field, _)| *field == name) {
            *held = value;
        }
    }
    fields.sort_by(|(one, _), (other, _)| other.cmp(one));
    let texts = fields.iter().map(|(name, value)| (*name, database_text(value)));
    Ok(database_text(&Value::text_map(texts)).into_owned())
}

/// The fields that this version knows, each with its value then; nothing, if the text is none.
pub fn read(text: &str) -> Result<Option<Vec<(Column, Value)>>, ApiError> {
    let class = rows::class("VM")?;
    let Some(fields) = fields_of_database_text(text) else {
        return Ok(None);
    };
    let known = fields.into_iter().filter_map(|(name, text)| {
        let column = class.column_by_db_name(&name)?;
        Some((column, from_database_text(&text, &column.desc().ty)?))
    });
    Ok(Some(known.collect()))
}

fn name(column: Column) -> &'static str {
    column.desc().db.unwrap_or(column.desc().name)
}
