//! Durability under the store (CORRECTNESS A4): kill -9 proves nothing, so every system call that sled and std make on a store's
//! folder is recorded, and the folder is rebuilt as the disk would have it if the power went at a sync. The store opened from that
//! holds every acknowledged entry and vote.

// Taking libc's place needs exported symbols and raw pointers; nothing else here is unsafe.
#![allow(unsafe_code)]
// Helpers outside #[test] functions are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod full_disk;
mod interpose;
mod life;
mod model;
mod replay;

use interpose::{Event, Recording, Sabotage};
use life::{Life, make};
use model::{Content, History};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use replay::{Image, Replay};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use xenith_raft::store::{OpenError, OpenOptions, SledLog, StoreIdentity};

/// Two lives each.
const RUNS: u64 = 1_000;
/// Power losses tried per life, of about 60 syncs; every one is tried in [`EXHAUSTIVE`] runs.
const LOSSES: usize = 4;
const EXHAUSTIVE: u64 = 20;
/// More of them while a life opens its store.
const OPENING_LOSSES: usize = 2;

fn options() -> OpenOptions {
    // Small segments, so that short runs fill, free and reuse some.
    OpenOptions {
        segment_bytes: 32 << 10,
        cache_bytes: 256 << 10,
        ..OpenOptions::default()
    }
}

fn identity() -> StoreIdentity {
    StoreIdentity {
        node: 5,
        pool_uuid: "pool".to_owned(),
        incarnation: 1,
        host_uuid: "host".to_owned(),
    }
}

/// What was tried, and what came of it.
#[derive(Debug, Default)]
struct Tally {
    losses: usize,
    syncs: usize,
    set_aside: usize,
    /// Openings that made sled's file shorter.
    cut: usize,
    /// Torn stores that had more than the synced bytes.
    torn: usize,
}

/// One seeded run.
pub struct Run {
    random: StdRng,
    sabotage: Sabotage,
    /// The machine has other work.
    busy: bool,
    calls: usize,
}

impl Run {
    fn new(seed: u64, sabotage: Sabotage) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let calls = match seed % 125 {
            // Long enough that sled frees and reuses most of what its first snapshot spoke of.
            101 => 1_200,
            0 | 25 | 50 | 75 | 100 => 150,
            _ => random.random_range(3..25),
        };
        Self {
            random,
            sabotage,
            busy: false,
            calls,
        }
    }

    fn first_life(&mut self) -> Result<Life, String> {
        let root = folder();
        Life::live(root.path(), Replay::of(&Image::new()), Vec::new(), self)
    }

    fn busy(self) -> Self {
        Self { busy: true, ..self }
    }

    /// Two lives, a power loss (or a kill and a later power loss) between them; then sampled syncs of both.
    fn check(mut self, losses: usize, tally: &mut Tally) -> Result<(), String> {
        let first = self.first_life()?;
        self.check_life(&first, losses, tally)?;
        self.calls /= 2;
        let second = self.second_life(&first)?;
        self.check_life(&second, losses, tally)
            .map_err(|error| format!("second life: {error}"))
    }

    /// A life in what is left of the first after a power loss at any of its syncs, or after a kill.
    fn second_life(&mut self, first: &Life) -> Result<Life, String> {
        let at = *pick(&first.syncs(), &mut self.random);
        let replay = first.until(at);
        let on_disk = replay.durable();
        // A kill leaves what the page cache has; the power may go later.
        let killed = self.random.random_bool(0.5);
        let found = if killed { replay.live() } else { on_disk.clone() };
        let root = folder();
        replay::write_out(&found, root.path());
        let (acknowledged, accepted) = first.bounds(at);
        let was = first.history.steps[acknowledged..=accepted].to_vec();
        let start = Replay::with_live(&on_disk, &found);
        Life::live(root.path(), start, was, self).map_err(|error| format!("{error}, at event {at} (killed: {killed})"))
    }

    fn check_life(&mut self, life: &Life, losses: usize, tally: &mut Tally) -> Result<(), String> {
        let syncs = life.syncs();
        tally.syncs += syncs.len();
        let mut chosen = syncs.clone();
        if syncs.len() > losses {
            chosen = (1..losses).map(|_| *pick(&syncs, &mut self.random)).collect();
            chosen.extend(syncs.last());
            // Opening moves and drops more than anything later, in few syncs.
            let opening: Vec<_> = syncs.into_iter().filter(|at| *at < life.opened).collect();
            chosen.extend((0..OPENING_LOSSES.min(opening.len())).map(|_| *pick(&opening, &mut self.random)));
        }
        for at in chosen {
            tally.losses += 1;
            let (acknowledged, accepted) = life.bounds(at);
            reopens(life, &life.until(at).durable(), acknowledged..=accepted)
                .map_err(|error| format!("at event {at}: {error}"))?;
        }
        Ok(())
    }

    /// A kill after each call made while the store opens again, and a power loss at each sync.
    fn check_opening(mut self, tally: &mut Tally) -> Result<(), String> {
        let first = self.first_life()?;
        self.calls = 1;
        let life = self.second_life(&first)?;
        tally.cut += usize::from(life.opening().any(|event| matches!(event, Event::SetLen { .. })));
        for at in 0..=life.opened {
            let left = life.until(at);
            let mut images = vec![("killed", left.live())];
            if matches!(life.events[at], Event::Sync { .. }) {
                images.push(("without power", left.durable()));
            }
            for (how, image) in images {
                tally.losses += 1;
                let (acknowledged, accepted) = life.bounds_before(at + 1);
                reopens(&life, &image, acknowledged..=accepted)
                    .map_err(|error| format!("{how} at event {at} of {}: {error}", life.opened))?;
            }
        }
        Ok(())
    }

    /// The process is killed anywhere: the page cache keeps all it wrote.
    fn check_killed(mut self, kills: usize, tally: &mut Tally) -> Result<(), String> {
        let life = self.first_life()?;
        for _ in 0..kills {
            let at = self.random.random_range(life.first..life.events.len());
            tally.losses += 1;
            let (acknowledged, accepted) = life.bounds_before(at + 1);
            reopens(&life, &life.until(at).live(), acknowledged..=accepted)
                .map_err(|error| format!("killed at event {at}: {error}"))?;
        }
        Ok(())
    }

    /// The power goes anywhere, and any part of what was not synced got through: the store opens with what was acknowledged, or
    /// says that it must be set aside. Never does it open with less.
    fn check_torn(mut self, losses: usize, tally: &mut Tally) -> Result<(), String> {
        let life = self.first_life()?;
        for _ in 0..losses {
            let at = self.random.random_range(life.first..life.events.len());
            let odds = *pick(&[0.1, 0.5, 0.9], &mut self.random);
            let mut random = StdRng::seed_from_u64(self.random.random());
            let image = life.until(at).torn(&mut || random.random_bool(odds));
            let (acknowledged, accepted) = life.bounds_before(at + 1);
            tally.torn += usize::from(image != life.until(at).durable());
            tally.losses += 1;
            match reopened(&image) {
                Ok(content) => {
                    if !life.history.admits(&content?, acknowledged, accepted) {
                        return Err(format!("lost at event {at}"));
                    }
                }
                Err(error) if error.must_set_aside() => tally.set_aside += 1,
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }
}

/// A folder in memory if there is one: nothing here rests on a real disk.
fn folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let fallback = std::env::temp_dir();
    tempfile::tempdir_in(memory)
        .or_else(|_| tempfile::tempdir_in(fallback))
        .unwrap()
}

fn pick<'a, T>(from: &'a [T], random: &mut StdRng) -> &'a T {
    &from[random.random_range(0..from.len())]
}

/// The store opens from the image and is what it was after one of the steps.
fn reopens(life: &Life, image: &Image, steps: RangeInclusive<usize>) -> Result<(), String> {
    let content = reopened(image).map_err(|error| error.to_string())??;
    if !life.history.admits(&content, *steps.start(), *steps.end()) {
        let end = content.entries.keys().next_back();
        return Err(format!("lost: of steps {steps:?} none ends at {end:?}"));
    }
    Ok(())
}

/// Opens a store from an image and reads all of it.
fn reopened(image: &Image) -> Result<Result<Content, String>, OpenError> {
    let root = folder();
    replay::write_out(image, root.path());
    let log = SledLog::open(&root.path().join("store"), options())?;
    Ok(Content::of(&log))
}

/// Runs seeds on as many threads as the machine has cores.
fn run_all(
    seeds: std::ops::Range<u64>,
    check: impl Fn(u64, &mut Tally) -> Result<(), String> + Sync,
) -> (Tally, Vec<String>) {
    let next = AtomicUsize::new(seeds.start as usize);
    let results = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..std::thread::available_parallelism().map_or(1, |n| n.get()))
            .map(|_| {
                scope.spawn(|| {
                    let (mut tally, mut failures) = (Tally::default(), Vec::new());
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst) as u64;
                        if seed >= seeds.end {
                            return (tally, failures);
                        }
                        if let Err(error) = check(seed, &mut tally) {
                            failures.push(format!("seed {seed}: {error}"));
                        }
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect::<Vec<_>>()
    });
    let mut all = (Tally::default(), Vec::new());
    for (tally, failures) in results {
        all.0.losses += tally.losses;
        all.0.syncs += tally.syncs;
        all.0.set_aside += tally.set_aside;
        all.0.cut += tally.cut;
        all.0.torn += tally.torn;
        all.1.extend(failures);
    }
    all
}

#[test]
fn the_recorder_catches_every_call() {
    let root = folder();
    let recording = Recording::start(root.path(), Sabotage::None, false);
    let log = SledLog::create(&root.path().join("store"), &identity(), options()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let mut random = StdRng::seed_from_u64(1);
    let mut history = History::starting_at(Content::default());
    for _ in 0..200 {
        let sender = sender.clone();
        let done = Box::new(move |result: Result<(), _>| sender.send(result).unwrap());
        let call = history.now().next_call(&mut random);
        history.push(&call);
        make(&log, call, done);
        receiver.recv().unwrap().unwrap();
    }
    drop(log);
    let (events, caught) = recording.stop();
    for count in [
        caught.opens,
        caught.pwrites,
        caught.writes,
        caught.fsyncs,
        caught.renames,
        caught.folders,
    ] {
        assert!(count > 0, "{caught:?}");
    }
    assert!(caught.fdatasyncs >= 400 && caught.range_syncs >= 200, "{caught:?}");
    let mut replay = Replay::of(&Image::new());
    events.iter().for_each(|event| replay.apply(event));
    assert!(
        replay.live() == replay::read_in(root.path()),
        "the replay and the real files differ"
    );
    assert!(
        !replay.live().keys().any(|path| path.contains("blobs/")),
        "sled wrote a blob"
    );
}

#[test]
fn what_was_acknowledged_is_there_after_a_power_loss() {
    let (tally, failures) = run_all(0..RUNS, |seed, tally| {
        let losses = if seed < EXHAUSTIVE { usize::MAX } else { LOSSES };
        Run::new(seed, Sabotage::None).check(losses, tally)
    });
    println!("{RUNS} runs: {} of {} syncs tried", tally.losses, tally.syncs);
    assert!(
        failures.is_empty(),
        "{} of {RUNS} runs: {:#?}",
        failures.len(),
        &failures[..failures.len().min(10)]
    );
}

/// A busy machine lets sled's threads overtake each other; what is found here depends on the machine too.
#[test]
fn a_kill_loses_nothing() {
    let (tally, failures) = run_all(0..300, |seed, tally| {
        Run::new(seed, Sabotage::None).busy().check_killed(8, tally)
    });
    println!("{} kills", tally.losses);
    assert!(failures.is_empty(), "{} runs: {failures:#?}", failures.len());
}

/// Found here: a sled snapshot that was being written, taken for a whole one; segments overwritten before the name of the snapshot
/// that does without them was durable.
#[test]
fn opening_may_be_cut_short() {
    let (tally, failures) = run_all(0..300, |seed, tally| {
        Run::new(seed, Sabotage::None).busy().check_opening(tally)
    });
    println!(
        "{} kills and power losses, {} lives cut the file",
        tally.losses, tally.cut
    );
    assert!(tally.cut > 0, "no opening cut the file: {tally:?}");
    assert!(failures.is_empty(), "{} runs: {failures:#?}", failures.len());
}

#[test]
fn a_torn_store_is_noticed_or_whole() {
    let (tally, failures) = run_all(0..300, |seed, tally| {
        Run::new(seed, Sabotage::None).check_torn(8, tally)
    });
    println!(
        "{} of {} torn, {} to set aside",
        tally.torn, tally.losses, tally.set_aside
    );
    assert!(tally.torn * 10 > tally.losses, "too few were torn: {tally:?}");
    assert!(failures.is_empty(), "{} runs: {failures:#?}", failures.len());
}

#[test]
fn the_checker_finds_a_missing_fdatasync() {
    for sabotage in [Sabotage::SkipAll, Sabotage::Skip("db")] {
        let (_, failures) = run_all(0..40, |seed, tally| Run::new(seed, sabotage).check(LOSSES, tally));
        assert!(
            failures.len() >= 36,
            "only {} of 40 runs lost with {sabotage:?}",
            failures.len()
        );
    }
}
