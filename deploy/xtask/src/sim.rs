//! `cargo xtask sim`: seeds of the cluster simulator, one process a seed (a run repeats exactly only in a fresh process).

use crate::run::{Failure, build_programs, root, run};
use std::process::Command;
use std::time::{Duration, Instant};

/// A seed takes a second or two; one that takes this long does not end.
const SEED_MAX: Duration = Duration::from_secs(300);

/// The simulator with the daemon's toolstack and machines.
pub const OPERATIONS: &[&str] = &["--operations"];

pub fn sim(arguments: &[String]) -> Result<(), Failure> {
    match arguments {
        [flag, number] if flag == "--seeds" => seeds(1, parse(number)?, &[]),
        [flag, number] if flag == "--seed" => seed(parse(number)?, &[]),
        [flag, number] if flag == "--operation-seeds" => seeds(1, parse(number)?, OPERATIONS),
        [flag, number] if flag == "--operation-seed" => seed(parse(number)?, OPERATIONS),
        [flag, number] if flag == "--pool-seeds" => pool_seeds(parse(number)?),
        [flag, number] if flag == "--pool-seed" => {
            let seed = parse(number)?;
            build_programs()?;
            run(pool_simulator().arg("--seed").arg(seed.to_string()))
        }
        _ => Err(Failure(
            "usage: cargo xtask sim --seeds N | --seed S | --operation-seeds N | --operation-seed S | --pool-seeds N | --pool-seed S"
                .to_owned(),
        )),
    }
}

fn seed(seed: u64, how: &[&str]) -> Result<(), Failure> {
    build_programs()?;
    run(simulator().arg("--seed").arg(seed.to_string()).args(how))
}

/// Runs seeds `first` to `last`; names every one that failed. `how`: further arguments of the simulator.
pub fn seeds(first: u64, last: u64, how: &[&str]) -> Result<(), Failure> {
    build_programs()?;
    let mut failed = Vec::new();
    for seed in first..=last {
        if !run_within(simulator().arg("--seed").arg(seed.to_string()).args(how))? {
            failed.push(seed.to_string());
        }
    }
    println!(
        "simulator {}: seeds {first} to {last}, {} failed",
        how.join(" "),
        failed.len()
    );
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure(format!(
        "seeds that failed (replay one with `xenith-sim {} --seed S`): {}",
        how.join(" "),
        failed.join(", ")
    )))
}

/// Runs the first `count` seeds of the pool simulator; it uses all processors.
pub fn pool_seeds(count: u64) -> Result<(), Failure> {
    build_programs()?;
    match pool_simulator()
        .args(["--seeds", &count.to_string()])
        .status()?
        .success()
    {
        true => Ok(()),
        false => Err(Failure(
            "the pool simulator found something (replay a seed with `cargo xtask sim --pool-seed S`)".to_owned(),
        )),
    }
}

/// True when the seed passed; one that does not end has failed.
fn run_within(command: &mut Command) -> Result<bool, Failure> {
    let mut seed = command.spawn()?;
    let until = Instant::now() + SEED_MAX;
    loop {
        if let Some(status) = seed.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() > until {
            eprintln!("the seed did not end within {} s", SEED_MAX.as_secs());
            seed.kill()?;
            seed.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn simulator() -> Command {
    program("xenith-sim")
}

fn pool_simulator() -> Command {
    program("xenith-pool-sim")
}

fn program(name: &str) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    Command::new(target.join("debug").join(name))
}

fn parse(number: &str) -> Result<u64, Failure> {
    number
        .parse()
        .map_err(|_| Failure(format!("`{number}` is not a number")))
}
