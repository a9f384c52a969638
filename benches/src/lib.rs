//! What the benches share: options, tables, latencies, figures of processes, a small HTTP client, and the three-node rigs.
//!
//! Owns: everything that starts, loads and measures. Must not: be part of `cargo xtask verify`, or be used by anything shipped.
//! Figures are for comparison within one run on one machine; see `docs/performance.md`.

#![allow(clippy::expect_used, reason = "a bench that cannot go on stops and says why")]

pub mod args;
pub mod bare;
pub mod beside;
pub mod etcd;
pub mod floor;
pub mod http;
pub mod latency;
pub mod load;
pub mod pool;
pub mod process;
pub mod raft_node;
pub mod raft_rig;
pub mod rows;
pub mod table;

/// What stops a bench, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Two threads, as the daemon has.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("an async runtime")
}
