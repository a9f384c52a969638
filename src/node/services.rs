//! What the link between hosts serves: Raft's messages, members' questions, and hosts that want in.
//!
//! The link must run before Raft and the toolstack start, so these are filled in as they come.

use bytes::Bytes;
use futures::future::BoxFuture;
use std::sync::{Arc, OnceLock};
use xenith_link::{LinkStream, Refusal, Services};
use xenith_raft::NodeId;
use xenith_raft::network::{RAFT_SERVICE, RaftService};
use xenith_runtime::{PEER_SERVICE, Toolstack};

/// What the link serves. Until the parts are there it says so, and the peer tries again.
#[derive(Default)]
pub struct LinkServices {
    pub raft: OnceLock<Arc<dyn RaftService>>,
    pub toolstack: OnceLock<Arc<Toolstack>>,
}

impl Services for LinkServices {
    fn request(&self, peer: u128, service: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        let (raft, toolstack) = (self.raft.get().cloned(), self.toolstack.get().cloned());
        Box::pin(async move {
            match (service, raft, toolstack) {
                (RAFT_SERVICE, Some(raft), _) => Ok(raft.request(NodeId(peer), body).await),
                (PEER_SERVICE, _, Some(toolstack)) => toolstack.answer_peer(NodeId(peer), body).await,
                (other, _, _) => Err(Refusal::UnknownService(other)),
            }
        })
    }

    fn stream(&self, peer: u128, service: u16, stream: LinkStream) -> BoxFuture<'static, ()> {
        let raft = self.raft.get().cloned().filter(|_| service == RAFT_SERVICE);
        Box::pin(async move {
            if let Some(raft) = raft {
                raft.stream(NodeId(peer), Box::new(stream)).await;
            }
        })
    }

    fn join(&self, certificate_der: Vec<u8>, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        let toolstack = self.toolstack.get().cloned();
        Box::pin(async move {
            match toolstack {
                Some(toolstack) => toolstack.join(certificate_der, body).await,
                None => Err(Refusal::Busy),
            }
        })
    }
}
