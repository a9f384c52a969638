//! The pool simulator finds what it is there to find: every planted bug, within few seeds.

use xenith_sim::pool::{PoolOptions, PoolPlant, PoolReport, Schedule, run, run_schedule, shrink};

/// The first seeds of which one must find each bug in the way that is expected; a bug may show in other ways before.
const SEEDS: u64 = 150;

fn options(seed: u64, plant: PoolPlant) -> PoolOptions {
    PoolOptions {
        seed,
        steps: 800,
        plant,
        print: false,
    }
}

/// The first seed that finds it so.
fn must_find(plant: PoolPlant, what: &str) -> u64 {
    let finds = |seed: &u64| {
        let violation = run(options(*seed, plant)).violation;
        violation.is_some_and(|violation| violation.contains(what))
    };
    let seed = (1..=SEEDS).find(finds);
    assert!(seed.is_some(), "{plant:?} is not found");
    seed.unwrap_or_default()
}

#[test]
fn orders_that_are_not_committed_are_found() {
    must_find(PoolPlant::OrdersFromTheHead, "");
}

#[test]
fn a_host_that_is_never_told_that_it_was_declared_dead_is_found() {
    must_find(PoolPlant::DeadNeverTold, "");
}

#[test]
fn a_new_machine_taken_for_the_old_one_is_found() {
    must_find(PoolPlant::NoWelcome, "");
}

#[test]
fn locks_that_stay_are_found() {
    must_find(PoolPlant::LeavesLocks, "is no live operation");
}

#[test]
fn memory_promised_twice_is_found() {
    must_find(PoolPlant::NoClaims, "overcommitted");
}

#[test]
fn memory_of_what_is_left_over_is_missed() {
    must_find(PoolPlant::ForgetsRemains, "its rows promise");
}

#[test]
fn writes_acknowledged_too_early_are_found() {
    must_find(PoolPlant::AcksEarly, "was acknowledged");
}

#[test]
fn events_that_are_missing_are_found() {
    must_find(PoolPlant::MissesEvents, "is not what the events said");
}

#[test]
fn a_vm_on_two_hosts_is_found() {
    must_find(PoolPlant::RunsTwice, "runs on hosts");
}

#[test]
fn what_a_guest_leaves_is_found() {
    must_find(PoolPlant::KeepsGuests, "guest metrics");
}

#[test]
fn a_guest_that_is_not_heard_is_found() {
    must_find(PoolPlant::LosesGuests, "do not show what its guest says");
}

#[test]
fn half_a_relation_is_found() {
    must_find(PoolPlant::HalfRelations, "disagree on");
}

#[test]
fn devices_that_only_the_rows_attach_are_found() {
    must_find(PoolPlant::AttachesAll, "attached true");
}

#[test]
fn tasks_that_never_end_are_found() {
    must_find(PoolPlant::TasksStay, "never ends");
}

#[test]
fn a_failing_run_is_made_shorter_and_still_fails() {
    let plant = PoolPlant::LeavesLocks;
    let seed = must_find(plant, "is no live operation");
    let short = shrink(options(seed, plant));
    assert!(short.0.len() < 60, "{short}");
    let again = Schedule::parse(&short.to_string()).expect("what is printed is read");
    assert!(run_schedule(options(seed, plant), &again).violation.is_some());
}

#[test]
fn a_disk_written_on_two_hosts_is_found() {
    must_find(PoolPlant::ActivatesEarly, "is written on hosts");
}

#[test]
fn a_disk_that_is_left_over_is_found() {
    must_find(PoolPlant::KeepsImages, "is left over");
}

#[test]
fn a_seed_is_one_run() {
    let run = || {
        let report = run(options(7, PoolPlant::None));
        (report.steps, report.probes.to_string(), report.violation)
    };
    assert_eq!(run(), run());
}

/// No run is without what this is about.
#[test]
fn every_run_has_trouble() {
    for seed in 1..=20 {
        let PoolReport {
            steps,
            probes,
            violation,
            ..
        } = run(options(seed, PoolPlant::None));
        assert_eq!(violation, None, "seed {seed}");
        assert!(steps >= 500, "seed {seed}: {steps} steps");
        assert!(probes.count("coordinator_changed") >= 1, "seed {seed}: {probes}");
        assert!(probes.count("fault") >= 1, "seed {seed}: {probes}");
    }
}
