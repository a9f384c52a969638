//! `cargo xtask verify`: the one gate. Each part is timed; docs/ci.md has a table of the times.

use crate::run::{Failure, cargo, run};
use crate::{clients, fuzz, sim, tidy};
use std::time::Instant;

/// Seeds of the cluster simulator that every verify runs; more by `cargo xtask sim --seeds N`.
const SIM_SEEDS: u64 = 20;
/// The same with operations through the daemon's toolstack; each takes some seconds.
const OPERATION_SEEDS: u64 = 5;
/// Seeds of the pool simulator that every verify runs; more by `cargo xtask sim --pool-seeds N`.
const POOL_SEEDS: u64 = 500;

type Part = (&'static str, fn() -> Result<(), Failure>);

/// Cheap parts first, so that a slip is told soon.
const PARTS: &[Part] = &[
    ("format", format),
    ("tidy", tidy::tidy),
    ("clippy", clippy),
    ("tests", tests),
    ("fuzz", fuzz::bounded),
    ("simulator", simulator),
    ("clients", clients::clients),
    ("docs", docs),
];

pub fn verify() -> Result<(), Failure> {
    let mut failed = Vec::new();
    let mut table = String::new();
    for (name, part) in PARTS {
        eprintln!("== {name}");
        let start = Instant::now();
        let result = part();
        let seconds = start.elapsed().as_secs();
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        table.push_str(&format!("  {name:<10} {word:<7} {seconds:>5} s\n"));
        if let Err(failure) = result {
            eprintln!("{failure}");
            failed.push(*name);
        }
    }
    println!("\n{table}");
    println!("verify: {} passed, {} failed", PARTS.len() - failed.len(), failed.len());
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure(format!("failed: {}", failed.join(", "))))
    }
}

fn format() -> Result<(), Failure> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<(), Failure> {
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

fn tests() -> Result<(), Failure> {
    run(cargo().args(["test", "--workspace", "--no-fail-fast"]))
}

fn simulator() -> Result<(), Failure> {
    sim::seeds(1, SIM_SEEDS, &[])?;
    sim::seeds(1, OPERATION_SEEDS, sim::OPERATIONS)?;
    sim::pool_seeds(POOL_SEEDS)
}

fn docs() -> Result<(), Failure> {
    run(cargo()
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links"))
}
