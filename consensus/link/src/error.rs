//! What can go wrong on the link, as its users see it.

use crate::codec::CodecError;
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The directory does not know this node and it is not connected. Nothing was sent.
    #[error("node {0:032x} is not a known peer")]
    UnknownPeer(u128),
    /// No connection could be had within [`crate::Timings::reach_wait`]. Nothing was sent.
    #[error("node {peer:032x} cannot be reached: {reason}")]
    Unreachable { peer: u128, reason: String },
    /// Too many requests or streams with this peer are under way. Nothing was sent.
    #[error("too many requests to this peer are in flight")]
    Busy,
    /// The deadline passed; the peer may or may not have acted.
    #[error("the deadline passed")]
    DeadlinePassed,
    /// The connection or the stream broke after something was sent; the peer may or may not have acted.
    #[error("the connection broke while the request was under way")]
    ConnectionLost,
    /// The peer's answer is a refusal.
    #[error("the peer refused: {0}")]
    Refused(Refusal),
    /// Longer than [`Limits::max_body_bytes`](crate::Limits). Nothing was sent.
    #[error("{size_bytes} bytes are more than the limit of {max_bytes}")]
    TooLarge { size_bytes: usize, max_bytes: usize },
    /// The peer broke the protocol; the stream is dropped.
    #[error("the peer broke the protocol")]
    Protocol(#[source] CodecError),
    /// The listening address cannot be used.
    #[error("cannot listen on {address}")]
    Listen {
        address: String,
        #[source]
        source: io::Error,
    },
    /// TLS settings were refused by the library: a bug or a broken key.
    #[error("the TLS settings are not usable")]
    Tls(#[source] rustls::Error),
    /// Only of [`crate::join_request`]: the connection was not made.
    #[error("the handshake failed")]
    Handshake(#[from] HandshakeError),
    /// [`crate::Link::shutdown`] was called.
    #[error("the link is shut down")]
    Closed,
}

impl LinkError {
    /// Whether the peer has surely not seen the request, so that asking again cannot do it twice.
    pub fn surely_not_sent(&self) -> bool {
        match self {
            LinkError::UnknownPeer(_)
            | LinkError::Unreachable { .. }
            | LinkError::Busy
            | LinkError::TooLarge { .. }
            | LinkError::Listen { .. }
            | LinkError::Tls(_)
            | LinkError::Handshake(_)
            | LinkError::Closed => true,
            LinkError::DeadlinePassed | LinkError::ConnectionLost | LinkError::Refused(_) | LinkError::Protocol(_) => {
                false
            }
        }
    }
}

/// A handler's no, carried to the asker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("unknown service {0}")]
    UnknownService(u16),
    #[error("too busy")]
    Busy,
    #[error("not allowed: {0}")]
    Denied(String),
    #[error("failed: {0}")]
    Failed(String),
}

/// Why a connection was not made. Logged at most once a minute per address, kept in [`crate::PeerStatus`].
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    #[error("no connection")]
    Connect(#[source] io::Error),
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    #[error("the other side speaks another protocol (ALPN)")]
    Alpn,
    #[error("the other side shows no certificate")]
    NoCertificate,
    #[error("closed during the handshake")]
    Lost(#[source] io::Error),
    #[error("malformed handshake")]
    Malformed(#[from] CodecError),
    #[error("not finished in time")]
    TooSlow,
    #[error("another pool ({theirs})")]
    WrongPool { theirs: String },
    #[error("another incarnation of the pool ({theirs}, not {ours})")]
    WrongIncarnation { ours: u64, theirs: u64 },
    #[error("another node ({0:032x})")]
    WrongNode(u128),
    #[error("the certificate is not pinned for node {0:032x}")]
    NotPinned(u128),
    /// Not a fault: both hosts have another connection already.
    #[error("already connected")]
    Duplicate,
    #[error("shut down")]
    Closed,
}

impl HandshakeError {
    /// Whether trying again soon may help; otherwise the pool's membership has to change first.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            HandshakeError::Connect(_)
            | HandshakeError::Lost(_)
            | HandshakeError::TooSlow
            | HandshakeError::Duplicate => true,
            HandshakeError::Tls(_)
            | HandshakeError::Alpn
            | HandshakeError::NoCertificate
            | HandshakeError::Malformed(_)
            | HandshakeError::WrongPool { .. }
            | HandshakeError::WrongIncarnation { .. }
            | HandshakeError::WrongNode(_)
            | HandshakeError::NotPinned(_)
            | HandshakeError::Closed => false,
        }
    }
}

/// The error with its causes on one line, for a log or a status.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
