//! The bytes under yamux: TLS, with all frames of one turn of the driver gathered into one write.
//!
//! yamux flushes after each frame, which would be a TLS record and a system call a frame. Here its flush does nothing;
//! the driver flushes when yamux has no more to say ([`TransportHandle::poll_flush`]).

use bytes::{Buf, BytesMut};
use futures::ready;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;

use crate::net::Io;

pub(crate) type Tls = TlsStream<Box<dyn Io>>;

/// Gathered before writing: a few TLS records. When the peer does not read, this is all that piles up here.
const GATHER_MAX_BYTES: usize = 64 << 10;

pub(crate) struct Transport(Arc<Shared>);

#[derive(Clone)]
pub(crate) struct TransportHandle(Arc<Shared>);

struct Shared {
    inner: Mutex<Inner>,
    /// Successful reads so far; the watchdog looks whether it moves.
    reads: AtomicU64,
}

struct Inner {
    tls: Tls,
    out: BytesMut,
}

impl Transport {
    pub fn new(tls: Tls) -> (Transport, TransportHandle) {
        let inner = Mutex::new(Inner {
            tls,
            out: BytesMut::new(),
        });
        let shared = Arc::new(Shared {
            inner,
            reads: AtomicU64::new(0),
        });
        (Transport(shared.clone()), TransportHandle(shared))
    }
}

impl TransportHandle {
    pub fn reads(&self) -> u64 {
        self.0.reads.load(Ordering::Relaxed)
    }

    /// Bytes that leave before anything yamux writes.
    pub fn preload(&self, bytes: &[u8]) {
        self.0.lock().out.extend_from_slice(bytes);
    }

    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        ready!(inner.poll_drain(cx))?;
        Pin::new(&mut inner.tls).poll_flush(cx)
    }

    /// What is gathered leaves, then TLS ends.
    pub fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        ready!(inner.poll_drain(cx))?;
        Pin::new(&mut inner.tls).poll_shutdown(cx)
    }
}

impl Shared {
    /// Never contended: the driver is the only task that polls.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.tls).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut filled = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0.lock().tls).poll_read(cx, &mut filled))?;
        let count = filled.filled().len();
        if count > 0 {
            self.0.reads.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(Ok(count))
    }
}

impl futures::io::AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.0.lock();
        if inner.out.len() >= GATHER_MAX_BYTES {
            ready!(inner.poll_drain(cx))?;
        }
        let count = bytes.len().min(GATHER_MAX_BYTES - inner.out.len());
        inner.out.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        TransportHandle(self.0.clone()).poll_close(cx)
    }
}
