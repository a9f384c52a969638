//! `cargo xtask fuzz`: the fuzzer of `tests/fuzz`, for long in a build of its own or for a minute in the one that the tests have made.

use crate::run::{Failure, build_programs, cargo, root, run};
use std::path::PathBuf;
use std::process::Command;

/// About a minute for all targets together, in a debug build. A count and not a time: every verify tries the same inputs.
const VERIFY_RUNS: u32 = 250_000;
const VERIFY_SEED: u32 = 1;

/// Fast, and with the checks of a debug build (the profile `fuzz`).
pub fn fuzz(arguments: &[String]) -> Result<(), Failure> {
    run(cargo().args(["build", "--profile", "fuzz", "-p", "xenith-fuzz", "--quiet"]))?;
    let failures = target_dir().join("fuzz-failures");
    run(program("fuzz").arg("--failures").arg(failures).args(arguments))
}

/// What every verify runs.
pub fn bounded() -> Result<(), Failure> {
    build_programs()?;
    let failures = target_dir().join("fuzz-failures");
    let (runs, seed) = (VERIFY_RUNS.to_string(), VERIFY_SEED.to_string());
    run(program("debug")
        .args(["--runs", &runs, "--seed", &seed, "--failures"])
        .arg(failures))
}

fn program(profile: &str) -> Command {
    let mut command = Command::new(target_dir().join(profile).join("xenith-fuzz"));
    command.current_dir(root());
    command
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}
