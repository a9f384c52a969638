//! [`Membership`] by the Raft node.

use super::{Membership, MembershipError};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use xenith_raft::{Member, MemberError, NodeId, RaftNode};

pub struct RaftMembership {
    pub node: Arc<RaftNode>,
    pub incarnation: u64,
}

#[async_trait]
impl Membership for RaftMembership {
    async fn add_member(&self, member: Member) -> Result<(), MembershipError> {
        self.node.add_member(member).await.map_err(failed)
    }

    async fn remove_member(&self, node: NodeId) -> Result<(), MembershipError> {
        self.node.remove_member(node).await.map_err(failed)
    }

    async fn update_member(&self, member: Member) -> Result<(), MembershipError> {
        self.node.update_member(member).await.map_err(failed)
    }

    fn members(&self) -> Vec<Member> {
        self.node.members().into_iter().map(|(member, _votes)| member).collect()
    }

    fn incarnation(&self) -> u64 {
        self.incarnation
    }

    fn heard(&self) -> Vec<(Member, Option<Duration>)> {
        self.node.heard()
    }
}

fn failed(error: MemberError) -> MembershipError {
    MembershipError::Failed(error.to_string())
}
