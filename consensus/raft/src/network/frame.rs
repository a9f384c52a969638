//! The head of every message: pool, incarnation, sender, receiver.

use super::NetError;
use crate::codec::{self, CodecError};
use crate::pool_log::NodeId;
use bytes::{BufMut, Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const KIND_FRAME: u16 = 15;
const FRAME_VERSION: u16 = 1;
const HEAD_BYTES: usize = 16 + 8 + 16 + 16;

/// Longest length-prefixed message on a stream: an append of a few large entries.
const STREAM_MESSAGE_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// Who this node is. A pool recovered by force goes on under a new incarnation, and the old one's members are not heard (E3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub pool: u128,
    pub incarnation: u64,
    pub node: NodeId,
}

impl Identity {
    pub fn wrap(&self, to: NodeId, message: &[u8]) -> Bytes {
        let mut body = BytesMut::with_capacity(HEAD_BYTES + message.len());
        body.put_u128_le(self.pool);
        body.put_u64_le(self.incarnation);
        body.put_u128_le(self.node.0);
        body.put_u128_le(to.0);
        body.put_slice(message);
        codec::wrap(KIND_FRAME, FRAME_VERSION, &body)
    }

    /// The sender and the message, when they are meant for this node of this pool and incarnation.
    pub fn unwrap(&self, frame: &Bytes) -> Result<(NodeId, Bytes), NetError> {
        let (kind, version, body) = codec::unwrap(frame)?;
        if kind != KIND_FRAME {
            return Err(CodecError::Kind {
                expected: KIND_FRAME,
                got: kind,
            }
            .into());
        }
        if version > FRAME_VERSION {
            return Err(CodecError::TooNew { kind, version }.into());
        }
        let (Some((head, _)), message) = (
            body.split_at_checked(HEAD_BYTES),
            frame.slice(frame.len().min(codec::HEAD_BYTES + HEAD_BYTES)..),
        ) else {
            return Err(CodecError::Short(frame.len()).into());
        };
        let number = |from: usize, len: usize| {
            head.iter()
                .skip(from)
                .take(len)
                .rev()
                .fold(0u128, |n, b| (n << 8) | u128::from(*b))
        };
        let (pool, incarnation) = (number(0, 16), number(16, 8));
        let (from, to) = (NodeId(number(24, 16)), NodeId(number(40, 16)));
        if pool != self.pool || incarnation != u128::from(self.incarnation) {
            return Err(NetError::Refused("another pool or incarnation".into()));
        }
        if to != self.node {
            return Err(NetError::Refused(format!("meant for node {to}, this is {}", self.node)));
        }
        Ok((from, message))
    }
}

pub async fn write_message(to: &mut (impl AsyncWrite + Unpin + ?Sized), message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes()).await?;
    to.write_all(message).await
}

pub async fn read_message(from: &mut (impl AsyncRead + Unpin + ?Sized)) -> io::Result<Bytes> {
    let length = from.read_u32_le().await?;
    if length > STREAM_MESSAGE_BYTES_MAX {
        return Err(io::Error::other(format!("a message of {length} bytes")));
    }
    let mut message = vec![0; length as usize];
    from.read_exact(&mut message).await?;
    Ok(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Identity = Identity {
        pool: 7,
        incarnation: 1,
        node: NodeId(0xabc),
    };

    #[test]
    fn a_frame_reaches_only_whom_it_is_meant_for() {
        let sender = Identity { node: NodeId(5), ..ME };
        let frame = sender.wrap(ME.node, b"hello");
        let (from, message) = ME.unwrap(&frame).unwrap();
        assert_eq!((from, &message[..]), (NodeId(5), &b"hello"[..]));
        for other in [
            Identity { pool: 8, ..ME },
            Identity { incarnation: 2, ..ME },
            Identity {
                node: NodeId(0xabd),
                ..ME
            },
        ] {
            assert!(matches!(other.unwrap(&frame), Err(NetError::Refused(_))), "{other:?}");
        }
        assert!(ME.unwrap(&frame.slice(..20)).is_err());
    }
}
