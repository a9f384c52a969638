//! The cluster simulator: real Raft nodes on a simulated network, disk and clock, under a nemesis, with checkers (docs/simulation.md).
//!
//! One seed is one run, the same to the byte in every process. Only one run a process: openraft and tokio keep counters of their own.

pub mod checkers;
mod clients;
mod disk;
mod history;
mod host;
mod nemesis;
mod net;
mod observers;
mod operations;
mod operator;
mod plant;
pub mod pool;
mod probes;
mod random;
mod rows;
mod scenario;
mod shared;
mod trace;
mod watchers;
mod world;

pub use plant::Plant;
pub use probes::Probes;

use random::Random;
use scenario::Scenario;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// A panic anywhere, in whichever task: tokio would swallow it.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub seed: u64,
    /// Virtual ms under the nemesis.
    pub trouble_ms: u64,
    pub plant: Plant,
    /// Of VMs, by the daemon's toolstack, instead of writes by the log alone.
    pub operations: bool,
    /// Print the trace.
    pub print: bool,
}

/// How the run went.
pub struct Report {
    /// One line.
    pub summary: String,
    /// Everything that must not have been.
    pub violations: Vec<String>,
}

/// Runs the seed. At most once a process.
pub fn run(options: Options) -> std::io::Result<Report> {
    xenith_raft::blocking::inline();
    count_panics();
    let mut random = Random::new(options.seed);
    let mut scenario = Scenario::new(&mut random, options.trouble_ms, options.plant);
    if options.operations {
        scenario = scenario.with_operations(&mut random);
        xenith_runtime::seed_ids(random.next());
    }
    let (formed, hosts) = (scenario.formed, scenario.hosts);
    let mut world = World::new(scenario, &mut random, options.print)?;
    world.run()?;
    let panics = PANICS.load(Ordering::SeqCst);
    if panics > 0 {
        world.shared.violation(format!("{panics} tasks panicked"));
    }
    let violations = world.shared.violations();
    let verdict = if violations.is_empty() { "ok" } else { "FAILED" };
    let operations = world.shared.history().operations.len();
    let summary = format!(
        "seed {} {verdict} hosts={formed}..{hosts} virtual={}ms operations={operations} {} trace={}",
        options.seed,
        world.now_ms(),
        world.shared.probes(),
        world.shared.trace_hash(),
    );
    Ok(Report { summary, violations })
}

fn count_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        before(info);
    }));
}
