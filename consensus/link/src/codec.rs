//! Bytes of the link's own messages: an envelope (kind u16, version u16, length u32, payload), big endian throughout.
//!
//! Pure: no I/O. Decoding never panics and never allocates more than it was given.

use crate::error::Refusal;
use crate::link::Hello;

/// First bytes after TLS: whoever speaks something else is closed at once.
pub(crate) const MAGIC: [u8; 4] = *b"XNLK";
pub(crate) const HEAD_BYTES: usize = 8;
/// Version of every message here; a change of one layout raises that message's own.
pub(crate) const VERSION: u16 = 1;
/// Opening payload of requests and streams, before the body.
pub(crate) const OPENING_BYTES: usize = 8;
/// A hello is two short names and two numbers.
pub(crate) const HELLO_MAX_BYTES: usize = 1024;
pub(crate) const VERDICT_BYTES: usize = 9;
/// A refusal's text is cut to this.
pub(crate) const REFUSAL_TEXT_MAX_BYTES: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hello = 1,
    Verdict = 2,
    Request = 3,
    Stream = 4,
    Control = 5,
    Accepted = 6,
    Answer = 7,
    Refusal = 8,
    Join = 9,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("not this protocol")]
    BadMagic,
    #[error("unknown message kind {0}")]
    UnknownKind(u16),
    #[error("message kind {0} does not belong here")]
    UnexpectedKind(u16),
    #[error("version {0} is not spoken here")]
    UnknownVersion(u16),
    #[error("{size_bytes} bytes are more than the limit of {max_bytes}")]
    TooLong { size_bytes: usize, max_bytes: usize },
    #[error("cut short")]
    Truncated,
    #[error("bytes left over")]
    Trailing,
    #[error("text is not UTF-8")]
    NotText,
    #[error("unknown value {0}")]
    UnknownValue(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub kind: Kind,
    pub length: usize,
}

/// The lower node's word on a finished handshake. `sequence` counts its selections for this peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Selected { sequence: u64 },
    Duplicate { sequence: u64 },
}

/// A hello with what its sender last heard of the lower node's selections (see `slot`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HelloMessage {
    pub hello: Hello,
    pub known_sequence: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub service: u16,
    pub deadline_ms: u32,
}

pub(crate) fn head(kind: Kind, length: usize) -> [u8; HEAD_BYTES] {
    let mut out = [0; HEAD_BYTES];
    out[..2].copy_from_slice(&(kind as u16).to_be_bytes());
    out[2..4].copy_from_slice(&VERSION.to_be_bytes());
    // Every caller has checked the length against a limit far below 4 GiB.
    out[4..].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    out
}

pub(crate) fn decode_head(bytes: &[u8; HEAD_BYTES], max_bytes: usize) -> Result<Head, CodecError> {
    let mut input = Input(bytes);
    let kind = kind_of(input.u16()?)?;
    let version = input.u16()?;
    if version != VERSION {
        return Err(CodecError::UnknownVersion(version));
    }
    let length = input.u32()? as usize;
    if length > max_bytes {
        return Err(CodecError::TooLong {
            size_bytes: length,
            max_bytes,
        });
    }
    Ok(Head { kind, length })
}

pub(crate) fn encode_hello(message: &HelloMessage) -> Vec<u8> {
    let hello = &message.hello;
    let mut payload = Vec::with_capacity(128);
    put_text(&mut payload, &hello.pool_uuid);
    payload.extend_from_slice(&hello.incarnation.to_be_bytes());
    payload.extend_from_slice(&hello.node.to_be_bytes());
    put_text(&mut payload, &hello.host_uuid);
    payload.extend_from_slice(&message.known_sequence.to_be_bytes());
    let mut out = Vec::with_capacity(MAGIC.len() + HEAD_BYTES + payload.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&head(Kind::Hello, payload.len()));
    out.extend_from_slice(&payload);
    out
}

pub(crate) fn decode_hello(payload: &[u8]) -> Result<HelloMessage, CodecError> {
    let mut input = Input(payload);
    let pool_uuid = input.text()?;
    let incarnation = input.u64()?;
    let node = input.u128()?;
    let host_uuid = input.text()?;
    let known_sequence = input.u64()?;
    input.end()?;
    let hello = Hello {
        pool_uuid,
        incarnation,
        node,
        host_uuid,
    };
    Ok(HelloMessage { hello, known_sequence })
}

pub(crate) fn encode_verdict(verdict: Verdict) -> Vec<u8> {
    let (tag, sequence) = match verdict {
        Verdict::Selected { sequence } => (0u8, sequence),
        Verdict::Duplicate { sequence } => (1u8, sequence),
    };
    let mut out = head(Kind::Verdict, VERDICT_BYTES).to_vec();
    out.push(tag);
    out.extend_from_slice(&sequence.to_be_bytes());
    out
}

pub(crate) fn decode_verdict(payload: &[u8]) -> Result<Verdict, CodecError> {
    let mut input = Input(payload);
    let tag = input.u8()?;
    let sequence = input.u64()?;
    input.end()?;
    match tag {
        0 => Ok(Verdict::Selected { sequence }),
        1 => Ok(Verdict::Duplicate { sequence }),
        other => Err(CodecError::UnknownValue(other)),
    }
}

/// Head and opening in one piece; the body of `body_bytes` follows.
pub(crate) fn encode_opening(kind: Kind, opening: Opening, body_bytes: usize) -> [u8; HEAD_BYTES + OPENING_BYTES] {
    let mut out = [0; HEAD_BYTES + OPENING_BYTES];
    out[..HEAD_BYTES].copy_from_slice(&head(kind, OPENING_BYTES + body_bytes));
    out[8..10].copy_from_slice(&opening.service.to_be_bytes());
    out[12..].copy_from_slice(&opening.deadline_ms.to_be_bytes());
    out
}

pub(crate) fn decode_opening(payload: &[u8; OPENING_BYTES]) -> Result<Opening, CodecError> {
    let mut input = Input(payload);
    let service = input.u16()?;
    // Reserved: zero today.
    input.u16()?;
    Ok(Opening {
        service,
        deadline_ms: input.u32()?,
    })
}

pub(crate) fn encode_refusal(refusal: &Refusal) -> Vec<u8> {
    let (tag, number, text) = match refusal {
        Refusal::UnknownService(service) => (0u8, *service, ""),
        Refusal::Busy => (1, 0, ""),
        Refusal::Denied(text) => (2, 0, text.as_str()),
        Refusal::Failed(text) => (3, 0, text.as_str()),
    };
    let mut cut = text.len().min(REFUSAL_TEXT_MAX_BYTES);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut out = head(Kind::Refusal, 3 + cut).to_vec();
    out.push(tag);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&text.as_bytes()[..cut]);
    out
}

pub(crate) fn decode_refusal(payload: &[u8]) -> Result<Refusal, CodecError> {
    let mut input = Input(payload);
    let tag = input.u8()?;
    let number = input.u16()?;
    let text = std::str::from_utf8(input.0).map_err(|_| CodecError::NotText)?;
    match tag {
        0 => Ok(Refusal::UnknownService(number)),
        1 => Ok(Refusal::Busy),
        2 => Ok(Refusal::Denied(text.to_owned())),
        3 => Ok(Refusal::Failed(text.to_owned())),
        other => Err(CodecError::UnknownValue(other)),
    }
}

fn kind_of(number: u16) -> Result<Kind, CodecError> {
    Ok(match number {
        1 => Kind::Hello,
        2 => Kind::Verdict,
        3 => Kind::Request,
        4 => Kind::Stream,
        5 => Kind::Control,
        6 => Kind::Accepted,
        7 => Kind::Answer,
        8 => Kind::Refusal,
        9 => Kind::Join,
        other => return Err(CodecError::UnknownKind(other)),
    })
}

/// Names are uuids; longer ones are cut, which makes them mismatch on the other side.
fn put_text(out: &mut Vec<u8>, text: &str) {
    let length = text.len().min(u8::MAX as usize);
    out.push(length as u8);
    out.extend_from_slice(&text.as_bytes()[..length]);
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(CodecError::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    fn u128(&mut self) -> Result<u128, CodecError> {
        Ok(u128::from_be_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, CodecError> {
        let length = self.u8()? as usize;
        let bytes = self.take(length)?;
        Ok(std::str::from_utf8(bytes).map_err(|_| CodecError::NotText)?.to_owned())
    }

    fn end(&self) -> Result<(), CodecError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(CodecError::Trailing)
        }
    }
}
