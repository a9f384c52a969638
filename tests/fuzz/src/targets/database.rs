//! The pool database's own forms: transactions of the log, snapshots, and the language of `get_all_records_where`.

use super::{Target, kind_of, seeds_of, text_of};
use crate::Seen;
use std::cell::RefCell;
use xenith_datamodel::{ClassId, Column, Ref, Value, class};
use xenith_pooldb::{ApplyError, FilterError, Transaction, View, codec, fuzz};

pub const TRANSACTION: Target = Target {
    name: "transaction",
    home: "consensus/pooldb",
    words: &[
        "VM",
        "host",
        "VBD",
        "OpaqueRef:vm",
        "name_label",
        "other_config",
        "tags",
        "VBDs",
        "uuid",
        "strange",
    ],
    pairs: &[],
    seeds: transaction_seeds,
    run: transaction,
};

fn of(class_name: &str, field: &str) -> (ClassId, Column) {
    let class = class(class_name).unwrap_or_else(|| panic!("no class {class_name}"));
    let column = class.column(field).unwrap_or_else(|| panic!("no field {field}"));
    (class, column)
}

fn vm() -> Ref {
    Ref::new("OpaqueRef:vm")
}

/// One of each change.
fn transactions() -> Vec<Transaction> {
    let (class, name) = of("VM", "name_label");
    let (_, other) = of("VM", "other_config");
    let (_, tags) = of("VM", "tags");
    let (vbd_class, owner) = of("VBD", "VM");
    let mut made = Transaction::new(1);
    made.create(class, &vm(), vec![(name, Value::text("x"))]);
    made.create(vbd_class, &Ref::new("OpaqueRef:vbd"), vec![(owner, Value::Ref(vm()))]);
    let mut changed = Transaction::new(2);
    changed.set_value(&vm(), name, Value::text("y"));
    changed.add(&vm(), other, Some(Value::text("k")), Value::text("v"));
    changed.add(&vm(), tags, None, Value::text("t"));
    changed.remove(&vm(), other, Value::text("k"));
    changed.touch.push((class.name().into(), vm()));
    let mut gone = Transaction::new(3);
    gone.destroy(class, &vm());
    vec![made, changed, gone]
}

fn transaction_seeds() -> Vec<Vec<u8>> {
    let all = transactions();
    all.iter()
        .filter_map(|each| codec::encode_transaction(each).ok())
        .collect()
}

thread_local! {
    /// A pool with a VM, which the transactions change.
    static BASE: View = transactions()[..2].iter().fold(View::default(), |view, transaction| {
        view.apply(transaction).map(|(view, _)| view).unwrap_or_else(|error| panic!("{error}"))
    });
    /// For bytes that are used again and again.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What is read is written back as the same, and applying it is total; what it makes survives a snapshot.
fn transaction(input: &[u8], seen: &mut Seen) {
    let transaction = match codec::decode_transaction(input) {
        Ok(transaction) => transaction,
        Err(error) => return seen.mark(&with_cause(&error)),
    };
    let written = codec::encode_transaction(&transaction).unwrap_or_else(|error| panic!("{error}"));
    let again = codec::decode_transaction(&written).unwrap_or_else(|error| panic!("{error}"));
    // Compared as bytes: NaN is not equal to itself.
    assert_eq!(codec::encode_transaction(&again).ok(), Some(written));
    for change in &transaction.changes {
        let kind = format!("{:?}", change.kind);
        seen.mark(kind.split([' ', '(']).next().unwrap_or_default());
    }
    match BASE.with(|base| base.apply(&transaction)) {
        Ok((view, changes)) => {
            seen.mark_at("applied", changes.rows.len().min(8));
            survives(&view);
        }
        Err(ApplyError::Conflict { .. }) => seen.mark("conflict"),
        Err(ApplyError::Api(error)) => seen.mark_at(&error.code, error.params.len()),
    }
}

fn survives(view: &View) {
    BYTES.with_borrow_mut(|bytes| {
        bytes.clear();
        view.write_snapshot(bytes).unwrap_or_else(|error| panic!("{error}"));
        let again = View::read_snapshot(&mut bytes.as_slice()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.state_hash(), view.state_hash());
    });
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!("{cause:?}")).unwrap_or_default();
    format!("{} {}", kind_of(&error), kind_of(&cause))
}

/// The records inside a snapshot, without what guards them: each has two bytes of length before it.
pub const RECORD: Target = Target {
    name: "record",
    home: "consensus/pooldb",
    words: &[
        "VM",
        "host",
        "VBD",
        "OpaqueRef:vm",
        "name_label",
        "VBDs",
        "uuid",
        "strange",
    ],
    pairs: &[],
    seeds: || BASE.with(fuzz::records),
    run: record,
};

fn record(input: &[u8], seen: &mut Seen) {
    match fuzz::view_of_records(input) {
        Ok(view) => {
            seen.mark_at("view", view.counts().filter(|(_, count)| *count > 0).count().min(8));
            let hash = view.state_hash();
            let mut bytes = Vec::new();
            // A row that cannot be written again (it is nested too deeply with its frame) is refused when it is read.
            view.write_snapshot(&mut bytes)
                .unwrap_or_else(|error| panic!("{error}"));
            let again = View::read_snapshot(&mut bytes.as_slice()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(again.state_hash(), hash);
        }
        Err(error) => seen.mark(&with_cause(&error)),
    }
}

/// A snapshot as it comes from a disk or a member.
pub const SNAPSHOT: Target = Target {
    name: "snapshot",
    home: "consensus/pooldb",
    words: &["VM", "OpaqueRef:vm", "name_label"],
    pairs: &[],
    seeds: snapshot_seeds,
    run: snapshot,
};

fn snapshot_seeds() -> Vec<Vec<u8>> {
    let written = |view: &View| {
        let mut bytes = Vec::new();
        view.write_snapshot(&mut bytes).ok().map(|()| bytes)
    };
    [written(&View::default()), BASE.with(written)]
        .into_iter()
        .flatten()
        .collect()
}

fn snapshot(input: &[u8], seen: &mut Seen) {
    match View::read_snapshot(&mut &*input) {
        Ok(_) => seen.mark("view"),
        Err(error) => seen.mark(&with_cause(&error)),
    }
}

pub const FILTER: Target = Target {
    name: "filter",
    home: "consensus/pooldb",
    words: &[
        "true",
        "false",
        " and ",
        " or ",
        "not ",
        "field ",
        "\"name__label\"",
        "\"uuid\"",
        "\"_ref\"",
        "\"VBDs\"",
        "\"other_config\"",
        "\"none\"",
        " = ",
        "\"x\"",
        "\"y\"",
        "\"",
        "\\\"",
        "(",
        ")",
        "'",
        "\t",
    ],
    pairs: &[("(", ")"), ("not (", ")"), ("field \"", "\"=\"y\"")],
    seeds: || {
        seeds_of(&[
            "field \"name__label\"=\"y\"",
            "(true and not (field \"VBDs\" = field \"_ref\")) or false",
        ])
    },
    run: filter,
};

fn filter(input: &[u8], seen: &mut Seen) {
    let (class, _) = of("VM", "name_label");
    let text = text_of(input);
    match BASE.with(|base| base.find_where(class, &text)) {
        Ok(found) => {
            seen.mark_at("found", found.len());
            let negated = BASE.with(|base| base.find_where(class, &format!("not ({text})")));
            let others = negated.map(|found| found.len());
            assert!(
                others == Ok(1 - found.len()) || depth(&text) > 100,
                "{text:?}: {others:?}"
            );
            for word in ["and", "or", "not", "field", "("] {
                seen.mark_at(word, text.matches(word).count().min(6));
            }
        }
        Err(FilterError::MissingField(_)) => seen.mark("missing field"),
        Err(FilterError::Syntax(why)) => seen.mark(&why),
    }
}

/// How deep it may be at the most.
fn depth(text: &str) -> usize {
    text.matches('(').count() + text.matches("not").count()
}
