//! Rows of classes that this version does not know: a newer member may write them. They are kept verbatim, so that
//! they are whole once this member is upgraded too (CORRECTNESS A6).
//!
//! They take generations like others, but have no relations, indices or events here: nobody could ask for them.

use crate::edit::{self, Place};
use crate::hash;
use crate::row::{Fields, ForeignRow};
use crate::schema::same;
use crate::table::State;
use crate::{Change, ChangeKind, Expect, Name};
use std::sync::Arc;
use xenith_datamodel::{ApiError, Ref, Value};

pub(crate) fn change(next: &mut State, change: &Change) -> Result<(), ApiError> {
    let reference = &change.reference;
    let row = next
        .foreign
        .get(&change.class)
        .and_then(|rows| rows.get(reference))
        .cloned();
    if let ChangeKind::Create(fields) = &change.kind {
        if row.is_some() {
            let params = [&change.class, "reference", reference.as_str()];
            return Err(ApiError::new("DB_UNIQUENESS_CONSTRAINT_VIOLATION", params));
        }
        put(
            next,
            &change.class,
            reference,
            None,
            Some(fields.iter().cloned().collect()),
        );
        return Ok(());
    }
    let Some(row) = row else {
        return Err(ApiError::handle_invalid(&change.class, reference));
    };
    let new = match &change.kind {
        ChangeKind::Create(_) => None,
        ChangeKind::Destroy => {
            put(next, &change.class, reference, Some(&row), None);
            None
        }
        ChangeKind::Set(field, value) => Some((field, value.clone())),
        ChangeKind::Add { field, key, value } => {
            let place = Place {
                class: &change.class,
                field,
                reference,
            };
            let old = row
                .fields
                .get(field)
                .cloned()
                .unwrap_or_else(|| edit::empty_for(key.as_ref()));
            edit::add(place, &old, key.as_ref(), value)?.map(|value| (field, value))
        }
        ChangeKind::Remove { field, key } => {
            let place = Place {
                class: &change.class,
                field,
                reference,
            };
            match row.fields.get(field) {
                Some(old) => edit::remove(place, old, key)?.map(|value| (field, value)),
                None => None,
            }
        }
    };
    if let Some((field, value)) = new
        && !row.fields.get(field).is_some_and(|old| same(old, &value))
    {
        let mut fields = row.fields.clone();
        fields.insert(field.clone(), value);
        put(next, &change.class, reference, Some(&row), Some(fields));
    }
    Ok(())
}

pub(crate) fn touch(next: &mut State, class: &Name, reference: &Ref) -> Result<(), ApiError> {
    let Some(row) = next
        .foreign
        .get(class)
        .and_then(|rows| rows.get(reference))
        .cloned()
    else {
        return Err(ApiError::handle_invalid(class, reference));
    };
    put(next, class, reference, Some(&row), Some(row.fields.clone()));
    Ok(())
}

pub(crate) fn holds(base: &State, expect: &Expect) -> bool {
    match (
        base.foreign
            .get(&expect.class)
            .and_then(|rows| rows.get(&expect.reference)),
        &expect.field,
    ) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(row), Some((field, wanted))) => row
            .fields
            .get(field)
            .is_some_and(|value: &Value| same(value, wanted)),
    }
}

/// Replaces a row by its successor, under a new generation.
fn put(
    next: &mut State,
    class: &Name,
    reference: &Ref,
    old: Option<&ForeignRow>,
    fields: Option<Fields>,
) {
    let generation = next.database.next();
    let mut rows = next.foreign.get(class).cloned().unwrap_or_default();
    match fields {
        Some(fields) => {
            let created = old.map_or(generation, |row| row.created);
            let row = ForeignRow {
                created,
                modified: generation,
                fields,
            };
            next.sum.add(sum(class, reference, &row));
            rows.insert(reference.clone(), Arc::new(row));
        }
        None => {
            rows.remove(reference);
        }
    }
    if let Some(old) = old {
        next.sum.take(sum(class, reference, old));
    }
    if rows.is_empty() {
        next.foreign.remove(class);
    } else {
        next.foreign.insert(class.clone(), rows);
    }
}

pub(crate) fn sum(class: &str, reference: &Ref, row: &ForeignRow) -> hash::Sum {
    let mut sum = hash::head(class, reference, row.created, row.modified);
    for (name, value) in &row.fields {
        sum.add(hash::field(class, reference, name, value));
    }
    sum
}
