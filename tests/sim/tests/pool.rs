//! The pool simulator finds what it is there to find: every planted bug, within few seeds.

use xenith_sim::pool::{PoolOptions, PoolPlant, run};

/// The first seeds of which one must find each bug in the way that is expected; a bug may show in other ways before.
const SEEDS: u64 = 150;

fn must_find(plant: PoolPlant, what: &str) {
    let violation = |seed| {
        let options = PoolOptions {
            seed,
            steps: 800,
            plant,
            print: false,
        };
        run(options).violation
    };
    let mut found = (1..=SEEDS).filter_map(violation);
    assert!(
        found.any(|violation| violation.contains(what)),
        "{plant:?} is not found"
    );
}

#[test]
fn orders_that_are_not_committed_are_found() {
    must_find(PoolPlant::OrdersFromTheHead, "its rows say");
}

#[test]
fn a_host_declared_dead_alive_is_found() {
    must_find(PoolPlant::DeclaredDeadAlive, "is written on hosts");
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
