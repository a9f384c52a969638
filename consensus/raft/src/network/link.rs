//! [`RaftNet`] over the host link, and the directory of members that the link asks.
//!
//! The link needs the services and the directory, Raft needs the link: so [`LinkNet`] is made first, given to both, and attached last.

use super::{BoxedStream, NetError, RaftNet, RaftService};
use crate::pool_log::{Member, NodeId};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;
use xenith_link::{Directory, Fingerprint, Link, LinkError, LinkStream, Peer};

/// Raft's number among the link's services; of requests and of streams.
pub const RAFT_SERVICE: u16 = 1;

/// Members as the log has them, and the link that reaches them.
#[derive(Default)]
pub struct LinkNet {
    link: OnceLock<Link>,
    members: RwLock<BTreeMap<NodeId, Member>>,
}

impl LinkNet {
    pub fn new() -> Arc<LinkNet> {
        Arc::new(LinkNet::default())
    }

    /// Nothing is reached before this.
    pub fn attach(&self, link: Link) {
        // Attached once, at start.
        let _ = self.link.set(link);
    }

    fn link(&self) -> Result<&Link, NetError> {
        self.link
            .get()
            .ok_or_else(|| NetError::Unreachable("the link is not up yet".into()))
    }

    fn members(&self) -> RwLockReadGuard<'_, BTreeMap<NodeId, Member>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RaftNet for LinkNet {
    async fn request(&self, peer: NodeId, message: Bytes, deadline: Duration) -> Result<Bytes, NetError> {
        self.link()?
            .request(peer.0, RAFT_SERVICE, message, deadline)
            .await
            .map_err(net_error)
    }

    async fn open_stream(&self, peer: NodeId, deadline: Duration) -> Result<BoxedStream, NetError> {
        Ok(Box::new(
            self.link()?
                .open(peer.0, RAFT_SERVICE, deadline)
                .await
                .map_err(net_error)?,
        ))
    }

    fn learn(&self, members: &[Member]) {
        let mut known = self.members.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(members.iter().map(|member| (member.node, member.clone())));
    }

    /// The link closes what connections there are at its next keep-alive.
    fn forget(&self, nodes: &[NodeId]) {
        let mut known = self.members.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|node, _| !nodes.contains(node));
    }
}

impl Directory for LinkNet {
    fn peer(&self, node: u128) -> Option<Peer> {
        let members = self.members();
        let member = members.get(&NodeId(node))?;
        Some(Peer {
            node,
            address: member.link_address.clone(),
            fingerprint: member.certificate_sha256,
        })
    }

    fn is_pinned(&self, node: u128, fingerprint: &Fingerprint) -> bool {
        self.members()
            .get(&NodeId(node))
            .is_some_and(|member| member.certificate_sha256 == *fingerprint)
    }

    fn is_known_certificate(&self, fingerprint: &Fingerprint) -> bool {
        self.members()
            .values()
            .any(|member| member.certificate_sha256 == *fingerprint)
    }
}

/// For the link's services: a request of [`RAFT_SERVICE`]. Refusals are in the answer's own form.
pub fn serve_request(raft: Arc<dyn RaftService>, peer: u128, body: Bytes) -> BoxFuture<'static, Bytes> {
    Box::pin(async move { raft.request(NodeId(peer), body).await })
}

/// For the link's services: a stream of [`RAFT_SERVICE`].
pub fn serve_stream(raft: Arc<dyn RaftService>, peer: u128, stream: LinkStream) -> BoxFuture<'static, ()> {
    Box::pin(async move { raft.stream(NodeId(peer), Box::new(stream)).await })
}

fn net_error(error: LinkError) -> NetError {
    match error {
        LinkError::DeadlinePassed => NetError::Timeout,
        LinkError::Refused(refusal) => NetError::Refused(refusal.to_string()),
        other => NetError::Unreachable(other.to_string()),
    }
}
