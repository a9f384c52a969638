//! An immutable state of the whole database. Taking one (a clone) costs nothing; a reader never blocks the writer.

use crate::delta::{Delta, Touched};
use crate::filter::Filter;
use crate::row::Row;
use crate::schema::{Link, schema};
use crate::table::State;
use crate::{ApplyError, Changes, EventToken, FilterError, SnapshotError, Transaction, apply, delta, snapshot};
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;
use xenith_datamodel::{ClassId, Column, Field, FieldType, Ref, Value, all_classes};

/// See the module. Cloning bumps a reference count.
#[derive(Clone, Default)]
pub struct View {
    state: Arc<State>,
}

impl View {
    /// Whether both are one and the same state, not only equal ones.
    pub fn is_same(&self, other: &View) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    /// Raised by one for every changed row.
    pub fn generation(&self) -> u64 {
        self.state.database.generation
    }

    /// The counter of `message` objects, which have their own.
    pub fn message_generation(&self) -> u64 {
        self.state.messages.generation
    }

    /// The token that stands for this state.
    pub fn token(&self) -> EventToken {
        EventToken {
            database: self.generation(),
            message: self.message_generation(),
        }
    }

    /// Time of the newest transaction, milliseconds since 1970 (A8).
    pub fn pool_time_ms(&self) -> i64 {
        self.state.time_ms
    }

    pub fn contains(&self, class: ClassId, reference: &Ref) -> bool {
        self.state.row(class, reference).is_some()
    }

    /// `None` when the row does not exist. Computed sets are answered too.
    pub fn value(&self, reference: &Ref, column: Column) -> Option<Value> {
        self.state.value(column, reference)
    }

    pub fn get<T: FieldType>(&self, reference: &Ref, field: Field<T>) -> Option<T> {
        self.value(reference, field.column).as_ref().and_then(T::from_value)
    }

    /// The record as `get_record` answers it: every field but the internal ones, in the order of the table.
    pub fn record(&self, class: ClassId, reference: &Ref) -> Option<Value> {
        let row = self.state.row(class, reference)?;
        let schema = schema(class)?;
        let shown = schema.columns.iter().enumerate().filter(|(_, column)| !column.internal);
        let fields = shown.filter_map(|(index, column)| {
            Some((column.name.clone(), self.state.value_in(schema, row, reference, index)?))
        });
        Some(Value::Record(fields.collect()))
    }

    /// In the order of the refs' text.
    pub fn refs(&self, class: ClassId) -> impl Iterator<Item = &Ref> + '_ {
        self.state.table(class).into_iter().flat_map(|table| table.rows.keys())
    }

    /// Every row of the class, for who looks at a few fields of all of them: a lookup a row and field is saved.
    pub fn rows(&self, class: ClassId) -> impl Iterator<Item = (&Ref, Stored<'_>)> + '_ {
        let rows = self.state.table(class).into_iter().flat_map(|table| table.rows.iter());
        rows.map(move |(reference, row)| (reference, Stored { class, row }))
    }

    pub fn row(&self, class: ClassId, reference: &Ref) -> Option<Stored<'_>> {
        self.state.row(class, reference).map(|row| Stored { class, row })
    }

    pub fn count(&self, class: ClassId) -> usize {
        self.state.table(class).map_or(0, |table| table.rows.len())
    }

    /// Rows of every class, internal ones too, in the order of the classes.
    pub fn counts(&self) -> impl Iterator<Item = (ClassId, usize)> + '_ {
        all_classes().map(|class| (class, self.count(class)))
    }

    /// The generations at which the row was created and last modified.
    pub fn generations(&self, class: ClassId, reference: &Ref) -> Option<(u64, u64)> {
        self.state.row(class, reference).map(|row| (row.created, row.modified))
    }

    /// An empty uuid is nobody's.
    pub fn by_uuid(&self, class: ClassId, uuid: &str) -> Option<Ref> {
        self.state.table(class)?.by_uuid.get(uuid).cloned()
    }

    /// In the order of the refs' text.
    pub fn by_name_label(&self, class: ClassId, name: &str) -> Vec<Ref> {
        self.state
            .table(class)
            .map(|table| table.named(name).cloned().collect())
            .unwrap_or_default()
    }

    /// The rows of which an indexed field (text or ref) has this value, or a set that this is a member of, in the order of their refs' text.
    /// Nothing for a field that is not indexed, and for the empty text and the null ref, which are nobody's.
    pub fn having<'a>(&'a self, column: Column, value: &'a str) -> impl Iterator<Item = &'a Ref> + 'a {
        debug_assert!(is_indexed(column), "{column:?} is not indexed");
        let table = self.state.table(column.class);
        table
            .into_iter()
            .flat_map(move |table| table.having(usize::from(column.field), value))
    }

    /// The rows of which an indexed field has any value, with it, in the order of the values.
    pub fn valued(&self, column: Column) -> impl Iterator<Item = (&str, &Ref)> + '_ {
        debug_assert!(is_indexed(column), "{column:?} is not indexed");
        let table = self.state.table(column.class);
        table
            .into_iter()
            .flat_map(move |table| table.valued(usize::from(column.field)))
    }

    /// `get_all_where` (semantics.md §8). In the order of the refs' text. An unknown field is an error only when a row
    /// is compared by it, as in xapi.
    pub fn find_where(&self, class: ClassId, expression: &str) -> Result<Vec<Ref>, FilterError> {
        let filter = Filter::parse(expression)?;
        let (Some(table), Some(schema)) = (self.state.table(class), schema(class)) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for (reference, row) in &table.rows {
            if filter.matches(&self.state, schema, reference, row)? {
                found.push(reference.clone());
            }
        }
        Ok(found)
    }

    /// Rows of the classes that changed since the token, as `event.from` needs them: one entry an object.
    /// `wanted(class, ref)` is asked for each; the cost grows with the changes, not with the database.
    pub fn changes_since(&self, token: EventToken, wanted: &dyn Fn(ClassId, &Ref) -> bool) -> Delta {
        delta::changes_since(&self.state, token, wanted)
    }

    /// Every row that an older state of this history does not have as it is here. The cost grows with the changes.
    pub fn touched_since(&self, token: EventToken) -> Touched {
        delta::touched_since(&self.state, token)
    }

    /// Classes of which a deletion after the token may be remembered no more: [`View::changes_since`] may lack it.
    pub fn forgotten_since(&self, token: EventToken) -> impl Iterator<Item = ClassId> {
        delta::forgotten_since(&self.state, token)
    }

    /// The state after the transaction; `self` stays as it is. Fails without any effect.
    pub fn apply(&self, transaction: &Transaction) -> Result<(View, Changes), ApplyError> {
        let (state, changes) = apply::apply(&self.state, transaction)?;
        Ok((View::from_state(state), changes))
    }

    /// The same rows in a new incarnation (B6): both counters leave out `by` generations, and tokens that only the
    /// lost history gave out get everything anew. Deterministic, so every survivor does it alike.
    pub fn raise_generations(&self, by: u64) -> View {
        let mut state = State::clone(&self.state);
        state.database.raise(by);
        state.messages.raise(by);
        View::from_state(state)
    }

    /// Equal states have equal hashes on every host and version with the same schema (A7). Costs O(1).
    pub fn state_hash(&self) -> [u8; 32] {
        let state = &self.state;
        let mut counters = vec![
            state.database.generation,
            state.messages.generation,
            state.time_ms as u64,
        ];
        for stream in [&state.database, &state.messages] {
            counters.push(stream.gaps.len() as u64);
            counters.extend(stream.gaps.iter().flat_map(|(from, to)| [*from, *to]));
        }
        state.sum.finish(&counters)
    }

    /// Versioned and compressed; fields by name, unknown classes and fields included (A6). Written record by record.
    pub fn write_snapshot(&self, to: &mut dyn Write) -> Result<(), SnapshotError> {
        snapshot::write(&self.state, to)
    }

    /// Reads to the end of the snapshot, checks it whole, and never trusts a length it finds in it.
    pub fn read_snapshot(from: &mut dyn Read) -> Result<View, SnapshotError> {
        snapshot::read(from).map(View::from_state)
    }

    #[cfg(test)]
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    fn from_state(state: State) -> View {
        View { state: Arc::new(state) }
    }
}

fn is_indexed(column: Column) -> bool {
    schema(column.class).is_some_and(|class| class.indexed.contains(&usize::from(column.field)))
}

/// A row's own values.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    class: ClassId,
    row: &'a Row,
}

impl<'a> Stored<'a> {
    /// `None` for a field of another class, and for a computed set, which no row holds.
    pub fn value(&self, column: Column) -> Option<&'a Value> {
        let index = usize::from(column.field);
        let is_held =
            column.class == self.class && !matches!(schema(self.class)?.columns.get(index)?.link, Link::Computed);
        self.row.body.values.get(index).filter(|_| is_held)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: usize = self.state.tables.values().map(|table| table.rows.len()).sum();
        f.debug_struct("View")
            .field("token", &self.token())
            .field("rows", &rows)
            .finish_non_exhaustive()
    }
}
