//! One live connection: the task that drives yamux, the way to open streams on it, its keep-alive and watchdog.

use crate::codec::{self, Kind};
use crate::config::{LinkConfig, Timings};
use crate::error::LinkError;
use crate::identity::Fingerprint;
use crate::link::Shared;
use crate::slot::Slot;
use crate::transport::{Tls, Transport, TransportHandle};
use futures::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};
use tokio_util::sync::CancellationToken;

/// A yamux stream as tokio sees it.
pub(crate) type RawStream = Compat<yamux::Stream>;

/// Openings waiting for the driver; more wait in their own tasks, each with its deadline.
const OPENINGS_QUEUED_MAX: usize = 64;

pub(crate) struct Connection {
    pub node: u128,
    pub fingerprint: Fingerprint,
    /// Of the other side.
    pub address: String,
    pub dialled: bool,
    openings: mpsc::Sender<oneshot::Sender<yamux::Stream>>,
    cancel: CancellationToken,
}

/// What is known of a connection when its handshake is done.
pub(crate) struct Origin {
    pub node: u128,
    pub fingerprint: Fingerprint,
    pub address: String,
    pub dialled: bool,
}

/// The other half of a [`Connection`]: to be run, or refused.
pub(crate) struct Driver {
    yamux: yamux::Connection<Transport>,
    handle: TransportHandle,
    openings: mpsc::Receiver<oneshot::Sender<yamux::Stream>>,
    /// Taken from the queue, not opened yet (yamux's backlog is full).
    waiting: Option<oneshot::Sender<yamux::Stream>>,
    cancel: CancellationToken,
}

impl Connection {
    pub fn prepare(
        tls: Tls,
        origin: Origin,
        config: &LinkConfig,
        parent: &CancellationToken,
    ) -> (Arc<Connection>, Driver) {
        let (transport, handle) = Transport::new(tls);
        let streams = config.limits.yamux_streams();
        let mut settings = yamux::Config::default();
        // No sum over all streams: each starts with yamux's 256 KiB and the number of streams is bounded.
        settings.set_max_connection_receive_window(None);
        settings.set_max_num_streams(streams);
        settings.set_max_connection_receive_window(Some(streams.saturating_mul(yamux::DEFAULT_CREDIT as usize)));
        let mode = if origin.dialled {
            yamux::Mode::Client
        } else {
            yamux::Mode::Server
        };
        let (sender, receiver) = mpsc::channel(OPENINGS_QUEUED_MAX);
        let cancel = parent.child_token();
        let connection = Arc::new(Connection {
            node: origin.node,
            fingerprint: origin.fingerprint,
            address: origin.address,
            dialled: origin.dialled,
            openings: sender,
            cancel: cancel.clone(),
        });
        let driver = Driver {
            yamux: yamux::Connection::new(transport, settings, mode),
            handle,
            openings: receiver,
            waiting: None,
            cancel,
        };
        (connection, driver)
    }

    /// A new stream; nothing is sent until it is written to. Dropping the future gives up the opening.
    pub async fn open(&self) -> Result<RawStream, LinkError> {
        let (sender, receiver) = oneshot::channel();
        if self.openings.send(sender).await.is_err() {
            return Err(LinkError::ConnectionLost);
        }
        let stream = receiver.await.map_err(|_| LinkError::ConnectionLost)?;
        Ok(stream.compat())
    }

    pub fn is_closed(&self) -> bool {
        self.cancel.is_cancelled() || self.openings.is_closed()
    }

    pub fn close(&self) {
        self.cancel.cancel();
    }
}

impl Driver {
    /// Sends `first` before yamux starts, then serves until the connection ends. Leaves the slot when done.
    pub fn start(self, shared: &Arc<Shared>, slot: &Arc<Slot>, connection: &Arc<Connection>) {
        let watchdog = watch(shared.clone(), connection.clone(), self.handle.clone());
        shared.tracker.spawn(watchdog);
        if connection.dialled {
            shared.tracker.spawn(keep_alive(shared.clone(), connection.clone()));
        }
        let (shared, slot, connection) = (shared.clone(), slot.clone(), connection.clone());
        let tracker = shared.tracker.clone();
        tracker.spawn(async move {
            self.run(&shared, &slot, &connection).await;
            connection.close();
            slot.forget(&connection);
            tracing::info!(peer = %format_args!("{:032x}", connection.node), "link closed");
        });
    }

    pub fn preload(&self, first: &[u8]) {
        self.handle.preload(first);
    }

    /// Sends `last` and closes.
    pub async fn refuse(self, last: &[u8], timings: &Timings) {
        self.handle.preload(last);
        let flushed = timeout(timings.close_deadline, poll_fn(|cx| self.handle.poll_flush(cx))).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::debug!("the verdict did not reach a refused connection");
        }
    }

    async fn run(mut self, shared: &Arc<Shared>, slot: &Arc<Slot>, connection: &Arc<Connection>) {
        let cancel = self.cancel.clone();
        let cancelled = cancel.cancelled();
        tokio::pin!(cancelled);
        loop {
            let next = tokio::select! {
                biased;
                () = &mut cancelled => None,
                stream = poll_fn(|cx| self.poll(cx)) => stream,
            };
            let Some(stream) = next else { break };
            let task = crate::serve::serve(shared.clone(), slot.clone(), connection.clone(), stream.compat());
            shared.tracker.spawn(task);
        }
        // Dropping yamux fails every stream at once. Its own orderly close would leave their readers asleep.
        drop(self.yamux);
        drop(self.openings);
        drop(self.waiting);
        let timings = &shared.config.timings;
        let closed = timeout(timings.close_deadline, poll_fn(|cx| self.handle.poll_close(cx))).await;
        if !matches!(closed, Ok(Ok(()))) {
            tracing::debug!("a link ended without an orderly close");
        }
    }

    /// The next stream the peer opened; `None` when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<yamux::Stream>> {
        if let Poll::Ready(Err(error)) = self.poll_openings(cx) {
            tracing::debug!(%error, "link lost");
            return Poll::Ready(None);
        }
        let inbound = match self.yamux.poll_next_inbound(cx) {
            Poll::Ready(Some(Ok(stream))) => return Poll::Ready(Some(stream)),
            Poll::Ready(Some(Err(error))) => {
                tracing::debug!(%error, "link lost");
                Poll::Ready(None)
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        };
        if inbound.is_pending()
            && let Poll::Ready(Err(error)) = self.handle.poll_flush(cx)
        {
            tracing::debug!(%error, "link lost");
            return Poll::Ready(None);
        }
        inbound
    }

    /// Opens what is asked for, as far as yamux's backlog allows; always leaves a waker behind.
    fn poll_openings(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), yamux::ConnectionError>> {
        loop {
            let waiting = match self.waiting.take() {
                Some(waiting) => waiting,
                None => match self.openings.poll_recv(cx) {
                    Poll::Ready(Some(waiting)) => waiting,
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                },
            };
            if waiting.is_closed() {
                continue;
            }
            match self.yamux.poll_new_outbound(cx) {
                // Dropped again at once if the asker has gone; nothing was sent for it.
                Poll::Ready(Ok(stream)) => drop(waiting.send(stream)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.waiting = Some(waiting);
                    return Poll::Pending;
                }
            }
        }
    }
}

/// Closes the connection when nothing arrives any more, or when its certificate is no longer pinned.
///
/// Counts looks, not time: a host that was itself stopped does not blame its peers on waking up.
async fn watch(shared: Arc<Shared>, connection: Arc<Connection>, handle: TransportHandle) {
    let timings = &shared.config.timings;
    let mut ticks = interval(timings.keepalive_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = handle.reads();
    let mut misses = 0;
    loop {
        tokio::select! {
            () = connection.cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let reads = handle.reads();
        misses = if reads == seen { misses + 1 } else { 0 };
        seen = reads;
        if misses > timings.keepalive_misses {
            tracing::warn!(peer = %format_args!("{:032x}", connection.node), "link is silent, closing it");
            connection.close();
        } else if !shared.directory.is_pinned(connection.node, &connection.fingerprint) {
            tracing::warn!(peer = %format_args!("{:032x}", connection.node), "certificate is no longer pinned, closing the link");
            connection.close();
        }
    }
}

/// The dialler's half of the keep-alive: opens the control stream.
async fn keep_alive(shared: Arc<Shared>, connection: Arc<Connection>) {
    let Ok(mut stream) = connection.open().await else {
        return;
    };
    if stream.write_all(&codec::head(Kind::Control, 0)).await.is_ok() {
        beat(stream, &shared.config.timings, &connection).await;
    }
}

/// Sends a byte an interval, reads and drops what comes, until the stream ends. The watchdog judges, not this.
pub(crate) async fn beat(mut stream: RawStream, timings: &Timings, connection: &Connection) {
    let mut ticks = interval(timings.keepalive_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = [0; 64];
    loop {
        tokio::select! {
            () = connection.cancel.cancelled() => return,
            _ = ticks.tick() => {
                // One byte into a window that the other side keeps emptying: waits only if the peer stands still.
                if !matches!(timeout(timings.keepalive_interval, stream.write_all(&[0])).await, Ok(Ok(())) | Err(_)) {
                    return;
                }
            }
            read = stream.read(&mut buffer) => {
                if !matches!(read, Ok(count) if count > 0) {
                    return;
                }
            }
        }
    }
}
