//! Figures of the durable log: appends per second, disk and memory after churn. Run by hand, in release:
//! `cargo test --release -p xenith-raft --test recorder_measure -- --ignored --nocapture`.

// Helpers outside #[test] functions are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::mpsc;
use std::time::Instant;
use xenith_raft::store::{DurableLog, LogPos, OpenOptions, SledLog, StoreError, StoreIdentity, StoredEntry};

fn create(dir: &std::path::Path) -> SledLog {
    let identity = StoreIdentity {
        node: 1,
        pool_uuid: "pool".to_owned(),
        incarnation: 1,
        host_uuid: "host".to_owned(),
    };
    SledLog::create(&dir.join("store"), &identity, OpenOptions::default()).unwrap()
}

fn entry(index: u64) -> StoredEntry {
    let bytes: Vec<u8> = (0..500_u64).map(|n| (n ^ index.rotate_left(n as u32)) as u8).collect();
    StoredEntry {
        index,
        term: 1,
        leader: 1,
        bytes: bytes.into(),
    }
}

#[test]
#[ignore = "a measurement"]
fn durable_appends_per_second() {
    for batch in [1_u64, 16, 128] {
        let root = tempfile::tempdir().unwrap();
        let log = create(root.path());
        let (sender, receiver) = mpsc::channel::<Result<(), StoreError>>();
        let rounds = 2_000_u64;
        let started = Instant::now();
        for round in 0..rounds {
            let entries = (round * batch..(round + 1) * batch).map(entry).collect();
            let sender = sender.clone();
            log.append(entries, Box::new(move |result| sender.send(result).unwrap()));
            receiver.recv().unwrap().unwrap();
        }
        let rate = (rounds * batch) as f64 / started.elapsed().as_secs_f64();
        let latency = log.health().latency;
        println!(
            "batch {batch}: {rate:.0}/s, commit min {} p50 {} p99 {} us",
            latency.min_us.unwrap_or(0),
            latency.quantile_us(0.5),
            latency.quantile_us(0.99)
        );
    }
}

#[test]
#[ignore = "a measurement"]
fn disk_after_churn() {
    let root = tempfile::tempdir().unwrap();
    let log = create(root.path());
    let (sender, receiver) = mpsc::channel::<Result<(), StoreError>>();
    let mut worst = 0;
    for start in (0..200_000_u64).step_by(100) {
        let again = sender.clone();
        log.append(
            (start..start + 100).map(entry).collect(),
            Box::new(move |result| again.send(result).unwrap()),
        );
        receiver.recv().unwrap().unwrap();
        if start >= 10_000 && start % 1_000 == 0 {
            let pos = LogPos {
                term: 1,
                leader: 1,
                index: start - 10_000,
            };
            log.purge_through(pos, Box::new(|result| result.unwrap()));
            worst = worst.max(log.health().disk_bytes);
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let rss = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    println!(
        "disk: worst {} KiB, now {} KiB; {rss}",
        worst >> 10,
        log.health().disk_bytes >> 10
    );
}
