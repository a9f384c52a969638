//! How a reply gets from the toolstack to the client: short ones at once, long ones in chunks that are made while they are sent.
//!
//! Invariants: a reply above [`SMALL_BYTES`] is sent only with a share of the budget, which is given back with its last bytes or with the
//! connection; a reader holds a chunk or two beside the pieces that were not encoded yet, never the whole; a chunk that is not taken in
//! time ends the connection.

use crate::budget::{Budget, Share, TooBusy};
use actix_web::body::{BodyStream, BoxBody, SizedStream};
use actix_web::web::Bytes;
use futures::Stream;
use futures::stream::unfold;
use std::time::{Duration, Instant};
use xenith_wire::Chunks;

/// What a connection may hold without a share: no more than its buffers. So no reply of a write, which is short, is ever lost to a full
/// budget.
const SMALL_BYTES: usize = 16 * 1024;
/// Large enough that making and sending one costs more than going from one to the next.
const CHUNK_BYTES: usize = 32 * 1024;
/// A chunk in the making, and what the connection's buffer may hold of the ones before.
const IN_FLIGHT_BYTES: usize = 3 * CHUNK_BYTES;

/// The body of a reply. Its length is known beforehand when it is short.
pub(crate) async fn body(mut chunks: Chunks, budget: &Budget, send_timeout: Duration) -> Result<BoxBody, TooBusy> {
    let mut first = Vec::with_capacity(512);
    let mut is_all = chunks.fill(&mut first, SMALL_BYTES);
    if is_all && first.len() <= CHUNK_BYTES {
        return Ok(BoxBody::new(first));
    }
    let share = budget
        .share(first.len() + chunks.held_bytes() + IN_FLIGHT_BYTES)
        .await?;
    is_all = is_all || chunks.fill(&mut first, CHUNK_BYTES);
    let length = first.len() as u64;
    let unsent = Unsent {
        ready: first.into(),
        chunks: (!is_all).then_some(chunks),
        given: None,
        _share: share,
    };
    let stream = stream(unsent, send_timeout);
    Ok(if is_all {
        BoxBody::new(SizedStream::new(length, stream))
    } else {
        BoxBody::new(BodyStream::new(stream))
    })
}

/// The client takes nothing.
#[derive(Debug, thiserror::Error)]
#[error("the client did not take a part of the reply in time")]
struct NotTaken;

struct Unsent {
    ready: Bytes,
    /// What is not encoded yet.
    chunks: Option<Chunks>,
    /// When the last chunk was handed to the connection, which asks for the next one when it has sent most of it.
    given: Option<Instant>,
    _share: Share,
}

fn stream(unsent: Unsent, send_timeout: Duration) -> impl Stream<Item = Result<Bytes, NotTaken>> {
    // Boxed: bodies must not move.
    Box::pin(unfold(unsent, move |mut unsent| async move {
        if unsent.given.is_some_and(|given| given.elapsed() > send_timeout) {
            unsent.ready = Bytes::new();
            unsent.chunks = None;
            unsent.given = None;
            return Some((Err(NotTaken), unsent));
        }
        let chunk = unsent.next().await?;
        unsent.given = Some(Instant::now());
        Some((Ok(chunk), unsent))
    }))
}

impl Unsent {
    async fn next(&mut self) -> Option<Bytes> {
        if self.ready.is_empty() {
            let mut chunks = self.chunks.take()?;
            // The worker's other connections first, and the chunk before to the socket.
            tokio::task::yield_now().await;
            let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8);
            if !chunks.fill(&mut chunk, CHUNK_BYTES) {
                self.chunks = Some(chunks);
            }
            self.ready = chunk.into();
        }
        if self.ready.is_empty() {
            return None;
        }
        Some(self.ready.split_to(self.ready.len().min(CHUNK_BYTES)))
    }
}
