//! Running other programs from the root of the workspace.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

/// Why a command failed, in words for the person who ran it.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(cause: std::io::Error) -> Failure {
        Failure(cause.to_string())
    }
}

/// The workspace's root: two folders above this crate.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What the outer cargo says of this package would be new to build scripts that watch it (ring's does): half of the workspace would be
    // built anew whenever a command by hand follows one of ours.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// Builds every program with the features that `cargo test --workspace` builds them with: after the tests there is nothing left to do.
pub fn build_programs() -> Result<(), Failure> {
    run(cargo().args(["build", "--workspace", "--bins", "--tests", "--quiet"]))
}

pub fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs it with our output; anything but exit code 0 is a failure.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = command
        .status()
        .map_err(|cause| Failure(format!("`{shown}` could not be started: {cause}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure(format!("`{shown}` failed ({status})")))
    }
}

/// Runs it and returns what it printed.
pub fn output_of(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let shown = shown(command);
    let output = command
        .output()
        .map_err(|cause| Failure(format!("`{shown}` could not be started: {cause}")))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Failure(format!(
            "`{shown}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )))
    }
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
