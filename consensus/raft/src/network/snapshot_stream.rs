//! A snapshot on a stream: the frame with the offer, then the file in chunks, each with its length; an empty chunk ends it; then the
//! answer. The receiver has all of it before Raft sees it.

use super::frame::{self, Identity};
use super::{BoxedStream, NetError, RaftNet};
use crate::codec;
use crate::dto::{RefusedDto, SnapshotOfferDto, SnapshotReplyDto};
use crate::pool_log::NodeId;
use crate::snapshot::{self, MemoryFile, SnapshotFile};
use crate::types::Vote;
use bytes::Bytes;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

/// Bytes of one chunk.
const CHUNK_BYTES: usize = 256 * 1024;
/// Largest snapshot taken: it is held in memory, beside the state it is of.
const SNAPSHOT_BYTES_MAX: u64 = 4 << 30;
/// Chunks between disk and network.
const CHUNKS_QUEUED: usize = 4;
const OPEN_DEADLINE: Duration = Duration::from_secs(5);
/// Of one chunk, and of the peer's writing: a transfer goes on as long as chunks do.
const CHUNK_DEADLINE: Duration = Duration::from_secs(20);
/// Of the answer: the peer reads the whole state into memory first.
const INSTALL_DEADLINE: Duration = Duration::from_secs(120);

/// Sends the file and gives the receiver's vote.
pub async fn send(
    net: &dyn RaftNet,
    identity: &Identity,
    to: NodeId,
    vote: Vote,
    file: Arc<dyn SnapshotFile>,
) -> Result<Vote, NetError> {
    let head_of = file.clone();
    let (head, size) = blocking(move || Ok((snapshot::read_head(&mut head_of.open()?)?, head_of.size()))).await?;
    let offer = SnapshotOfferDto {
        vote: vote.into(),
        head: head.to_dto(),
        size,
    };
    let mut stream = net.open_stream(to, OPEN_DEADLINE).await?;
    let offer = identity.wrap(to, &codec::encode(&offer)?);
    within(CHUNK_DEADLINE, frame::write_message(&mut stream, &offer)).await?;
    let mut chunks = read_chunks(file);
    while let Some(chunk) = chunks.recv().await {
        let chunk = chunk.map_err(unreachable)?;
        within(CHUNK_DEADLINE, frame::write_message(&mut stream, &chunk)).await?;
    }
    within(CHUNK_DEADLINE, async {
        frame::write_message(&mut stream, &[]).await?;
        stream.flush().await
    })
    .await?;
    let answer = within(INSTALL_DEADLINE, frame::read_message(&mut stream)).await?;
    if let Ok(RefusedDto { why }) = codec::decode::<RefusedDto>(&answer) {
        return Err(NetError::Refused(why));
    }
    Ok(codec::decode::<SnapshotReplyDto>(&answer)?.vote.into())
}

/// Receives the chunks after an offer.
pub async fn receive(stream: &mut BoxedStream, size: u64) -> Result<Arc<dyn SnapshotFile>, NetError> {
    if size > SNAPSHOT_BYTES_MAX {
        return Err(NetError::Refused(format!("a snapshot of {size} bytes")));
    }
    let mut received = Vec::new();
    loop {
        let chunk: Bytes = within(CHUNK_DEADLINE, frame::read_message(stream)).await?;
        if chunk.is_empty() {
            break;
        }
        received.extend_from_slice(&chunk);
        if received.len() as u64 > size {
            return Err(NetError::Refused("more bytes than were offered".into()));
        }
    }
    if received.len() as u64 != size {
        return Err(NetError::Refused(format!("{} bytes of {size}", received.len())));
    }
    Ok(Arc::new(MemoryFile(received.into())))
}

fn read_chunks(file: Arc<dyn SnapshotFile>) -> mpsc::Receiver<io::Result<Bytes>> {
    let (tx, rx) = mpsc::channel(CHUNKS_QUEUED);
    tokio::spawn(async move {
        let mut from = match crate::blocking::run(move || file.open()).await {
            Ok(from) => from,
            Err(error) => return drop(tx.send(Err(error)).await),
        };
        loop {
            let read = crate::blocking::run(move || {
                let mut chunk = Vec::with_capacity(CHUNK_BYTES);
                (&mut from).take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
                Ok((from, Bytes::from(chunk)))
            });
            let chunk = match read.await {
                Ok((rest, chunk)) => {
                    from = rest;
                    chunk
                }
                Err(error) => return drop(tx.send(Err(error)).await),
            };
            // A closed channel: the transfer was given up.
            if chunk.is_empty() || tx.send(Ok(chunk)).await.is_err() {
                return;
            }
        }
    });
    rx
}

async fn within<T>(deadline: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, NetError> {
    tokio::time::timeout(deadline, work)
        .await
        .map_err(|_| NetError::Timeout)?
        .map_err(unreachable)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, NetError> {
    crate::blocking::run(work).await.map_err(unreachable)
}

fn unreachable(error: io::Error) -> NetError {
    NetError::Unreachable(error.to_string())
}
