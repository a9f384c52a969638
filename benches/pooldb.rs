//! The pool database: one-field sets, creations, events, hash, snapshots, and the memory a pool takes.

#![allow(clippy::expect_used, reason = "a bench may stop like a test")]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use xenith_datamodel::{ClassId, Column, Ref, Value, class};
use xenith_pooldb::{Transaction, View, codec};

const VMS: usize = 10_000;

fn id(name: &str) -> ClassId {
    class(name).expect("a class of the datamodel")
}

fn column(class: &str, field: &str) -> Column {
    id(class).column(field).expect("a field of the datamodel")
}

fn reference(class: &str, number: usize) -> Ref {
    Ref::from_uuid_text(&format!("{:08x}-0000-4000-8000-{number:012x}", class.len()))
}

fn vm(number: usize) -> Transaction {
    let mut transaction = Transaction::new(0);
    let reference = reference("VM", number);
    let fields = vec![
        (
            column("VM", "uuid"),
            Value::text(&reference.as_str()["OpaqueRef:".len()..]),
        ),
        (column("VM", "name_label"), Value::text(format!("vm {number}"))),
        (column("VM", "memory_static_max"), Value::Int(1 << 30)),
        (
            column("VM", "other_config"),
            Value::text_map([("mac_seed", format!("seed {number}"))]),
        ),
    ];
    transaction.create(id("VM"), &reference, fields);
    decoded(&transaction)
}

/// As apply gets it from the log: every text an allocation of its own.
fn decoded(transaction: &Transaction) -> Transaction {
    let bytes = codec::encode_transaction(transaction).expect("encodes");
    codec::decode_transaction(&bytes).expect("decodes")
}

fn device(class: &str, number: usize) -> Transaction {
    let mut transaction = Transaction::new(0);
    let reference = reference(class, number);
    let fields = vec![
        (
            column(class, "uuid"),
            Value::text(&reference.as_str()["OpaqueRef:".len()..]),
        ),
        (column(class, "VM"), Value::Ref(self::reference("VM", number / 3))),
        (column(class, "device"), Value::text(format!("{}", number % 3))),
    ];
    transaction.create(id(class), &reference, fields);
    decoded(&transaction)
}

fn set(number: usize, text: String) -> Transaction {
    let mut transaction = Transaction::new(0);
    transaction.set_value(&reference("VM", number), column("VM", "name_description"), text.into());
    decoded(&transaction)
}

fn apply(view: &View, transaction: &Transaction) -> View {
    view.apply(transaction).expect("applies").0
}

fn pool(vms: usize) -> View {
    let mut view = View::default();
    for number in 0..vms {
        view = apply(&view, &vm(number));
    }
    view
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

fn memory(_: &mut Criterion) {
    let before = resident_kib();
    let mut view = pool(1_000);
    for number in 0..3_000 {
        view = apply(&apply(&view, &device("VBD", number)), &device("VIF", number));
    }
    println!("1,000 VM + 3,000 VBD + 3,000 VIF: {} KiB", resident_kib() - before);
    for round in 0..20_000 {
        view = apply(&view, &set(round % 1_000, format!("round {round}")));
    }
    println!("after 20,000 one-field sets: {} KiB", resident_kib() - before);
}

fn speed(criterion: &mut Criterion) {
    let mut view = pool(VMS);
    let sets: Vec<Transaction> = (0..VMS).map(|n| set(n * 7_919 % VMS, format!("text {n}"))).collect();
    let start = view.token();
    let mut turn = 0;
    criterion.bench_function("apply a one-field set, 10,000 VMs", |bencher| {
        bencher.iter(|| {
            turn += 1;
            view = apply(&view, &sets[turn % sets.len()]);
        });
    });
    let mut number = VMS * 3;
    criterion.bench_function("create a VBD", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                device("VBD", number)
            },
            |transaction| view = apply(&view, &transaction),
            criterion::BatchSize::SmallInput,
        );
    });
    let bytes = codec::encode_transaction(&sets[0]).expect("encodes");
    criterion.bench_function("decode a one-field set", |bencher| {
        bencher.iter(|| codec::decode_transaction(black_box(&bytes)).expect("decodes"));
    });
    criterion.bench_function("state hash", |bencher| bencher.iter(|| view.state_hash()));
    let next = apply(&view, &set(1, "event".into()));
    let before = view.token();
    criterion.bench_function("changes since the last token", |bencher| {
        bencher.iter(|| next.changes_since(before, &|_, _| true));
    });
    criterion.bench_function("all changes, 10,000 VMs and their VBDs", |bencher| {
        bencher.iter(|| view.changes_since(start, &|_, _| true));
    });
    let host = reference("VM", 5);
    criterion.bench_function("VM.get_record", |bencher| bencher.iter(|| view.record(id("VM"), &host)));
    criterion.bench_function("find_where by name, 10,000 VMs", |bencher| {
        bencher.iter(|| view.find_where(id("VM"), r#"field "name__label" = "vm 77""#));
    });
    let pool = pool(VMS);
    let mut bytes = Vec::new();
    pool.write_snapshot(&mut bytes).expect("writes");
    println!("snapshot of 10,000 VMs: {} KiB", bytes.len() / 1024);
    criterion.bench_function("write a snapshot, 10,000 VMs", |bencher| {
        bencher.iter(|| pool.write_snapshot(&mut std::io::sink()).expect("writes"));
    });
    criterion.bench_function("read a snapshot, 10,000 VMs", |bencher| {
        bencher.iter(|| View::read_snapshot(&mut bytes.as_slice()).expect("reads"));
    });
}

criterion_group! {
    name = pooldb;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    targets = memory, speed
}
criterion_main!(pooldb);
