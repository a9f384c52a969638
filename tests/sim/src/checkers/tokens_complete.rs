//! A watcher that resumes its token, on whatever host, misses nothing (B6): what it has put together from changes alone is, after each
//! answer, the state it was answered from.

use std::collections::BTreeMap;
use xenith_datamodel::{ClassId, Ref, Value};
use xenith_pooldb::{EventToken, View};

/// A copy of the database, made of changes alone.
#[derive(Default)]
pub struct Replica {
    token: EventToken,
    rows: BTreeMap<(ClassId, Ref), Known>,
}

/// A row as it was told last: the generations of its creation and of its last change, and its record.
struct Known {
    generations: Option<(u64, u64)>,
    record: Option<Value>,
}

impl Replica {
    /// The view is older than what was told already: it cannot answer this token.
    pub fn is_ahead_of(&self, view: &View) -> bool {
        let there = view.token();
        self.token.database > there.database || self.token.message > there.message
    }

    /// Takes what changed since the token; gives how many rows that were.
    pub fn follow(&mut self, view: &View) -> usize {
        let delta = view.changes_since(self.token, &|_, _| true);
        let told = delta.added.len() + delta.modified.len() + delta.deleted.len();
        for (class, row) in delta.added.into_iter().chain(delta.modified) {
            let known = Known {
                generations: view.generations(class, &row),
                record: view.record(class, &row),
            };
            self.rows.insert((class, row), known);
        }
        for gone in &delta.deleted {
            self.rows.remove(gone);
        }
        self.token = delta.token;
        told
    }

    /// Every row of the view must be here as it is there, and none more. `whole`: records are compared too, not only generations.
    pub fn compare(&self, view: &View, whole: bool) -> Result<(), String> {
        let mut there = 0;
        for (class, _) in view.counts() {
            for row in view.refs(class) {
                there += 1;
                match self.rows.get(&(class, row.clone())) {
                    None => return Err(format!("event lost: {row} is not known at token {:?}", self.token)),
                    Some(known)
                        if known.generations != view.generations(class, row)
                            || (whole && known.record != view.record(class, row)) =>
                    {
                        return Err(format!(
                            "event lost: {row} is known as it was before token {:?}",
                            self.token
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        if self.rows.len() != there {
            return Err(format!(
                "event lost: of {} rows known, {there} are there at token {:?}",
                self.rows.len(),
                self.token
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;
    use xenith_pooldb::Transaction;

    fn after(view: &View, transaction: &Transaction) -> View {
        view.apply(transaction).unwrap().0
    }

    fn states() -> [View; 3] {
        let first = after(&View::default(), &rows::first_transaction(1));
        let second = after(&first, &rows::make_row(2, "a"));
        let mut write = Transaction::new(3);
        rows::write_register(&mut write, 0, 5);
        let third = after(&after(&second, &write), &rows::destroy_row(4, "a"));
        [first, second, third]
    }

    #[test]
    fn a_watcher_that_is_told_everything_agrees() {
        let mut replica = Replica::default();
        for view in states() {
            assert!(!replica.is_ahead_of(&view));
            assert!(replica.follow(&view) > 0);
            replica.compare(&view, true).unwrap();
        }
        assert!(replica.is_ahead_of(&states()[0]));
    }

    #[test]
    fn lost_creations_changes_and_deletions_are_found() {
        let [first, second, third] = states();
        let mut replica = Replica::default();
        replica.follow(&first);
        assert!(replica.compare(&second, true).unwrap_err().contains("not known"));
        // A token that jumps over changes: the deletion of `a`, or the write, is never told.
        replica.follow(&second);
        replica.token = third.token();
        replica.follow(&third);
        assert!(replica.compare(&third, true).is_err());
        replica
            .rows
            .remove(&(rows::task_class().unwrap(), Ref::from_uuid_text("a")));
        assert!(replica.compare(&third, true).unwrap_err().contains("as it was before"));
    }

    #[test]
    fn a_row_that_should_be_gone_is_found() {
        let [_, second, _] = states();
        let mut replica = Replica::default();
        replica.follow(&second);
        assert!(
            replica
                .compare(&after(&second, &rows::destroy_row(3, "a")), false)
                .unwrap_err()
                .contains("rows known")
        );
    }
}
