//! The naive twin: maps copied whole for each transaction, inverses by scanning, events by comparing states.

use super::*;
use crate::{Change, ChangeKind, EventToken};
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::{Cardinality, relations};

pub(super) type Key = (String, Ref);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct NaiveRow {
    /// Which object it is: a ref may be used again.
    pub birth: u64,
    /// The step at which anyone could last see a change.
    pub changed: u64,
    /// Stored fields that were written, by name.
    pub fields: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Naive {
    pub rows: BTreeMap<Key, NaiveRow>,
    pub token: EventToken,
    pub step: u64,
    births: u64,
}

impl Naive {
    pub fn apply(&self, transaction: &Transaction) -> Result<Naive, String> {
        let mut next = self.clone();
        next.step += 1;
        for change in &transaction.changes {
            next.change(change)?;
        }
        let mut touched = BTreeSet::new();
        for (class, reference) in &transaction.touch {
            let key = (class.to_string(), reference.clone());
            next.get(&key)?;
            touched.insert(key);
        }
        next.check_uuids()?;
        let keys: BTreeSet<Key> = self.rows.keys().chain(next.rows.keys()).cloned().collect();
        for key in keys {
            let birth = |state: &Naive| state.rows.get(&key).map(|row| row.birth);
            let same = birth(self) == birth(&next) && self.visible(&key) == next.visible(&key);
            if same && !(touched.contains(&key) && birth(&next).is_some()) {
                continue;
            }
            let is_message = key.0 == "message";
            *if is_message {
                &mut next.token.message
            } else {
                &mut next.token.database
            } += 1;
            let step = next.step;
            if let Some(row) = next.rows.get_mut(&key) {
                row.changed = step;
            }
        }
        Ok(next)
    }

    /// Every field, computed ones included.
    pub fn visible(&self, key: &Key) -> Option<BTreeMap<String, Value>> {
        let row = self.rows.get(key)?;
        let mut fields = row.fields.clone();
        if let Some(class_id) = class(&key.0) {
            for column in class_id.columns() {
                let name = column.desc().name.to_string();
                match self.computed(key, &name) {
                    Some(set) => drop(fields.insert(name, set)),
                    None => drop(fields.entry(name).or_insert_with(|| column.default_value())),
                }
            }
        }
        Some(fields)
    }

    fn computed(&self, key: &Key, field: &str) -> Option<Value> {
        let relation = relations()
            .iter()
            .find(|relation| relation.cardinality == Cardinality::ManyToOne && relation.to == (&key.0, field))?;
        let (class, stored) = relation.from;
        let refers = |row: &NaiveRow| row.fields.get(stored) == Some(&Value::from(&key.1));
        let members = self.rows.iter().filter(|((c, _), row)| c == class && refers(row));
        Some(Value::set(members.map(|((_, reference), _)| Value::from(reference))))
    }

    fn get(&mut self, key: &Key) -> Result<&mut NaiveRow, String> {
        self.rows.get_mut(key).ok_or_else(|| "HANDLE_INVALID".to_string())
    }

    fn change(&mut self, change: &Change) -> Result<(), String> {
        let key = (change.class.to_string(), change.reference.clone());
        match &change.kind {
            ChangeKind::Create(fields) => {
                if self.rows.contains_key(&key) {
                    return Err("DB_UNIQUENESS_CONSTRAINT_VIOLATION".into());
                }
                self.births += 1;
                let row = NaiveRow {
                    birth: self.births,
                    changed: self.step,
                    fields: BTreeMap::new(),
                };
                self.rows.insert(key.clone(), row);
                for (field, value) in fields {
                    self.set(&key, field, value.clone())?;
                }
                self.adopt(&key);
                Ok(())
            }
            ChangeKind::Set(field, value) => self.set(&key, field, value.clone()),
            ChangeKind::Add {
                field,
                key: None,
                value,
            } => {
                let mut items = self.items(&key, field)?;
                if !items.contains(value) {
                    items.push(value.clone());
                }
                self.set(&key, field, Value::set(items))
            }
            ChangeKind::Add {
                field,
                key: Some(name),
                value,
            } => {
                let mut pairs = self.pairs(&key, field)?;
                if name.as_text() == Some("") {
                    return Err("INTERNAL_ERROR".into());
                }
                if pairs.iter().any(|(have, _)| have == name) {
                    return Err("MAP_DUPLICATE_KEY".into());
                }
                pairs.push((name.clone(), value.clone()));
                self.set(&key, field, Value::map(pairs))
            }
            ChangeKind::Remove { field, key: gone } if &**field == "other_config" => {
                let mut pairs = self.pairs(&key, field)?;
                pairs.retain(|(have, _)| have != gone);
                self.set(&key, field, Value::map(pairs))
            }
            ChangeKind::Remove { field, key: gone } => {
                let mut items = self.items(&key, field)?;
                items.retain(|item| item != gone);
                self.set(&key, field, Value::set(items))
            }
            ChangeKind::Destroy => {
                let fields = self.get(&key)?.fields.clone();
                for (field, value) in fields {
                    self.mirror(&key, &field, &value, &Value::set([]));
                }
                self.rows.remove(&key);
                Ok(())
            }
        }
    }

    fn items(&mut self, key: &Key, field: &str) -> Result<Vec<Value>, String> {
        let value = self.get(key)?.fields.get(field).cloned();
        Ok(value
            .and_then(|value| value.as_set().map(<[Value]>::to_vec))
            .unwrap_or_default())
    }

    fn pairs(&mut self, key: &Key, field: &str) -> Result<Vec<(Value, Value)>, String> {
        let value = self.get(key)?.fields.get(field).cloned();
        Ok(value
            .and_then(|value| value.as_map().map(<[(Value, Value)]>::to_vec))
            .unwrap_or_default())
    }

    fn set(&mut self, key: &Key, field: &str, value: Value) -> Result<(), String> {
        if self.computed(key, field).is_some() {
            self.get(key)?;
            return Err("INTERNAL_ERROR".into());
        }
        let old = self.get(key)?.fields.insert(field.to_string(), value.clone());
        self.mirror(key, field, &old.unwrap_or_else(|| Value::set([])), &value);
        Ok(())
    }

    /// The field at the other end of a many-to-many relation.
    fn far_end(key: &Key, field: &str) -> Option<(&'static str, &'static str)> {
        relations()
            .iter()
            .filter(|relation| relation.cardinality == Cardinality::ManyToMany)
            .find_map(|relation| {
                let here = (key.0.as_str(), field);
                if relation.from == here {
                    Some(relation.to)
                } else if relation.to == here {
                    Some(relation.from)
                } else {
                    None
                }
            })
    }

    fn mirror(&mut self, key: &Key, field: &str, old: &Value, new: &Value) {
        let Some((far_class, far_field)) = Naive::far_end(key, field) else {
            return;
        };
        let me = Value::from(&key.1);
        for ((_, reference), row) in self.rows.iter_mut().filter(|((class, _), _)| class == far_class) {
            let named = |set: &Value| set.as_set().unwrap().contains(&Value::from(reference));
            let mut items = row
                .fields
                .get(far_field)
                .map(|v| v.as_set().unwrap().to_vec())
                .unwrap_or_default();
            if named(old) && !named(new) {
                items.retain(|item| *item != me);
            } else if named(new) && !named(old) && !items.contains(&me) {
                items.push(me.clone());
            } else {
                continue;
            }
            row.fields.insert(far_field.to_string(), Value::set(items));
        }
    }

    fn adopt(&mut self, key: &Key) {
        for relation in relations()
            .iter()
            .filter(|relation| relation.cardinality == Cardinality::ManyToMany)
        {
            for (near, far) in [(relation.from, relation.to), (relation.to, relation.from)] {
                if near.0 != key.0 {
                    continue;
                }
                let me = Value::from(&key.1);
                let names_me = |row: &NaiveRow| {
                    row.fields
                        .get(far.1)
                        .is_some_and(|set| set.as_set().unwrap().contains(&me))
                };
                let waiting = self
                    .rows
                    .iter()
                    .filter(|((class, _), row)| class == far.0 && names_me(row));
                let waiting: Vec<Value> = waiting.map(|((_, reference), _)| Value::from(reference)).collect();
                let row = self.rows.get_mut(key).unwrap();
                let old = row
                    .fields
                    .get(near.1)
                    .map(|v| v.as_set().unwrap().to_vec())
                    .unwrap_or_default();
                let new: Vec<Value> = waiting.into_iter().filter(|item| !old.contains(item)).collect();
                if !new.is_empty() {
                    row.fields
                        .insert(near.1.to_string(), Value::set(old.into_iter().chain(new)));
                }
            }
        }
    }

    fn check_uuids(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for ((class, _), row) in &self.rows {
            let uuid = row.fields.get("uuid").and_then(Value::as_text).unwrap_or_default();
            if !uuid.is_empty() && !seen.insert((class.clone(), uuid.to_string())) {
                return Err("DB_UNIQUENESS_CONSTRAINT_VIOLATION".into());
            }
        }
        Ok(())
    }
}
