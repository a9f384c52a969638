//! The sled log against its promises: reopening, truncating, purging, votes, damage, full disks.

use super::*;
use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

fn identity() -> StoreIdentity {
    StoreIdentity {
        node: 0xfeed_beef << 64,
        pool_uuid: "pool-1".to_owned(),
        incarnation: 3,
        host_uuid: "host-1".to_owned(),
    }
}

fn options() -> OpenOptions {
    OpenOptions {
        segment_bytes: 64 << 10,
        cache_bytes: 1 << 20,
        ..OpenOptions::default()
    }
}

fn entry(index: u64, term: u64, bytes: usize) -> StoredEntry {
    let fill = (index as u8).wrapping_mul(31).wrapping_add(term as u8);
    StoredEntry {
        index,
        term,
        leader: 7,
        bytes: vec![fill; bytes].into(),
    }
}

fn entries(range: Range<u64>, term: u64, bytes: usize) -> Vec<StoredEntry> {
    range.map(|index| entry(index, term, bytes)).collect()
}

fn pos(term: u64, index: u64) -> LogPos {
    LogPos {
        term,
        leader: 7,
        index,
    }
}

fn vote(text: &str) -> StoredVote {
    StoredVote {
        bytes: text.as_bytes().to_vec(),
    }
}

/// Runs one call and waits for its `done`.
fn wait(call: impl FnOnce(Done)) -> Result<(), StoreError> {
    let (sender, receiver) = mpsc::channel();
    call(Box::new(move |result| sender.send(result).unwrap()));
    receiver.recv().unwrap()
}

struct Place {
    _root: tempfile::TempDir,
    dir: PathBuf,
}

fn place() -> Place {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    Place { _root: root, dir }
}

fn create(dir: &Path) -> SledLog {
    SledLog::create(dir, &identity(), options()).unwrap()
}

fn open(dir: &Path) -> SledLog {
    SledLog::open(dir, options()).unwrap()
}

fn open_error(dir: &Path) -> OpenError {
    match SledLog::open(dir, options()) {
        Ok(_) => panic!("the store opened"),
        Err(error) => error,
    }
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let place = place();
    let log = create(&place.dir);
    wait(|done| log.append(entries(0..40, 1, 300), done)).unwrap();
    wait(|done| log.save_vote(vote("v1"), done)).unwrap();
    log.save_committed(pos(1, 30));
    wait(|done| log.append(entries(40..41, 2, 0), done)).unwrap();
    let state = log.state().unwrap();
    drop(log);
    let log = open(&place.dir);
    assert_eq!(log.state().unwrap(), state);
    assert_eq!(state.last, Some(pos(2, 40)));
    assert_eq!(state.committed, Some(pos(1, 30)));
    assert_eq!(log.identity(), &identity());
    let mut expected = entries(0..40, 1, 300);
    expected.push(entry(40, 2, 0));
    assert_eq!(log.read(0..100, usize::MAX).unwrap(), expected);
    assert_eq!(log.read(5..7, usize::MAX).unwrap(), expected[5..7]);
    assert_eq!(log.read(5..20, 650).unwrap(), expected[5..7]);
    assert_eq!(log.read(5..20, 0).unwrap(), expected[5..6]);
    assert_eq!(log.read(41..50, 10).unwrap(), []);
}

#[test]
fn entries_are_readable_before_they_are_durable_and_beyond_the_cache() {
    let place = place();
    let small = OpenOptions {
        tail_bytes: 4_000,
        ..options()
    };
    let log = SledLog::create(&place.dir, &identity(), small).unwrap();
    let (sender, receiver) = mpsc::channel();
    for index in 0..200 {
        let sender = sender.clone();
        log.append(
            vec![entry(index, 1, 500)],
            Box::new(move |r| sender.send((index, r)).unwrap()),
        );
        assert_eq!(
            log.read(index..index + 1, 0).unwrap(),
            [entry(index, 1, 500)]
        );
    }
    for index in 0..200 {
        let (got, result) = receiver.recv().unwrap();
        result.unwrap();
        assert_eq!(got, index, "acknowledged in order");
    }
    assert_eq!(
        log.read(0..200, usize::MAX).unwrap(),
        entries(0..200, 1, 500)
    );
    let health = log.health();
    assert_eq!(health.condition, StoreCondition::Ok);
    assert!(health.commits <= 200 && health.fsyncs >= 2 * health.commits);
    assert_eq!(health.latency.count(), health.commits);
    assert!(health.disk_bytes > 100_000);
}

#[test]
fn truncated_entries_are_gone_and_others_take_their_place() {
    let place = place();
    let log = create(&place.dir);
    wait(|done| log.append(entries(1..20, 1, 2_000), done)).unwrap();
    wait(|done| log.truncate_since(10, done)).unwrap();
    assert_eq!(log.state().unwrap().last, Some(pos(1, 9)));
    wait(|done| log.append(entries(10..12, 2, 10), done)).unwrap();
    let gap = wait(|done| log.append(entries(13..14, 2, 10), done)).unwrap_err();
    assert!(matches!(
        gap,
        StoreError::NotContiguous {
            expected: 12,
            got: 13
        }
    ));
    // All in one group commit.
    log.truncate_since(11, Box::new(|r| r.unwrap()));
    log.append(entries(11..30, 3, 10), Box::new(|r| r.unwrap()));
    log.truncate_since(20, Box::new(|r| r.unwrap()));
    wait(|done| log.append(entries(20..22, 4, 10), done)).unwrap();
    let mut expected = entries(1..10, 1, 2_000);
    expected.push(entry(10, 2, 10));
    expected.extend(entries(11..20, 3, 10));
    expected.extend(entries(20..22, 4, 10));
    assert_eq!(log.read(1..100, usize::MAX).unwrap(), expected);
    drop(log);
    let log = open(&place.dir);
    assert_eq!(log.read(1..100, usize::MAX).unwrap(), expected);
    wait(|done| log.truncate_since(0, done)).unwrap();
    drop(log);
    let log = open(&place.dir);
    assert_eq!(log.state().unwrap(), LogState::default());
}

#[test]
fn purged_entries_are_gone_and_the_log_goes_on() {
    let place = place();
    let log = create(&place.dir);
    wait(|done| log.append(entries(0..50, 1, 100), done)).unwrap();
    wait(|done| log.purge_through(pos(1, 29), done)).unwrap();
    wait(|done| log.purge_through(pos(1, 10), done)).unwrap();
    assert_eq!(log.read(29..40, usize::MAX).unwrap(), []);
    assert_eq!(
        log.read(30..100, usize::MAX).unwrap(),
        entries(30..50, 1, 100)
    );
    drop(log);
    let log = open(&place.dir);
    let state = log.state().unwrap();
    assert_eq!(
        (state.purged, state.last),
        (Some(pos(1, 29)), Some(pos(1, 49)))
    );
    // A snapshot beyond the end, then one that contradicts what is here.
    wait(|done| log.purge_through(pos(4, 100), done)).unwrap();
    wait(|done| log.append(entries(101..105, 4, 9_000), done)).unwrap();
    wait(|done| log.purge_through(pos(5, 103), done)).unwrap();
    drop(log);
    let log = open(&place.dir);
    let state = log.state().unwrap();
    assert_eq!(
        (state.purged, state.last),
        (Some(pos(5, 103)), Some(pos(5, 103)))
    );
    wait(|done| log.append(entries(104..105, 5, 1), done)).unwrap();
    assert_eq!(log.read(104..200, 0).unwrap(), entries(104..105, 5, 1));
}

#[test]
fn large_entries_are_whole_and_no_blob_is_written() {
    let place = place();
    let log = create(&place.dir);
    let sizes = [1, 511, 512, 513, 70_000, 3_000_000, 0, 40_000];
    let all: Vec<_> = (0..)
        .zip(sizes)
        .map(|(index, size)| entry(index, 1, size))
        .collect();
    wait(|done| log.append(all.clone(), done)).unwrap();
    // The replaced entry had more chunks.
    wait(|done| log.truncate_since(5, done)).unwrap();
    log.append(vec![entry(5, 2, 100_000)], Box::new(|r| r.unwrap()));
    wait(|done| log.append(vec![entry(6, 2, 3)], done)).unwrap();
    let mut expected = all[..5].to_vec();
    expected.extend([entry(5, 2, 100_000), entry(6, 2, 3)]);
    drop(log);
    let log = open(&place.dir);
    assert_eq!(log.read(0..100, usize::MAX).unwrap(), expected);
    assert_eq!(
        fs::read_dir(place.dir.join("log/blobs")).unwrap().count(),
        0
    );
}
