//! The pool simulator finds what it is there to find: every planted bug, within few seeds.

use xenith_sim::pool::{PoolOptions, PoolPlant, run};

/// The first violation of the seeds 1 to `seeds`.
fn found(plant: PoolPlant, seeds: u64) -> Option<String> {
    (1..=seeds).find_map(|seed| {
        let options = PoolOptions {
            seed,
            steps: 800,
            plant,
            print: false,
        };
        run(options).violation
    })
}

fn must_find(plant: PoolPlant, what: &str) {
    let violation = found(plant, 60);
    let as_it_should = violation.as_ref().is_some_and(|violation| violation.contains(what));
    assert!(as_it_should, "{plant:?} is found as {violation:?}");
}

#[test]
fn orders_that_are_not_committed_are_found() {
    must_find(PoolPlant::OrdersFromTheHead, "runs on hosts");
}

#[test]
fn a_host_declared_dead_alive_is_found() {
    must_find(PoolPlant::DeclaredDeadAlive, "VM");
}

#[test]
fn a_new_machine_taken_for_the_old_one_is_found() {
    must_find(PoolPlant::NoWelcome, "its rows say");
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
fn a_disk_written_on_two_hosts_is_found() {
    must_find(PoolPlant::ActivatesEarly, "is written on hosts");
}

#[test]
fn a_seed_is_one_run() {
    let run = || {
        let report = run(PoolOptions {
            seed: 7,
            steps: 500,
            plant: PoolPlant::None,
            print: false,
        });
        (report.steps, report.probes.to_string(), report.violation)
    };
    assert_eq!(run(), run());
}
