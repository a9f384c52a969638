//! The rows a transaction works on, and how a finished draft becomes a row.

use crate::hash::{self, Sum};
use crate::history::Tombstone;
use crate::row::{Body, Row};
use crate::schema::{ClassSchema, same, schema};
use crate::table::State;
use std::collections::BTreeMap;
use std::sync::Arc;
use xenith_datamodel::{ClassId, Ref};

pub(crate) type DraftKey = (ClassId, Ref);

#[derive(Debug, Default)]
pub(crate) struct Drafts {
    drafts: Vec<(DraftKey, Draft)>,
    at: BTreeMap<DraftKey, usize>,
}

#[derive(Debug)]
pub(crate) struct Draft {
    pub base: Option<Arc<Row>>,
    pub now: Option<Body>,
    /// Destroyed and made anew: another object for whoever watches.
    pub recreated: bool,
    /// Its modified generation rises even if no stored field changed.
    pub touched: bool,
    /// Created or destroyed: every field counts as edited.
    pub all_edited: bool,
    pub unknown_edited: bool,
    columns: Vec<usize>,
}

impl Drafts {
    /// The draft of a row, which need not exist.
    pub fn open(&mut self, base: &State, class: &ClassSchema, reference: &Ref) -> &mut Draft {
        let key = (class.id, reference.clone());
        let index = match self.at.get(&key) {
            Some(index) => *index,
            None => self.insert(key, base.row(class.id, reference).cloned()),
        };
        &mut self.drafts[index].1
    }

    /// The draft of a row that exists at this point of the transaction.
    pub fn open_existing(&mut self, base: &State, class: &ClassSchema, reference: &Ref) -> Option<&mut Draft> {
        let key = (class.id, reference.clone());
        let index = match self.at.get(&key) {
            Some(index) => *index,
            None => {
                let row = base.row(class.id, reference)?.clone();
                self.insert(key, Some(row))
            }
        };
        let draft = &mut self.drafts[index].1;
        draft.now.is_some().then_some(draft)
    }

    fn insert(&mut self, key: DraftKey, base: Option<Arc<Row>>) -> usize {
        let now = base.as_ref().map(|row| row.body.clone());
        let draft = Draft {
            base,
            now,
            recreated: false,
            touched: false,
            all_edited: false,
            unknown_edited: false,
            columns: Vec::new(),
        };
        self.at.insert(key.clone(), self.drafts.len());
        self.drafts.push((key, draft));
        self.drafts.len() - 1
    }

    pub fn iter(&self) -> impl Iterator<Item = &(DraftKey, Draft)> {
        self.drafts.iter()
    }

    /// Forgets edits that were taken back in the same transaction.
    pub fn drop_unchanged(&mut self) {
        for (_, draft) in &mut self.drafts {
            draft.settle();
        }
    }

    pub fn into_ordered(self) -> impl Iterator<Item = (DraftKey, Draft)> {
        self.drafts.into_iter()
    }
}

impl Draft {
    pub fn edited(&mut self, index: usize) {
        if !self.all_edited && !self.columns.contains(&index) {
            self.columns.push(index);
        }
    }

    pub fn is_edited(&self, index: usize) -> bool {
        self.all_edited || self.columns.contains(&index)
    }

    pub fn is_effective(&self) -> bool {
        match (&self.base, &self.now) {
            (None, None) => false,
            (None, Some(_)) | (Some(_), None) => true,
            (Some(_), Some(_)) => self.recreated || self.touched || self.unknown_edited || !self.columns.is_empty(),
        }
    }

    fn settle(&mut self) {
        let (Some(row), Some(body)) = (&self.base, &self.now) else {
            return;
        };
        if self.recreated {
            return;
        }
        self.columns
            .retain(|index| !same(&row.body.values[*index], &body.values[*index]));
        if self.unknown_edited {
            self.unknown_edited = !row.body.same_unknown(body);
        }
    }

    /// Gives the row its new generation and puts it into the state. Called for effective drafts only.
    pub fn commit(self, next: &mut State, key: &DraftKey) {
        let Some(class) = schema(key.0) else { return };
        let reference = &key.1;
        let change = self.sum_of_change(class, reference);
        let old = self.base.as_ref().map(|row| (row.created, row.modified));
        let stream = next.stream_mut(class.is_message);
        let generation = stream.next();
        let mut sum = next.sum;
        sum.add(change.0);
        sum.take(change.1);
        if let Some((created, modified)) = old {
            sum.take(hash::head(&class.name, reference, created, modified));
        }
        match self.now {
            Some(body) => {
                let created = match old {
                    Some((created, _)) if !self.recreated => created,
                    _ => generation,
                };
                sum.add(hash::head(&class.name, reference, created, generation));
                let stream = next.stream_mut(class.is_message);
                stream.record(old.map_or(0, |(_, modified)| modified), generation, class.id, reference);
                let row = Arc::new(Row {
                    created,
                    modified: generation,
                    body,
                });
                next.table_mut(class.id).rows.insert(reference.clone(), row);
            }
            None => {
                let (created, modified) = old.unwrap_or_default();
                next.stream_mut(class.is_message).forget(modified);
                let table = next.table_mut(class.id);
                table.rows.remove(reference);
                let tombstone = Tombstone {
                    reference: reference.clone(),
                    created,
                };
                sum.add(hash::tombstone(&class.name, generation, &tombstone));
                if let Some((at, gone)) = table.bury(generation, tombstone) {
                    sum.take(hash::tombstone(&class.name, at, &gone));
                }
            }
        }
        next.sum = sum;
    }

    /// What the fields add to the state's hash, and what they take away.
    fn sum_of_change(&self, class: &ClassSchema, reference: &Ref) -> (Sum, Sum) {
        if self.all_edited || self.unknown_edited {
            let sum = |body: Option<&Body>| body.map(|body| hash::body(class, reference, body)).unwrap_or_default();
            return (sum(self.now.as_ref()), sum(self.base.as_ref().map(|row| &row.body)));
        }
        let (mut plus, mut minus) = (Sum::default(), Sum::default());
        for index in &self.columns {
            if let Some(body) = &self.now {
                plus.add(hash::column(class, reference, *index, &body.values[*index]));
            }
            if let Some(row) = &self.base {
                minus.add(hash::column(class, reference, *index, &row.body.values[*index]));
            }
        }
        (plus, minus)
    }
}
