//! The persistent state: tables of rows with their indices. Cloning any of it bumps a few reference counts.

use crate::Name;
use crate::hash::Sum;
use crate::history::{MAX_TOMBSTONES, Stream, Tombstone, Tombstones};
use crate::relations::{Inverses, least};
use crate::row::{ForeignRow, Row};
use crate::schema::{ClassSchema, Link, schema};
use imbl::{OrdMap, OrdSet};
use std::sync::Arc;
use xenith_datamodel::{ClassId, Column, Ref, Value};

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub tables: OrdMap<ClassId, Arc<Table>>,
    /// Classes this version does not know, kept as they came.
    pub foreign: OrdMap<Name, OrdMap<Ref, Arc<ForeignRow>>>,
    pub inverses: Inverses,
    /// The generation counter of every class but `message`.
    pub database: Stream,
    pub messages: Stream,
    pub time_ms: i64,
    /// Of all rows and tombstones, kept up to date by every change.
    pub sum: Sum,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub rows: OrdMap<Ref, Arc<Row>>,
    pub by_uuid: OrdMap<Arc<str>, Ref>,
    pub by_name: OrdSet<(Arc<str>, Ref)>,
    /// (column, its text, row), for the columns that the schema says; defaults are left out.
    pub by_value: OrdSet<(usize, Arc<str>, Ref)>,
    pub deleted: Tombstones,
}

impl State {
    pub fn table(&self, class: ClassId) -> Option<&Table> {
        self.tables.get(&class).map(Arc::as_ref)
    }

    pub fn table_mut(&mut self, class: ClassId) -> &mut Table {
        Arc::make_mut(self.tables.entry(class).or_default())
    }

    pub fn row(&self, class: ClassId, reference: &Ref) -> Option<&Arc<Row>> {
        self.table(class)?.rows.get(reference)
    }

    pub fn stream(&self, is_message: bool) -> &Stream {
        if is_message { &self.messages } else { &self.database }
    }

    pub fn stream_mut(&mut self, is_message: bool) -> &mut Stream {
        if is_message {
            &mut self.messages
        } else {
            &mut self.database
        }
    }

    /// A field of a row, computed sets included.
    pub fn value(&self, column: Column, reference: &Ref) -> Option<Value> {
        let row = self.row(column.class, reference)?;
        self.value_in(schema(column.class)?, row, reference, usize::from(column.field))
    }

    pub fn value_in(&self, class: &ClassSchema, row: &Row, reference: &Ref, index: usize) -> Option<Value> {
        match class.columns.get(index)?.link {
            Link::Computed => {
                let mut members = self.inverses.of(class.column(index), reference).peekable();
                if members.peek().is_none() {
                    return Some(class.columns[index].default.clone());
                }
                Some(Value::set(members.map(Value::from)))
            }
            Link::None | Link::Owner(_) | Link::Mirror(_) => row.body.values.get(index).cloned(),
        }
    }
}

impl Table {
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Ref> {
        let from: (Arc<str>, Ref) = (Arc::from(name), least().clone());
        self.by_name
            .range(from..)
            .take_while(move |(label, _)| &**label == name)
            .map(|(_, reference)| reference)
    }

    /// The rows whose indexed column has a value, by this value.
    pub fn valued(&self, column: usize) -> impl Iterator<Item = (&str, &Ref)> {
        let from: (usize, Arc<str>, Ref) = (column, Arc::from(""), least().clone());
        self.by_value
            .range(from..)
            .take_while(move |(at, ..)| *at == column)
            .map(|(_, text, reference)| (&**text, reference))
    }

    /// The rows whose indexed column has this value.
    pub fn having<'a>(&'a self, column: usize, text: &'a str) -> impl Iterator<Item = &'a Ref> {
        let from: (usize, Arc<str>, Ref) = (column, Arc::from(text), least().clone());
        self.by_value
            .range(from..)
            .take_while(move |(at, value, _)| *at == column && &**value == text)
            .map(|(.., reference)| reference)
    }

    /// Remembers a deletion; answers the oldest one when it had to go for it.
    pub fn bury(&mut self, generation: u64, tombstone: Tombstone) -> Option<(u64, Tombstone)> {
        self.deleted.insert(generation, tombstone);
        if self.deleted.len() <= MAX_TOMBSTONES {
            return None;
        }
        let oldest = self.deleted.get_min().map(|(at, _)| *at)?;
        self.deleted.remove(&oldest).map(|gone| (oldest, gone))
    }

    /// Takes the row out of the indices.
    pub fn unindex(&mut self, class: &ClassSchema, values: &[Value], reference: &Ref) {
        if let Some(uuid) = indexed(class.uuid, values) {
            self.by_uuid.remove(&**uuid);
        }
        if let Some(name) = indexed_name(class, values) {
            self.by_name.remove(&(name.clone(), reference.clone()));
        }
        for (index, text) in indexed_values(class, values) {
            self.by_value.remove(&(index, text, reference.clone()));
        }
    }

    /// Puts it in. `Err` with the uuid when another row has it.
    pub fn index(&mut self, class: &ClassSchema, values: &[Value], reference: &Ref) -> Result<(), Arc<str>> {
        if let Some(uuid) = indexed(class.uuid, values)
            && self
                .by_uuid
                .insert(uuid.clone(), reference.clone())
                .is_some_and(|other| other != *reference)
        {
            return Err(uuid.clone());
        }
        if let Some(name) = indexed_name(class, values) {
            self.by_name.insert((name.clone(), reference.clone()));
        }
        for (index, text) in indexed_values(class, values) {
            self.by_value.insert((index, text, reference.clone()));
        }
        Ok(())
    }
}

/// An empty uuid is none.
fn indexed(column: Option<usize>, values: &[Value]) -> Option<&Arc<str>> {
    match values.get(column?)? {
        Value::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn indexed_values<'a>(class: &'a ClassSchema, values: &'a [Value]) -> impl Iterator<Item = (usize, Arc<str>)> + 'a {
    class.indexed.iter().flat_map(|index| {
        let value = values.get(*index);
        let members = match value {
            Some(Value::Set(members)) => members,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        members.iter().filter_map(|member| match member {
            Value::Text(text) if !text.is_empty() => Some((*index, text.clone())),
            Value::Ref(reference) if !reference.is_null() => Some((*index, Arc::from(reference.as_str()))),
            _ => None,
        })
    })
}

fn indexed_name<'a>(class: &ClassSchema, values: &'a [Value]) -> Option<&'a Arc<str>> {
    match values.get(class.name_label?)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
