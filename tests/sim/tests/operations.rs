//! Operations through the daemon's toolstack: a seed repeats exactly, and nothing is found.

use std::process::{Command, Output};

#[allow(clippy::unwrap_used)]
fn simulate(seed: u32, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xenith-sim"))
        .args(["--operations", "--seed", &seed.to_string()])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_seed_is_the_same_to_the_byte_in_every_process() {
    let run = || simulate(1, &["--steps", "6000", "--trace"]);
    let (first, second) = (run(), run());
    let text = String::from_utf8_lossy(&first.stdout);
    assert!(first.status.success(), "{text}");
    assert_eq!(first.stdout, second.stdout);
    assert!(text.contains("VM.start: done"), "{text}");
}
