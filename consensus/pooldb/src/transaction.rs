//! What may be asked of the database: a transaction of changes, applied whole or not at all.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use xenith_datamodel::{Column, Field, FieldType, Ref, Value};

/// A name in a stored transaction. Names, never ordinals: versions of the product mix in one pool (CORRECTNESS A6).
pub type Name = Arc<str>;

/// One atomic change of the database. Ids, times and choices are made by the planner, so applying it is deterministic (A7).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// Pool time of the proposer, milliseconds since 1970. Applied as max(last committed, this) (A8).
    pub time_ms: i64,
    /// Rows and fields that must be as they were when the plan was made: a safety net (C1).
    pub expect: Vec<Expect>,
    pub changes: Vec<Change>,
    /// Rows whose modified generation rises though nothing changes (`event.inject`).
    pub touch: Vec<(Name, Ref)>,
}

/// The field of this row must hold this value; without a field the row must exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    pub class: Name,
    pub reference: Ref,
    pub field: Option<(Name, Value)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub class: Name,
    pub reference: Ref,
    pub kind: ChangeKind,
}

/// The five kinds of change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ChangeKind {
    /// Fields left out take their default. The row must not exist.
    Create(Vec<(Name, Value)>),
    /// An equal value changes nothing and makes no event.
    Set(Name, Value),
    /// A map gets `key` → `value` (an existing key fails with MAP_DUPLICATE_KEY, even with the same value);
    /// a set (`key` = None) gets the member `value` unless it has it.
    Add {
        field: Name,
        key: Option<Value>,
        value: Value,
    },
    /// A map loses the key, a set the member; a missing one does nothing.
    Remove { field: Name, key: Value },
    /// The row must exist.
    Destroy,
}

impl Transaction {
    pub fn new(time_ms: i64) -> Transaction {
        Transaction {
            time_ms,
            ..Transaction::default()
        }
    }

    pub fn create(&mut self, class: xenith_datamodel::ClassId, reference: &Ref, fields: Vec<(Column, Value)>) {
        let fields = fields
            .into_iter()
            .map(|(column, value)| (name_of(column), value))
            .collect();
        self.push(class.name(), reference, ChangeKind::Create(fields));
    }

    pub fn set<T: FieldType>(&mut self, reference: &Ref, field: Field<T>, value: T) {
        self.set_value(reference, field.column, value.into_value());
    }

    pub fn set_value(&mut self, reference: &Ref, column: Column, value: Value) {
        self.push(column.class.name(), reference, ChangeKind::Set(name_of(column), value));
    }

    pub fn add(&mut self, reference: &Ref, column: Column, key: Option<Value>, value: Value) {
        self.push(
            column.class.name(),
            reference,
            ChangeKind::Add {
                field: name_of(column),
                key,
                value,
            },
        );
    }

    pub fn remove(&mut self, reference: &Ref, column: Column, key: Value) {
        self.push(
            column.class.name(),
            reference,
            ChangeKind::Remove {
                field: name_of(column),
                key,
            },
        );
    }

    pub fn destroy(&mut self, class: xenith_datamodel::ClassId, reference: &Ref) {
        self.push(class.name(), reference, ChangeKind::Destroy);
    }

    fn push(&mut self, class: &'static str, reference: &Ref, kind: ChangeKind) {
        self.changes.push(Change {
            class: Arc::from(class),
            reference: reference.clone(),
            kind,
        });
    }
}

fn name_of(column: Column) -> Name {
    Arc::from(column.desc().name)
}
