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

mod calls;
mod checkers;
mod coordinator;
mod disks;
mod faults;
mod host;
mod plant;
mod world;

pub use plant::PoolPlant;

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
    let ran = std::panic::catch_unwind(|| run_to_the_end(options));
    ran.unwrap_or_else(|_| PoolReport {
        seed: options.seed,
        steps: options.steps,
        probes: Probes::default(),
        violation: Some("a panic, see above".to_owned()),
    })
}

fn run_to_the_end(options: PoolOptions) -> PoolReport {
    let mut world = World::new(options);
    let mut violation = None;
    let mut step = 0;
    while step < options.steps && violation.is_none() {
        step += 1;
        world.step();
        violation = checkers::check(&world);
    }
    if violation.is_none() {
        world.heal();
        let until = step + HEALING_STEPS_MAX;
        while violation.is_none() && !(world.is_quiet() && checkers::guests_are_shown(&world)) {
            step += 1;
            world.pass_on();
            violation = checkers::check(&world);
            if step >= until {
                violation = Some(format!(
                    "not everything has ended after the trouble: {}",
                    world.unfinished()
                ));
            }
        }
    }
    let violation = violation.or_else(|| checkers::check_quiet(&world));
    PoolReport {
        seed: options.seed,
        steps: step,
        violation: violation.map(|what| format!("step {step}, {} ms: {what}", world.now_ms)),
        probes: world.probes,
    }
}
