//! How a reply gets from the toolstack to the client: short ones at once, long ones in chunks that are made while they are sent.
//!
//! Invariants: a reply above [`SMALL_BYTES`] is sent only with a share of the budget, which is given back with its last bytes or with the
//! connection; a reader holds the first [`COUNTED_BYTES`] or a chunk or two, and the pieces that were not encoded yet, never the whole; a chunk that is not taken in
//! time ends the connection.

use crate::Limits;
use crate::budget::{Budget, Share, TooBusy};
use crate::compress::{self, Gzip};
use crate::fair::{Amount, Source};
use crate::turns::turn;
use actix_web::body::{BodyStream, BoxBody, SizedStream};
use actix_web::web::Bytes;
use futures::Stream;
use futures::stream::unfold;
use std::io;
use std::time::{Duration, Instant};
use xenith_wire::Chunks;

/// What a connection may hold without a share: no more than its buffers. So no reply of a write, which is short, is ever lost to a full
/// budget.
const SMALL_BYTES: usize = 16 * 1024;
/// Large enough that making and sending one costs more than going from one to the next.
const CHUNK_BYTES: usize = 32 * 1024;
/// Up to here a reply is made before it is sent, so that it has a Content-Length: there are clients that count on one, and most replies of a
/// small pool are shorter.
const COUNTED_BYTES: usize = 128 * 1024;
/// A chunk in the making, and what the connection's buffer may hold of the ones before.
const IN_FLIGHT_BYTES: usize = 3 * CHUNK_BYTES;
/// What one turn of a compressor takes in: some milliseconds, then it is the next reply's turn.
const TURN_BYTES: usize = 512 * 1024;

/// How replies are sent.
#[derive(Debug)]
pub(crate) struct Sending {
    pub budget: Budget,
    send_timeout: Duration,
    /// One for each reply that may be compressed at the same time.
    compressing: Amount,
}

/// The body of a reply.
pub(crate) struct Prepared {
    pub body: BoxBody,
    pub is_gzip: bool,
}

impl Prepared {
    pub(crate) fn plain(bytes: Vec<u8>) -> Prepared {
        Prepared {
            body: BoxBody::new(bytes),
            is_gzip: false,
        }
    }

    /// In one piece, compressed where that is wanted and pays.
    fn short(bytes: Vec<u8>, gzip: bool) -> Prepared {
        if gzip
            && bytes.len() >= compress::FROM_BYTES
            && let Ok(less) = compress::whole(&bytes)
        {
            return Prepared {
                body: BoxBody::new(less),
                is_gzip: true,
            };
        }
        Prepared::plain(bytes)
    }
}

impl Sending {
    pub(crate) fn new(limits: &Limits) -> Sending {
        Sending {
            budget: Budget::new(limits.reply_bytes, limits.reply_wait),
            send_timeout: limits.send_timeout,
            compressing: Amount::new(limits.compressing.max(1)),
        }
    }

    /// The length of the body is known beforehand when it is short. `gzip`: the client asked for it.
    pub(crate) async fn prepare(&self, source: Source, mut chunks: Chunks, gzip: bool) -> Result<Prepared, TooBusy> {
        let mut first = Vec::with_capacity(512);
        let mut is_all = chunks.fill(&mut first, SMALL_BYTES);
        if is_all && first.len() <= CHUNK_BYTES {
            return Ok(Prepared::short(first, gzip));
        }
        let (most, state) = if gzip {
            (CHUNK_BYTES, compress::STATE_BYTES)
        } else {
            (COUNTED_BYTES, 0)
        };
        let bytes = first.len().max(most) + chunks.held_bytes() + IN_FLIGHT_BYTES + state;
        let share = self.budget.share(source, bytes).await?;
        is_all = is_all || chunks.fill(&mut first, most);
        if is_all && gzip && first.len() <= 2 * CHUNK_BYTES {
            return Ok(Prepared::short(first, gzip));
        }
        let length = first.len() as u64;
        let (ready, rest) = if gzip {
            let squeezed = Squeezed {
                input: first,
                chunks: (!is_all).then_some(chunks),
                gzip: Gzip::new(),
            };
            (Bytes::new(), Rest::Squeezed(Box::new(squeezed)))
        } else if is_all {
            (Bytes::from(first), Rest::Nothing)
        } else {
            (Bytes::from(first), Rest::Plain(chunks))
        };
        let unsent = Unsent {
            ready,
            rest,
            given: None,
            client: source,
            compressing: self.compressing.clone(),
            _share: share,
        };
        let stream = stream(unsent, self.send_timeout);
        let body = if is_all && !gzip {
            BoxBody::new(SizedStream::new(length, stream))
        } else {
            BoxBody::new(BodyStream::new(stream))
        };
        Ok(Prepared { body, is_gzip: gzip })
    }
}

/// Why a body ended too early; the connection is closed.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the client did not take a part of the reply in time")]
    NotTaken,
    #[error("the reply could not be compressed")]
    Gzip(#[source] io::Error),
}

struct Unsent {
    /// Made, and not handed to the connection yet.
    ready: Bytes,
    rest: Rest,
    /// When the last chunk was handed to the connection, which asks for the next one when it has sent most of it.
    given: Option<Instant>,
    client: Source,
    compressing: Amount,
    _share: Share,
}

/// What is not made yet.
enum Rest {
    Nothing,
    Plain(Chunks),
    Squeezed(Box<Squeezed>),
}

struct Squeezed {
    input: Vec<u8>,
    chunks: Option<Chunks>,
    gzip: Gzip,
}

fn stream(unsent: Unsent, send_timeout: Duration) -> impl Stream<Item = Result<Bytes, Cut>> {
    // Boxed: bodies must not move.
    Box::pin(unfold(unsent, move |mut unsent| async move {
        let made = if unsent.given.is_some_and(|given| given.elapsed() > send_timeout) {
            Err(Cut::NotTaken)
        } else {
            unsent.next().await
        };
        match made {
            Ok(chunk) if chunk.is_empty() => None,
            Ok(chunk) => {
                unsent.given = Some(Instant::now());
                Some((Ok(chunk), unsent))
            }
            Err(cut) => {
                unsent.end();
                Some((Err(cut), unsent))
            }
        }
    }))
}

impl Unsent {
    /// Nothing comes after this.
    fn end(&mut self) {
        self.ready = Bytes::new();
        self.rest = Rest::Nothing;
        self.given = None;
    }

    /// Empty = the end.
    async fn next(&mut self) -> Result<Bytes, Cut> {
        while self.ready.is_empty() {
            match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::Nothing => return Ok(Bytes::new()),
                Rest::Plain(mut chunks) => {
                    // The chunk before goes to the socket first.
                    let _turn = turn(self.client).await;
                    let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8);
                    if !chunks.fill(&mut chunk, CHUNK_BYTES) {
                        self.rest = Rest::Plain(chunks);
                    }
                    self.ready = chunk.into();
                }
                Rest::Squeezed(squeezed) => {
                    let (made, rest) = self.squeeze(squeezed).await.map_err(Cut::Gzip)?;
                    self.ready = made.into();
                    if let Some(rest) = rest {
                        self.rest = Rest::Squeezed(rest);
                    }
                }
            }
        }
        Ok(self.ready.split_to(self.ready.len().min(CHUNK_BYTES)))
    }

    /// On a thread of its own, encoding and all, when it is this reply's turn.
    async fn squeeze(&self, squeezed: Box<Squeezed>) -> io::Result<(Vec<u8>, Option<Box<Squeezed>>)> {
        let turn = self.compressing.take(self.client, 1).await;
        let work = move || {
            let _turn = turn;
            squeezed.turn()
        };
        tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
    }
}

impl Squeezed {
    /// What one turn makes, and the rest, if there is one.
    fn turn(mut self: Box<Squeezed>) -> io::Result<(Vec<u8>, Option<Box<Squeezed>>)> {
        let mut taken = 0;
        loop {
            self.gzip.push(&self.input)?;
            taken += self.input.len();
            self.input.clear();
            let Some(chunks) = &mut self.chunks else {
                return Ok((self.gzip.finish()?, None));
            };
            if self.gzip.ready() >= CHUNK_BYTES || taken >= TURN_BYTES {
                return Ok((self.gzip.take_ready(), Some(self)));
            }
            if chunks.fill(&mut self.input, CHUNK_BYTES) {
                self.chunks = None;
            }
        }
    }
}
