//! Encoded records, shared by all readers and watchers.
//!
//! Invariants: a fragment is used only for the generation of the row that it was made of; the bytes kept are bounded; nothing is
//! encoded under the lock, so two callers may encode the same record at the same time, which costs only their own time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use xenith_datamodel::{ClassId, Ref, Value};
use xenith_pooldb::View;
use xenith_wire::Piece;
use xenith_wire::piece::{Encoded, Form, Shared, encode};

/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: usize = 200;

/// See the module. Two halves: what is used moves to the young one; when that is full, what lies in the old one has not been
/// used for so long that it goes.
#[derive(Debug)]
pub(crate) struct Fragments {
    halves: Mutex<Halves>,
    half_bytes: usize,
}

#[derive(Debug, Default)]
struct Halves {
    young: Half,
    old: Half,
}

#[derive(Debug, Default)]
struct Half {
    rows: BTreeMap<Key, Kept>,
    bytes: usize,
}

type Key = (ClassId, Ref, Form);

#[derive(Clone, Debug)]
struct Kept {
    generation: u64,
    bytes: Encoded,
}

impl Fragments {
    pub(crate) fn new(most_bytes: usize) -> Fragments {
        Fragments {
            halves: Mutex::default(),
            half_bytes: most_bytes / 2,
        }
    }

    fn get(&self, key: &Key, generation: u64) -> Option<Encoded> {
        let mut halves = self.halves();
        if let Some(kept) = halves.young.rows.get(key) {
            return (kept.generation == generation).then(|| Arc::clone(&kept.bytes));
        }
        let kept = halves.old.take(key)?;
        if kept.generation != generation {
            return None;
        }
        halves.put(key.clone(), kept.clone(), self.half_bytes);
        Some(kept.bytes)
    }

    fn put(&self, key: Key, generation: u64, bytes: &Encoded) {
        let mut halves = self.halves();
        // A reader of an older view comes late: what is there is newer.
        if halves
            .young
            .rows
            .get(&key)
            .is_some_and(|kept| kept.generation > generation)
        {
            return;
        }
        let bytes = Arc::clone(bytes);
        halves.put(key, Kept { generation, bytes }, self.half_bytes);
    }

    /// These rows changed: nobody asks for their old forms again.
    pub(crate) fn forget(&self, rows: &[(ClassId, Ref)]) {
        let mut halves = self.halves();
        if halves.young.rows.is_empty() && halves.old.rows.is_empty() {
            return;
        }
        for (class, row) in rows {
            for form in [Form::Xml, Form::Json] {
                let key = (*class, row.clone(), form);
                halves.young.take(&key);
                halves.old.take(&key);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        let halves = self.halves();
        halves.young.bytes + halves.old.bytes
    }

    fn halves(&self) -> MutexGuard<'_, Halves> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn put(&mut self, key: Key, kept: Kept, half_bytes: usize) {
        self.old.take(&key);
        if kept.cost() > half_bytes {
            self.young.take(&key);
            return;
        }
        if self.young.bytes + kept.cost() > half_bytes {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.put(key, kept);
    }
}

impl Half {
    fn take(&mut self, key: &Key) -> Option<Kept> {
        let kept = self.rows.remove(key)?;
        self.bytes -= kept.cost();
        Some(kept)
    }

    fn put(&mut self, key: Key, kept: Kept) {
        self.bytes += kept.cost();
        if let Some(before) = self.rows.insert(key, kept) {
            self.bytes -= before.cost();
        }
    }
}

impl Kept {
    fn cost(&self) -> usize {
        self.bytes.len() + ENTRY_BYTES
    }
}

/// The record of a row, as of a view.
#[derive(Debug)]
pub(crate) struct Record {
    fragments: Arc<Fragments>,
    view: Arc<View>,
    class: ClassId,
    row: Ref,
}

impl Record {
    pub(crate) fn piece(fragments: &Arc<Fragments>, view: &Arc<View>, class: ClassId, row: Ref) -> Piece {
        Piece::Shared(Arc::new(Record {
            fragments: Arc::clone(fragments),
            view: Arc::clone(view),
            class,
            row,
        }))
    }
}

impl Shared for Record {
    fn value(&self) -> Value {
        self.view.record(self.class, &self.row).unwrap_or(Value::Void)
    }

    fn encoded(&self, form: Form) -> Encoded {
        let generation = self.view.generations(self.class, &self.row).map_or(0, |(_, at)| at);
        let key = (self.class, self.row.clone(), form);
        if let Some(kept) = self.fragments.get(&key, generation) {
            return kept;
        }
        let bytes = Encoded::from(encode(form, &Piece::Value(self.value())));
        self.fragments.put(key, generation, &bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(row: &str) -> Key {
        (xenith_datamodel::class("VM").unwrap(), Ref::new(row), Form::Json)
    }

    fn bytes(length: usize) -> Encoded {
        vec![b'x'; length].into()
    }

    #[test]
    fn only_the_generation_that_was_asked_for_is_given() {
        let fragments = Fragments::new(10_000);
        fragments.put(key("a"), 5, &bytes(10));
        assert_eq!(fragments.get(&key("a"), 5), Some(bytes(10)));
        assert_eq!(fragments.get(&key("a"), 6), None);
        fragments.put(key("a"), 6, &bytes(20));
        fragments.put(key("a"), 5, &bytes(10));
        assert_eq!(fragments.get(&key("a"), 6), Some(bytes(20)));
        let (class, row, _) = key("a");
        fragments.forget(&[(class, row)]);
        assert_eq!(fragments.get(&key("a"), 6), None);
        assert_eq!(fragments.bytes(), 0);
    }

    #[test]
    fn bytes_are_bounded_and_what_is_used_stays() {
        let fragments = Fragments::new(20_000);
        fragments.put(key("used"), 1, &bytes(1_000));
        for i in 0..200 {
            fragments.put(key(&i.to_string()), 1, &bytes(1_000));
            assert!(fragments.get(&key("used"), 1).is_some());
            assert!(fragments.bytes() <= 20_000);
        }
        assert_eq!(fragments.get(&key("0"), 1), None);
        fragments.put(key("too large"), 1, &bytes(15_000));
        assert_eq!(fragments.get(&key("too large"), 1), None);
    }
}
