//! One multiplexed mutual-TLS connection per pair of hosts; many independent streams on it.
//!
//! Owns: identities (self-signed key pair), pins, handshake (A1), reconnect with back-off, per-stream deadlines.
//! Must not: know what the streams carry.
//!
//! ```text
//!  TCP (net) -> TLS 1.3, ALPN xenith-link/1, both certificates pinned (tls, identity)
//!            -> Hello both ways at once, then the lower node's verdict (handshake, codec)
//!            -> yamux: one stream a request or LinkStream (connection, serve, stream)
//! ```
//!
//! Invariants:
//! - New work between two hosts uses one connection, chosen by the host with the lower node id (`slot`).
//! - Nothing a peer does, or stops doing, makes this host hold more than the bounds in [`Limits`].
//! - Whoever is not pinned gets no byte further than TLS, except one join request under ALPN `xenith-join/1`.
//! - Clock: tokio's only. No randomness of its own but what TLS needs.

mod accept;
mod codec;
mod config;
mod connection;
mod dial;
mod error;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod handshake;
mod identity;
mod join;
mod link;
mod log_once;
mod net;
mod serve;
mod slot;
mod stream;
mod tls;
mod transport;

#[cfg(test)]
mod tests;

pub use config::{Limits, LinkConfig, Timings};
pub use error::{HandshakeError, LinkError, Refusal};
pub use frame::{FRAME_HEAD_BYTES, finish, read_frame, write_frame};
pub use identity::{Fingerprint, Identity, IdentityError, fingerprint_of};
pub use join::{JoinDial, ServerTrust, join_request, join_request_over};
pub use link::{Directory, Hello, Link, Peer, PeerStatus, Services};
pub use net::{Io, Listener, Net, TokioNet};
pub use stream::LinkStream;
