//! Plays the recorded exchanges of a real xapi (tests/facts/golden) against this toolstack, byte for byte over sockets.
//!
//! A case's server is the real one: HTTP edge, runtime, planners, pool database; only the log is in memory, so that each
//! case begins with the state of the recording lab. What a placeholder stands for is bound at first sight.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support: a lab that cannot be set up fails the test"
)]

mod case;
mod compare;
mod http;
mod lab;
mod play;
mod waiting;

pub use case::{Case, load};
pub use lab::Lab;
pub use play::{Outcome, play};
pub use waiting::Waiting;
