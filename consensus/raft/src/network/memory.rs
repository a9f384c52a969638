//! A network inside one process: for tests. Pairs can be cut one way or both, and messages delayed.

use super::{BoxedStream, NetError, RaftNet, RaftService};
use crate::pool_log::{Member, NodeId};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;

/// Bytes in flight on a stream.
const STREAM_BYTES: usize = 64 * 1024;

/// All nodes of a process. Each node talks through its own [`MemoryNet::door`].
#[derive(Clone, Default)]
pub struct MemoryNet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    services: BTreeMap<NodeId, Arc<dyn RaftService>>,
    /// Messages from the first to the second are lost.
    cut: BTreeSet<(NodeId, NodeId)>,
    delay: Duration,
    streams: Vec<(NodeId, NodeId, AbortHandle)>,
}

impl MemoryNet {
    pub fn new() -> MemoryNet {
        MemoryNet::default()
    }

    pub fn door(&self, node: NodeId) -> Arc<dyn RaftNet> {
        Arc::new(Door {
            net: self.clone(),
            me: node,
        })
    }

    /// From now on messages to `node` reach this.
    pub fn serve(&self, node: NodeId, service: Arc<dyn RaftService>) {
        self.state().services.insert(node, service);
    }

    /// The node is gone, as after a kill.
    pub fn stop(&self, node: NodeId) {
        let mut state = self.state();
        state.services.remove(&node);
        state.reset_streams(|from, to| from == node || to == node);
    }

    /// Loses everything from `from` to `to`.
    pub fn cut(&self, from: NodeId, to: NodeId) {
        let mut state = self.state();
        state.cut.insert((from, to));
        state.reset_streams(|a, b| (a, b) == (from, to) || (b, a) == (from, to));
    }

    /// Cuts `node` off from all of `others`, both ways.
    pub fn isolate(&self, node: NodeId, others: &[NodeId]) {
        for other in others.iter().filter(|other| **other != node) {
            self.cut(node, *other);
            self.cut(*other, node);
        }
    }

    pub fn heal(&self) {
        self.state().cut.clear();
    }

    /// Before each message and each answer.
    pub fn set_delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn service(&self, from: NodeId, to: NodeId) -> Result<(Arc<dyn RaftService>, Duration), NetError> {
        let state = self.state();
        let service = state.services.get(&to).filter(|_| !state.cut.contains(&(from, to)));
        let service = service.ok_or_else(|| NetError::Unreachable(format!("{to} is not there")))?;
        Ok((service.clone(), state.delay))
    }
}

impl State {
    fn reset_streams(&mut self, hit: impl Fn(NodeId, NodeId) -> bool) {
        self.streams.retain(|(from, to, task)| {
            if hit(*from, *to) {
                task.abort();
            }
            !task.is_finished() && !hit(*from, *to)
        });
    }
}

struct Door {
    net: MemoryNet,
    me: NodeId,
}

#[async_trait]
impl RaftNet for Door {
    async fn request(&self, peer: NodeId, message: Bytes, _deadline: Duration) -> Result<Bytes, NetError> {
        let (service, delay) = self.net.service(self.me, peer)?;
        pause(delay).await;
        let answer = service.request(self.me, message).await;
        pause(delay).await;
        if self.net.state().cut.contains(&(peer, self.me)) {
            return Err(NetError::Unreachable("the answer was lost".into()));
        }
        Ok(answer)
    }

    async fn open_stream(&self, peer: NodeId, _deadline: Duration) -> Result<BoxedStream, NetError> {
        let (service, delay) = self.net.service(self.me, peer)?;
        pause(delay).await;
        let (ours, theirs) = tokio::io::duplex(STREAM_BYTES);
        let me = self.me;
        let task = tokio::spawn(async move { service.stream(me, Box::new(theirs)).await });
        self.net.state().streams.push((self.me, peer, task.abort_handle()));
        Ok(Box::new(ours))
    }

    fn learn(&self, _members: &[Member]) {}

    fn forget(&self, _nodes: &[NodeId]) {}
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
