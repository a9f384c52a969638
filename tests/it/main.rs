//! One integration binary: real daemons on loopback, their real bytes and disks, killed, paused, cut off and fed rubbish.
//!
//! Tests look at what the product promises, never at how long it takes: every wait is bounded by [`harness::LIVELY`], which
//! only a pool that hangs reaches. `XENITH_IT_LONG=1` runs the long forms (more rounds).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

mod harness;
mod machines;
mod proxy;
mod register;
mod writers;

mod audit;
mod bad_input;
mod certificates;
mod crowd;
mod cut;
mod differing;
mod disk;
mod forming;
mod forward;
mod hand_over;
mod images;
mod joining;
mod kill;
mod kill_operations;
mod leaving;
mod life_cycle;
mod pause;
mod returning;
mod silence;
