//! The sled log and the memory log against each other: the same calls, the same answers. And snapshot files.

use super::tests::{create, entry, open, place, vote, wait};
use super::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::fs;
use std::io::Write;
use std::sync::Mutex;

type Jobs = Arc<Mutex<VecDeque<Job>>>;

/// Jobs pile up until [`run`].
fn executor() -> (Executor, Jobs) {
    let jobs = Jobs::default();
    let pile = Arc::clone(&jobs);
    (Arc::new(move |job| pile.lock().unwrap().push_back(job)), jobs)
}

fn run(jobs: &Jobs) {
    loop {
        let job = jobs.lock().unwrap().pop_front();
        match job {
            Some(job) => job(),
            None => return,
        }
    }
}

/// Counts the callbacks: (ok, failed).
fn counter() -> (Arc<Mutex<(usize, usize)>>, impl Fn() -> Done) {
    let counts = Arc::new(Mutex::new((0, 0)));
    let shared = Arc::clone(&counts);
    let done = move || {
        let shared = Arc::clone(&shared);
        Box::new(move |result: Result<(), StoreError>| match result {
            Ok(()) => shared.lock().unwrap().0 += 1,
            Err(_) => shared.lock().unwrap().1 += 1,
        }) as Done
    };
    (counts, done)
}

fn random_call(log: &dyn DurableLog, random: &mut StdRng, done: Done) {
    let last = log.state().unwrap().last;
    let next = last.map_or(0, |last| last.index + 1);
    let near = random.random_range(next.saturating_sub(8)..next + 3);
    match random.random_range(0..10) {
        0 => log.truncate_since(near, done),
        1 => {
            let known = log.read(near..near + 1, 0).unwrap();
            let other = LogPos {
                term: 77,
                leader: 7,
                index: near,
            };
            log.purge_through(known.first().map_or(other, StoredEntry::pos), done);
        }
        2 => log.purge_through(
            LogPos {
                term: 78,
                leader: 7,
                index: near,
            },
            done,
        ),
        3 => log.save_vote(vote(&near.to_string()), done),
        4 => log.append(vec![entry(next + 1, 1, 3)], done),
        _ => {
            let sizes = (next..).zip([0, 10, 2_000, 30_000]);
            let count = random.random_range(0..4);
            log.append(
                sizes.take(count).map(|(index, size)| entry(index, 5, size)).collect(),
                done,
            );
        }
    }
}

#[test]
fn the_sled_log_and_the_memory_log_agree() {
    for seed in 0..40 {
        let place = place();
        let (executor, jobs) = executor();
        let disk = MemDisk::new();
        let mut sled = create(&place.dir);
        let mut memory = MemLog::open(&disk, Arc::clone(&executor)).unwrap();
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..60 {
            let call_seed = random.random();
            let mut results = Vec::new();
            for log in [&sled as &dyn DurableLog, &memory] {
                let mut random = StdRng::seed_from_u64(call_seed);
                results.push(wait_with(&jobs, |done| random_call(log, &mut random, done)).is_ok());
            }
            assert_eq!(results[0], results[1], "seed {seed}");
            if random.random_bool(0.1) {
                drop(sled);
                sled = open(&place.dir);
                disk.crash(&mut |_| 0);
                memory = MemLog::open(&disk, Arc::clone(&executor)).unwrap();
            }
            let state = sled.state().unwrap();
            assert_eq!(state, memory.state().unwrap(), "seed {seed}");
            let from = state
                .last
                .map_or(0, |last| last.index)
                .saturating_sub(random.random_range(0..30));
            let (range, max) = (from..from + 20, random.random_range(0..50_000));
            assert_eq!(
                sled.read(range.clone(), max).unwrap(),
                memory.read(range.clone(), max).unwrap(),
                "seed {seed}: {range:?} {max}"
            );
        }
    }
}

fn wait_with(jobs: &Jobs, call: impl FnOnce(Done)) -> Result<(), StoreError> {
    let (sender, receiver) = std::sync::mpsc::channel();
    call(Box::new(move |result| sender.send(result).unwrap()));
    run(jobs);
    receiver.recv().unwrap()
}

#[test]
fn a_crash_keeps_what_was_synced_and_a_prefix_of_the_rest() {
    for kept in 0..=5 {
        let (executor, jobs) = executor();
        let (counts, done) = counter();
        let disk = MemDisk::new();
        let log = MemLog::open(&disk, Arc::clone(&executor)).unwrap();
        log.append(vec![entry(0, 1, 1), entry(1, 1, 1)], done());
        run(&jobs);
        log.append(vec![entry(2, 1, 1), entry(3, 1, 1), entry(4, 1, 1)], done());
        log.save_vote(vote("v"), done());
        log.truncate_since(4, done());
        assert_eq!(
            log.read(2..9, usize::MAX).unwrap().len(),
            2,
            "readable before it is durable"
        );
        assert_eq!(disk.unsynced(), 5);
        disk.crash(&mut |unsynced| {
            assert_eq!(unsynced, 5);
            kept
        });
        run(&jobs);
        assert_eq!(*counts.lock().unwrap(), (1, 0), "a dead node hears nothing");
        assert!(wait_with(&jobs, |done| log.save_vote(vote("w"), done)).is_err());
        let state = MemLog::open(&disk, executor).unwrap().state().unwrap();
        assert_eq!(state.last.unwrap().index, [1, 2, 3, 4, 4, 3][kept]);
        assert_eq!(state.vote, (kept >= 4).then(|| vote("v")));
    }
}

#[test]
fn the_memory_log_fills_heals_breaks_and_tears() {
    let (executor, jobs) = executor();
    let disk = MemDisk::new();
    let log = MemLog::open(&disk, Arc::clone(&executor)).unwrap();
    wait_with(&jobs, |done| log.append(vec![entry(0, 1, 1)], done)).unwrap();
    let (counts, done) = counter();
    log.append(vec![entry(1, 1, 1)], done());
    disk.set_full(true);
    run(&jobs);
    assert_eq!(*counts.lock().unwrap(), (0, 1));
    assert!(matches!(log.health().condition, StoreCondition::Full(_)));
    assert_eq!(log.state().unwrap().last.unwrap().index, 0);
    disk.set_full(false);
    wait_with(&jobs, |done| log.append(vec![entry(1, 2, 1)], done)).unwrap();
    disk.break_fsync();
    assert!(wait_with(&jobs, |done| log.append(vec![entry(2, 2, 1)], done)).is_err());
    disk.crash(&mut |n| n);
    disk.tear(1);
    let error = MemLog::open(&disk, executor).err().unwrap();
    assert!(error.must_set_aside());
}

#[test]
fn the_latest_snapshot_is_whole() {
    let place = place();
    let mut files = SnapshotFiles::open(&place.dir).unwrap();
    assert!(files.latest().unwrap().is_none());
    for n in 1..4_u8 {
        let mut writer = files.begin(&format!("snap-{n}")).unwrap();
        writer.write_all(&vec![n; 700_000]).unwrap();
        files.commit(writer, &[n]).unwrap();
        let abandoned = files.begin("abandoned").unwrap();
        drop(abandoned);
        let found = files.latest().unwrap().unwrap();
        assert_eq!(
            (found.id.as_str(), found.meta.as_slice()),
            (&*format!("snap-{n}"), &[n][..])
        );
        assert_eq!(found.read_all().unwrap(), vec![n; 700_000]);
        assert_eq!(fs::read_dir(&place.dir).unwrap().count(), 2);
    }
    // A half-written one, as a crash leaves it, and a data file whose meta never came.
    fs::write(place.dir.join("0.writing"), b"half").unwrap();
    fs::write(place.dir.join("0000000000000004.data"), b"no meta").unwrap();
    let files = SnapshotFiles::open(&place.dir).unwrap();
    assert_eq!(fs::read_dir(&place.dir).unwrap().count(), 2);
    assert_eq!(files.latest().unwrap().unwrap().id, "snap-3");

    let (data, meta) = (
        place.dir.join("0000000000000003.data"),
        place.dir.join("0000000000000003.meta"),
    );
    let mut bytes = fs::read(&data).unwrap();
    bytes[99] ^= 1;
    fs::write(&data, &bytes).unwrap();
    assert!(matches!(
        files.latest().unwrap().unwrap().read_all(),
        Err(SnapshotError::Damaged(_))
    ));
    fs::write(&data, &bytes[1..]).unwrap();
    assert!(matches!(files.latest(), Err(SnapshotError::Damaged(_))));
    let mut bytes = fs::read(&meta).unwrap();
    bytes[30] ^= 1;
    fs::write(&meta, &bytes).unwrap();
    assert!(matches!(files.latest(), Err(SnapshotError::Damaged(_))));
}

#[test]
fn oversized_votes_are_refused_and_closing_finishes_the_queue() {
    let place = place();
    let log = create(&place.dir);
    let big = StoredVote {
        bytes: vec![0; VOTE_BYTES_MAX + 1],
    };
    assert!(matches!(
        wait(|done| log.save_vote(big, done)),
        Err(StoreError::TooLarge { .. })
    ));
    let full = StoredVote {
        bytes: vec![1; VOTE_BYTES_MAX],
    };
    wait(|done| log.save_vote(full.clone(), done)).unwrap();
    let (counts, done) = counter();
    for index in 0..100 {
        log.append(vec![entry(index, 1, 100)], done());
    }
    drop(log);
    assert_eq!(*counts.lock().unwrap(), (100, 0));
    let state = open(&place.dir).state().unwrap();
    assert_eq!((state.last.unwrap().index, state.vote), (99, Some(full)));
}
