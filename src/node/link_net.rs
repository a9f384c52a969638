//! Raft's messages and members' questions over the host link.
//!
//! Owns: who is where and with which certificate ([`Pins`]), the numbers of the link's services, and the two-way
//! hand-off: the link must run before Raft starts, and serves Raft once Raft runs.

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use xenith_link::{Directory, Fingerprint, Link, LinkError, LinkStream, Peer, Refusal, Services};
use xenith_raft::network::{BoxedStream, NetError, RaftNet, RaftService};
use xenith_raft::{Member, NodeId};
use xenith_runtime::{PEER_SERVICE, Toolstack};

const RAFT_SERVICE: u16 = 1;

/// The members by node, as the log has them now.
#[derive(Default)]
pub struct Pins(RwLock<BTreeMap<u128, Member>>);

impl Pins {
    pub fn learn(&self, members: &[Member]) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for member in members {
            known.insert(member.node.0, member.clone());
        }
    }

    fn get(&self, node: u128) -> Option<Member> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&node).cloned()
    }
}

impl Directory for Pins {
    fn peer(&self, node: u128) -> Option<Peer> {
        self.get(node).map(|member| Peer {
            node,
            address: member.link_address,
            fingerprint: member.certificate_sha256,
        })
    }

    fn is_pinned(&self, node: u128, fingerprint: &Fingerprint) -> bool {
        self.get(node).is_some_and(|member| member.certificate_sha256 == *fingerprint)
    }

    fn is_known_certificate(&self, fingerprint: &Fingerprint) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.values().any(|member| member.certificate_sha256 == *fingerprint)
    }
}

/// [`RaftNet`] over the link.
pub struct LinkNet {
    pub link: Link,
    pub pins: Arc<Pins>,
}

#[async_trait]
impl RaftNet for LinkNet {
    async fn request(&self, peer: NodeId, message: Bytes, deadline: Duration) -> Result<Bytes, NetError> {
        self.link.request(peer.0, RAFT_SERVICE, message, deadline).await.map_err(net_error)
    }

    async fn open_stream(&self, peer: NodeId, deadline: Duration) -> Result<BoxedStream, NetError> {
        let stream = self.link.open(peer.0, RAFT_SERVICE, deadline).await.map_err(net_error)?;
        Ok(Box::new(stream))
    }

    fn learn(&self, members: &[Member]) {
        self.pins.learn(members);
    }
}

fn net_error(error: LinkError) -> NetError {
    match error {
        LinkError::DeadlinePassed => NetError::Timeout,
        other => NetError::Unreachable(other.to_string()),
    }
}

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
                Some(toolstack) => toolstack.answer_join(certificate_der, body).await,
                None => Err(Refusal::Busy),
            }
        })
    }
}
