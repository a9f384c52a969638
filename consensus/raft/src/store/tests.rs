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

pub(super) fn entry(index: u64, term: u64, bytes: usize) -> StoredEntry {
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
    LogPos { term, leader: 7, index }
}

pub(super) fn vote(text: &str) -> StoredVote {
    StoredVote {
        bytes: text.as_bytes().to_vec(),
    }
}

/// Runs one call and waits for its `done`.
pub(super) fn wait(call: impl FnOnce(Done)) -> Result<(), StoreError> {
    let (sender, receiver) = mpsc::channel();
    call(Box::new(move |result| sender.send(result).unwrap()));
    receiver.recv().unwrap()
}

pub(super) struct Place {
    _root: tempfile::TempDir,
    pub dir: PathBuf,
}

pub(super) fn place() -> Place {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    Place { _root: root, dir }
}

pub(super) fn create(dir: &Path) -> SledLog {
    SledLog::create(dir, &identity(), options()).unwrap()
}

pub(super) fn open(dir: &Path) -> SledLog {
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
        assert_eq!(log.read(index..index + 1, 0).unwrap(), [entry(index, 1, 500)]);
    }
    for index in 0..200 {
        let (got, result) = receiver.recv().unwrap();
        result.unwrap();
        assert_eq!(got, index, "acknowledged in order");
    }
    assert_eq!(log.read(0..200, usize::MAX).unwrap(), entries(0..200, 1, 500));
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
    assert!(matches!(gap, StoreError::NotContiguous { expected: 12, got: 13 }));
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
    assert_eq!(log.read(30..100, usize::MAX).unwrap(), entries(30..50, 1, 100));
    drop(log);
    let log = open(&place.dir);
    let state = log.state().unwrap();
    assert_eq!((state.purged, state.last), (Some(pos(1, 29)), Some(pos(1, 49))));
    // A snapshot beyond the end, then one that contradicts what is here.
    wait(|done| log.purge_through(pos(4, 100), done)).unwrap();
    wait(|done| log.append(entries(101..105, 4, 9_000), done)).unwrap();
    wait(|done| log.purge_through(pos(5, 103), done)).unwrap();
    drop(log);
    let log = open(&place.dir);
    let state = log.state().unwrap();
    assert_eq!((state.purged, state.last), (Some(pos(5, 103)), Some(pos(5, 103))));
    wait(|done| log.append(entries(104..105, 5, 1), done)).unwrap();
    assert_eq!(log.read(104..200, 0).unwrap(), entries(104..105, 5, 1));
}

#[test]
fn large_entries_are_whole_and_no_blob_is_written() {
    let place = place();
    let log = create(&place.dir);
    let sizes = [1, 511, 512, 513, 70_000, 3_000_000, 0, 40_000];
    let all: Vec<_> = (0..).zip(sizes).map(|(index, size)| entry(index, 1, size)).collect();
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
    assert_eq!(fs::read_dir(place.dir.join("log/blobs")).unwrap().count(), 0);
}

#[test]
fn a_store_of_another_format_is_refused_and_left_alone() {
    let place = place();
    drop(create(&place.dir));
    let path = place.dir.join("identity");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("xenith-store 2", "xenith-store 1")).unwrap();
    let error = open_error(&place.dir);
    assert!(
        matches!(&error, OpenError::OtherFormat(found) if found == "xenith-store 1"),
        "{error}"
    );
    assert!(!error.must_set_aside(), "nothing is wrong with it");
}

/// A copy of the folder, as a backup restored would be.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        if found.file_type().unwrap().is_dir() {
            copy_folder(&found.path(), &target);
        } else {
            fs::copy(found.path(), target).unwrap();
        }
    }
}

fn swap_in(part: &str, from: &Path, to: &Path) {
    let target = to.join(part);
    if target.is_dir() {
        fs::remove_dir_all(&target).unwrap();
        copy_folder(&from.join(part), &target);
    } else {
        fs::copy(from.join(part), &target).unwrap();
    }
}

#[test]
fn an_older_log_under_the_mark_is_refused_and_set_aside() {
    let place = place();
    let old = place.dir.with_extension("old");
    let log = create(&place.dir);
    wait(|done| log.append(entries(0..10, 1, 100), done)).unwrap();
    drop(log);
    copy_folder(&place.dir, &old);
    let log = open(&place.dir);
    wait(|done| log.save_vote(vote("newer"), done)).unwrap();
    drop(log);
    swap_in("log", &old, &place.dir);
    let error = open_error(&place.dir);
    assert!(matches!(error, OpenError::BehindMark { .. }) && error.must_set_aside());
    let first = set_aside(&place.dir).unwrap();
    assert!(first.ends_with("store.damaged-1") && first.join("log/db").exists());
    assert!(matches!(open_error(&place.dir), OpenError::Missing));
    drop(create(&place.dir));
    assert!(set_aside(&place.dir).unwrap().ends_with("store.damaged-2"));
}

#[test]
fn a_missing_log_or_mark_is_refused() {
    for part in ["log/db", "durable.mark"] {
        let place = place();
        let log = create(&place.dir);
        wait(|done| log.append(entries(0..3, 1, 10), done)).unwrap();
        drop(log);
        fs::remove_file(place.dir.join(part)).unwrap();
        assert!(open_error(&place.dir).must_set_aside(), "{part}");
    }
}

#[test]
fn parts_of_another_store_are_refused() {
    for part in ["identity", "durable.mark", "log"] {
        let (one, other) = (place(), place());
        for (place, node) in [(&one, 1), (&other, 2)] {
            let identity = StoreIdentity { node, ..identity() };
            let log = SledLog::create(&place.dir, &identity, options()).unwrap();
            wait(|done| log.append(entries(0..3, 1, 10), done)).unwrap();
        }
        swap_in(part, &other.dir, &one.dir);
        let error = open_error(&one.dir);
        assert!(matches!(error, OpenError::IdentityMismatch), "{part}: {error}");
    }
}

#[test]
fn a_store_is_opened_once() {
    let place = place();
    let log = create(&place.dir);
    assert!(matches!(open_error(&place.dir), OpenError::InUse));
    drop(log);
    drop(open(&place.dir));
}

/// Any flipped byte of what is in use is noticed, or harmless: the store never shows other entries than those written.
#[test]
fn flipped_bytes_never_change_what_is_read() {
    let place = place();
    let log = create(&place.dir);
    for index in 0..60 {
        wait(|done| log.append(vec![entry(index, 1, 400)], done)).unwrap();
    }
    let state = log.state().unwrap();
    drop(log);
    let length = fs::metadata(place.dir.join("log/db")).unwrap().len();
    let mut noticed = 0;
    for n in 0..60 {
        let copy = place.dir.with_extension(format!("copy-{n}"));
        copy_folder(&place.dir, &copy);
        let data = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(copy.join("log/db"))
            .unwrap();
        let at = (n * 977 + 13) % length.min(60_000);
        let mut byte = [0];
        data.read_exact_at(&mut byte, at).unwrap();
        data.write_all_at(&[byte[0] ^ 0x20], at).unwrap();
        match SledLog::open(&copy, options()) {
            Ok(log) => {
                assert_eq!(log.state().unwrap(), state);
                assert_eq!(log.read(0..60, usize::MAX).unwrap(), entries(0..60, 1, 400));
            }
            Err(error) => {
                assert!(error.must_set_aside(), "{error}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > 10, "only {noticed} of 60 flips were noticed");
}

#[test]
fn a_torn_mark_slot_is_survived_and_two_are_not() {
    let place = place();
    let log = create(&place.dir);
    wait(|done| log.append(entries(0..3, 1, 10), done)).unwrap();
    drop(log);
    for slot in 0..2 {
        let copy = place.dir.with_extension(format!("slot-{slot}"));
        copy_folder(&place.dir, &copy);
        let mark = fs::OpenOptions::new()
            .write(true)
            .open(copy.join("durable.mark"))
            .unwrap();
        mark.write_all_at(&[0xaa; 600], slot * 4096 + 20).unwrap();
        assert_eq!(open(&copy).state().unwrap().last, Some(pos(1, 2)));
    }
    let mark = fs::OpenOptions::new()
        .write(true)
        .open(place.dir.join("durable.mark"))
        .unwrap();
    mark.write_all_at(&[0xaa; 8192], 0).unwrap();
    assert!(matches!(open_error(&place.dir), OpenError::Damaged(_)));
}

/// A log whose disk fails at `point` while the switch is on.
fn failing(dir: &Path, at: IoPoint, code: i32) -> (SledLog, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    let on = Arc::clone(&switch);
    let hook: FaultHook = Arc::new(move |point| match on.load(Ordering::SeqCst) && point == at {
        true => Err(io::Error::from_raw_os_error(code)),
        false => Ok(()),
    });
    let options = OpenOptions {
        faults: Some(hook),
        ..options()
    };
    (SledLog::create(dir, &identity(), options).unwrap(), switch)
}

#[test]
fn a_full_disk_acknowledges_nothing_and_heals() {
    let place = place();
    let (log, full) = failing(&place.dir, IoPoint::Reserve, 28);
    wait(|done| log.append(entries(0..5, 1, 10), done)).unwrap();
    full.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let error = wait(|done| log.append(entries(5..8, 1, 10), done)).unwrap_err();
        assert!(matches!(error, StoreError::Full(_)));
        assert!(matches!(log.health().condition, StoreCondition::Full(_)));
        assert_eq!(log.state().unwrap().last, Some(pos(1, 4)));
    }
    assert!(wait(|done| log.save_vote(vote("lost"), done)).is_err());
    assert_eq!(log.state().unwrap().vote, None);
    full.store(false, Ordering::SeqCst);
    wait(|done| log.append(entries(5..6, 2, 10), done)).unwrap();
    assert_eq!(log.health().condition, StoreCondition::Ok);
    drop(log);
    let log = open(&place.dir);
    assert_eq!(log.state().unwrap().last, Some(pos(2, 5)));
    assert_eq!(log.state().unwrap().vote, None);
}

#[test]
fn a_failed_write_or_fsync_is_never_tried_again() {
    for point in [IoPoint::Write, IoPoint::SyncData, IoPoint::SyncMark] {
        let place = place();
        let (log, broken) = failing(&place.dir, point, 5);
        wait(|done| log.append(entries(0..5, 1, 10), done)).unwrap();
        broken.store(true, Ordering::SeqCst);
        let error = wait(|done| log.append(entries(5..8, 1, 10), done)).unwrap_err();
        assert!(matches!(error, StoreError::Faulty(_)), "{point:?}");
        broken.store(false, Ordering::SeqCst);
        assert!(wait(|done| log.append(entries(5..8, 1, 10), done)).is_err());
        assert!(wait(|done| log.save_vote(vote("x"), done)).is_err());
        assert!(matches!(log.health().condition, StoreCondition::Faulty(_)));
        drop(log);
        let last = open(&place.dir).state().unwrap().last.unwrap();
        assert!(last.index == 4 || last.index == 7, "{point:?}: {last}");
    }
}
