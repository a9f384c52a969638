//! The simulated network: every message and answer takes a seeded time, may be lost, cut off or held, and may overtake another.
//!
//! Invariants: nothing is delivered but by [`SimNet::deliver`], at the step it is due; a message to a host that is down is refused, one
//! over a cut link vanishes (or is refused, as the cut says); a host's own messages die with it.

use crate::random::Random;
use crate::shared::{Shared, lock};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use xenith_raft::network::{BoxedStream, NetError, RAFT_SERVICE, RaftNet, RaftService};
use xenith_raft::{Member, NodeId};
use xenith_runtime::{OPERATION_SERVICE, PEER_SERVICE, Toolstack};

/// Bytes in flight on a stream.
const STREAM_BYTES: usize = 64 * 1024;

/// How one direction between two hosts is.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub fastest_us: u64,
    pub slowest_us: u64,
    pub loss_percent: u64,
    pub cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    No,
    /// Messages vanish: the sender waits for its deadline.
    Silent,
    /// The sender is told at once.
    Refused,
}

impl Link {
    pub const GOOD: Link = Link {
        fastest_us: 200,
        slowest_us: 2_000,
        loss_percent: 0,
        cut: Cut::No,
    };
}

#[derive(Clone)]
pub struct SimNet {
    state: Arc<Mutex<State>>,
    shared: Arc<Shared>,
}

struct State {
    random: Random,
    links: BTreeMap<(NodeId, NodeId), Link>,
    queue: BTreeMap<(u64, u64), Packet>,
    ends: BTreeMap<NodeId, End>,
    waiting: BTreeMap<u64, Waiting>,
    streams: Vec<(NodeId, NodeId, AbortHandle)>,
    next: u64,
}

#[derive(Clone)]
struct End {
    runtime: Handle,
    service: Arc<dyn RaftService>,
    /// Of hosts that work operations, when it has started.
    toolstack: Option<Arc<Toolstack>>,
}

impl End {
    /// As the daemon's link hands them on.
    async fn answer(&self, from: NodeId, service: u16, message: Bytes) -> Answer {
        let answer = match (service, &self.toolstack) {
            (RAFT_SERVICE, _) => return Ok(self.service.request(from, message).await),
            (PEER_SERVICE, Some(toolstack)) => toolstack.answer_peer(from, message).await,
            (OPERATION_SERVICE, Some(toolstack)) => toolstack.answer_operation(from, message).await,
            _ => return Err(Lost::NotSent("no such service")),
        };
        answer.map_err(|refusal| Lost::Refused(refusal.to_string()))
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Lost {
    /// It has not arrived and never will.
    NotSent(&'static str),
    /// Nobody knows whether it has arrived.
    Unknown(&'static str),
    Refused(String),
    Late,
}

impl From<Lost> for NetError {
    fn from(lost: Lost) -> NetError {
        match lost {
            Lost::NotSent(why) | Lost::Unknown(why) => NetError::Unreachable(why.into()),
            Lost::Refused(why) => NetError::Refused(why),
            Lost::Late => NetError::Timeout,
        }
    }
}

type Answer = Result<Bytes, Lost>;

struct Request {
    from: NodeId,
    to: NodeId,
    service: u16,
    message: Bytes,
}

enum Packet {
    Request { id: u64, request: Request },
    Answer { id: u64, answer: Answer },
}

struct Waiting {
    from: NodeId,
    to: NodeId,
    answer: oneshot::Sender<Answer>,
}

impl SimNet {
    pub fn new(random: Random, shared: Arc<Shared>) -> SimNet {
        let state = State {
            random,
            links: BTreeMap::new(),
            queue: BTreeMap::new(),
            ends: BTreeMap::new(),
            waiting: BTreeMap::new(),
            streams: Vec::new(),
            next: 0,
        };
        SimNet {
            state: Arc::new(Mutex::new(state)),
            shared,
        }
    }

    pub fn door(&self, me: NodeId) -> Arc<dyn RaftNet> {
        Arc::new(NetDoor { net: self.clone(), me })
    }

    pub fn serve(&self, node: NodeId, runtime: Handle, service: Arc<dyn RaftService>) {
        let end = End {
            runtime,
            service,
            toolstack: None,
        };
        lock(&self.state).ends.insert(node, end);
    }

    pub fn serve_toolstack(&self, node: NodeId, toolstack: Arc<Toolstack>) {
        if let Some(end) = lock(&self.state).ends.get_mut(&node) {
            end.toolstack = Some(toolstack);
        }
    }

    /// The host is gone: whoever waits for it is told, as by a reset connection.
    pub fn stop(&self, node: NodeId) {
        let mut state = lock(&self.state);
        let gone = state.ends.remove(&node);
        let own: Vec<u64> = state
            .waiting
            .iter()
            .filter(|(_, w)| w.from == node)
            .map(|(id, _)| *id)
            .collect();
        let dead: Vec<_> = own.iter().filter_map(|id| state.waiting.remove(id)).collect();
        let told: Vec<u64> = state
            .waiting
            .iter()
            .filter(|(_, w)| w.to == node)
            .map(|(id, _)| *id)
            .collect();
        let now = self.shared.now_us();
        for id in told {
            let answer = Err(Lost::Unknown("connection reset"));
            state.push(now + 1_000, Packet::Answer { id, answer });
        }
        state.reset_streams(|from, to| from == node || to == node);
        drop(state);
        // What ends with these may send, or wait no more.
        drop((dead, gone));
    }

    pub fn set_link(&self, from: NodeId, to: NodeId, link: Link) {
        let mut state = lock(&self.state);
        state.links.insert((from, to), link);
        if link.cut != Cut::No {
            state.reset_streams(|a, b| (a, b) == (from, to) || (b, a) == (from, to));
        }
    }

    pub fn change_link(&self, from: NodeId, to: NodeId, change: impl FnOnce(&mut Link)) {
        let mut link = lock(&self.state).link(from, to);
        change(&mut link);
        self.set_link(from, to, link);
    }

    pub fn heal(&self) {
        lock(&self.state).links.clear();
    }

    /// Hands over what is due. Called outside of every runtime.
    pub fn deliver(&self) {
        let now = self.shared.now_us();
        loop {
            let mut state = lock(&self.state);
            let Some(first) = state.queue.first_entry().filter(|first| first.key().0 <= now) else {
                return;
            };
            match first.remove() {
                Packet::Answer { id, answer } => {
                    let waiting = state.waiting.remove(&id);
                    drop(state);
                    if let Some(waiting) = waiting {
                        // A caller that went away needs no answer.
                        let _ = waiting.answer.send(answer);
                    }
                }
                Packet::Request { id, request } => {
                    let end = state.ends.get(&request.to).cloned();
                    drop(state);
                    self.hand_over(id, request, end);
                }
            }
        }
    }

    fn hand_over(&self, id: u64, request: Request, end: Option<End>) {
        let Request {
            from,
            to,
            service,
            message,
        } = request;
        let Some(end) = end else {
            return self.send_back(id, from, to, Err(Lost::NotSent("connection refused")));
        };
        let net = self.clone();
        end.runtime.clone().spawn(async move {
            let answer = end.answer(from, service, message).await;
            net.send_back(id, from, to, answer);
        });
    }

    fn send_back(&self, id: u64, from: NodeId, to: NodeId, answer: Answer) {
        let now = self.shared.now_us();
        let mut state = lock(&self.state);
        let link = state.link(to, from);
        match state.fate(link) {
            Fate::Arrives(after) => state.push(now + after, Packet::Answer { id, answer }),
            Fate::Vanishes => {}
            Fate::Refused(after) => {
                let answer = Err(Lost::Unknown("connection reset"));
                state.push(now + after, Packet::Answer { id, answer });
            }
        }
    }

    /// When something between the machines themselves arrives; nothing if it never does.
    pub fn parcel(&self, from: NodeId, to: NodeId) -> Option<Duration> {
        let mut state = lock(&self.state);
        let link = state.link(from, to);
        match state.fate(link) {
            Fate::Arrives(after) => Some(Duration::from_micros(after)),
            Fate::Vanishes | Fate::Refused(_) => None,
        }
    }

    /// Asks a service of another host, and waits for its answer so long at most.
    pub async fn ask(
        &self,
        (from, to): (NodeId, NodeId),
        service: u16,
        message: Bytes,
        deadline: Duration,
    ) -> Result<Bytes, Lost> {
        let (id, answer) = self.send(Request {
            from,
            to,
            service,
            message,
        });
        let _forget = Forget { net: self, id };
        let answered = async {
            match answer.await {
                Ok(answer) => answer,
                // Lost on the way: only the deadline ends the wait.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::time::timeout(deadline, answered).await.map_err(|_| Lost::Late)?
    }

    fn send(&self, request: Request) -> (u64, oneshot::Receiver<Answer>) {
        let (from, to) = (request.from, request.to);
        let now = self.shared.now_us();
        let (answer, waiting) = oneshot::channel();
        let mut state = lock(&self.state);
        state.next += 1;
        let id = state.next;
        state.waiting.insert(id, Waiting { from, to, answer });
        let link = state.link(from, to);
        match state.fate(link) {
            Fate::Arrives(after) => state.push(now + after, Packet::Request { id, request }),
            Fate::Vanishes => {}
            Fate::Refused(after) => {
                let answer = Err(Lost::NotSent("no route"));
                state.push(now + after, Packet::Answer { id, answer });
            }
        }
        (id, waiting)
    }
}

enum Fate {
    Arrives(u64),
    Vanishes,
    Refused(u64),
}

impl State {
    fn link(&self, from: NodeId, to: NodeId) -> Link {
        self.links.get(&(from, to)).copied().unwrap_or(Link::GOOD)
    }

    fn fate(&mut self, link: Link) -> Fate {
        let after = self.random.between(link.fastest_us, link.slowest_us);
        match link.cut {
            Cut::Silent => Fate::Vanishes,
            Cut::Refused => Fate::Refused(after),
            Cut::No if self.random.percent(link.loss_percent) => match self.random.percent(50) {
                true => Fate::Vanishes,
                false => Fate::Refused(after),
            },
            Cut::No => Fate::Arrives(after),
        }
    }

    fn push(&mut self, at: u64, packet: Packet) {
        self.next += 1;
        self.queue.insert((at, self.next), packet);
    }

    fn reset_streams(&mut self, hit: impl Fn(NodeId, NodeId) -> bool) {
        self.streams.retain(|(from, to, task)| {
            if hit(*from, *to) {
                task.abort();
            }
            !task.is_finished() && !hit(*from, *to)
        });
    }
}

struct NetDoor {
    net: SimNet,
    me: NodeId,
}

#[async_trait]
impl RaftNet for NetDoor {
    async fn request(&self, peer: NodeId, message: Bytes, deadline: Duration) -> Result<Bytes, NetError> {
        let asked = self.net.ask((self.me, peer), RAFT_SERVICE, message, deadline).await;
        asked.map_err(NetError::from)
    }

    async fn open_stream(&self, peer: NodeId, _deadline: Duration) -> Result<BoxedStream, NetError> {
        let (end, link, after) = {
            let mut state = lock(&self.net.state);
            let link = state.link(self.me, peer);
            let after = state.random.between(link.fastest_us, link.slowest_us);
            (state.ends.get(&peer).cloned(), link, after)
        };
        tokio::time::sleep(Duration::from_micros(after)).await;
        let end = end.filter(|_| link.cut == Cut::No);
        let end = end.ok_or_else(|| NetError::Unreachable("no stream".into()))?;
        let (ours, theirs) = tokio::io::duplex(STREAM_BYTES);
        let (me, shared) = (self.me, self.net.shared.clone());
        let task = end.runtime.spawn(async move {
            end.service.stream(me, Box::new(theirs)).await;
            shared.probe("snapshot_streams");
        });
        lock(&self.net.state).streams.push((me, peer, task.abort_handle()));
        Ok(Box::new(ours))
    }

    fn learn(&self, _members: &[Member]) {}

    fn forget(&self, _nodes: &[NodeId]) {}
}

/// Nobody waits for this answer any more.
struct Forget<'a> {
    net: &'a SimNet,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let gone = lock(&self.net.state).waiting.remove(&self.id);
        drop(gone);
    }
}
