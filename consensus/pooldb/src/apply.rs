//! `apply`: a transaction against a state, whole or not at all.
//!
//! Changes go into drafts of the rows they name; only at the end are drafts compared with the rows they came from, and
//! what really differs gets a generation, one a row, in the order in which the transaction came to it. So a
//! transaction without effect leaves the state as it was, and a failing one leaves no trace.
//!
//! Invariant: total and deterministic (CORRECTNESS A7). No step costs more than O(log rows) for each change.

use crate::draft::{Draft, DraftKey, Drafts};
use crate::edit::{self, Place};
use crate::foreign::{self, ForeignDrafts};
use crate::row::Body;
use crate::schema::{ClassSchema, Link, same, schema, schema_by_name};
use crate::table::State;
use crate::{ApplyError, Change, ChangeKind, Changes, Expect, Name, Transaction};
use std::collections::BTreeSet;
use std::sync::Arc;
use xenith_datamodel::{ApiError, Column, Ref, Value};

pub(crate) fn apply(base: &State, transaction: &Transaction) -> Result<(State, Changes), ApplyError> {
    for expect in &transaction.expect {
        check_expect(base, expect)?;
    }
    let mut work = Work {
        base,
        next: base.clone(),
        drafts: Drafts::default(),
        foreign: ForeignDrafts::default(),
    };
    for change in &transaction.changes {
        work.change(change).map_err(ApplyError::Api)?;
    }
    for (class, reference) in &transaction.touch {
        work.touch(class, reference).map_err(ApplyError::Api)?;
    }
    work.next.time_ms = base.time_ms.max(transaction.time_ms);
    work.finish().map_err(ApplyError::Api)
}

/// A transaction half way.
pub(crate) struct Work<'a> {
    pub base: &'a State,
    pub next: State,
    pub drafts: Drafts,
    pub foreign: ForeignDrafts,
}

impl Work<'_> {
    fn change(&mut self, change: &Change) -> Result<(), ApiError> {
        let Some(class) = schema_by_name(&change.class) else {
            return self.foreign.change(self.base, change);
        };
        let reference = &change.reference;
        match &change.kind {
            ChangeKind::Create(fields) => self.create(class, reference, fields),
            ChangeKind::Set(field, value) => self.set(class, reference, field, value.clone()),
            ChangeKind::Add { field, key, value } => {
                let place = Place {
                    class: &class.name,
                    field,
                    reference,
                };
                let old = self
                    .read(class, reference, field)?
                    .unwrap_or_else(|| edit::empty_for(key.as_ref()));
                match edit::add(place, &old, key.as_ref(), value)? {
                    Some(value) => self.set(class, reference, field, value),
                    None => Ok(()),
                }
            }
            ChangeKind::Remove { field, key } => {
                let place = Place {
                    class: &class.name,
                    field,
                    reference,
                };
                let Some(old) = self.read(class, reference, field)? else {
                    return Ok(());
                };
                match edit::remove(place, &old, key)? {
                    Some(value) => self.set(class, reference, field, value),
                    None => Ok(()),
                }
            }
            ChangeKind::Destroy => self.destroy(class, reference),
        }
    }

    fn create(
        &mut self,
        class: &'static ClassSchema,
        reference: &Ref,
        fields: &[(Name, Value)],
    ) -> Result<(), ApiError> {
        if reference.is_null() {
            return Err(ApiError::handle_invalid(&class.name, reference));
        }
        let draft = self.drafts.open(self.base, class, reference);
        if draft.now.is_some() {
            return Err(ApiError::new(
                "DB_UNIQUENESS_CONSTRAINT_VIOLATION",
                [&class.name, "reference", reference.as_str()],
            ));
        }
        draft.now = Some(Body::new(class));
        draft.recreated = draft.base.is_some();
        draft.all_edited = true;
        for (field, value) in fields {
            self.set(class, reference, field, value.clone())?;
        }
        self.adopt_mirrors(class, reference);
        Ok(())
    }

    fn set(
        &mut self,
        class: &'static ClassSchema,
        reference: &Ref,
        field: &Name,
        value: Value,
    ) -> Result<(), ApiError> {
        let draft = self.drafts.open(self.base, class, reference);
        let Some(body) = draft.now.as_mut() else {
            return Err(ApiError::handle_invalid(&class.name, reference));
        };
        let Some(index) = class.find(field) else {
            if !body.unknown(field).is_some_and(|old| same(old, &value)) {
                draft.unknown_edited = true;
                body.set_unknown(field, value);
            }
            return Ok(());
        };
        let column = &class.columns[index];
        if column.link == Link::Computed {
            return Err(computed(class, field));
        }
        column.check(&class.name, &value)?;
        let Some(slot) = body.values.get_mut(index) else {
            return Ok(());
        };
        if same(slot, &value) {
            return Ok(());
        }
        let new = column.share(value);
        let old = std::mem::replace(slot, new.clone());
        draft.edited(index);
        if let Link::Mirror(far) = column.link {
            self.mirror(
                Ends {
                    near: class.column(index),
                    far,
                },
                reference,
                &old,
                &new,
            );
        }
        Ok(())
    }

    fn destroy(&mut self, class: &'static ClassSchema, reference: &Ref) -> Result<(), ApiError> {
        let draft = self.drafts.open(self.base, class, reference);
        let Some(body) = draft.now.take() else {
            return Err(ApiError::handle_invalid(&class.name, reference));
        };
        draft.all_edited = true;
        for (index, value) in body.values.iter().enumerate() {
            if let Link::Mirror(far) = class.columns[index].link {
                self.mirror(
                    Ends {
                        near: class.column(index),
                        far,
                    },
                    reference,
                    value,
                    &Value::set([]),
                );
            }
        }
        Ok(())
    }

    fn touch(&mut self, class: &Name, reference: &Ref) -> Result<(), ApiError> {
        let Some(class) = schema_by_name(class) else {
            return self.foreign.touch(self.base, class, reference);
        };
        let draft = self.drafts.open(self.base, class, reference);
        if draft.now.is_none() {
            return Err(ApiError::handle_invalid(&class.name, reference));
        }
        draft.touched = true;
        Ok(())
    }

    /// The field as this transaction has left it; `None` for a field that nobody has written and this version does
    /// not know.
    fn read(&mut self, class: &'static ClassSchema, reference: &Ref, field: &str) -> Result<Option<Value>, ApiError> {
        let draft = self.drafts.open(self.base, class, reference);
        let Some(body) = &draft.now else {
            return Err(ApiError::handle_invalid(&class.name, reference));
        };
        Ok(match class.find(field) {
            Some(index) if class.columns[index].link == Link::Computed => {
                return Err(computed(class, field));
            }
            Some(index) => body.values.get(index).cloned(),
            None => body.unknown(field).cloned(),
        })
    }

    /// A stored set of refs at one end of a many-to-many relation changed: the rows at the far end follow.
    fn mirror(&mut self, Ends { near, far }: Ends, reference: &Ref, old: &Value, new: &Value) {
        let (old, new) = (members(old), members(new));
        for gone in old.difference(&new) {
            self.next.inverses.remove(far, gone, reference);
            self.mirror_member(far, gone, reference, false);
            self.next.inverses.remove(near, reference, gone);
        }
        for come in new.difference(&old) {
            self.next.inverses.insert(far, come, reference);
            if self.mirror_member(far, come, reference, true) {
                self.next.inverses.insert(near, reference, come);
            }
        }
    }

    /// Adds or takes `member` in the set `column` of `owner`. False when there is no such row.
    fn mirror_member(&mut self, column: Column, owner: &Ref, member: &Ref, present: bool) -> bool {
        let Some(class) = schema(column.class) else {
            return false;
        };
        let index = usize::from(column.field);
        let Some(draft) = self.drafts.open_existing(self.base, class, owner) else {
            return false;
        };
        let Some(slot) = draft.now.as_mut().and_then(|body| body.values.get_mut(index)) else {
            return false;
        };
        let items = slot.as_set().unwrap_or_default();
        let has = items.iter().any(|item| item.as_ref() == Some(member));
        if has != present {
            let new: Value = if present {
                Value::set(items.iter().cloned().chain([Value::from(member)]))
            } else {
                Value::set(items.iter().filter(|item| item.as_ref() != Some(member)).cloned())
            };
            *slot = class.columns[index].share(new);
            draft.edited(index);
        }
        true
    }

    /// A new row takes up the refs that waited for it in the sets of others.
    fn adopt_mirrors(&mut self, class: &'static ClassSchema, reference: &Ref) {
        for index in 0..class.columns.len() {
            let Link::Mirror(far) = class.columns[index].link else {
                continue;
            };
            let near = class.column(index);
            let waiting: Vec<Ref> = self.next.inverses.of(near, reference).cloned().collect();
            for member in waiting {
                self.mirror_member(near, reference, &member, true);
                self.next.inverses.insert(far, &member, reference);
            }
        }
    }

    fn finish(mut self) -> Result<(State, Changes), ApiError> {
        self.drafts.drop_unchanged();
        self.relink_owners();
        self.reindex()?;
        let mut changes = Changes::default();
        let drafts = std::mem::take(&mut self.drafts);
        for (key, draft) in drafts.into_ordered() {
            if draft.is_effective() {
                draft.commit(&mut self.next, &key);
                changes.rows.push((key.0, key.1));
            }
        }
        self.foreign.commit(&mut self.next);
        Ok((self.next, changes))
    }

    /// Moves changed refs in the index of inverses, and marks the owners whose computed sets changed by it.
    fn relink_owners(&mut self) {
        let mut owners: Vec<DraftKey> = Vec::new();
        for (key, draft) in self.drafts.iter() {
            let Some(class) = schema(key.0) else { continue };
            for index in &class.owners {
                let Link::Owner(owner) = class.columns[*index].link else {
                    continue;
                };
                let old = draft.base.as_ref().and_then(|row| ref_at(&row.body, *index));
                let new = draft.now.as_ref().and_then(|body| ref_at(body, *index));
                if old == new {
                    continue;
                }
                if let Some(old) = old {
                    self.next.inverses.remove(owner, old, &key.1);
                    owners.push((owner.class, old.clone()));
                }
                if let Some(new) = new {
                    self.next.inverses.insert(owner, new, &key.1);
                    owners.push((owner.class, new.clone()));
                }
            }
        }
        for (class, owner) in owners {
            let Some(class) = schema(class) else { continue };
            if let Some(draft) = self.drafts.open_existing(self.base, class, &owner) {
                draft.touched = true;
            }
        }
    }

    /// Moves what has changed in the tables' indices; refuses a uuid that two rows would have.
    fn reindex(&mut self) -> Result<(), ApiError> {
        let moved = |draft: &Draft, class: &ClassSchema| {
            let changed = |index: Option<usize>| index.is_some_and(|index| draft.is_edited(index));
            let of_values = || class.indexed.iter().any(|index| draft.is_edited(*index));
            changed(class.uuid) || changed(class.name_label) || of_values()
        };
        for (key, draft) in self.drafts.iter() {
            let Some(class) = schema(key.0) else { continue };
            if let Some(row) = &draft.base
                && moved(draft, class)
            {
                self.next.table_mut(key.0).unindex(class, &row.body.values, &key.1);
            }
        }
        for (key, draft) in self.drafts.iter() {
            let Some(class) = schema(key.0) else { continue };
            if let Some(body) = &draft.now
                && moved(draft, class)
            {
                let indexed = self.next.table_mut(key.0).index(class, &body.values, &key.1);
                indexed.map_err(|uuid: Arc<str>| {
                    ApiError::new("DB_UNIQUENESS_CONSTRAINT_VIOLATION", [&class.name, "uuid", &*uuid])
                })?;
            }
        }
        Ok(())
    }
}

/// Both columns of a many-to-many relation, seen from one of its rows.
struct Ends {
    near: Column,
    far: Column,
}

fn check_expect(base: &State, expect: &Expect) -> Result<(), ApplyError> {
    let holds = match schema_by_name(&expect.class) {
        None => foreign::holds(base, expect),
        Some(class) => match (base.row(class.id, &expect.reference), &expect.field) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(row), Some((field, wanted))) => {
                let value = match class.find(field) {
                    Some(index) => base.value_in(class, row, &expect.reference, index),
                    None => row.body.unknown(field).cloned(),
                };
                value.is_some_and(|value| same(&value, wanted))
            }
        },
    };
    if holds {
        return Ok(());
    }
    Err(ApplyError::Conflict {
        class: expect.class.clone(),
        reference: expect.reference.clone(),
    })
}

fn computed(class: &ClassSchema, field: &str) -> ApiError {
    ApiError::internal(format!("{}.{field} is computed and cannot be set", class.name))
}

fn members(set: &Value) -> BTreeSet<Ref> {
    set.as_set()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_ref)
        .cloned()
        .collect()
}

fn ref_at(body: &Body, index: usize) -> Option<&Ref> {
    body.values
        .get(index)
        .and_then(Value::as_ref)
        .filter(|reference| !reference.is_null())
}
