//! The replicated pool database: openraft over sled, with the host link as network.
//!
//! [`RaftNode`] is the door: it implements [`PoolLog`]. Beneath it: `head` (planning), `leadership` (who coordinates), `reads`,
//! `members` and `planner` (who votes), `hand_over`, `state_machine` and `snapshot`, `log_adapter` over [`store`], `network`.
//! Only this crate knows openraft; stored and sent bytes are its own (`dto`, `entry`, `codec`).

pub mod blocking;
mod codec;
mod config;
mod dto;
mod entry;
#[cfg(test)]
mod golden;
mod hand_over;
mod head;
mod leadership;
mod log_adapter;
mod members;
mod memory_log;
mod metrics;
pub mod network;
mod node;
pub mod planner;
mod pool_log;
mod reads;
mod responder;
mod shown;
mod skew;
pub mod snapshot;
mod state_machine;
pub mod store;
mod suspend;
mod sync;
mod types;

pub use config::{RaftConfig, RaftParts, WallClock};
pub use members::MemberError;
pub use memory_log::MemoryLog;
pub use node::{BootstrapError, RaftNode, StartError};
pub use pool_log::{
    CommitError, Fence, HandOverError, Member, NodeId, OpeningPlan, Plan, PoolLog, ReadError, Role, host_of,
};
pub use skew::SKEW_MAX_MS;
pub use suspend::SuspendClock;
