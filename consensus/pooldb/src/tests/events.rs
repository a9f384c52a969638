//! `changes_since`.

use super::*;
use crate::EventToken;
use crate::history::MAX_TOMBSTONES;

fn all(_: ClassId, _: &Ref) -> bool {
    true
}

fn vm(reference: &str) -> (ClassId, Ref) {
    (id("VM"), r(reference))
}

#[test]
fn changes_merge_to_one_entry_an_object() {
    let start = create(&create(&View::default(), "VM", "a", &[]), "VM", "b", &[]);
    let view = set(&start, "VM.name_label", "a", "x");
    let view = set(&view, "VM.name_label", "a", "y");
    let view = create(&view, "VM", "c", &[]);
    let view = set(&view, "VM.name_label", "c", "z");
    let view = destroy(&view, "VM", "b");
    let view = destroy(&create(&view, "VM", "d", &[]), "VM", "d");
    let delta = view.changes_since(start.token(), &all);
    assert_eq!(
        (delta.added, delta.modified, delta.deleted),
        (vec![vm("c")], vec![vm("a")], vec![vm("b")])
    );
    assert_eq!(delta.token, view.token());
    let only_a = view.changes_since(start.token(), &|_, reference| *reference == r("a"));
    assert_eq!(
        (only_a.added, only_a.modified, only_a.deleted),
        (vec![], vec![vm("a")], vec![])
    );
    let nothing = view.changes_since(view.token(), &all);
    assert_eq!(
        (nothing.added, nothing.modified, nothing.deleted),
        (vec![], vec![], vec![])
    );
}

#[test]
fn from_the_start_everything_is_added_in_order_of_its_last_change() {
    let view = create(&create(&View::default(), "VM", "a", &[]), "VM", "b", &[]);
    let view = create(&set(&view, "VM.name_label", "a", "x"), "message", "m", &[]);
    let delta = view.changes_since(EventToken::default(), &all);
    assert_eq!(delta.added, vec![(id("message"), r("m")), vm("b"), vm("a")]);
    assert!(delta.modified.is_empty() && delta.deleted.is_empty());
}

#[test]
fn an_object_made_anew_is_added() {
    let start = create(&View::default(), "VM", "a", &[]);
    let twice = create(&destroy(&start, "VM", "a"), "VM", "a", &[]);
    let once = applied(&start, |transaction| {
        transaction.destroy(id("VM"), &r("a"));
        transaction.create(id("VM"), &r("a"), vec![]);
    });
    for view in [twice, once] {
        let delta = view.changes_since(start.token(), &all);
        assert_eq!(
            (delta.added, delta.modified, delta.deleted),
            (vec![vm("a")], vec![], vec![])
        );
    }
}

#[test]
fn the_newest_deletions_of_each_class_are_remembered() {
    let mut view = create(&View::default(), "SR", "s", &[]);
    for i in 0..600 {
        view = create(&view, "VM", &i.to_string(), &[]);
    }
    let start = view.clone();
    view = destroy(&view, "SR", "s");
    for i in 0..600 {
        view = destroy(&view, "VM", &i.to_string());
    }
    let deleted = view.changes_since(start.token(), &all).deleted;
    assert_eq!(deleted.len(), MAX_TOMBSTONES + 1);
    assert_eq!(deleted.first(), Some(&(id("SR"), r("s"))));
    assert_eq!(deleted.last(), Some(&vm("599")));
    let mut bytes = Vec::new();
    view.write_snapshot(&mut bytes).unwrap();
    let again = View::read_snapshot(&mut bytes.as_slice()).unwrap();
    assert_eq!(again.state_hash(), view.state_hash());
}

#[test]
fn deletions_of_all_classes_come_in_their_order() {
    let view = create(&create(&View::default(), "VM", "a", &[]), "SR", "s", &[]);
    for order in [[("VM", "a"), ("SR", "s")], [("SR", "s"), ("VM", "a")]] {
        let last = order
            .iter()
            .fold(view.clone(), |view, (class, row)| destroy(&view, class, row));
        let expected: Vec<_> = order.iter().map(|(class, row)| (id(class), r(row))).collect();
        assert_eq!(last.changes_since(view.token(), &all).deleted, expected);
    }
}

#[test]
fn tokens_of_a_lost_history_get_everything() {
    let kept = create(&View::default(), "VM", "a", &[]);
    let lost = create(&kept, "VM", "b", &[]);
    let recovered = kept.raise_generations(1 << 40);
    assert_eq!(recovered.generation(), kept.generation() + (1 << 40));
    assert_eq!(recovered.changes_since(lost.token(), &all).added, vec![vm("a")]);
    assert_eq!(recovered.changes_since(kept.token(), &all).added, vec![]);
    assert_eq!(recovered.changes_since(recovered.token(), &all).added, vec![]);
    let further = create(&recovered, "VM", "c", &[]);
    assert_eq!(further.changes_since(recovered.token(), &all).added, vec![vm("c")]);
    assert_ne!(recovered.state_hash(), kept.state_hash());
}

#[test]
fn what_is_touched_holds_what_came_and_went() {
    let start = create(&create(&View::default(), "VM", "a", &[]), "VM", "b", &[]);
    let view = set(&start, "VM.name_label", "a", "x");
    let view = destroy(&create(&view, "SR", "s", &[]), "SR", "s");
    let view = create(&destroy(&view, "VM", "b"), "message", "m", &[]);
    let touched = view.touched_since(start.token());
    let mut rows = touched.rows;
    rows.sort();
    let mut expected = vec![vm("a"), vm("b"), (id("SR"), r("s")), (id("message"), r("m"))];
    expected.sort();
    assert_eq!((rows, touched.forgotten), (expected, vec![]));
    assert_eq!(view.touched_since(view.token()), crate::Touched::default());
}

#[test]
fn forgotten_deletions_are_known() {
    let mut view = create(&View::default(), "SR", "s", &[]);
    for i in 0..=MAX_TOMBSTONES {
        view = create(&view, "VM", &i.to_string(), &[]);
    }
    let start = view.token();
    view = destroy(&view, "SR", "s");
    let forgotten = |view: &View, since| view.forgotten_since(since).collect::<Vec<_>>();
    for i in 0..MAX_TOMBSTONES - 1 {
        view = destroy(&view, "VM", &i.to_string());
    }
    assert_eq!(forgotten(&view, start), []);
    let almost = view.token();
    for i in MAX_TOMBSTONES - 1..=MAX_TOMBSTONES {
        view = destroy(&view, "VM", &i.to_string());
    }
    assert_eq!(forgotten(&view, start), [id("VM")]);
    assert_eq!(view.touched_since(start).forgotten, [id("VM")]);
    assert_eq!(forgotten(&view, almost), []);
}

#[test]
fn tokens_compare_by_both_numbers() {
    let token = |database, message| EventToken { database, message };
    assert!(token(3, 2).covers(token(3, 1)) && !token(3, 0).covers(token(2, 1)));
    assert_eq!(token(3, 0).newest(token(2, 1)), token(3, 1));
}
