//! The simulated host: a process that stands for one machine.
//!
//! Owns: the facts of a made-up machine ([`facts`]), the machine with its domains as a pure step function ([`machine`]), its coat
//! of time ([`Live`]), the socket at which its daemon reaches it ([`run_machine`]), and the client end of that socket
//! ([`SimulatedHost`]). What lives on the machine lives and dies with this process.
//! Must not: know anything of the pool, the database or XenAPI.

mod client;
pub mod facts;
mod live;
pub mod machine;
mod protocol;
mod server;
mod shared;

pub use client::{AskError, SimulatedHost};
pub use live::{Begun, Courier, Live, LiveHost, Watcher};
pub use server::{MachineConfig, MachineError, run_machine};
pub use shared::SharedDir;
