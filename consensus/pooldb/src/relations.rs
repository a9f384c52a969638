//! Who refers to whom: the index behind computed sets and behind the mirrored ends of many-to-many relations.
//!
//! Holds one entry for each stored ref of a related column, whether the row it names exists or not, so that a row
//! created later finds the refs that waited for it. Null refs are not held.

use imbl::OrdSet;
use std::sync::OnceLock;
use xenith_datamodel::{Column, Ref};

/// Entries (column of the referred class, referred row, referring row).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Inverses {
    entries: OrdSet<(Column, Ref, Ref)>,
}

impl Inverses {
    pub fn insert(&mut self, column: Column, referred: &Ref, by: &Ref) {
        if !referred.is_null() {
            self.entries.insert((column, referred.clone(), by.clone()));
        }
    }

    pub fn remove(&mut self, column: Column, referred: &Ref, by: &Ref) {
        if !referred.is_null() {
            self.entries.remove(&(column, referred.clone(), by.clone()));
        }
    }

    /// The rows that refer to `referred`, in the order of their refs' text.
    pub fn of<'a>(&'a self, column: Column, referred: &'a Ref) -> impl Iterator<Item = &'a Ref> {
        self.entries
            .range((column, referred.clone(), least().clone())..)
            .take_while(move |(at, to, _)| *at == column && to == referred)
            .map(|(_, _, by)| by)
    }
}

/// The ref that sorts before all others.
pub(crate) fn least() -> &'static Ref {
    static LEAST: OnceLock<Ref> = OnceLock::new();
    LEAST.get_or_init(|| Ref::new(""))
}
