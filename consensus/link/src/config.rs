//! Timings and limits, each with its reason.

use crate::net::{Net, TokioNet};
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
pub struct LinkConfig {
    /// `host:port` to listen on.
    pub listen: String,
    pub net: Arc<dyn Net>,
    pub timings: Timings,
    pub limits: Limits,
}

impl LinkConfig {
    /// Real TCP, default timings and limits.
    pub fn new(listen: impl Into<String>) -> LinkConfig {
        LinkConfig {
            listen: listen.into(),
            net: Arc::new(TokioNet),
            timings: Timings::default(),
            limits: Limits::default(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Timings {
    /// One attempt to connect: TCP, TLS, hello and verdict. An unanswered SYN must not delay the next attempt for long.
    pub connect_deadline: Duration,
    /// The same, on the side that accepts: a slow handshaker holds a place no longer than this.
    pub accept_deadline: Duration,
    /// First pause after a failed attempt; doubled with each failure.
    pub backoff_min: Duration,
    /// Longest pause while someone waits for the peer: a returning peer is reached this soon.
    pub backoff_wanted_max: Duration,
    /// Longest pause when the peer refuses us (pins, pool): only a change of membership helps.
    pub backoff_refused_max: Duration,
    /// A request to a peer that is down fails after this, or at its deadline when that is earlier.
    pub reach_wait: Duration,
    /// Each side sends one byte this often, and looks whether anything came.
    pub keepalive_interval: Duration,
    /// Looks without a byte before the connection is given up. Raft detects loss by itself; this frees the socket and
    /// makes room for a fresh connection when TCP's own retransmission pauses have grown.
    pub keepalive_misses: u32,
    /// A handler that has not answered by then tells the asker "accepted", so that slow handlers do not use up yamux's
    /// backlog of 256 streams without an acknowledgement.
    pub accepted_after: Duration,
    /// The opening message of a stream must be complete by then.
    pub opening_deadline: Duration,
    /// A join handler's time.
    pub join_deadline: Duration,
    /// Orderly close: the last frames' time to leave.
    pub close_deadline: Duration,
}

impl Default for Timings {
    fn default() -> Timings {
        Timings {
            connect_deadline: Duration::from_millis(500),
            accept_deadline: Duration::from_secs(2),
            backoff_min: Duration::from_millis(20),
            backoff_wanted_max: Duration::from_millis(100),
            backoff_refused_max: Duration::from_millis(500),
            reach_wait: Duration::from_secs(2),
            keepalive_interval: Duration::from_millis(500),
            keepalive_misses: 4,
            accepted_after: Duration::from_millis(5),
            opening_deadline: Duration::from_secs(10),
            join_deadline: Duration::from_secs(30),
            close_deadline: Duration::from_millis(500),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests in flight to one peer, and from one peer; more is [`crate::LinkError::Busy`]. A coordinator starting the
    /// VMs of a host at once stays below it.
    pub requests_per_peer: usize,
    /// Open [`crate::LinkStream`]s to one peer, and from one peer.
    pub streams_per_peer: usize,
    /// Longest request or answer. Bulk data belongs on a stream.
    pub max_body_bytes: usize,
    /// Bodies of one peer's requests held at once; more waits in the peer's stream windows.
    pub inbound_bytes_per_peer: usize,
    /// Longest join request or answer, from hosts nobody has vouched for yet.
    pub max_join_bytes: usize,
    /// Connections in the handshake; one more drops the oldest.
    pub handshakes: usize,
    /// Join requests being handled; one more is closed.
    pub joins: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests_per_peer: 1024,
            streams_per_peer: 256,
            max_body_bytes: 16 << 20,
            inbound_bytes_per_peer: 64 << 20,
            max_join_bytes: 1 << 20,
            handshakes: 256,
            joins: 8,
        }
    }
}

impl Limits {
    /// yamux ends the whole connection at its limit of streams, so ours must be well above what both sides may open:
    /// both directions, twice, since a reset stream lives until the reset has arrived.
    pub(crate) fn yamux_streams(&self) -> usize {
        (self.requests_per_peer + self.streams_per_peer + 1).saturating_mul(4)
    }
}
