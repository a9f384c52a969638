//! Rows, fields, errors, counters, indices.

use super::*;
use crate::{Change, ChangeKind, Expect, schema};
use std::sync::Arc;
use xenith_datamodel::all_classes;

fn one_vm() -> View {
    create(
        &View::default(),
        "VM",
        "a",
        &[("uuid", "u-a".into()), ("name_label", "one".into())],
    )
}

#[test]
fn a_created_row_has_its_fields_and_the_defaults_of_the_others() {
    let view = one_vm();
    assert_eq!(view.value(&r("a"), column("VM.name_label")), Some("one".into()));
    assert_eq!(
        view.value(&r("a"), column("VM.affinity")),
        Some(Value::Ref(Ref::null()))
    );
    assert_eq!(view.value(&r("a"), column("VM.VBDs")), Some(Value::set([])));
    assert_eq!(view.value(&r("b"), column("VM.name_label")), None);
    assert_eq!((view.generation(), view.count(id("VM"))), (1, 1));
    assert_eq!(view.generations(id("VM"), &r("a")), Some((1, 1)));
}

#[test]
fn a_record_has_the_public_fields_in_the_order_of_the_table() {
    let record = one_vm().record(id("VM"), &r("a")).unwrap();
    let names: Vec<&str> = record.as_record().unwrap().iter().map(|(name, _)| &**name).collect();
    let expected: Vec<&str> = id("VM")
        .class()
        .fields
        .iter()
        .filter(|field| !field.internal)
        .map(|field| field.name)
        .collect();
    assert_eq!(names, expected);
    assert!(
        id("VM").class().fields.iter().any(|field| field.internal),
        "the filter must have something to do"
    );
    assert_eq!(record.member("name_label"), Some(&"one".into()));
}

#[test]
fn an_equal_value_changes_nothing() {
    let view = one_vm();
    let same = set(&view, "VM.name_label", "a", "one");
    assert_eq!(
        (same.generation(), same.state_hash()),
        (view.generation(), view.state_hash())
    );
    let there_and_back = applied(&view, |transaction| {
        transaction.set_value(&r("a"), column("VM.name_label"), "two".into());
        transaction.set_value(&r("a"), column("VM.name_label"), "one".into());
        transaction.create(id("VM"), &r("b"), vec![]);
        transaction.destroy(id("VM"), &r("b"));
    });
    assert_eq!(there_and_back.state_hash(), view.state_hash());
}

#[test]
fn one_transaction_gives_a_row_one_generation() {
    let view = applied(&one_vm(), |transaction| {
        transaction.set_value(&r("a"), column("VM.name_label"), "two".into());
        transaction.set_value(&r("a"), column("VM.name_description"), "text".into());
    });
    assert_eq!(
        (view.generation(), view.generations(id("VM"), &r("a"))),
        (2, Some((1, 2)))
    );
}

#[test]
fn messages_count_by_themselves() {
    let view = create(&one_vm(), "message", "m", &[("name", "ALARM".into())]);
    assert_eq!((view.generation(), view.message_generation()), (1, 1));
    assert_eq!(
        view.find_where(id("message"), r#"field "name" = "ALARM""#),
        Ok(vec![r("m")])
    );
}

#[test]
fn touch_raises_the_generation_only() {
    let view = one_vm();
    let touched = applied(&view, |transaction| transaction.touch.push((Arc::from("VM"), r("a"))));
    assert_eq!(touched.generations(id("VM"), &r("a")), Some((1, 2)));
    assert_eq!(touched.record(id("VM"), &r("a")), view.record(id("VM"), &r("a")));
    let error = refusal(&view, |transaction| {
        transaction.touch.push((Arc::from("VM"), r("none")))
    });
    assert_eq!(error, ApiError::handle_invalid("VM", &r("none")));
}

#[test]
fn maps_and_sets_follow_the_rules_of_add_and_remove() {
    let view = applied(&one_vm(), |transaction| {
        transaction.add(&r("a"), column("VM.other_config"), Some("k".into()), "v".into());
        transaction.add(&r("a"), column("VM.tags"), None, "t".into());
        transaction.add(&r("a"), column("VM.tags"), None, "t".into());
    });
    assert_eq!(
        view.value(&r("a"), column("VM.other_config")),
        Some(Value::text_map([("k", "v")]))
    );
    assert_eq!(view.value(&r("a"), column("VM.tags")), Some(Value::set(["t".into()])));
    let again = refusal(&view, |transaction| {
        transaction.add(&r("a"), column("VM.other_config"), Some("k".into()), "v".into());
    });
    assert_eq!(
        again,
        ApiError::new("MAP_DUPLICATE_KEY", ["VM", "other_config", "OpaqueRef:a", "k"])
    );
    let empty = refusal(&view, |transaction| {
        transaction.add(&r("a"), column("VM.other_config"), Some("".into()), "v".into());
    });
    assert_eq!(empty.code, "INTERNAL_ERROR");
    let unchanged = applied(&view, |transaction| {
        transaction.remove(&r("a"), column("VM.other_config"), "missing".into());
        transaction.remove(&r("a"), column("VM.tags"), "missing".into());
    });
    assert_eq!(unchanged.generation(), view.generation());
    let removed = applied(&view, |transaction| {
        transaction.remove(&r("a"), column("VM.other_config"), "k".into());
        transaction.remove(&r("a"), column("VM.tags"), "t".into());
    });
    assert_eq!(removed.value(&r("a"), column("VM.other_config")), Some(Value::map([])));
    assert_eq!(removed.value(&r("a"), column("VM.tags")), Some(Value::set([])));
}

#[test]
fn changes_that_cannot_be_are_refused() {
    let view = one_vm();
    let invalid = ApiError::handle_invalid("VM", &r("none"));
    let name = column("VM.name_label");
    assert_eq!(refusal(&view, |t| t.set_value(&r("none"), name, "x".into())), invalid);
    assert_eq!(refusal(&view, |t| t.destroy(id("VM"), &r("none"))), invalid);
    assert_eq!(
        refusal(&view, |t| t.add(&r("none"), column("VM.tags"), None, "x".into())),
        invalid
    );
    assert_eq!(
        refusal(&view, |t| t.set_value(&r("a"), name, Value::Int(1))).code,
        "INTERNAL_ERROR"
    );
    assert_eq!(
        refusal(&view, |t| t.set_value(&r("a"), column("VM.VBDs"), refs(&["x"]))).code,
        "INTERNAL_ERROR"
    );
    assert_eq!(
        refusal(&view, |t| t.add(&r("a"), column("VM.VBDs"), None, r("x").into())).code,
        "INTERNAL_ERROR"
    );
    assert_eq!(
        refusal(&view, |t| t.add(&r("a"), name, None, "x".into())).code,
        "INTERNAL_ERROR"
    );
    let twice = refusal(&view, |t| t.create(id("VM"), &r("a"), vec![]));
    assert_eq!(twice.code, "DB_UNIQUENESS_CONSTRAINT_VIOLATION");
    let uuid = vec![(column("VM.uuid"), "u-a".into())];
    let error = refusal(&view, |t| t.create(id("VM"), &r("b"), uuid));
    assert_eq!(
        error,
        ApiError::new("DB_UNIQUENESS_CONSTRAINT_VIOLATION", ["VM", "uuid", "u-a"])
    );
}

#[test]
fn a_failing_change_takes_back_those_before_it() {
    let view = one_vm();
    attempt(&view, |transaction| {
        transaction.set_value(&r("a"), column("VM.name_label"), "two".into());
        transaction.destroy(id("VM"), &r("none"));
    })
    .unwrap_err();
    assert_eq!(view.value(&r("a"), column("VM.name_label")), Some("one".into()));
}

#[test]
fn uuids_may_move_within_a_transaction() {
    let view = create(&one_vm(), "VM", "b", &[("uuid", "u-b".into())]);
    let swapped = applied(&view, |transaction| {
        transaction.set_value(&r("a"), column("VM.uuid"), "u-b".into());
        transaction.set_value(&r("b"), column("VM.uuid"), "u-a".into());
    });
    assert_eq!(swapped.by_uuid(id("VM"), "u-a"), Some(r("b")));
    assert_eq!(swapped.by_uuid(id("VM"), "u-b"), Some(r("a")));
}

#[test]
fn names_and_uuids_are_found() {
    let view = create(&one_vm(), "VM", "b", &[("name_label", "one".into())]);
    assert_eq!(view.by_uuid(id("VM"), "u-a"), Some(r("a")));
    assert_eq!(view.by_uuid(id("VM"), ""), None);
    assert_eq!(view.by_name_label(id("VM"), "one"), vec![r("a"), r("b")]);
    let view = set(&view, "VM.name_label", "a", "other");
    assert_eq!(view.by_name_label(id("VM"), "one"), vec![r("b")]);
    let view = destroy(&view, "VM", "a");
    assert_eq!(
        (view.by_uuid(id("VM"), "u-a"), view.by_name_label(id("VM"), "other")),
        (None, vec![])
    );
}

#[test]
fn indexed_values_are_found() {
    let (class, kind, later) = (
        id("xenith_operation"),
        column("xenith_operation.kind"),
        column("xenith_operation.later_host"),
    );
    let by_a_look_at_all = |view: &View, value: &Value| -> Vec<Ref> {
        let all = view
            .refs(class)
            .filter(|row| view.value(row, kind).as_ref() == Some(value));
        all.cloned().collect()
    };
    let check = |view: &View| {
        for text in ["waiting", "VM.start"] {
            let found: Vec<Ref> = view.having(kind, text).cloned().collect();
            assert_eq!(found, by_a_look_at_all(view, &text.into()));
        }
        let all = view.valued(kind).map(|(text, row)| (text.to_owned(), row.clone()));
        let mut expected: Vec<(String, Ref)> = Vec::new();
        for text in ["VM.start", "waiting"] {
            expected.extend(
                by_a_look_at_all(view, &text.into())
                    .into_iter()
                    .map(|row| (text.to_owned(), row)),
            );
        }
        assert_eq!(all.collect::<Vec<_>>(), expected);
    };
    let mut view = View::default();
    for (row, text) in [("a", "waiting"), ("b", "VM.start"), ("c", "waiting"), ("d", "")] {
        view = create(&view, "xenith_operation", row, &[("kind", text.into())]);
        check(&view);
    }
    assert_eq!(view.having(kind, "waiting").count(), 2);
    view = set(&view, "xenith_operation.kind", "a", "VM.start");
    check(&view);
    view = set(&view, "xenith_operation.kind", "b", "");
    check(&view);
    view = destroy(&view, "xenith_operation", "c");
    check(&view);
    assert_eq!(view.valued(kind).count(), 1);
    assert_eq!(view.valued(later).count(), 0, "null refs are nobody's");
    view = set(&view, "xenith_operation.later_host", "d", r("host"));
    let found: Vec<(&str, &Ref)> = view.valued(later).collect();
    assert_eq!(found, [(r("host").as_str(), &r("d"))]);
}

#[test]
fn expectations_guard_the_whole_transaction() {
    let view = one_vm();
    let expecting = |field: Option<(&str, Value)>, reference: Ref| {
        attempt(&view, |transaction| {
            let field = field.map(|(name, value)| (Arc::from(name), value));
            transaction.expect.push(Expect {
                class: Arc::from("VM"),
                reference: reference.clone(),
                field,
            });
            transaction.set_value(&r("a"), column("VM.name_label"), "two".into());
        })
    };
    assert!(expecting(None, r("a")).is_ok());
    assert!(expecting(Some(("name_label", "one".into())), r("a")).is_ok());
    assert!(expecting(Some(("VBDs", Value::set([]))), r("a")).is_ok());
    let conflict = ApplyError::Conflict {
        class: Arc::from("VM"),
        reference: r("a"),
    };
    assert_eq!(
        expecting(Some(("name_label", "x".into())), r("a")).unwrap_err(),
        conflict
    );
    assert!(matches!(expecting(None, r("none")), Err(ApplyError::Conflict { .. })));
}

#[test]
fn pool_time_never_goes_back() {
    let (view, _) = View::default().apply(&Transaction::new(5)).unwrap();
    let (view, _) = view.apply(&Transaction::new(3)).unwrap();
    assert_eq!((view.pool_time_ms(), view.generation()), (5, 0));
}

fn change(class: &str, reference: &str, kind: ChangeKind) -> Transaction {
    let change = Change {
        class: Arc::from(class),
        reference: r(reference),
        kind,
    };
    Transaction {
        changes: vec![change],
        ..Transaction::default()
    }
}

#[test]
fn unknown_fields_and_classes_are_kept() {
    let field = |name: &str| -> crate::Name { Arc::from(name) };
    let (view, _) = one_vm()
        .apply(&change("VM", "a", ChangeKind::Set(field("of_tomorrow"), Value::Int(1))))
        .unwrap();
    assert_eq!(view.generation(), 2);
    let (same, _) = view
        .apply(&change("VM", "a", ChangeKind::Set(field("of_tomorrow"), Value::Int(1))))
        .unwrap();
    assert_eq!(same.generation(), 2);
    let create = change(
        "Tomorrow",
        "t",
        ChangeKind::Create(vec![(field("x"), Value::text("y"))]),
    );
    let (view, _) = view.apply(&create).unwrap();
    assert!(view.apply(&create).is_err());
    let add = ChangeKind::Add {
        field: field("set"),
        key: None,
        value: Value::Int(3),
    };
    let (view, _) = view.apply(&change("Tomorrow", "t", add)).unwrap();
    let expect = Expect {
        class: Arc::from("Tomorrow"),
        reference: r("t"),
        field: Some((field("set"), Value::set([Value::Int(3)]))),
    };
    assert!(
        view.apply(&Transaction {
            expect: vec![expect],
            ..Transaction::default()
        })
        .is_ok()
    );
    let (gone, _) = view.apply(&change("Tomorrow", "t", ChangeKind::Destroy)).unwrap();
    assert!(gone.apply(&change("Tomorrow", "t", ChangeKind::Destroy)).is_err());
}

#[test]
fn unknown_fields_and_classes_follow_the_rules_of_generations() {
    let kind = |class: &str, kinds: Vec<ChangeKind>| Transaction {
        changes: kinds
            .into_iter()
            .map(|kind| change(class, "x", kind).changes.remove(0))
            .collect(),
        ..Transaction::default()
    };
    let create = || ChangeKind::Create(vec![(Arc::from("field"), Value::Int(1))]);
    let set = |int| ChangeKind::Set(Arc::from("field"), Value::Int(int));
    for class in ["VM", "Tomorrow"] {
        let after = |view: &View, kinds| view.apply(&kind(class, kinds)).unwrap().0;
        let view = after(&View::default(), vec![create()]);
        assert_eq!(after(&view, vec![set(2), set(1)]).state_hash(), view.state_hash());
        assert_eq!(after(&view, vec![set(2), set(3)]).generation(), 2);
        assert_eq!(after(&view, vec![ChangeKind::Destroy, create()]).generation(), 2);
        let back = after(&View::default(), vec![create(), ChangeKind::Destroy]);
        assert_eq!(back.state_hash(), View::default().state_hash());
    }
}

#[test]
fn every_default_has_the_type_of_its_field() {
    // Results of calls have records as fields and no rows.
    let has_rows = |class: &ClassId| class.class().in_database || class.name() == "message";
    for class in all_classes().filter(has_rows) {
        let schema = schema::schema(class).unwrap();
        for column in &schema.columns {
            assert_eq!(
                column.check(&schema.name, &column.default),
                Ok(()),
                "{}.{}",
                schema.name,
                column.name
            );
        }
    }
}

#[test]
fn common_values_are_shared_between_rows() {
    let view = create(&one_vm(), "VM", "b", &[("power_state", "Running".into())]);
    let view = set(&view, "VM.power_state", "a", String::from("Running"));
    let text = |reference: &str| match view.value(&r(reference), column("VM.power_state")) {
        Some(Value::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(Arc::ptr_eq(&text("a"), &text("b")));
}
