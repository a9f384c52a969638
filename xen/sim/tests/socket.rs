//! Daemons' ends of real machines' sockets: two machines that share a folder, in this process.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "socket/conforms.rs"]
mod conforms;
#[path = "socket/daemon.rs"]
mod daemon;
#[path = "socket/pool.rs"]
mod pool;
