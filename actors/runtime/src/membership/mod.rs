//! How a host comes into the pool: invitations, join requests, and the log's membership.
//!
//! Invariants: the secret of an invitation is kept only as its hash (A9), lets in one host, and ends; a host is a member of
//! the log only after its rows and its certificate are committed; repeating a join that was half done ends it.

mod dto;
mod eject;
mod invite;
mod join;
mod raft;
mod rows;
mod start;
mod token;

pub use dto::{JOIN_VERSION, JoinReply, JoinRequest, Proof};
pub use join::{join_error, says_not_a_member};
pub use raft::RaftMembership;
pub use rows::add as add_member_row;
pub use start::HostStart;
pub use token::{JoinToken, TokenError};

use async_trait::async_trait;
use std::time::Duration;
use xenith_datamodel::ApiError;
use xenith_raft::{Member, NodeId};

/// The log's members. Implemented by the Raft node.
#[async_trait]
pub trait Membership: Send + Sync + 'static {
    /// Adds a learner (promotion is the planner's), and returns when that is committed. Adding a member again does nothing.
    async fn add_member(&self, member: Member) -> Result<(), MembershipError>;

    async fn remove_member(&self, node: NodeId) -> Result<(), MembershipError>;

    /// Takes over the link address of a member.
    async fn update_member(&self, member: Member) -> Result<(), MembershipError>;

    /// As committed.
    fn members(&self) -> Vec<Member>;

    fn incarnation(&self) -> u64;

    /// How long ago this host, while it coordinates, heard each other member; `None`: not since it does.
    fn heard(&self) -> Vec<(Member, Option<Duration>)> {
        Vec::new()
    }
}

/// This host's half of a join, as `pool.join` asks for it. Implemented by the daemon.
#[async_trait]
pub trait JoinPool: Send + Sync + 'static {
    /// Has this blank host join the pool of which `address` is a member. When it returns, the pool has agreed, and the daemon
    /// is about to start anew as its member.
    async fn join_by_password(&self, address: &str, user: &str, password: &str) -> Result<(), ApiError>;
}

#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    #[error("this host is not the coordinator")]
    NotCoordinator,
    #[error("the pool's membership could not be changed: {0}")]
    Failed(String),
}
