//! A long-lived stream of bytes both ways, as its users hold it.

use crate::connection::RawStream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;

/// Reads of this size when a stream is emptied after its user has dropped it.
const DRAIN_BYTES: usize = 16 << 10;

/// One stream with flow control of its own: a reader that stops stalls only this stream's writer.
///
/// - Dropping it resets it; the other side's reads end and its writes fail.
/// - `shutdown()` ends only this direction.
/// - yamux shows a reset and an end alike as end of file. Where it matters use frames: [`crate::finish`] marks the end.
pub struct LinkStream {
    /// `None` only while being dropped.
    raw: Option<RawStream>,
    id: u64,
    /// A place in the budget of streams with this peer.
    permit: Option<OwnedSemaphorePermit>,
    write_ended: bool,
    read_ended: bool,
}

impl LinkStream {
    pub(crate) fn new(raw: RawStream, permit: OwnedSemaphorePermit) -> LinkStream {
        let id = u64::from(raw.get_ref().id().val());
        LinkStream {
            raw: Some(raw),
            id,
            permit: Some(permit),
            write_ended: false,
            read_ended: false,
        }
    }

    /// The stream's number on its connection: not used again on that connection, the same on both sides.
    pub fn id(&self) -> u64 {
        self.id
    }

    fn raw(&mut self) -> io::Result<Pin<&mut RawStream>> {
        self.raw
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for LinkStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let polled = self.raw()?.poll_read(cx, buffer);
        if room > 0 && matches!(polled, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            self.read_ended = true;
        }
        polled
    }
}

impl AsyncWrite for LinkStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.raw()?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_ended = true;
        self.raw()?.poll_shutdown(cx)
    }
}

impl Drop for LinkStream {
    /// yamux resets a dropped stream only if this direction is still open. After `shutdown` a peer that goes on writing
    /// would wait for window for ever, so what it writes is read and dropped until it ends; the stream keeps its place
    /// in the budget for as long.
    fn drop(&mut self) {
        let (Some(mut raw), permit) = (self.raw.take(), self.permit.take()) else {
            return;
        };
        if !self.write_ended || self.read_ended {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let mut buffer = vec![0; DRAIN_BYTES];
                while matches!(raw.read(&mut buffer).await, Ok(count) if count > 0) {}
                drop(permit);
            });
        }
    }
}

impl std::fmt::Debug for LinkStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkStream")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
