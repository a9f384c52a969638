//! The storage of a simulated host, as a pure step function: it lives in the machine ([`Storage`]), what is on the disks lives
//! outside of it ([`Medium`]) and outlives the machine's power.
//!
//! Owns: which disks are attached and active here, the steps in work, their troubles ([`Behaviour`]); a folder that holds disks for
//! many machines ([`Folder`]).
//! Invariants: every ticket is finished once; a step that fails leaves nothing; a disk that is written has one user here.
//! Must not: know domains, or who asks.

mod behaviour;
mod folder;
mod medium;
mod storage;
#[cfg(test)]
mod tests;

pub use behaviour::{Behaviour, Kind, Rule};
pub use folder::Folder;
pub use medium::{Disk, Medium};
pub use storage::{Finished, Storage};
