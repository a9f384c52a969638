//! Each relation says the same from both ends.

use crate::pool::plant::PoolPlant;
use crate::pool::world::World;
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value, class, relations};
use xenith_pooldb::View;

type Pairs = BTreeSet<(Ref, Ref)>;

pub fn check(world: &World) -> Option<String> {
    let view = &world.committed;
    for relation in relations() {
        let forth = pairs(view, relation.from, relation.to.0)?;
        let back = pairs(view, relation.to, relation.from.0)?;
        let mut back: Pairs = back.into_iter().map(|(to, from)| (from, to)).collect();
        if world.plant == PoolPlant::HalfRelations {
            back.pop_last();
        }
        if let Some((one, other)) = forth.symmetric_difference(&back).next() {
            let (from, to) = (relation.from, relation.to);
            let names = format!("{}.{} and {}.{}", from.0, from.1, to.0, to.1);
            return Some(format!("{names} disagree on {} and {}", one.as_str(), other.as_str()));
        }
    }
    None
}

/// Who names whom, as far as those that are named exist.
fn pairs(view: &View, (name, field): (&str, &str), other: &str) -> Option<Pairs> {
    let (of, other) = (class(name)?, class(other)?);
    let column = of.column(field)?;
    let mut pairs = Pairs::new();
    for row in view.refs(of) {
        let value = view.value(row, column)?;
        let one = value.as_ref().cloned().into_iter();
        let many = value
            .as_set()
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_ref)
            .cloned();
        for named in one.chain(many) {
            if view.contains(other, &named) {
                pairs.insert((row.clone(), named));
            }
        }
    }
    Some(pairs)
}
