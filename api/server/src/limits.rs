//! What one client may hold of this server. Each limit is named here with its reason.

use std::time::Duration;

/// See each field. [`Limits::default`] is what a pool runs with.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest request body, bytes. XenAPI: 300 KiB for RPC (semantics.md §2).
    pub body_bytes: usize,
    /// From the accepted connection, or the first byte after a pause, to the whole request head: a slow sender is closed with 408.
    pub head_timeout: Duration,
    /// From the request head to the last byte of its body.
    pub body_timeout: Duration,
    /// What all replies that are not sent yet may hold of memory, bytes; short ones are not counted.
    pub reply_bytes: usize,
    /// How long a long reply waits for its share of that; then the call fails with TOO_BUSY.
    pub reply_wait: Duration,
    /// A client that takes nothing of its reply for so long is cut off.
    pub send_timeout: Duration,
    /// Long replies that are compressed at the same time, each on a thread of its own; the others wait for their turn.
    pub compressing: usize,
    /// What the kernel may hold of a reply that the client does not take, bytes: room for a fast client, little for many slow ones.
    pub send_buffer_bytes: u32,
    /// A connection without a request is closed after this: XenAPI clients poll about every 30 s and some every few minutes.
    pub keep_alive: Duration,
    /// TLS handshakes that do not end are dropped.
    pub tls_handshake_timeout: Duration,
    /// Connections a worker keeps open; more wait in the listen queue. 10,000 idle ones must fit beside working clients.
    pub connections_per_worker: usize,
    /// Connections waiting to be accepted.
    pub backlog: u32,
    /// On [`crate::RunningServer::stop`], how long calls in flight may go on.
    pub stop_grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 300 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            reply_bytes: 256 << 20,
            reply_wait: Duration::from_secs(5),
            send_timeout: Duration::from_secs(60),
            compressing: 1,
            send_buffer_bytes: 256 * 1024,
            keep_alive: Duration::from_secs(300),
            tls_handshake_timeout: Duration::from_secs(10),
            connections_per_worker: 8192,
            backlog: 1024,
            stop_grace: Duration::from_secs(3),
        }
    }
}
