//! `cargo xtask bench [NAME...] [-- OPTIONS]`: runs the benches in release and prints their reports; never part of `verify`.
//!
//! Names are the benches of `benches/Cargo.toml`; without one all run. Options go to the bench (`--seconds 2 --rounds 5`).

use crate::run::{Failure, cargo, run};

pub fn bench(arguments: &[String]) -> Result<(), Failure> {
    // The API benches start pools of the daemon that lies in the same build.
    run(cargo().args(["build", "--release", "--bins"]))?;
    let (names, options) = match arguments.iter().position(|argument| argument.starts_with("--")) {
        Some(at) => arguments.split_at(at),
        None => (arguments, &[][..]),
    };
    let mut command = cargo();
    command.args(["bench", "--package", "xenith-benches"]);
    for name in names {
        command.args(["--bench", name]);
    }
    let options = options.iter().filter(|option| *option != "--");
    if options.clone().next().is_some() {
        command.arg("--").args(options);
    }
    run(&mut command)
}
