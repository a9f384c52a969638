//! What must hold of every run. Each checker is a function or a small observer of its own, and its tests show that it can fail.

pub mod acked_writes;
pub mod linearizable;
pub mod locks;
pub mod memory;
pub mod one_coordinator_per_term;
pub mod one_place;
pub mod pool_time_monotonic;
pub mod tokens_complete;
pub mod views_equal;
pub mod voters_odd;
