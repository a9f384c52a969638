//! `xenith-pool-sim --seeds N`: runs of the pool simulator; a line for each that finds something, exit code 1 then.

use clap::Parser;
use std::process::ExitCode;
use xenith_sim::pool::{self, PoolOptions, PoolPlant};

/// Runs of the pool simulator.
#[derive(Parser)]
struct Arguments {
    /// One run, with its trace.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs with the seeds from --from on.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Steps under trouble in each run.
    #[arg(long, default_value_t = 800)]
    steps: u64,
    /// Puts a bug in, to see that it is found.
    #[arg(long, value_enum, default_value_t)]
    plant: PoolPlant,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (first, count) = arguments
        .seed
        .map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    let mut failed = 0;
    let mut probes = xenith_sim::Probes::default();
    for seed in first..first.saturating_add(count) {
        let report = pool::run(PoolOptions {
            seed,
            steps: arguments.steps,
            plant: arguments.plant,
            print: arguments.seed.is_some(),
        });
        probes.add(&report.probes);
        if let Some(violation) = report.violation {
            failed += 1;
            println!("seed {seed}: {violation}");
        }
    }
    println!("{count} runs, {failed} with a violation; {probes}");
    ExitCode::from(u8::from(failed > 0))
}
