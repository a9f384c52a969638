//! Runs: their bytes, and cutting them anywhere, in sled and in one group commit.

use super::record::genesis;
use super::run::Run;
use super::tests::{create, entry, open, place, wait};
use super::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fs;
use std::sync::mpsc;

fn run_of(entries: &[StoredEntry]) -> Run {
    let (first, rest) = entries.split_first().unwrap();
    let mut run = Run::of(genesis(b"golden"), first);
    for entry in rest {
        assert!(run.takes(entry, usize::MAX));
        run.push(entry);
    }
    run
}

#[test]
fn a_run_is_stored_as_before() {
    let entries: Vec<_> = (7..10).map(|index| entry(index, 2, index as usize)).collect();
    let value = run_of(&entries).encode(8 << 10);
    crate::golden::same("store_run.hex", &value);
    let read = Run::decode(7, value.clone()).unwrap();
    assert_eq!(read.into_entries().collect::<Vec<_>>(), entries);
    for at in 0..value.len() {
        let mut damaged = value.clone();
        damaged[at] ^= 1;
        // The number of pieces is not covered: a wrong one does not find its pieces.
        assert!(at < 4 || Run::decode(7, damaged).is_none(), "byte {at}");
        assert!(Run::decode(7, value[..at].to_vec()).is_none());
    }
    assert!(Run::decode(8, value).is_none());
}

#[test]
fn tips_do_not_depend_on_where_runs_begin() {
    let entries: Vec<_> = (0..6).map(|index| entry(index, 2, 40)).collect();
    let whole = run_of(&entries);
    for at in 1..6_u64 {
        let mut head = run_of(&entries);
        head.cut(at);
        assert_eq!(head.last(), at - 1);
        assert_eq!(head.encode(9_000), run_of(&entries[..at as usize]).encode(9_000));
        let mut tail = Run::of(head.tip_at(at - 1).unwrap().chain, &entries[at as usize]);
        for entry in &entries[at as usize + 1..] {
            tail.push(entry);
        }
        assert_eq!(tail.tip_at(5), whole.tip_at(5));
    }
}

#[test]
fn another_leader_begins_another_run() {
    let run = run_of(&[entry(0, 2, 10)]);
    assert!(run.takes(&entry(1, 2, 10), 1_000) && !run.takes(&entry(1, 2, 10), 99));
    assert!(!run.takes(&entry(1, 3, 10), 1_000) && !run.takes(&entry(2, 2, 10), 1_000));
}

/// Bursts of appends, truncations and purges in the middle of runs, all of a burst in few group commits; what is there is compared
/// with a plain list, open and after opening again.
#[test]
fn runs_are_cut_anywhere() {
    for seed in 0..30 {
        let mut random = StdRng::seed_from_u64(seed);
        let place = place();
        let mut log = create(&place.dir);
        let (mut model, mut purged): (Vec<StoredEntry>, Option<u64>) = (Vec::new(), None);
        for term in 1..25 {
            let (sender, receiver) = mpsc::channel();
            let calls = random.random_range(1..6);
            for _ in 0..calls {
                let sender = sender.clone();
                let done = Box::new(move |result: Result<(), StoreError>| sender.send(result).unwrap());
                let next = model.last().map(|e| e.index).or(purged).map_or(0, |last| last + 1);
                let at = random.random_range(next.saturating_sub(30)..=next);
                match random.random_range(0..5) {
                    0 => {
                        model.retain(|e| e.index < at);
                        log.truncate_since(at, done);
                    }
                    1 if model.iter().any(|e| e.index == at) => {
                        let pos = model.iter().find(|e| e.index == at).unwrap().pos();
                        model.retain(|e| e.index > at);
                        purged = Some(at);
                        log.purge_through(pos, done);
                    }
                    _ => {
                        let sizes = [3, 20, 150, 700, 20_000];
                        let count = random.random_range(0..40);
                        let entries: Vec<_> = (next..next + count)
                            .map(|index| {
                                entry(
                                    index,
                                    term,
                                    sizes[random.random_range(0..if count < 4 { 5 } else { 4 })],
                                )
                            })
                            .collect();
                        model.extend(entries.clone());
                        log.append(entries, done);
                    }
                }
            }
            for _ in 0..calls {
                receiver.recv().unwrap().unwrap();
            }
            if random.random_bool(0.5) {
                drop(log);
                log = open(&place.dir);
            }
            let start = purged.map_or(0, |purged| purged + 1);
            assert_eq!(
                log.read(start..u64::MAX, usize::MAX).unwrap(),
                model,
                "seed {seed}, term {term}"
            );
        }
        assert_eq!(fs::read_dir(place.dir.join("log/blobs")).unwrap().count(), 0);
        wait(|done| log.truncate_since(0, done)).unwrap();
    }
}
