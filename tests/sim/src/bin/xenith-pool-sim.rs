//! `xenith-pool-sim --seeds N`: runs of the pool simulator; a line for each that finds something, exit code 1 then.

use clap::Parser;
use std::num::NonZero;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use xenith_sim::Probes;
use xenith_sim::pool::{self, Blow, PoolOptions, PoolPlant, Schedule};

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
    /// Of the one run: only these steps, as --shrink prints them.
    #[arg(long, requires = "seed")]
    only: Option<String>,
    /// Of the one run: looks for the fewest steps that still fail.
    #[arg(long, requires = "seed")]
    shrink: bool,
    /// Of the table of steps the one of this name, with its trace.
    #[arg(long)]
    case: Option<String>,
    /// Puts a bug in, to see that it is found.
    #[arg(long, value_enum, default_value_t)]
    plant: PoolPlant,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = &arguments.case {
        return case(name, arguments.plant);
    }
    let (first, count) = arguments
        .seed
        .map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    if arguments.shrink {
        return shrink(options(&arguments, first));
    }
    let schedule = match &arguments.only {
        None => Schedule::of(arguments.steps),
        Some(only) => match Schedule::parse(only) {
            Some(schedule) => schedule,
            None => {
                eprintln!("--only is not a list of steps: {only}");
                return ExitCode::from(2);
            }
        },
    };
    let (failed, probes) = run(&arguments, first..first.saturating_add(count), &schedule);
    println!("{count} runs, {failed} with a violation; {probes}");
    let missing = match arguments.plant {
        PoolPlant::None => pool::never_ran(&probes, count),
        _ => Vec::new(),
    };
    for probe in &missing {
        println!("a rare path that must be gone: {probe}");
    }
    ExitCode::from(u8::from(failed > 0 || !missing.is_empty()))
}

/// Each processor takes the next seed: how many runs found something, and what all of them have gone through.
fn run(arguments: &Arguments, seeds: Range<u64>, schedule: &Schedule) -> (u64, Probes) {
    let next = AtomicU64::new(seeds.start);
    let total = Mutex::new((0, Probes::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let report = pool::run_schedule(options(arguments, seed), schedule);
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            total.1.add(&report.probes);
            if let Some(violation) = report.violation {
                total.0 += 1;
                println!("seed {seed}: {violation}");
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn options(arguments: &Arguments, seed: u64) -> PoolOptions {
    PoolOptions {
        seed,
        steps: arguments.steps,
        plant: arguments.plant,
        print: arguments.seed.is_some() && !arguments.shrink,
    }
}

fn case(name: &str, plant: PoolPlant) -> ExitCode {
    let tried: Vec<_> = Blow::ALL
        .into_iter()
        .filter(|blow| name.contains(&format!("/{blow:?}/")))
        .map(|blow| pool::try_all(blow, plant, Some(name)))
        .collect();
    let runs: usize = tried.iter().map(|tried| tried.runs).sum();
    let found: Vec<&String> = tried.iter().flat_map(|tried| &tried.found).collect();
    for what in &found {
        println!("{what}");
    }
    if runs == 0 {
        eprintln!("there is no such case: {name}");
    }
    ExitCode::from(u8::from(runs == 0 || !found.is_empty()))
}

fn shrink(options: PoolOptions) -> ExitCode {
    let Some(violation) = pool::run(PoolOptions {
        print: false,
        ..options
    })
    .violation
    else {
        println!("seed {} finds nothing", options.seed);
        return ExitCode::SUCCESS;
    };
    println!("seed {}: {violation}", options.seed);
    let schedule = pool::shrink(options);
    let report = pool::run_schedule(options, &schedule);
    let violation = report.violation.unwrap_or_default();
    println!("{} steps: {violation}", schedule.0.len());
    println!("--seed {} --steps {} --only {schedule}", options.seed, options.steps);
    ExitCode::FAILURE
}
