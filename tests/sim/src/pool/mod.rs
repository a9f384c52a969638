//! The pool simulator: the same rooms, database, operations and agents as the daemon on a modelled log, network and machines. No runtime:
//! one seed is one run, the same to the bit, and many runs fit into one process (docs/simulation.md).
//!
//! ```text
//!  calls, faults (by chance) ──► world ──► committed rows, machines ──► checkers, after every step
//! ```

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be planned or applied is a fault that the run has found: it ends there, and its seed is told"
)]

mod acked;
mod calls;
mod checkers;
mod coordinator;
mod deposed;
mod disks;
mod faults;
mod host;
mod images;
mod net;
mod plant;
mod rare;
mod schedule;
mod shadow;
mod steps;
mod troubles;
mod world;

pub use plant::PoolPlant;
pub use rare::never_ran;
pub use schedule::Schedule;
pub use steps::{Blow, Tried, try_all};

use crate::probes::Probes;
use world::World;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    pub seed: u64,
    /// Steps under trouble; then all that is broken is mended, and everything has to end.
    pub steps: u64,
    pub plant: PoolPlant,
    pub print: bool,
}

/// How the run went.
#[derive(Debug)]
pub struct PoolReport {
    pub seed: u64,
    pub steps: u64,
    pub probes: Probes,
    /// The first thing that must not have been, and the step.
    pub violation: Option<String>,
}

/// Steps of the healing phase. Nothing may need more.
const HEALING_STEPS_MAX: u64 = 20_000;

/// A panic in the rooms is a violation like any other.
pub fn run(options: PoolOptions) -> PoolReport {
    run_schedule(options, &Schedule::of(options.steps))
}

/// The steps of the schedule, then the healing.
pub fn run_schedule(options: PoolOptions, schedule: &Schedule) -> PoolReport {
    let ran = std::panic::catch_unwind(|| run_to_the_end(options, schedule));
    ran.unwrap_or_else(|_| PoolReport {
        seed: options.seed,
        steps: options.steps,
        probes: Probes::default(),
        violation: Some("a panic, see above".to_owned()),
    })
}

/// The shortest schedule that is found on which the seed still ends in a violation.
pub fn shrink(options: PoolOptions) -> Schedule {
    let quiet = PoolOptions {
        print: false,
        ..options
    };
    let first = run_schedule(quiet, &Schedule::of(options.steps)).violation;
    let wanted = first.as_deref().map(what_kind);
    Schedule::of(options.steps).shrink(|schedule| {
        let violation = run_schedule(quiet, schedule).violation;
        violation.as_deref().map(what_kind) == wanted
    })
}

/// A violation without its time and the names in it.
fn what_kind(violation: &str) -> Vec<&str> {
    let said = violation.split_once(" ms: ").map_or(violation, |(_, said)| said);
    let plain = said.split(' ').filter(|word| word.chars().all(char::is_alphabetic));
    plain.take(4).collect()
}

fn run_to_the_end(options: PoolOptions, schedule: &Schedule) -> PoolReport {
    let mut world = World::new(options);
    let mut violation = None;
    let mut step = 0;
    let last = schedule.0.len();
    for (at, number) in schedule.0.iter().enumerate() {
        step = *number;
        world.begin_step(step);
        // No run without another coordinator and a fault.
        match world.probes.count("coordinator_changed") {
            0 if at + 1 == last => faults::change_coordinator(&mut world),
            _ => world.step(),
        }
        violation = checkers::check(&mut world, step);
        if violation.is_some() {
            break;
        }
    }
    if violation.is_none() {
        (step, violation) = heal(&mut world, options.steps);
    }
    let violation = violation.or_else(|| checkers::check_quiet(&mut world));
    PoolReport {
        seed: options.seed,
        steps: step,
        violation: violation.map(|what| format!("step {step}, {} ms: {what}", world.now_ms)),
        probes: world.probes,
    }
}

/// Until nothing is under way any more; the last step, and what is wrong.
fn heal(world: &mut World, steps: u64) -> (u64, Option<String>) {
    world.heal();
    let until = steps + HEALING_STEPS_MAX;
    let mut step = steps;
    while !(world.is_quiet() && checkers::not_shown_of_guests(world).is_none()) {
        step += 1;
        world.begin_step(step);
        world.pass_on();
        let violation = checkers::check(world, step);
        if violation.is_some() {
            return (step, violation);
        }
        if step >= until {
            let hidden = checkers::not_shown_of_guests(world).unwrap_or_default();
            let open = world.unfinished();
            let what = format!("not everything has ended after the trouble: {open}; {hidden}");
            return (step, Some(what));
        }
    }
    (step, None)
}
