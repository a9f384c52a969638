//! What clients of this host knock at: the toolstack, and beside it the few requests that are the daemon's own.

use super::join::Joiner;
use async_trait::async_trait;
use std::sync::Arc;
use xenith_datamodel::ApiError;
use xenith_runtime::Toolstack;
use xenith_wire::{Call, Dispatch, Reply};

pub struct Door {
    toolstack: Arc<Toolstack>,
    joiner: Joiner,
    host_uuid: String,
}

impl Door {
    pub fn new(toolstack: Arc<Toolstack>, joiner: Joiner, host_uuid: String) -> Door {
        Door { toolstack, joiner, host_uuid }
    }
}

#[async_trait]
impl Dispatch for Door {
    async fn call(&self, call: Call) -> Reply {
        self.toolstack.call(call).await
    }

    fn health(&self) -> Result<String, String> {
        self.toolstack.health()
    }

    fn metrics(&self) -> String {
        self.toolstack.metrics()
    }

    async fn admin(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        match path {
            "identity" => Ok(serde_json::json!({ "host_uuid": self.host_uuid }).to_string().into_bytes()),
            "join" => self.joiner.join(&body).await.map(|()| b"{}".to_vec()),
            _ => self.toolstack.admin(path, body).await,
        }
    }
}
