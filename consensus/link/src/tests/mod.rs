//! The link on real loopback sockets, port 0.

mod requests;
mod resilience;
mod rig;
mod simulated;
mod strangers;
mod streams;
