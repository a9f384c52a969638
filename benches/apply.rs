//! The pool database: apply, view clone, events, hash and snapshots of two pools, and the memory that one takes.

#![allow(clippy::expect_used, reason = "a bench that cannot go on stops and says why")]

use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, measurement::WallTime};
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;
use xenith_benches::rows::{apply, column, device, id, pool, pool_with_devices, reference, set};
use xenith_benches::{args, process};
use xenith_pooldb::{Transaction, View};

/// Asks this program for the memory bench alone: a process of its own has nothing else in its memory.
const MEMORY: &str = "--memory-only";

fn memory_of_a_pool() {
    let before = process::resident_kib(std::process::id());
    let mut view = pool_with_devices(1_000);
    let built = process::resident_kib(std::process::id()) - before;
    for round in 0..20_000 {
        view = apply(&view, &set(round % 1_000, format!("round {round}")));
    }
    let later = process::resident_kib(std::process::id()) - before;
    black_box(&view);
    println!("RSS of 1,000 VM + 3,000 VBD + 3,000 VIF rows: {built} KiB; after 20,000 one-field sets: {later} KiB");
}

fn memory(_: &mut Criterion) {
    let this = std::env::current_exe().expect("a path of this program");
    let status = Command::new(this).arg(MEMORY).status().expect("starts");
    assert!(status.success(), "the memory bench failed");
}

fn pools(criterion: &mut Criterion) {
    for (name, view, vms) in [
        ("1,000 VM + 3,000 VBD + 3,000 VIF", pool_with_devices(1_000), 1_000),
        ("10,000 VM", pool(10_000), 10_000),
    ] {
        let mut group = criterion.benchmark_group(name);
        changes(&mut group, &view, vms);
        reads(&mut group, &view, vms);
        snapshots(&mut group, &view);
    }
}

fn changes(group: &mut BenchmarkGroup<'_, WallTime>, view: &View, vms: usize) {
    let sets: Vec<Transaction> = (0..1_000).map(|n| set(n * 7_919 % vms, format!("text {n}"))).collect();
    let (mut view, mut turn) = (view.clone(), 0);
    group.bench_function("apply a set", |bencher| {
        bencher.iter(|| {
            turn += 1;
            view = apply(&view, &sets[turn % sets.len()]);
        });
    });
    let mut number = vms * 3;
    group.bench_function("apply a create (VBD)", |bencher| {
        let fresh = || {
            number += 1;
            device("VBD", number % (vms * 3) + vms * 3)
        };
        let full = view.clone();
        bencher.iter_batched(fresh, |transaction| apply(&full, &transaction), BatchSize::SmallInput);
    });
    let with_device = apply(&view, &device("VBD", vms * 3));
    let mut destroy = Transaction::new(0);
    destroy.destroy(id("VBD"), &reference("VBD", vms * 3));
    group.bench_function("apply a destroy (VBD)", |bencher| {
        bencher.iter(|| apply(&with_device, &destroy));
    });
    group.bench_function("clone the view", |bencher| bencher.iter(|| black_box(&view).clone()));
}

fn reads(group: &mut BenchmarkGroup<'_, WallTime>, view: &View, vms: usize) {
    let next = apply(view, &set(1, "event".into()));
    let before = view.token();
    group.bench_function("changes_since, one change", |bencher| {
        bencher.iter(|| next.changes_since(before, &|_, _| true));
    });
    let start = View::default().token();
    group.bench_function("changes_since the start, all rows", |bencher| {
        bencher.iter(|| view.changes_since(start, &|_, _| true));
    });
    group.bench_function("state hash", |bencher| bencher.iter(|| view.state_hash()));
    let vm = reference("VM", vms / 2);
    group.bench_function("one field", |bencher| {
        bencher.iter(|| view.value(&vm, column("VM", "name_label")))
    });
    group.bench_function("record", |bencher| bencher.iter(|| view.record(id("VM"), &vm)));
    group.bench_function("find_where by name", |bencher| {
        bencher.iter(|| view.find_where(id("VM"), r#"field "name__label" = "vm 77""#));
    });
}

fn snapshots(group: &mut BenchmarkGroup<'_, WallTime>, view: &View) {
    let mut bytes = Vec::new();
    view.write_snapshot(&mut bytes).expect("writes");
    println!("snapshot: {} KiB", bytes.len() / 1024);
    group.bench_function("write a snapshot", |bencher| {
        bencher.iter(|| view.write_snapshot(&mut std::io::sink()).expect("writes"));
    });
    group.bench_function("read a snapshot", |bencher| {
        bencher.iter(|| View::read_snapshot(&mut bytes.as_slice()).expect("reads"));
    });
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
}

criterion_group! { name = benches; config = settings(); targets = memory, pools }

fn main() {
    if args::flag(MEMORY) {
        return memory_of_a_pool();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
