//! A client that keeps a copy of all rows by the event stream alone: it asks for what changed since its token, now and then.

use super::plant::PoolPlant;
use std::collections::BTreeMap;
use xenith_datamodel::{ClassId, Ref, Value, all_classes};
use xenith_pooldb::{EventToken, View};

#[derive(Clone, Default)]
pub struct Shadow {
    rows: BTreeMap<(&'static str, Ref), Value>,
    token: EventToken,
}

impl Shadow {
    pub fn of(view: &View) -> Shadow {
        Shadow {
            rows: all(view),
            token: view.token(),
        }
    }

    /// What the stream says is new; then the first difference to the rows themselves.
    pub fn follow(&mut self, view: &View, plant: PoolPlant) -> Option<String> {
        let misses = |class: ClassId| plant == PoolPlant::MissesEvents && class.name() == "VM";
        let delta = view.changes_since(self.token, &|class, _| is_told(class) && !misses(class));
        for (class, reference) in delta.added.into_iter().chain(delta.modified) {
            if let Some(record) = view.record(class, &reference) {
                self.rows.insert((class.name(), reference), record);
            }
        }
        for (class, reference) in delta.deleted {
            self.rows.remove(&(class.name(), reference));
        }
        self.token = delta.token;
        let rows = all(view);
        let stale = rows.iter().find(|(key, record)| self.rows.get(*key) != Some(*record));
        let gone = || self.rows.keys().find(|key| !rows.contains_key(*key));
        let (class, reference) = stale.map(|(key, _)| key).or_else(gone)?;
        Some(format!("{class} {} is not what the events said", reference.as_str()))
    }
}

/// Whether clients hear of the class's rows.
fn is_told(class: ClassId) -> bool {
    class.class().events && !class.class().internal
}

fn all(view: &View) -> BTreeMap<(&'static str, Ref), Value> {
    let mut rows = BTreeMap::new();
    for class in all_classes().filter(|class| is_told(*class)) {
        for reference in view.refs(class) {
            if let Some(record) = view.record(class, reference) {
                rows.insert((class.name(), reference.clone()), record);
            }
        }
    }
    rows
}
