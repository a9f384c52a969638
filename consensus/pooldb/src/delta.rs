//! What changed since an event token (semantics.md §11).

use crate::EventToken;
use crate::schema::schema;
use crate::table::State;
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

pub(crate) fn changes_since(state: &State, token: EventToken, wanted: &dyn Fn(ClassId, &Ref) -> bool) -> Delta {
    let mut delta = Delta {
        token: EventToken {
            database: state.database.generation,
            message: state.messages.generation,
        },
        ..Delta::default()
    };
    for (is_message, since) in [(true, token.message), (false, token.database)] {
        let since = state.stream(is_message).resume_at(since);
        live(state, is_message, since, wanted, &mut delta);
        deleted(state, is_message, since, wanted, &mut delta);
    }
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

fn deleted(state: &State, is_message: bool, since: u64, wanted: Wanted, delta: &mut Delta) {
    let mut found: Vec<(u64, ClassId, &Ref)> = Vec::new();
    for (class, table) in &state.tables {
        if schema(*class).is_some_and(|schema| schema.is_message) != is_message {
            continue;
        }
        let after = (std::ops::Bound::Excluded(since), std::ops::Bound::Unbounded);
        for (at, gone) in table.deleted.range::<_, u64>(after) {
            let unseen = gone.created > since;
            if !unseen && !table.rows.contains_key(&gone.reference) && wanted(*class, &gone.reference) {
                found.push((*at, *class, &gone.reference));
            }
        }
    }
    found.sort_by_key(|(at, _, _)| *at);
    delta.deleted.extend(
        found
            .into_iter()
            .map(|(_, class, reference)| (class, reference.clone())),
    );
}
