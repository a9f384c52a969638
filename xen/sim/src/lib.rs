//! The simulated host: a process that stands for one machine.
//!
//! Owns: the facts of a made-up machine ([`facts`]), the socket at which its daemon reaches it ([`machine`]), and the
//! client end of that socket ([`SimulatedHost`]). What lives on the machine lives and dies with this process.
//! Must not: know anything of the pool, the database or XenAPI.

pub mod facts;
pub mod machine;
mod protocol;

pub use machine::{MachineError, run_machine};
pub use protocol::SimulatedHost;
