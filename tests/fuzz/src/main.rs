//! `xenith-fuzz`: runs targets and says what was found. `cargo xtask fuzz` builds and calls it.

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use xenith_fuzz::campaign::{self, Fault, Report, Until};
use xenith_fuzz::{Target, corpus, targets};

#[derive(Parser)]
struct Arguments {
    /// Runs of each target.
    #[arg(long, conflicts_with = "seconds")]
    runs: Option<u64>,
    /// Seconds for each target.
    #[arg(long)]
    seconds: Option<u64>,
    /// The same seed and runs make the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the inputs that showed something into the corpora, and drops kept ones that show nothing beyond the others.
    #[arg(long)]
    keep: bool,
    /// Where inputs go that fail.
    #[arg(long, default_value = "fuzz-failures")]
    failures: PathBuf,
    /// Names of targets; all when there are none.
    targets: Vec<String>,
}

const DEFAULT_RUNS: u64 = 100_000;

fn main() -> ExitCode {
    match all(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            println!("fuzz: {failed} targets failed");
            ExitCode::FAILURE
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn all(arguments: &Arguments) -> Result<usize, String> {
    let until = match (arguments.seconds, arguments.runs) {
        (Some(seconds), _) => Until::Time(Duration::from_secs(seconds)),
        (None, runs) => Until::Runs(runs.unwrap_or(DEFAULT_RUNS)),
    };
    println!("seed {}", arguments.seed);
    println!("target           kept       runs   runs/s  outcomes  MiB at 10 %  at the end  slowest input");
    let mut failed = 0;
    for target in chosen(&arguments.targets)? {
        match campaign::run(&corpus::root(), &arguments.failures, target, arguments.seed, until) {
            Ok(report) => {
                show(target, &report);
                if arguments.keep {
                    keep(target, report.inputs).map_err(|cause| format!("{}: {cause}", target.name))?;
                }
            }
            Err(fault) => {
                failed += 1;
                tell(&fault);
            }
        }
    }
    Ok(failed)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>, String> {
    if names.is_empty() {
        return Ok(targets::ALL.to_vec());
    }
    let find = |name: &String| {
        let found = targets::ALL.iter().find(|target| target.name == name);
        found.copied().ok_or_else(|| format!("there is no target `{name}`"))
    };
    names.iter().map(find).collect()
}

fn show(target: &Target, report: &Report) {
    let rate = report.runs as f64 / report.took.as_secs_f64().max(1e-9);
    println!(
        "{:<16} {:>4} {:>10} {:>8.0} {:>9} {:>12} {:>11}  {} us for {} bytes",
        target.name,
        report.replayed,
        report.runs,
        rate,
        report.outcomes,
        report.early_bytes >> 20,
        report.late_bytes >> 20,
        report.slowest.as_micros(),
        report.slowest_bytes
    );
}

fn tell(fault: &Fault) {
    match std::error::Error::source(fault) {
        Some(cause) => println!("FAILED {fault}: {cause}"),
        None => println!("FAILED {fault}"),
    }
}

/// The files become exactly the smallest inputs that show everything.
fn keep(target: &Target, inputs: Vec<Vec<u8>>) -> std::io::Result<()> {
    let folder = corpus::folder(&corpus::root(), target);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    for input in corpus::smallest(target, inputs) {
        corpus::write(&folder, &input)?;
    }
    Ok(())
}
