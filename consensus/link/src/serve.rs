//! The answering side: what a peer's stream asks for, within its deadline and budgets.

use crate::codec::{self, CodecError, HEAD_BYTES, Kind, OPENING_BYTES, Opening};
use crate::connection::{Connection, RawStream, beat};
use crate::error::Refusal;
use crate::frame::{read_body, write_joined};
use crate::link::Shared;
use crate::slot::Slot;
use crate::stream::LinkStream;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout, timeout_at};

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("the stream broke")]
    Io(#[from] io::Error),
    #[error("malformed message")]
    Malformed(#[from] CodecError),
    #[error("the deadline passed")]
    DeadlinePassed,
    #[error("the asker has gone")]
    Gone,
}

/// Serves one stream. Dropping the stream on the way out resets it, which is the asker's answer to every fault here.
pub(crate) async fn serve(shared: Arc<Shared>, slot: Arc<Slot>, connection: Arc<Connection>, mut stream: RawStream) {
    let opening = timeout(shared.config.timings.opening_deadline, read_head(&shared, &mut stream));
    let outcome = match opening.await {
        Err(_) => Err(ServeError::DeadlinePassed),
        Ok(Err(error)) => Err(error),
        Ok(Ok((Kind::Control, _, _))) => {
            beat(stream, &shared.config.timings, &connection).await;
            Ok(())
        }
        Ok(Ok((Kind::Stream, opening, _))) => serve_stream(&shared, &slot, stream, opening).await,
        // `read_head` lets no other kind through.
        Ok(Ok((_, opening, length))) => serve_requests(&shared, &slot, stream, opening, length).await,
    };
    match outcome {
        Ok(()) => {}
        Err(ServeError::Malformed(error)) => {
            shared.logs.warn(&connection.address, &error.to_string());
            connection.close();
        }
        Err(error @ (ServeError::Io(_) | ServeError::DeadlinePassed | ServeError::Gone)) => {
            tracing::debug!(peer = %format_args!("{:032x}", slot.node), %error, "a peer's stream was dropped");
        }
    }
}

/// Kind, opening and the length of the body that follows.
async fn read_head<R: AsyncRead + Unpin>(
    shared: &Shared,
    stream: &mut R,
) -> Result<(Kind, Opening, usize), ServeError> {
    let mut head = [0; HEAD_BYTES];
    stream.read_exact(&mut head).await?;
    let head = codec::decode_head(&head, OPENING_BYTES + shared.config.limits.max_body_bytes)?;
    let none = Opening {
        service: 0,
        deadline_ms: 0,
    };
    match head.kind {
        Kind::Control => return Ok((head.kind, none, 0)),
        Kind::Request | Kind::Stream => {}
        Kind::Hello | Kind::Verdict | Kind::Accepted | Kind::Answer | Kind::Refusal | Kind::Join => {
            return Err(CodecError::UnexpectedKind(head.kind as u16).into());
        }
    }
    let mut opening = [0; OPENING_BYTES];
    let length = head.length.checked_sub(OPENING_BYTES).ok_or(CodecError::Truncated)?;
    stream.read_exact(&mut opening).await?;
    Ok((head.kind, codec::decode_opening(&opening)?, length))
}

async fn serve_stream(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    mut stream: RawStream,
    opening: Opening,
) -> Result<(), ServeError> {
    let Ok(permit) = slot.inbound_streams.clone().try_acquire_owned() else {
        return refuse(&mut stream, &Refusal::Busy).await;
    };
    let accepted = codec::head(Kind::Accepted, 0);
    timeout(deadline_of(opening), stream.write_all(&accepted))
        .await
        .map_err(|_| ServeError::DeadlinePassed)??;
    let stream = LinkStream::new(stream, permit);
    let handler = shared.services.stream(slot.node, opening.service, stream);
    tokio::select! {
        () = handler => {}
        () = shared.cancel.cancelled() => {}
    }
    Ok(())
}

/// One request after the other, until the asker ends the stream. Between two it may wait for ever: as many may do so as yamux allows.
async fn serve_requests(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    mut stream: RawStream,
    mut opening: Opening,
    mut length: usize,
) -> Result<(), ServeError> {
    loop {
        serve_request(shared, slot, &mut stream, opening, length).await?;
        let mut first = [0; 1];
        if stream.read(&mut first).await? == 0 {
            return Ok(());
        }
        let mut rest = (&first[..]).chain(&mut stream);
        let head = timeout(shared.config.timings.opening_deadline, read_head(shared, &mut rest));
        let (kind, next, next_length) = head.await.map_err(|_| ServeError::DeadlinePassed)??;
        if kind != Kind::Request {
            return Err(CodecError::UnexpectedKind(kind as u16).into());
        }
        (opening, length) = (next, next_length);
    }
}

async fn serve_request(
    shared: &Arc<Shared>,
    slot: &Arc<Slot>,
    stream: &mut RawStream,
    opening: Opening,
    length: usize,
) -> Result<(), ServeError> {
    let deadline = Instant::now() + deadline_of(opening);
    let Ok(_permit) = slot.inbound_requests.clone().try_acquire_owned() else {
        return refuse_whole(stream, length, deadline).await;
    };
    let work = async {
        let (body, _held) = read_request(shared, slot, stream, length).await?;
        let handler = shared.services.request(slot.node, opening.service, body);
        let accepted_after = shared.config.timings.accepted_after;
        let answer = run_handler(handler, stream, accepted_after).await?;
        write_answer(shared, stream, answer).await?;
        Ok(())
    };
    timeout_at(deadline, work)
        .await
        .map_err(|_| ServeError::DeadlinePassed)?
}

/// The body, with its share of the peer's budget of bytes; a body above the whole budget takes all of it.
async fn read_request(
    shared: &Shared,
    slot: &Slot,
    stream: &mut RawStream,
    length: usize,
) -> Result<(Bytes, OwnedSemaphorePermit), ServeError> {
    let share = length.min(shared.config.limits.inbound_bytes_per_peer);
    let share = u32::try_from(share).unwrap_or(u32::MAX);
    let held = slot.inbound_bytes.clone().acquire_many_owned(share).await;
    let held = held.map_err(|_| ServeError::Gone)?;
    Ok((read_body(stream, length).await?, held))
}

/// Runs the handler until it answers or the asker goes; says "accepted" when it takes long.
async fn run_handler(
    mut handler: BoxFuture<'static, Result<Bytes, Refusal>>,
    stream: &mut RawStream,
    accepted_after: Duration,
) -> Result<Result<Bytes, Refusal>, ServeError> {
    let late = sleep(accepted_after);
    tokio::pin!(late);
    let mut said = false;
    let mut excess = [0; 1];
    loop {
        tokio::select! {
            biased;
            answer = &mut handler => return Ok(answer),
            () = &mut late, if !said => {
                said = true;
                stream.write_all(&codec::head(Kind::Accepted, 0)).await?;
            }
            // Nothing more is due from the asker: this is its end, a reset, or a fault.
            _ = stream.read(&mut excess) => return Err(ServeError::Gone),
        }
    }
}

async fn write_answer(
    shared: &Shared,
    stream: &mut RawStream,
    answer: Result<Bytes, Refusal>,
) -> Result<(), ServeError> {
    let limit = shared.config.limits.max_body_bytes;
    match answer {
        Ok(body) if body.len() > limit => {
            let text = format!("the answer of {} bytes is above the limit", body.len());
            refuse(stream, &Refusal::Failed(text)).await
        }
        Ok(body) => Ok(write_joined(stream, &codec::head(Kind::Answer, body.len()), &body).await?),
        Err(refusal) => refuse(stream, &refusal).await,
    }
}

async fn refuse(stream: &mut RawStream, refusal: &Refusal) -> Result<(), ServeError> {
    Ok(stream.write_all(&codec::encode_refusal(refusal)).await?)
}

/// "Busy". The body is read and dropped first, so that the next request finds the stream where it should be.
async fn refuse_whole(stream: &mut RawStream, length: usize, deadline: Instant) -> Result<(), ServeError> {
    let work = async {
        refuse(stream, &Refusal::Busy).await?;
        tokio::io::copy(&mut (&mut *stream).take(length as u64), &mut tokio::io::sink()).await?;
        Ok(())
    };
    timeout_at(deadline, work)
        .await
        .map_err(|_| ServeError::DeadlinePassed)?
}

fn deadline_of(opening: Opening) -> Duration {
    Duration::from_millis(u64::from(opening.deadline_ms))
}
