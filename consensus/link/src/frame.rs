//! Length-prefixed frames on a stream: length u32 big endian, then the bytes; the length `u32::MAX` marks the end.

use bytes::{Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub const FRAME_HEAD_BYTES: usize = 4;
const END: u32 = u32::MAX;
/// A frame up to this size leaves in one write (one yamux frame); a longer one is not copied together with its length.
const JOINED_MAX_BYTES: usize = 8 << 10;
/// Memory taken for a frame before its bytes have come; grows with them.
const READ_AHEAD_BYTES: usize = 64 << 10;

/// Writes one frame and flushes. Not cancel safe: a dropped write leaves a torn frame, so drop the stream with it.
pub async fn write_frame<W: AsyncWrite + Unpin>(stream: &mut W, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len())
        .ok()
        .filter(|length| *length != END)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the frame is too long"))?;
    write_joined(stream, &length.to_be_bytes(), frame).await?;
    stream.flush().await
}

/// Marks the end of the frames: the reader gets `None`, where a broken stream gives it an error.
pub async fn finish<W: AsyncWrite + Unpin>(stream: &mut W) -> io::Result<()> {
    stream.write_all(&END.to_be_bytes()).await?;
    stream.flush().await
}

/// The next frame; `None` after the other side's [`finish`].
///
/// Errors: `UnexpectedEof` when the stream ended or was reset without it; `InvalidData` for a frame above `max_bytes`
/// (the stream is of no use afterwards). Not cancel safe.
pub async fn read_frame<R: AsyncRead + Unpin>(stream: &mut R, max_bytes: usize) -> io::Result<Option<Bytes>> {
    let mut head = [0; FRAME_HEAD_BYTES];
    stream.read_exact(&mut head).await?;
    let length = u32::from_be_bytes(head);
    if length == END {
        return Ok(None);
    }
    if length as usize > max_bytes {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the frame is above the limit",
        ));
    }
    Ok(Some(read_body(stream, length as usize).await?))
}

/// Exactly `length` bytes. The sender's word on the length is not trusted with memory.
pub(crate) async fn read_body<R: AsyncRead + Unpin>(stream: &mut R, length: usize) -> io::Result<Bytes> {
    let mut body = BytesMut::with_capacity(length.min(READ_AHEAD_BYTES));
    while body.len() < length {
        let rest = length - body.len();
        if body.capacity() == body.len() {
            body.reserve(rest.min(body.len().max(READ_AHEAD_BYTES)));
        }
        let mut limited = (&mut *stream).take(rest as u64);
        if limited.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(body.freeze())
}

/// `head` and `body` as one write when small.
pub(crate) async fn write_joined<W: AsyncWrite + Unpin>(stream: &mut W, head: &[u8], body: &[u8]) -> io::Result<()> {
    if body.len() > JOINED_MAX_BYTES {
        stream.write_all(head).await?;
        return stream.write_all(body).await;
    }
    let mut joined = Vec::with_capacity(head.len() + body.len());
    joined.extend_from_slice(head);
    joined.extend_from_slice(body);
    stream.write_all(&joined).await
}
