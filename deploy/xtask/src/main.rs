//! `cargo xtask`: what developers and CI run. One command a module.

mod bench;
mod clients;
mod fuzz;
mod run;
mod sim;
mod tables;
mod tidy;
mod verify;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND
  verify                    everything CI checks: format, lints, tidy, tests, simulator seeds, clients, docs
  tidy                      the dependency arrows, purity and sizes only
  sim --seeds N | --seed S  the cluster simulator: N seeds, or exactly one, each in a process of its own
  sim --operation-seeds N | --operation-seed S  the same with operations: toolstacks and machines
  sim --pool-seeds N | --pool-seed S  the pool simulator: operations on modelled hosts
  fuzz [--runs N | --seconds S] [--seed S] [--keep] [TARGET ...]
                            the fuzzer: so many runs (or so long) of each target, kept inputs first
  tables [--docs FOLDER]    the datamodel as JSON on standard output, or as a class reference in FOLDER
  clients                   unmodified Python and npm clients against a pool
  bench [NAME ...]          the benches of docs/performance.md, release build";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[] as &[String]),
    };
    let result = match command {
        "verify" => verify::verify(),
        "tidy" => tidy::tidy(),
        "sim" => sim::sim(rest),
        "clients" => clients::clients(),
        "bench" => bench::bench(rest),
        "fuzz" => fuzz::fuzz(rest),
        "tables" => tables::tables(rest),
        _ => Err(run::Failure(USAGE.to_owned())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
