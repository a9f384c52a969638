//! Random transactions, compared with the naive twin after each.

use super::bytes::END_MARK_BYTES;
use super::naive::{Key, Naive};
use super::*;
use crate::table::Table;
use crate::{Change, ChangeKind, Name, snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a field of the test is filled with.
#[derive(Clone, Copy, Debug)]
enum Fill {
    Text,
    Uuid,
    Ref(&'static str),
    Refs(&'static str),
    Texts,
    Map,
}

const FIELDS: &[(&str, &str, Fill)] = &[
    ("VM", "uuid", Fill::Uuid),
    ("VM", "name_label", Fill::Text),
    ("VM", "affinity", Fill::Ref("VM")),
    ("VM", "groups", Fill::Refs("VM_group")),
    ("VM", "tags", Fill::Texts),
    ("VM", "other_config", Fill::Map),
    ("VM", "of_tomorrow", Fill::Text),
    ("VM", "VBDs", Fill::Refs("VBD")),
    ("VM_group", "VMs", Fill::Refs("VM")),
    ("VM_group", "name_label", Fill::Text),
    ("VBD", "VM", Fill::Ref("VM")),
    ("VBD", "VDI", Fill::Ref("VDI")),
    ("VBD", "device", Fill::Text),
    ("VDI", "name_label", Fill::Text),
    ("task", "subtask_of", Fill::Ref("task")),
    ("message", "name", Fill::Text),
    ("Tomorrow", "name_label", Fill::Text),
];

const CLASSES: &[&str] = &["VM", "VM", "VM_group", "VBD", "VDI", "task", "message", "Tomorrow"];

fn reference(class: &str, number: u8) -> Ref {
    Ref::new(format!("OpaqueRef:{class}{number}"))
}

fn row_of(class: &'static str) -> impl Strategy<Value = Ref> {
    (0..3u8).prop_map(move |number| reference(class, number))
}

fn filled(fill: Fill) -> BoxedStrategy<Value> {
    let texts = || select(vec!["", "x", "y"]).prop_map(Value::from);
    match fill {
        Fill::Text => texts().boxed(),
        Fill::Uuid => select(vec!["", "u1", "u2", "u3"]).prop_map(Value::from).boxed(),
        Fill::Ref(class) => prop_oneof![4 => row_of(class), 1 => Just(Ref::null())]
            .prop_map(Value::from)
            .boxed(),
        Fill::Refs(class) => proptest::collection::vec(row_of(class).prop_map(Value::from), 0..3)
            .prop_map(Value::set)
            .boxed(),
        Fill::Texts => proptest::collection::vec(texts(), 0..3).prop_map(Value::set).boxed(),
        Fill::Map => proptest::collection::vec((texts(), texts()), 0..2)
            .prop_map(Value::map)
            .boxed(),
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let make = |class: &str, reference: Ref, kind| Change {
        class: Arc::from(class),
        reference,
        kind,
    };
    let create = select(CLASSES).prop_flat_map(move |class| {
        let fields: Vec<_> = FIELDS.iter().filter(|f| f.0 == class && f.1 != "VBDs").collect();
        let values: Vec<_> = fields.iter().map(|f| proptest::option::of(filled(f.2))).collect();
        (row_of(class), values).prop_map(move |(reference, values)| {
            let given = fields
                .iter()
                .zip(values)
                .filter_map(|(f, value)| Some((Arc::from(f.1), value?)));
            make(class, reference, ChangeKind::Create(given.collect()))
        })
    });
    let set = select(FIELDS).prop_flat_map(move |(class, field, fill)| {
        (row_of(class), filled(fill))
            .prop_map(move |(reference, value)| make(class, reference, ChangeKind::Set(Arc::from(field), value)))
    });
    let partly: Vec<_> = FIELDS
        .iter()
        .filter(|f| matches!(f.2, Fill::Texts | Fill::Map | Fill::Refs(_)))
        .copied()
        .collect();
    let add_or_remove = (select(partly), any::<bool>()).prop_flat_map(move |((class, field, fill), add)| {
        let member = match fill {
            Fill::Refs(class) => filled(Fill::Ref(class)),
            _ => filled(Fill::Text),
        };
        (row_of(class), member, filled(Fill::Text)).prop_map(move |(reference, member, value)| {
            let field = Arc::from(field);
            let kind = match (add, fill) {
                (true, Fill::Map) => ChangeKind::Add {
                    field,
                    key: Some(member),
                    value,
                },
                (true, _) => ChangeKind::Add {
                    field,
                    key: None,
                    value: member,
                },
                (false, _) => ChangeKind::Remove { field, key: member },
            };
            make(class, reference, kind)
        })
    });
    let destroy = select(CLASSES)
        .prop_flat_map(move |class| row_of(class).prop_map(move |row| make(class, row, ChangeKind::Destroy)));
    prop_oneof![4 => create, 4 => set, 2 => add_or_remove, 2 => destroy]
}

fn any_transaction() -> impl Strategy<Value = Transaction> {
    let touch = select(CLASSES).prop_flat_map(|class| row_of(class).prop_map(move |row| (Arc::from(class), row)));
    (
        proptest::collection::vec(any_change(), 0..4),
        proptest::collection::vec(touch, 0..2),
        0..9i64,
    )
        .prop_map(|(changes, touch, time_ms)| {
            let touch = if changes.len() > 1 { Vec::new() } else { touch };
            Transaction {
                time_ms,
                expect: Vec::new(),
                changes,
                touch,
            }
        })
}

/// Only virtual machines and their groups, so that the two ends of one relation meet often.
fn any_grouping() -> impl Strategy<Value = Transaction> {
    let ends = select(vec![("VM", "groups", "VM_group"), ("VM_group", "VMs", "VM")]);
    let change = ends.prop_flat_map(|(class, field, other)| {
        let (field, to): (Name, Name) = (Arc::from(field), Arc::from(class));
        (row_of(class), filled(Fill::Refs(other)), row_of(other), 0..5u8).prop_map(move |(row, set, member, kind)| {
            let (field, member) = (field.clone(), Value::from(member));
            let kind = match kind {
                0 => ChangeKind::Create(vec![(field, set)]),
                1 => ChangeKind::Set(field, set),
                2 => ChangeKind::Add {
                    field,
                    key: None,
                    value: member,
                },
                3 => ChangeKind::Remove { field, key: member },
                _ => ChangeKind::Destroy,
            };
            Change {
                class: to.clone(),
                reference: row,
                kind,
            }
        })
    });
    proptest::collection::vec(change, 1..3).prop_map(|changes| Transaction {
        changes,
        ..Transaction::default()
    })
}

fn known(naive: &Naive) -> impl Iterator<Item = (ClassId, &Key)> {
    naive.rows.keys().filter_map(|key| Some((class(&key.0)?, key)))
}

fn compare_rows(view: &View, naive: &Naive) -> Result<(), TestCaseError> {
    for (class, count) in view.counts() {
        prop_assert_eq!(count, known(naive).filter(|(c, _)| *c == class).count());
    }
    for (class, key) in known(naive) {
        let visible = naive.visible(key).unwrap();
        for column in class.columns() {
            prop_assert_eq!(
                view.value(&key.1, column),
                visible.get(column.desc().name).cloned(),
                "{:?}",
                column
            );
        }
        let record = view.record(class, &key.1).unwrap();
        for (name, value) in record.as_record().unwrap() {
            prop_assert_eq!(Some(value), visible.get(&**name));
        }
    }
    Ok(())
}

fn compare_queries(view: &View, naive: &Naive) -> Result<(), TestCaseError> {
    let vms: Vec<(&Key, BTreeMap<String, Value>)> = naive
        .rows
        .keys()
        .filter(|key| key.0 == "VM")
        .map(|key| (key, naive.visible(key).unwrap()))
        .collect();
    let named = |text: &str| -> Vec<Ref> {
        vms.iter()
            .filter(|(_, row)| row["name_label"] == text.into())
            .map(|(key, _)| key.1.clone())
            .collect()
    };
    for text in ["", "x", "y"] {
        prop_assert_eq!(view.by_name_label(id("VM"), text), named(text));
        let found = view.find_where(id("VM"), &format!("field \"name__label\" = \"{text}\""));
        prop_assert_eq!(found, Ok(named(text)));
    }
    for uuid in ["u1", "u2", "u3"] {
        let owner = vms
            .iter()
            .find(|(_, row)| row["uuid"] == uuid.into())
            .map(|(key, _)| key.1.clone());
        prop_assert_eq!(view.by_uuid(id("VM"), uuid), owner);
    }
    let lonely = vms
        .iter()
        .filter(|(_, row)| row["VBDs"] == Value::set([]))
        .map(|(key, _)| key.1.clone());
    prop_assert_eq!(
        view.find_where(id("VM"), r#"field "VBDs" = "()""#),
        Ok(lonely.collect())
    );
    Ok(())
}

/// The naive answer to a token: what differs between then and now.
fn compare_events(view: &View, now: &Naive, then: &Naive) -> Result<(), TestCaseError> {
    let delta = view.changes_since(then.token, &|_, _| true);
    let (mut added, mut modified, mut deleted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (class, key) in known(now) {
        let row = &now.rows[key];
        if then.rows.get(key).is_none_or(|old| old.birth != row.birth) {
            added.insert((class, key.1.clone()));
        } else if row.changed > then.step {
            modified.insert((class, key.1.clone()));
        }
    }
    deleted.extend(
        known(then)
            .filter(|(_, key)| !now.rows.contains_key(*key))
            .map(|(c, key)| (c, key.1.clone())),
    );
    let set = |list: &[(ClassId, Ref)]| list.iter().cloned().collect::<BTreeSet<_>>();
    prop_assert_eq!(set(&delta.added), added);
    prop_assert_eq!(set(&delta.modified), modified);
    prop_assert_eq!(set(&delta.deleted), deleted);
    prop_assert_eq!(delta.token, now.token);
    for list in [&delta.added, &delta.modified] {
        let order: Vec<_> = list
            .iter()
            .map(|(class, row)| (*class != id("message"), view.generations(*class, row).unwrap().1))
            .collect();
        prop_assert!(order.is_sorted());
    }
    Ok(())
}

fn reread(view: &View) -> View {
    let mut bytes = Vec::new();
    view.write_snapshot(&mut bytes).unwrap();
    View::read_snapshot(&mut bytes.as_slice()).unwrap()
}

/// The hash and the indices of the state against those built anew, from scratch, from its records.
fn compare_hash(view: &View) -> Result<View, TestCaseError> {
    let again = reread(view);
    prop_assert_eq!(again.state_hash(), view.state_hash());
    let (kept, anew) = (view.state(), again.state());
    prop_assert_eq!(&kept.inverses, &anew.inverses);
    prop_assert_eq!(&kept.database, &anew.database);
    prop_assert_eq!(&kept.messages, &anew.messages);
    for (class, table) in &kept.tables {
        let empty = Table::default();
        let other = anew.table(*class).unwrap_or(&empty);
        prop_assert_eq!(&table.by_uuid, &other.by_uuid);
        prop_assert_eq!(&table.by_name, &other.by_name);
        prop_assert_eq!(&table.by_value, &other.by_value);
        prop_assert_eq!(&table.deleted, &other.deleted);
    }
    Ok(again)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_the_naive_database(
        transactions in proptest::collection::vec(any_transaction(), 1..40),
        looks_back in any::<proptest::sample::Index>(),
        breaks_at in any::<proptest::sample::Index>(),
    ) {
        let mut view = View::default();
        let mut history = vec![Naive::default()];
        for (step, transaction) in transactions.iter().enumerate() {
            let now = history.last().unwrap();
            let before = (view.state_hash(), view.token());
            let bytes = crate::codec::encode_transaction(transaction).unwrap();
            prop_assert_eq!(&crate::codec::decode_transaction(&bytes).unwrap(), transaction);
            match (view.apply(transaction), now.apply(transaction)) {
                (Ok((next, changes)), Ok(naive)) => {
                    prop_assert_eq!((view.state_hash(), view.token()), before);
                    let count = naive.token.database + naive.token.message - before.1.database - before.1.message;
                    prop_assert!(changes.rows.len() as u64 <= count);
                    view = next;
                    history.push(naive);
                }
                (Err(ApplyError::Api(error)), Err(code)) => {
                    prop_assert_eq!(error.code, code);
                    prop_assert_eq!((view.state_hash(), view.token()), before);
                    continue;
                }
                (left, right) => prop_assert!(false, "{:?} but {:?}", left, right.map(|naive| naive.token)),
            }
            let now = history.last().unwrap();
            prop_assert_eq!(view.token(), now.token);
            compare_rows(&view, now)?;
            compare_queries(&view, now)?;
            compare_events(&view, now, looks_back.get(&history))?;
            // From here on a host goes on that was installed from a snapshot.
            let again = compare_hash(&view)?;
            if step == breaks_at.index(transactions.len()) {
                view = again;
            }
        }
        compare_events(&view, history.last().unwrap(), &Naive::default())?;
    }

    #[test]
    fn both_ends_of_many_to_many_agree(transactions in proptest::collection::vec(any_grouping(), 1..60)) {
        let (mut view, mut naive) = (View::default(), Naive::default());
        for transaction in &transactions {
            match (view.apply(transaction), naive.apply(transaction)) {
                (Ok((next, _)), Ok(twin)) => (view, naive) = (next, twin),
                (Err(ApplyError::Api(error)), Err(code)) => prop_assert_eq!(error.code, code),
                (left, right) => prop_assert!(false, "{:?} but {:?}", left, right.map(|naive| naive.token)),
            }
            prop_assert_eq!(view.token(), naive.token);
            compare_rows(&view, &naive)?;
            compare_hash(&view)?;
        }
    }

    #[test]
    fn damaged_bytes_are_refused_and_never_panic(
        transactions in proptest::collection::vec(any_transaction(), 1..6),
        at in any::<proptest::sample::Index>(),
        bit in 0..8u8,
    ) {
        let mut view = View::default();
        for transaction in &transactions {
            view = view.apply(transaction).map_or(view, |(next, _)| next);
            let mut bytes = crate::codec::encode_transaction(transaction).unwrap();
            let at = at.index(bytes.len());
            prop_assert!(crate::codec::decode_transaction(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            let _ = crate::codec::decode_transaction(&bytes);
        }
        let mut bytes = Vec::new();
        view.write_snapshot(&mut bytes).unwrap();
        let at = at.index(bytes.len());
        let end = at.min(bytes.len() - END_MARK_BYTES - 1);
        prop_assert!(snapshot::read(&mut &bytes[..end]).is_err());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = View::read_snapshot(&mut bytes.as_slice()) {
            // A bit of the frame's head that says nothing about the content.
            prop_assert_eq!(read.state_hash(), view.state_hash());
        }
    }
}
