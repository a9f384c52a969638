//! `xenith-sim --seed S`: one run; prints a line, exit code 1 when something was violated.

use clap::Parser;
use std::process::ExitCode;
use xenith_sim::{Options, Plant};

/// One run of the cluster simulator.
#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    seed: u64,
    /// Virtual milliseconds under the nemesis; 8000 if not said, 20000 with operations.
    #[arg(long)]
    steps: Option<u64>,
    /// VMs are started, stopped and moved by the daemon's toolstack, instead of registers written by the log alone.
    #[arg(long)]
    operations: bool,
    /// Print every line of the trace.
    #[arg(long)]
    trace: bool,
    /// Puts a bug in, to see that it is found.
    #[arg(long, value_enum, default_value_t)]
    plant: Plant,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into()))
        .init();
    let options = Options {
        seed: arguments.seed,
        trouble_ms: arguments
            .steps
            .unwrap_or(if arguments.operations { 20_000 } else { 8_000 }),
        operations: arguments.operations,
        plant: arguments.plant,
        print: arguments.trace,
    };
    match xenith_sim::run(options) {
        Err(error) => {
            eprintln!("the simulator failed: {error}");
            ExitCode::from(2)
        }
        Ok(report) => {
            println!("{}", report.summary);
            for violation in &report.violations {
                println!("  {violation}");
            }
            ExitCode::from(u8::from(!report.violations.is_empty()))
        }
    }
}
