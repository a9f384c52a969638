//! The simulator itself: a seed repeats exactly in another process, and planted bugs are found.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Seeds among which a store that acknowledges too early must be caught: not every run loses a majority's unsynced tail.
const EAGER_STORE_SEEDS: std::ops::RangeInclusive<u32> = 1..=30;

#[allow(clippy::unwrap_used)]
fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xenith-sim"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_seed_is_the_same_to_the_byte_in_every_process() {
    for seed in ["3", "11"] {
        let arguments = ["--seed", seed, "--steps", "3000", "--trace"];
        let (first, second) = (simulate(&arguments), simulate(&arguments));
        assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stdout));
        assert_eq!(first.stdout, second.stdout, "seed {seed}");
        assert!(first.stdout.len() > 10_000, "seed {seed} did nearly nothing");
    }
}

#[test]
fn different_seeds_are_different_runs() {
    let run = |seed| simulate(&["--seed", seed, "--steps", "1000"]).stdout;
    assert_ne!(run("1"), run("2"));
}

/// A planted bug may also leave a pool that never settles; such a run is given up and says nothing.
const PLANTED_RUN_MAX: Duration = Duration::from_secs(40);

#[allow(clippy::unwrap_used)]
fn finds_lost_writes(seed: u32) -> bool {
    let mut run = Command::new(env!("CARGO_BIN_EXE_xenith-sim"))
        .args(["--seed", &seed.to_string(), "--plant", "ack-before-fsync"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + PLANTED_RUN_MAX;
    while run.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            run.kill().unwrap();
            run.wait().unwrap();
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = run.wait_with_output().unwrap();
    output.status.code() == Some(1) && String::from_utf8_lossy(&output.stdout).contains("acked write lost")
}

#[test]
fn a_store_that_acknowledges_before_the_fsync_is_found() {
    let lost = finds_lost_writes;
    assert!(EAGER_STORE_SEEDS.into_iter().any(lost));
}

#[test]
fn reads_that_are_not_linearizable_are_found() {
    let caught = simulate(&["--seed", "1", "--plant", "stale-reads"]);
    assert_eq!(caught.status.code(), Some(1));
}
