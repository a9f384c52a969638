//! The fuzzer: inputs are made by changing inputs that taught something, and run against everything that reads what others wrote.
//!
//! Owns: the engine ([`campaign`]), what inputs are made of ([`mutate`]), the corpora on disk ([`corpus`]) and the targets ([`targets`]).
//! Invariant: a run is named by its seed, its targets and its count: the same three give the same inputs, whatever the machine.
//! Must not: know a decoder's inside. A target tells what became of an input by words ([`Seen::mark`]); an input with a new word is kept and
//! changed further (decision 033).

pub mod campaign;
pub mod corpus;
pub mod memory;
pub mod mutate;
pub mod random;
pub mod seen;
pub mod targets;

pub use seen::Seen;
pub use targets::Target;
