//! The replicated pool database: openraft over sled, with the host link as network.

mod memory_log;
mod pool_log;
pub mod store;

pub use memory_log::MemoryLog;
pub use pool_log::{
    CommitError, HandOverError, Member, NodeId, OpeningPlan, Plan, PoolLog, ReadError, Role, host_of,
};
