//! Every entry of `current_operations` belongs to a live operation that lists it, and the other way round (C4).

use crate::pool::world::World;
use std::collections::BTreeSet;
use xenith_classes::operation::held;
use xenith_datamodel::class;

pub fn check(world: &World) -> Option<String> {
    let view = &world.committed;
    let held: BTreeSet<(String, String)> = held(view)
        .ok()?
        .into_iter()
        .filter(|(_, lock)| class(&lock.class).is_some_and(|class| view.contains(class, &lock.object)))
        .map(|(task, lock)| (lock.object.as_str().to_owned(), task.as_str().to_owned()))
        .collect();
    let mut marked = BTreeSet::new();
    for name in ["VM", "VBD", "VIF", "VDI", "SR", "host"] {
        let class = class(name)?;
        let column = class.column("current_operations")?;
        for object in view.refs(class) {
            let marks = view.value(object, column)?;
            for (task, _) in marks.as_map().unwrap_or_default() {
                let task = task.as_text().unwrap_or_default().to_owned();
                marked.insert((object.as_str().to_owned(), task));
            }
        }
    }
    match marked.symmetric_difference(&held).next() {
        Some((object, task)) if marked.contains(&(object.clone(), task.clone())) => {
            Some(format!("{object} is held by {task}, which is no live operation"))
        }
        Some((object, task)) => Some(format!("{task} holds {object}, which does not say so")),
        None => None,
    }
}
