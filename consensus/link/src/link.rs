//! The door: start, request, open, status, shut down.

use crate::accept;
use crate::codec::{self, HEAD_BYTES, Head, Kind, OPENING_BYTES, Opening, REFUSAL_TEXT_MAX_BYTES};
use crate::config::LinkConfig;
use crate::connection::{Connection, RawStream};
use crate::dial::connected;
use crate::error::{LinkError, Refusal};
use crate::frame::{read_body, write_joined};
use crate::identity::{Fingerprint, Identity};
use crate::log_once::LogOnce;
use crate::slot::Slot;
use crate::stream::LinkStream;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Who a host says it is (A1), checked against the certificate it showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// At most 255 bytes, like `host_uuid`.
    pub pool_uuid: String,
    pub incarnation: u64,
    pub node: u128,
    pub host_uuid: String,
}

/// Where a node is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub node: u128,
    /// `host:port`
    pub address: String,
    pub fingerprint: Fingerprint,
}

/// What the pool database says about members, now; asked again on every attempt and every keep-alive.
/// Must answer without blocking.
pub trait Directory: Send + Sync + 'static {
    fn peer(&self, node: u128) -> Option<Peer>;
    /// A node may have two certificates pinned during rotation.
    fn is_pinned(&self, node: u128, fingerprint: &Fingerprint) -> bool;
    /// Pinned for any node.
    fn is_known_certificate(&self, fingerprint: &Fingerprint) -> bool;
}

/// What this host does for others. A request's or join's future is dropped at the asker's deadline, when the asker drops
/// its request, and when the connection ends.
pub trait Services: Send + Sync + 'static {
    fn request(&self, peer: u128, service: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>>;

    /// Has no deadline and goes on until it returns: it sees the end of the connection as the end of its reads. The stream
    /// is reset when the handler drops it without having shut it down.
    fn stream(&self, peer: u128, service: u16, stream: LinkStream) -> BoxFuture<'static, ()>;

    /// From a host that is not a member: it holds the key of this certificate, and nothing else is known of it.
    fn join(&self, certificate_der: Vec<u8>, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    pub node: u128,
    /// Of the connection, or where the directory says the peer is.
    pub address: Option<String>,
    pub connected: bool,
    /// The connection in use was dialled from here.
    pub dialled: bool,
    pub requests_in_flight: usize,
    pub streams_open: usize,
    /// Why the last attempt to connect failed, until one succeeds.
    pub last_error: Option<String>,
}

/// This host's end of all its links. Clones share it; it runs until [`Link::shutdown`].
#[derive(Clone)]
pub struct Link(Arc<Shared>);

pub(crate) struct Shared {
    pub config: LinkConfig,
    credentials: Mutex<Credentials>,
    pub hello: Hello,
    pub directory: Arc<dyn Directory>,
    pub services: Arc<dyn Services>,
    pub cancel: CancellationToken,
    pub tracker: TaskTracker,
    pub logs: LogOnce,
    pub local_addr: SocketAddr,
    /// Accepted handshakes that are past our hello and not settled yet (see `slot`).
    pub settling: watch::Sender<usize>,
    /// One per node ever asked for or authenticated, so no more than the pool ever had members.
    slots: Mutex<BTreeMap<u128, Arc<Slot>>>,
}

/// What this host shows: replaced as one when its certificate is rotated.
struct Credentials {
    identity: Arc<Identity>,
    doors: accept::Doors,
}

impl Link {
    /// Listens and serves. Must be called inside a tokio runtime.
    pub async fn start(
        config: LinkConfig,
        identity: Arc<Identity>,
        hello: Hello,
        directory: Arc<dyn Directory>,
        services: Arc<dyn Services>,
    ) -> Result<Link, LinkError> {
        let address = config.listen.clone();
        let cannot = |source| LinkError::Listen {
            address: address.clone(),
            source,
        };
        let listener = config.net.bind(&address).await.map_err(cannot)?;
        let local_addr = listener.local_addr().map_err(cannot)?;
        let doors = accept::Doors::new(&identity, &directory)?;
        let credentials = Mutex::new(Credentials { identity, doors });
        let shared = Arc::new(Shared {
            config,
            credentials,
            hello,
            directory,
            services,
            cancel: CancellationToken::new(),
            tracker: TaskTracker::new(),
            logs: LogOnce::default(),
            local_addr,
            settling: watch::Sender::new(0),
            slots: Mutex::new(BTreeMap::new()),
        });
        shared.tracker.spawn(accept::accept_all(shared.clone(), listener));
        Ok(Link(shared))
    }

    /// Asks and waits for the answer. The peer gets what is left of `deadline` and drops its handler then; dropping
    /// this future drops the handler too. Never repeated by the link: see [`LinkError::surely_not_sent`].
    pub async fn request(&self, peer: u128, service: u16, body: Bytes, deadline: Duration) -> Result<Bytes, LinkError> {
        let max_bytes = self.0.config.limits.max_body_bytes;
        if body.len() > max_bytes {
            return Err(LinkError::TooLarge {
                size_bytes: body.len(),
                max_bytes,
            });
        }
        let slot = self.0.slot(peer);
        let Ok(_permit) = slot.requests.clone().try_acquire_owned() else {
            return Err(LinkError::Busy);
        };
        let until = Instant::now() + deadline;
        let work = async {
            let (connection, mut stream) = match slot.idle_stream() {
                Some(idle) => idle,
                None => self.open_raw(&slot).await?,
            };
            let opening = Opening {
                service,
                deadline_ms: millis_left(until),
            };
            let head = codec::encode_opening(Kind::Request, opening, body.len());
            write_joined(&mut stream, &head, &body).await.map_err(lost)?;
            let answer = self.read_answer(&mut stream).await?;
            // Only after a whole exchange; in all other cases dropping it tells the peer.
            slot.keep_idle(connection, stream);
            answer
        };
        timeout_at(until, work).await.map_err(|_| LinkError::DeadlinePassed)?
    }

    /// Opens a stream; `deadline` is for the opening alone. `Ok` means that the peer's handler has it.
    pub async fn open(&self, peer: u128, service: u16, deadline: Duration) -> Result<LinkStream, LinkError> {
        let slot = self.0.slot(peer);
        let Ok(permit) = slot.streams.clone().try_acquire_owned() else {
            return Err(LinkError::Busy);
        };
        let until = Instant::now() + deadline;
        let work = async {
            let (_, mut stream) = self.open_raw(&slot).await?;
            let opening = Opening {
                service,
                deadline_ms: millis_left(until),
            };
            let head = codec::encode_opening(Kind::Stream, opening, 0);
            write_joined(&mut stream, &head, &[]).await.map_err(lost)?;
            let head = self.read_reply_head(&mut stream).await?;
            match head.kind {
                Kind::Accepted => Ok(stream),
                Kind::Refusal => Err(read_refusal(&mut stream, head).await?),
                other => Err(unexpected(other)),
            }
        };
        let stream = timeout_at(until, work).await.map_err(|_| LinkError::DeadlinePassed)??;
        Ok(LinkStream::new(stream, permit))
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr
    }

    /// Every peer asked for or heard from, by node id.
    pub fn peers(&self) -> Vec<PeerStatus> {
        let slots: Vec<_> = self.0.slots().values().cloned().collect();
        slots.iter().map(|slot| self.status(slot)).collect()
    }

    /// Shows another certificate from now on: the middle step of a rotation (pin the new one everywhere, replace, unpin
    /// the old one). Connections made with the old one stay until it is unpinned; each peer then closes its own within a
    /// keep-alive and the next request connects anew.
    pub fn replace_identity(&self, identity: Arc<Identity>) -> Result<(), LinkError> {
        let doors = accept::Doors::new(&identity, &self.0.directory)?;
        *self.0.credentials() = Credentials { identity, doors };
        Ok(())
    }

    /// Closes everything; returns when all tasks have ended, handlers included, or after twice the close deadline.
    pub async fn shutdown(&self) {
        self.0.cancel.cancel();
        self.0.tracker.close();
        let grace = self.0.config.timings.close_deadline * 2;
        if timeout(grace, self.0.tracker.wait()).await.is_err() {
            tracing::warn!(tasks = self.0.tracker.len(), "link tasks outlive the shutdown");
        }
    }

    /// Connections selected with this peer so far, as this side knows.
    #[cfg(test)]
    pub(crate) fn selections(&self, peer: u128) -> u64 {
        self.0.slot(peer).selections()
    }

    /// Streams kept for requests to this peer.
    #[cfg(test)]
    pub(crate) fn idle_streams(&self, peer: u128) -> usize {
        self.0.slot(peer).idle_streams()
    }

    /// A stream on the connection in use. Nothing is sent here, so a connection that breaks is simply replaced.
    async fn open_raw(&self, slot: &Arc<Slot>) -> Result<(Arc<Connection>, RawStream), LinkError> {
        loop {
            let connection = connected(&self.0, slot).await?;
            match connection.open().await {
                Err(LinkError::ConnectionLost) => {
                    // It is closing: make way for the next one, also when its driver has not got to it yet.
                    connection.close();
                    tokio::task::yield_now().await;
                }
                opened => return opened.map(|stream| (connection, stream)),
            }
        }
    }

    /// What the peer says, a refusal too, or the fault that leaves it unknown.
    async fn read_answer(&self, stream: &mut RawStream) -> Result<Result<Bytes, LinkError>, LinkError> {
        loop {
            let head = self.read_reply_head(stream).await?;
            match head.kind {
                Kind::Accepted => {}
                Kind::Answer => return read_body(stream, head.length).await.map(Ok).map_err(lost),
                Kind::Refusal => return read_refusal(stream, head).await.map(Err),
                other => return Err(unexpected(other)),
            }
        }
    }

    async fn read_reply_head(&self, stream: &mut RawStream) -> Result<Head, LinkError> {
        let mut head = [0; HEAD_BYTES];
        stream.read_exact(&mut head).await.map_err(lost)?;
        let max_bytes = self.0.config.limits.max_body_bytes + OPENING_BYTES;
        codec::decode_head(&head, max_bytes).map_err(LinkError::Protocol)
    }

    fn status(&self, slot: &Slot) -> PeerStatus {
        let live = slot.live();
        let limits = &self.0.config.limits;
        let address = match &live {
            Some(connection) => Some(connection.address.clone()),
            None => self.0.directory.peer(slot.node).map(|peer| peer.address),
        };
        PeerStatus {
            node: slot.node,
            address,
            connected: live.is_some(),
            dialled: live.is_some_and(|connection| connection.dialled),
            requests_in_flight: limits.requests_per_peer - slot.requests.available_permits(),
            streams_open: limits.streams_per_peer - slot.streams.available_permits(),
            last_error: slot.last_error(),
        }
    }
}

impl Shared {
    pub fn slot(&self, node: u128) -> Arc<Slot> {
        let mut slots = self.slots();
        let limits = &self.config.limits;
        slots
            .entry(node)
            .or_insert_with(|| Arc::new(Slot::new(node, limits)))
            .clone()
    }

    pub fn identity(&self) -> Arc<Identity> {
        self.credentials().identity.clone()
    }

    pub fn doors(&self) -> accept::Doors {
        self.credentials().doors.clone()
    }

    fn credentials(&self) -> MutexGuard<'_, Credentials> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<u128, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("local_addr", &self.0.local_addr)
            .finish_non_exhaustive()
    }
}

async fn read_refusal(stream: &mut RawStream, head: Head) -> Result<LinkError, LinkError> {
    // Tag and number stand before the text.
    let payload = read_body(stream, head.length.min(REFUSAL_TEXT_MAX_BYTES + 3)).await;
    let refusal = codec::decode_refusal(&payload.map_err(lost)?).map_err(LinkError::Protocol)?;
    Ok(LinkError::Refused(refusal))
}

/// Every fault of a yamux stream means that the stream or its connection is gone.
fn lost(error: io::Error) -> LinkError {
    tracing::debug!(%error, "a stream broke");
    LinkError::ConnectionLost
}

fn unexpected(kind: Kind) -> LinkError {
    LinkError::Protocol(codec::CodecError::UnexpectedKind(kind as u16))
}

/// Rounded up: zero would be dropped on arrival.
fn millis_left(until: Instant) -> u32 {
    let left = until.saturating_duration_since(Instant::now()).as_millis();
    u32::try_from(left.saturating_add(1)).unwrap_or(u32::MAX)
}
