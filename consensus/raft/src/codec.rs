//! The one place where bytes are made of values and back: `(kind u16, version u16, bytes)`, all little endian (CORRECTNESS A6).
//!
//! Invariants: bincode is used here and nowhere else in this crate; what is left over after a value is an error; a newer version is an
//! error that says so. Golden bytes of each kind are in `tests/golden`.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Length of the envelope's head: kind and version.
pub const HEAD_BYTES: usize = 4;

/// Largest value decoded, so that a damaged length cannot ask for all memory.
const VALUE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A value with its place in the envelope.
pub trait Coded: Serialize + DeserializeOwned {
    const KIND: u16;
    const VERSION: u16;
}

#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error("a transaction could not be read or written")]
    Transaction(#[source] xenith_pooldb::codec::CodecError),
    #[error("{0} bytes are too few for an envelope")]
    Short(usize),
    #[error("kind {got} where {expected} was expected")]
    Kind { expected: u16, got: u16 },
    #[error("version {version} of kind {kind} is newer than this program knows")]
    TooNew { kind: u16, version: u16 },
    #[error("kind {0} is not known to this program")]
    UnknownKind(u16),
    #[error("value of kind {kind} could not be read: {cause}")]
    Damaged { kind: u16, cause: String },
    #[error("value of kind {kind} could not be written: {cause}")]
    Unwritable { kind: u16, cause: String },
}

pub fn encode<T: Coded>(value: &T) -> Result<Bytes, CodecError> {
    encode_body(T::KIND, T::VERSION, value)
}

pub fn encode_body<T: Serialize>(kind: u16, version: u16, value: &T) -> Result<Bytes, CodecError> {
    let mut out = BytesMut::with_capacity(256).writer();
    let head = wrap(kind, version, &[]);
    out.get_mut().put_slice(&head);
    bincode::serde::encode_into_std_write(value, &mut out, config()).map_err(|e| CodecError::Unwritable {
        kind,
        cause: e.to_string(),
    })?;
    Ok(out.into_inner().freeze())
}

pub fn decode<T: Coded>(bytes: &[u8]) -> Result<T, CodecError> {
    let (kind, version, body) = unwrap(bytes)?;
    if kind != T::KIND {
        return Err(CodecError::Kind {
            expected: T::KIND,
            got: kind,
        });
    }
    if version > T::VERSION {
        return Err(CodecError::TooNew { kind, version });
    }
    decode_body(kind, body)
}

/// The value of a body whose kind and version the caller has looked at.
pub fn decode_body<T: DeserializeOwned>(kind: u16, body: &[u8]) -> Result<T, CodecError> {
    let (value, used) = bincode::serde::decode_from_slice(body, config()).map_err(|e| CodecError::Damaged {
        kind,
        cause: e.to_string(),
    })?;
    if used != body.len() {
        return Err(CodecError::Damaged {
            kind,
            cause: format!("{} bytes are left over", body.len() - used),
        });
    }
    Ok(value)
}

pub fn wrap(kind: u16, version: u16, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + body.len());
    bytes.put_u16_le(kind);
    bytes.put_u16_le(version);
    bytes.put_slice(body);
    bytes.freeze()
}

/// Kind, version and body of an envelope.
pub fn unwrap(bytes: &[u8]) -> Result<(u16, u16, &[u8]), CodecError> {
    match bytes {
        [k0, k1, v0, v1, body @ ..] => Ok((u16::from_le_bytes([*k0, *k1]), u16::from_le_bytes([*v0, *v1]), body)),
        short => Err(CodecError::Short(short.len())),
    }
}

fn config() -> bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<VALUE_BYTES_MAX>,
> {
    bincode::config::standard().with_limit::<VALUE_BYTES_MAX>()
}
