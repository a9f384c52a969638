//! Raft's messages between hosts.
//!
//! [`RaftNet`] carries bytes to a member by its node id: over the host link in production, in memory in tests. Every message carries
//! the pool, its incarnation, the sender and the wished receiver; a mismatch is refused (CORRECTNESS A1).
//! Must not: retry (openraft does), or know what an entry means.

mod client;
mod frame;
mod link;
mod memory;
mod server;
mod snapshot_stream;

pub use client::{Peers, request};
pub use frame::Identity;
pub use link::{LinkNet, RAFT_SERVICE, serve_request, serve_stream};
pub use memory::MemoryNet;
pub use server::{RaftService, Server};

use crate::codec::CodecError;
use crate::pool_log::{Member, NodeId};
use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// A two-way byte stream to a peer.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

pub type BoxedStream = Box<dyn ByteStream>;

#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// No connection; the message was not delivered, or it is not known whether it was.
    #[error("the peer cannot be reached: {0}")]
    Unreachable(String),
    #[error("the peer did not answer in time")]
    Timeout,
    /// The peer does not take messages like this from us.
    #[error("the peer refused: {0}")]
    Refused(String),
    #[error("a message could not be read or written")]
    Codec(#[from] CodecError),
}

#[async_trait]
pub trait RaftNet: Send + Sync + 'static {
    /// One message and its answer.
    async fn request(&self, peer: NodeId, message: Bytes, deadline: Duration) -> Result<Bytes, NetError>;

    /// `deadline` is for opening; what is on the stream sets its own.
    async fn open_stream(&self, peer: NodeId, deadline: Duration) -> Result<BoxedStream, NetError>;

    /// The members as the log has them: addresses and pins. Called at start and after every change.
    fn learn(&self, members: &[Member]);

    /// Nodes that are no members any more: their pins are gone (E4).
    fn forget(&self, nodes: &[NodeId]);
}
