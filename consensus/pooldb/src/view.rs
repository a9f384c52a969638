//! An immutable state of the whole database. Taking one (a clone) costs nothing; a reader never blocks the writer.

use crate::{ApplyError, Changes, EventToken, FilterError, SnapshotError, Transaction};
use std::io::{Read, Write};
use xenith_datamodel::{ClassId, Column, Field, FieldType, Ref, Value};

/// See the module. Cloning bumps a few reference counts.
#[derive(Clone, Debug, Default)]
pub struct View {}

impl View {
    /// Raised by one for every changed row.
    pub fn generation(&self) -> u64 {
        todo!()
    }
    /// The counter of `message` objects, which have their own.
    pub fn message_generation(&self) -> u64 {
        todo!()
    }
    /// Time of the newest transaction, milliseconds since 1970 (A8).
    pub fn pool_time_ms(&self) -> i64 {
        todo!()
    }
    pub fn contains(&self, _class: ClassId, _reference: &Ref) -> bool {
        todo!()
    }
    /// `None` when the row does not exist. Computed sets are answered too.
    pub fn value(&self, _reference: &Ref, _column: Column) -> Option<Value> {
        todo!()
    }
    pub fn get<T: FieldType>(&self, reference: &Ref, field: Field<T>) -> Option<T> {
        self.value(reference, field.column).as_ref().and_then(T::from_value)
    }
    /// The record as `get_record` answers it: every field but the internal ones, in the order of the table.
    pub fn record(&self, _class: ClassId, _reference: &Ref) -> Option<Value> {
        todo!()
    }
    /// In the order of the refs' text.
    pub fn refs(&self, _class: ClassId) -> impl Iterator<Item = &Ref> + '_ {
        std::iter::empty()
    }
    pub fn count(&self, _class: ClassId) -> usize {
        todo!()
    }
    pub fn by_uuid(&self, _class: ClassId, _uuid: &str) -> Option<Ref> {
        todo!()
    }
    pub fn by_name_label(&self, _class: ClassId, _name: &str) -> Vec<Ref> {
        todo!()
    }
    /// `get_all_where` (semantics.md §8).
    pub fn find_where(&self, _class: ClassId, _expression: &str) -> Result<Vec<Ref>, FilterError> {
        todo!()
    }
    /// Rows of the classes that changed since the token, as `event.from` needs them: one entry an object.
    /// `wanted(class, ref)` is asked for each; the cost grows with the changes, not with the database.
    pub fn changes_since(&self, _token: EventToken, _wanted: &dyn Fn(ClassId, &Ref) -> bool) -> Delta {
        todo!()
    }
    /// The state after the transaction; `self` stays as it is. Fails without any effect.
    pub fn apply(&self, _transaction: &Transaction) -> Result<(View, Changes), ApplyError> {
        todo!()
    }
    /// Equal states have equal hashes on every host and version with the same schema (A7).
    pub fn state_hash(&self) -> [u8; 32] {
        todo!()
    }
    /// Versioned and compressed; fields by name, unknown classes and fields included (A6).
    pub fn write_snapshot(&self, _to: &mut dyn Write) -> Result<(), SnapshotError> {
        todo!()
    }
    pub fn read_snapshot(_from: &mut dyn Read) -> Result<View, SnapshotError> {
        todo!()
    }
}

/// What [`View::changes_since`] found. An object is in at most one of the lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    pub added: Vec<(ClassId, Ref)>,
    pub modified: Vec<(ClassId, Ref)>,
    pub deleted: Vec<(ClassId, Ref)>,
    /// The token that stands for `self`'s state.
    pub token: EventToken,
}
