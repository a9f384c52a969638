//! What clients of this host knock at: the toolstack, and beside it the few requests that are the daemon's own.

use super::join::Joiner;
use async_trait::async_trait;
use std::sync::Arc;
use xenith_datamodel::ApiError;
use xenith_raft::RaftNode;
use xenith_raft::planner::voters_wanted;
use xenith_runtime::Toolstack;
use xenith_wire::{Call, Dispatch, Download, HandlerRefusal, HandlerRequest, InUse, Reply, ThumbprintDigest};

pub struct Door {
    toolstack: Arc<Toolstack>,
    joiner: Arc<Joiner>,
    raft: Arc<RaftNode>,
    host_uuid: String,
}

impl Door {
    pub fn new(toolstack: Arc<Toolstack>, joiner: Arc<Joiner>, raft: Arc<RaftNode>, host_uuid: String) -> Door {
        Door {
            toolstack,
            joiner,
            raft,
            host_uuid,
        }
    }

    /// What `up` and operators' scripts ask: who this is, and how far the pool is from voting as it should (E1).
    fn status(&self) -> Vec<u8> {
        let members = self.raft.members();
        let voters = members.iter().filter(|(_, votes)| *votes).count();
        let status = serde_json::json!({
            "host_uuid": self.host_uuid,
            "members": members.len(),
            "voters": voters,
            "voters_wanted": voters_wanted(members.len()),
            "voters_change": self.raft.voters_change(),
        });
        status.to_string().into_bytes()
    }
}

#[async_trait]
impl Dispatch for Door {
    async fn call(&self, call: Call) -> Reply {
        self.toolstack.call(call).await
    }

    async fn authorise(&self, request: HandlerRequest) -> Result<InUse, HandlerRefusal> {
        self.toolstack.authorise(request).await
    }

    async fn audit_log(&self, since: &str) -> Result<Download, ApiError> {
        self.toolstack.audit_log(since).await
    }

    fn is_https_only(&self) -> bool {
        self.toolstack.is_https_only()
    }

    fn thumbprint(&self, address: &str, digest: ThumbprintDigest) -> Option<String> {
        self.toolstack.thumbprint(address, digest)
    }

    fn health(&self) -> Result<String, String> {
        self.toolstack.health()
    }

    fn metrics(&self) -> String {
        self.toolstack.metrics()
    }

    async fn admin(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let result = match path {
            "status" => return Ok(self.status()),
            "join" => self.joiner.join(&body).await.map(|()| b"{}".to_vec()),
            _ => self.toolstack.admin(path, body).await,
        };
        self.toolstack.audit_admin(path, result.as_ref().map(|_| ())).await;
        result
    }
}
