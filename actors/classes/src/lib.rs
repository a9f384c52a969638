//! The pure planners of the toolstack: one room a class, and the generic implicit messages.
//!
//! A planner looks at a [`View`](xenith_pooldb::View) and answers with a value or with a transaction and the value to
//! answer when it is committed. Invariant: nothing here does I/O, reads a clock or makes random choices: time and ids come
//! in through [`PlanCx`]; no room writes another room's fields except through that room's `pub fn` planners.

pub mod agent;
mod appliance;
mod args;
pub mod audit;
pub mod birth;
pub mod caller;
mod cx;
mod dispatch;
pub mod event;
pub mod host;
mod implicit;
mod message;
mod network;
pub mod operation;
mod pbd;
pub mod placement;
mod pool;
pub mod rate_limit;
pub mod rbac;
pub mod role;
pub mod room;
mod rows;
pub mod session;
mod shown;
mod sr;
mod subject;
pub mod task;
mod vbd;
mod vdi;
mod vif;
pub mod vm;

#[cfg(test)]
mod tests;

pub use args::Args;
pub use cx::{ALL_HEARD, Caller, Ids, Plan, PlanCx, Rights};
pub use dispatch::{How, NOT_BUILT, how, is_read, plan, plan_async, plan_operation};
pub use shown::Rows;
