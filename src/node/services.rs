//! What the link between hosts serves: Raft's messages, members' questions, and hosts that want in.
//!
//! The link must run before Raft and the toolstack start, so these are filled in as they come.

use bytes::Bytes;
use futures::future::BoxFuture;
use std::sync::{OnceLock, Weak};
use xenith_link::{LinkStream, Refusal, Services};
use xenith_raft::NodeId;
use xenith_raft::network::{RAFT_SERVICE, RaftService};
use xenith_runtime::{OPERATION_SERVICE, PEER_SERVICE, Toolstack};

/// What the link serves. Until the parts are there, and after they are gone, it says so, and the peer tries again. Held weakly: the parts
/// hold the link, and a node that was stopped to join another pool must let go of its store and its view.
#[derive(Default)]
pub struct LinkServices {
    pub raft: OnceLock<Weak<dyn RaftService>>,
    pub toolstack: OnceLock<Weak<Toolstack>>,
}

impl Services for LinkServices {
    fn request(&self, peer: u128, service: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        let (raft, toolstack) = (
            self.raft.get().and_then(Weak::upgrade),
            self.toolstack.get().and_then(Weak::upgrade),
        );
        Box::pin(async move {
            match (service, raft, toolstack) {
                (RAFT_SERVICE, Some(raft), _) => Ok(raft.request(NodeId(peer), body).await),
                (PEER_SERVICE, _, Some(toolstack)) => toolstack.answer_peer(NodeId(peer), body).await,
                (OPERATION_SERVICE, _, Some(toolstack)) => toolstack.answer_operation(NodeId(peer), body).await,
                (other, _, _) => Err(Refusal::UnknownService(other)),
            }
        })
    }

    fn stream(&self, peer: u128, service: u16, stream: LinkStream) -> BoxFuture<'static, ()> {
        let raft = self
            .raft
            .get()
            .and_then(Weak::upgrade)
            .filter(|_| service == RAFT_SERVICE);
        Box::pin(async move {
            if let Some(raft) = raft {
                raft.stream(NodeId(peer), Box::new(stream)).await;
            }
        })
    }

    fn join(&self, certificate_der: Vec<u8>, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        let toolstack = self.toolstack.get().and_then(Weak::upgrade);
        Box::pin(async move {
            match toolstack {
                Some(toolstack) => toolstack.join(certificate_der, body).await,
                None => Err(Refusal::Busy),
            }
        })
    }
}
