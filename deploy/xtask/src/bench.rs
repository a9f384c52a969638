//! `cargo xtask bench`: runs the benches in release and prints their reports; never part of `verify`.

use crate::run::{Failure, cargo, run};

pub fn bench(names: &[String]) -> Result<(), Failure> {
    run(cargo().args(["build", "--release", "--bins"]))?;
    let mut command = cargo();
    command.args(["bench", "--package", "xenith-benches"]);
    for name in names {
        command.args(["--bench", name]);
    }
    run(&mut command)
}
