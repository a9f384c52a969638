//! How a host comes into the pool: invitations, join requests, and the log's membership.
//!
//! Invariants: the secret of an invitation is kept only as its hash (A9), lets in one host, and ends; a host is a member of
//! the log only after its rows and its certificate are committed; repeating a join that was half done ends it.

mod dto;
mod invite;
mod join;
mod raft;
mod token;

pub use dto::{JOIN_VERSION, JoinReply, JoinRequest, Proof};
pub use raft::RaftMembership;
pub use token::{JoinToken, TokenError};

use async_trait::async_trait;
use xenith_raft::{Member, NodeId};

/// The log's members. Implemented by the Raft node.
#[async_trait]
pub trait Membership: Send + Sync + 'static {
    /// Adds a learner (promotion is the planner's), and returns when that is committed. Adding a member again does nothing.
    async fn add_member(&self, member: Member) -> Result<(), MembershipError>;

    async fn remove_member(&self, node: NodeId) -> Result<(), MembershipError>;

    /// As committed.
    fn members(&self) -> Vec<Member>;

    fn incarnation(&self) -> u64;
}

#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    #[error("this host is not the coordinator")]
    NotCoordinator,
    #[error("the pool's membership could not be changed: {0}")]
    Failed(String),
}
