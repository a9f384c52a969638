//! What changed since an event token (semantics.md §11).

use crate::EventToken;
use crate::history::MAX_TOMBSTONES;
use crate::schema::schema;
use crate::table::{State, Table};
use std::ops::Bound;
use xenith_datamodel::{ClassId, Ref};

/// What [`crate::View::changes_since`] found. An object is in at most one of the lists. Each list is in the order of
/// generations, `message` objects first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    pub added: Vec<(ClassId, Ref)>,
    pub modified: Vec<(ClassId, Ref)>,
    pub deleted: Vec<(ClassId, Ref)>,
    /// The token that stands for `self`'s state.
    pub token: EventToken,
}

/// What [`crate::View::touched_since`] found: whom to wake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touched {
    /// Rows that were made, changed or destroyed since, those that came and went included. A row may stand here twice.
    pub rows: Vec<(ClassId, Ref)>,
    /// Classes of which so many rows were destroyed that some may be missing here.
    pub forgotten: Vec<ClassId>,
}

pub(crate) fn touched_since(state: &State, token: EventToken) -> Touched {
    let mut touched = Touched::default();
    for (is_message, since) in [(true, token.message), (false, token.database)] {
        let live = state.stream(is_message).since(since);
        touched
            .rows
            .extend(live.map(|(_, class, reference)| (class, reference.clone())));
    }
    for (class, since, table) in buried_since(state, token) {
        let gone = table.deleted.range::<_, u64>(after(since));
        touched
            .rows
            .extend(gone.map(|(_, gone)| (class, gone.reference.clone())));
    }
    touched.forgotten = forgotten_since(state, token).collect();
    touched
}

/// Classes of which deletions after the token may be remembered no more.
pub(crate) fn forgotten_since(state: &State, token: EventToken) -> impl Iterator<Item = ClassId> {
    buried_since(state, token).filter_map(|(class, since, table)| {
        let oldest = table.deleted.get_min().map_or(0, |(at, _)| *at);
        (table.deleted.len() >= MAX_TOMBSTONES && oldest > since).then_some(class)
    })
}

/// Classes of which rows were destroyed after the token, with the generation that the token has in their stream.
fn buried_since(state: &State, token: EventToken) -> impl Iterator<Item = (ClassId, u64, &Table)> {
    state.tables.iter().filter_map(move |(class, table)| {
        let is_message = schema(*class).is_some_and(|schema| schema.is_message);
        let since = if is_message { token.message } else { token.database };
        let newest = table.deleted.get_max().map_or(0, |(at, _)| *at);
        (newest > since).then_some((*class, since, table.as_ref()))
    })
}

/// A plain `generation + 1..` would overflow for the largest token.
fn after(generation: u64) -> (Bound<u64>, Bound<u64>) {
    (Bound::Excluded(generation), Bound::Unbounded)
}

pub(crate) fn changes_since(state: &State, token: EventToken, wanted: &dyn Fn(ClassId, &Ref) -> bool) -> Delta {
    let mut delta = Delta {
        token: EventToken {
            database: state.database.generation,
            message: state.messages.generation,
        },
        ..Delta::default()
    };
    let since = EventToken {
        database: state.database.resume_at(token.database),
        message: state.messages.resume_at(token.message),
    };
    for (is_message, since) in [(true, since.message), (false, since.database)] {
        live(state, is_message, since, wanted, &mut delta);
    }
    deleted(state, since, wanted, &mut delta);
    delta
}

type Wanted<'a> = &'a dyn Fn(ClassId, &Ref) -> bool;

fn live(state: &State, is_message: bool, since: u64, wanted: Wanted, delta: &mut Delta) {
    for (_, class, reference) in state.stream(is_message).since(since) {
        let Some(row) = state.row(class, reference) else {
            continue;
        };
        if !wanted(class, reference) {
            continue;
        }
        let list = if row.created > since {
            &mut delta.added
        } else {
            &mut delta.modified
        };
        list.push((class, reference.clone()));
    }
}

fn deleted(state: &State, since: EventToken, wanted: Wanted, delta: &mut Delta) {
    let mut found: Vec<((bool, u64), ClassId, &Ref)> = Vec::new();
    for (class, since, table) in buried_since(state, since) {
        let is_message = schema(class).is_some_and(|schema| schema.is_message);
        for (at, gone) in table.deleted.range::<_, u64>(after(since)) {
            let unseen = gone.created > since;
            if !unseen && !table.rows.contains_key(&gone.reference) && wanted(class, &gone.reference) {
                found.push(((!is_message, *at), class, &gone.reference));
            }
        }
    }
    found.sort_by_key(|(order, _, _)| *order);
    delta.deleted.extend(
        found
            .into_iter()
            .map(|(_, class, reference)| (class, reference.clone())),
    );
}
