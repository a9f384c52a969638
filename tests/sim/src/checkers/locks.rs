//! Every entry of `current_operations` belongs to a live operation that lists it, and the other way round (C4).

use std::collections::BTreeSet;
use xenith_classes::operation::held;
use xenith_datamodel::class;
use xenith_pooldb::View;

pub fn check(view: &View) -> Result<(), String> {
    let held: BTreeSet<(String, String)> = held(view)
        .map_err(|error| format!("what is held cannot be read: {error}"))?
        .into_iter()
        .filter(|(_, lock)| class(&lock.class).is_some_and(|class| view.contains(class, &lock.object)))
        .map(|(task, lock)| (lock.object.as_str().to_owned(), task.as_str().to_owned()))
        .collect();
    let marked = marked(view);
    if let Some((object, task)) = marked.difference(&held).next() {
        return Err(format!("{object} is held by {task}, which is no live operation"));
    }
    match held.difference(&marked).next() {
        Some((object, task)) => Err(format!("{task} holds {object}, which does not say so")),
        None => Ok(()),
    }
}

/// What objects say of themselves: object and task.
fn marked(view: &View) -> BTreeSet<(String, String)> {
    let mut marked = BTreeSet::new();
    for class in ["VM", "VBD", "VIF", "VDI", "SR", "host"].into_iter().filter_map(class) {
        let Some(column) = class.column("current_operations") else {
            continue;
        };
        for object in view.refs(class) {
            let marks = view.value(object, column);
            let marks = marks.iter().flat_map(|marks| marks.as_map().unwrap_or_default());
            let tasks = marks.filter_map(|(task, _)| task.as_text());
            marked.extend(tasks.map(|task| (object.as_str().to_owned(), task.to_owned())));
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_datamodel::{Ref, Value};
    use xenith_pooldb::Transaction;

    #[test]
    fn a_mark_of_no_operation_is_found() {
        let class = class("VM").unwrap();
        let column = class.column("current_operations").unwrap();
        let mut tx = Transaction::new(1);
        let marks = Value::text_map([("OpaqueRef:task", "start")]);
        tx.create(class, &Ref::new("OpaqueRef:vm"), vec![(column, marks)]);
        let (view, _) = View::default().apply(&tx).unwrap();
        assert!(check(&View::default()).is_ok());
        assert!(check(&view).unwrap_err().contains("no live operation"));
    }
}
