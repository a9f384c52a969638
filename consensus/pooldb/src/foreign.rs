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
use std::collections::BTreeMap;
use std::sync::Arc;
use xenith_datamodel::{ApiError, Ref};

/// The foreign rows a transaction works on.
#[derive(Debug, Default)]
pub(crate) struct ForeignDrafts {
    drafts: BTreeMap<(Name, Ref), ForeignDraft>,
}

#[derive(Debug)]
struct ForeignDraft {
    base: Option<Arc<ForeignRow>>,
    now: Option<Fields>,
    recreated: bool,
    touched: bool,
}

impl ForeignDrafts {
    pub fn change(&mut self, base: &State, change: &Change) -> Result<(), ApiError> {
        let (class, reference) = (&change.class, &change.reference);
        let draft = self.open(base, class, reference);
        if let ChangeKind::Create(fields) = &change.kind {
            if draft.now.is_some() {
                let params = [class, "reference", reference.as_str()];
                return Err(ApiError::new("DB_UNIQUENESS_CONSTRAINT_VIOLATION", params));
            }
            draft.now = Some(fields.iter().cloned().collect());
            draft.recreated = draft.base.is_some();
            return Ok(());
        }
        let Some(fields) = draft.now.as_mut() else {
            return Err(ApiError::handle_invalid(class, reference));
        };
        match &change.kind {
            ChangeKind::Create(_) => {}
            ChangeKind::Destroy => draft.now = None,
            ChangeKind::Set(field, value) => {
                fields.insert(field.clone(), value.clone());
            }
            ChangeKind::Add { field, key, value } => {
                let place = Place {
                    class,
                    field,
                    reference,
                };
                let old = fields
                    .get(field)
                    .cloned()
                    .unwrap_or_else(|| edit::empty_for(key.as_ref()));
                if let Some(value) = edit::add(place, &old, key.as_ref(), value)? {
                    fields.insert(field.clone(), value);
                }
            }
            ChangeKind::Remove { field, key } => {
                let place = Place {
                    class,
                    field,
                    reference,
                };
                let old = fields.get(field);
                if let Some(value) = old.map(|old| edit::remove(place, old, key)).transpose()?.flatten() {
                    fields.insert(field.clone(), value);
                }
            }
        }
        Ok(())
    }

    pub fn touch(&mut self, base: &State, class: &Name, reference: &Ref) -> Result<(), ApiError> {
        let draft = self.open(base, class, reference);
        if draft.now.is_none() {
            return Err(ApiError::handle_invalid(class, reference));
        }
        draft.touched = true;
        Ok(())
    }

    pub fn commit(self, next: &mut State) {
        for ((class, reference), draft) in self.drafts {
            if draft.is_effective() {
                draft.commit(next, &class, &reference);
            }
        }
    }

    fn open(&mut self, base: &State, class: &Name, reference: &Ref) -> &mut ForeignDraft {
        self.drafts
            .entry((class.clone(), reference.clone()))
            .or_insert_with(|| {
                let base = base.foreign.get(class).and_then(|rows| rows.get(reference)).cloned();
                let now = base.as_ref().map(|row| row.fields.clone());
                ForeignDraft {
                    base,
                    now,
                    recreated: false,
                    touched: false,
                }
            })
    }
}

impl ForeignDraft {
    fn is_effective(&self) -> bool {
        match (&self.base, &self.now) {
            (None, None) => false,
            (None, Some(_)) | (Some(_), None) => true,
            (Some(row), Some(fields)) => self.recreated || self.touched || !same_fields(&row.fields, fields),
        }
    }

    /// Replaces the row by its successor, under a new generation.
    fn commit(self, next: &mut State, class: &Name, reference: &Ref) {
        let generation = next.database.next();
        let mut rows = next.foreign.get(class).cloned().unwrap_or_default();
        match self.now {
            Some(fields) => {
                let kept = self.base.as_ref().filter(|_| !self.recreated);
                let created = kept.map_or(generation, |row| row.created);
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
        if let Some(old) = &self.base {
            next.sum.take(sum(class, reference, old));
        }
        if rows.is_empty() {
            next.foreign.remove(class);
        } else {
            next.foreign.insert(class.clone(), rows);
        }
    }
}

pub(crate) fn holds(base: &State, expect: &Expect) -> bool {
    let row = base
        .foreign
        .get(&expect.class)
        .and_then(|rows| rows.get(&expect.reference));
    match (row, &expect.field) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(row), Some((field, wanted))) => row.fields.get(field).is_some_and(|value| same(value, wanted)),
    }
}

pub(crate) fn sum(class: &str, reference: &Ref, row: &ForeignRow) -> hash::Sum {
    let mut sum = hash::head(class, reference, row.created, row.modified);
    for (name, value) in &row.fields {
        sum.add(hash::field(class, reference, name, value));
    }
    sum
}

fn same_fields(a: &Fields, b: &Fields) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
}
