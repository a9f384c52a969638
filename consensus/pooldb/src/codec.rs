//! The bytes of transactions and of snapshot records: the only place that knows bincode.
//!
//! Everything stands in an envelope `kind u16, version u16, bytes` (CORRECTNESS A6). Tags of values and changes are
//! written out here and do not follow the order of any enum. Lengths that are read are never trusted: nothing larger
//! than [`MAX_BYTES`] is decoded, nothing nested deeper than [`MAX_DEPTH`].

use crate::{Change, ChangeKind, Expect, Name, Transaction};
use bincode::config::{self, Config};
use bincode::de::{BorrowDecode, BorrowDecoder, Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use std::sync::Arc;
use xenith_datamodel::{DateTime, Ref, Value, Zone};

/// A transaction or snapshot record larger than this is refused: sixteen times the largest request body there is
/// (300 KiB), a thousand rows of the largest class.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Containers within each other. The datamodel needs three (an event's record with a map of sets); the rest is room.
pub const MAX_DEPTH: usize = 16;

/// What an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Transaction = 1,
    Snapshot = 2,
}

const VERSION: u16 = 1;
pub(crate) const ENVELOPE_BYTES: usize = 4;

/// Why bytes could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error("version {0} is newer than this program knows")]
    TooNew(u16),
    #[error("not a {0}")]
    WrongKind(&'static str),
    #[error("larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("bytes after the end")]
    TrailingBytes,
    #[error("cannot be encoded")]
    Encode(#[source] EncodeError),
    #[error("cannot be decoded")]
    Decode(#[source] DecodeError),
}

/// For the log. Fails when the transaction is too large or too deeply nested to be read again.
pub fn encode_transaction(transaction: &Transaction) -> Result<Vec<u8>, CodecError> {
    let mut bytes = envelope(Kind::Transaction).to_vec();
    bytes.extend(encode(Stored(transaction))?);
    Ok(bytes)
}

pub fn decode_transaction(bytes: &[u8]) -> Result<Transaction, CodecError> {
    let Some((head, body)) = bytes.split_first_chunk::<ENVELOPE_BYTES>() else {
        return Err(CodecError::WrongKind("transaction"));
    };
    open_envelope(*head, Kind::Transaction, "transaction")?;
    decode::<Loaded<Transaction>>(body).map(|loaded| loaded.0)
}

pub(crate) fn envelope(kind: Kind) -> [u8; ENVELOPE_BYTES] {
    let (kind, version) = ((kind as u16).to_le_bytes(), VERSION.to_le_bytes());
    [kind[0], kind[1], version[0], version[1]]
}

pub(crate) fn open_envelope(head: [u8; ENVELOPE_BYTES], kind: Kind, name: &'static str) -> Result<(), CodecError> {
    let version = u16::from_le_bytes([head[2], head[3]]);
    if u16::from_le_bytes([head[0], head[1]]) != kind as u16 || version == 0 {
        return Err(CodecError::WrongKind(name));
    }
    if version > VERSION {
        Err(CodecError::TooNew(version))
    } else {
        Ok(())
    }
}

/// A part of a snapshot. Rows carry names, so a reader of another version finds its way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    Head {
        generation: u64,
        message_generation: u64,
        time_ms: i64,
        gaps: [Vec<(u64, u64)>; 2],
    },
    Row {
        class: Name,
        reference: Ref,
        created: u64,
        modified: u64,
        fields: Vec<(Name, Value)>,
    },
    Deleted {
        class: Name,
        reference: Ref,
        created: u64,
        generation: u64,
    },
    /// Nothing follows. How many records came before, and the digest of their bytes.
    End { records: u64, digest: [u8; 32] },
}

pub(crate) fn encode_record(record: &Record) -> Result<Vec<u8>, CodecError> {
    encode(Stored(record))
}

pub(crate) fn decode_record(bytes: &[u8]) -> Result<Record, CodecError> {
    decode::<Loaded<Record>>(bytes).map(|loaded| loaded.0)
}

fn configuration() -> impl Config {
    // The limit counts memory that lengths ask for as well as bytes.
    config::standard().with_limit::<{ 4 * MAX_BYTES }>()
}

fn encode(value: impl Encode) -> Result<Vec<u8>, CodecError> {
    let bytes = bincode::encode_to_vec(value, configuration()).map_err(CodecError::Encode)?;
    if bytes.len() > MAX_BYTES {
        Err(CodecError::TooLarge)
    } else {
        Ok(bytes)
    }
}

fn decode<'de, T: BorrowDecode<'de, ()>>(bytes: &'de [u8]) -> Result<T, CodecError> {
    if bytes.len() > MAX_BYTES {
        return Err(CodecError::TooLarge);
    }
    let (value, used) = bincode::borrow_decode_from_slice(bytes, configuration()).map_err(CodecError::Decode)?;
    if used == bytes.len() {
        Ok(value)
    } else {
        Err(CodecError::TrailingBytes)
    }
}

/// A borrowed thing to encode.
struct Stored<'a, T>(&'a T);
/// A decoded thing.
struct Loaded<T>(T);

impl Encode for Stored<'_, Transaction> {
    fn encode<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
        let transaction = self.0;
        transaction.time_ms.encode(to)?;
        put_list(to, &transaction.expect, |to, expect| {
            put_row(to, &expect.class, &expect.reference)?;
            match &expect.field {
                None => 0u8.encode(to),
                Some(field) => {
                    1u8.encode(to)?;
                    put_field(to, field)
                }
            }
        })?;
        put_list(to, &transaction.changes, |to, change| {
            put_row(to, &change.class, &change.reference)?;
            put_kind(to, &change.kind)
        })?;
        put_list(to, &transaction.touch, |to, (class, reference)| {
            put_row(to, class, reference)
        })
    }
}

impl<'de, C> BorrowDecode<'de, C> for Loaded<Transaction> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(from: &mut D) -> Result<Self, DecodeError> {
        let time_ms = i64::decode(from)?;
        let expect = get_list(from, |from| {
            let (class, reference) = get_row(from)?;
            let field = match u8::decode(from)? {
                0 => None,
                1 => Some(get_field(from)?),
                tag => return Err(unknown_tag("expectation", tag)),
            };
            Ok(Expect {
                class,
                reference,
                field,
            })
        })?;
        let changes = get_list(from, |from| {
            let (class, reference) = get_row(from)?;
            Ok(Change {
                class,
                reference,
                kind: get_kind(from)?,
            })
        })?;
        let touch = get_list(from, get_row)?;
        Ok(Loaded(Transaction {
            time_ms,
            expect,
            changes,
            touch,
        }))
    }
}

fn put_kind<E: Encoder>(to: &mut E, kind: &ChangeKind) -> Result<(), EncodeError> {
    match kind {
        ChangeKind::Create(fields) => {
            1u8.encode(to)?;
            put_list(to, fields, put_field)
        }
        ChangeKind::Set(name, value) => {
            2u8.encode(to)?;
            name.encode(to)?;
            put_value(to, value, 0)
        }
        ChangeKind::Add {
            field,
            key: None,
            value,
        } => {
            3u8.encode(to)?;
            field.encode(to)?;
            put_value(to, value, 0)
        }
        ChangeKind::Add {
            field,
            key: Some(key),
            value,
        } => {
            4u8.encode(to)?;
            field.encode(to)?;
            put_value(to, key, 0)?;
            put_value(to, value, 0)
        }
        ChangeKind::Remove { field, key } => {
            5u8.encode(to)?;
            field.encode(to)?;
            put_value(to, key, 0)
        }
        ChangeKind::Destroy => 6u8.encode(to),
    }
}

fn get_kind<'de, D: BorrowDecoder<'de>>(from: &mut D) -> Result<ChangeKind, DecodeError> {
    match u8::decode(from)? {
        1 => Ok(ChangeKind::Create(get_list(from, get_field)?)),
        2 => get_field(from).map(|(name, value)| ChangeKind::Set(name, value)),
        3 => get_field(from).map(|(field, value)| ChangeKind::Add {
            field,
            key: None,
            value,
        }),
        4 => {
            let (field, key) = get_field(from)?;
            Ok(ChangeKind::Add {
                field,
                key: Some(key),
                value: get_value(from, 0)?,
            })
        }
        5 => get_field(from).map(|(field, key)| ChangeKind::Remove { field, key }),
        6 => Ok(ChangeKind::Destroy),
        tag => Err(unknown_tag("change", tag)),
    }
}

impl Encode for Stored<'_, Record> {
    fn encode<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
        match self.0 {
            Record::Head {
                generation,
                message_generation,
                time_ms,
                gaps,
            } => {
                (1u8, generation, message_generation, time_ms).encode(to)?;
                gaps.iter()
                    .try_for_each(|gaps| put_list(to, gaps, |to, gap| gap.encode(to)))
            }
            Record::Row {
                class,
                reference,
                created,
                modified,
                fields,
            } => {
                2u8.encode(to)?;
                put_row(to, class, reference)?;
                (created, modified).encode(to)?;
                put_list(to, fields, put_field)
            }
            Record::Deleted {
                class,
                reference,
                created,
                generation,
            } => {
                3u8.encode(to)?;
                put_row(to, class, reference)?;
                (created, generation).encode(to)
            }
            Record::End { records, digest } => (4u8, records, digest).encode(to),
        }
    }
}

impl<'de, C> BorrowDecode<'de, C> for Loaded<Record> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(from: &mut D) -> Result<Self, DecodeError> {
        Ok(Loaded(match u8::decode(from)? {
            1 => Record::Head {
                generation: u64::decode(from)?,
                message_generation: u64::decode(from)?,
                time_ms: i64::decode(from)?,
                gaps: [
                    get_list(from, <(u64, u64)>::decode)?,
                    get_list(from, <(u64, u64)>::decode)?,
                ],
            },
            2 => {
                let (class, reference) = get_row(from)?;
                let (created, modified) = <(u64, u64)>::decode(from)?;
                Record::Row {
                    class,
                    reference,
                    created,
                    modified,
                    fields: get_list(from, get_field)?,
                }
            }
            3 => {
                let (class, reference) = get_row(from)?;
                let (created, generation) = <(u64, u64)>::decode(from)?;
                Record::Deleted {
                    class,
                    reference,
                    created,
                    generation,
                }
            }
            4 => Record::End {
                records: u64::decode(from)?,
                digest: <[u8; 32]>::decode(from)?,
            },
            tag => return Err(unknown_tag("record", tag)),
        }))
    }
}

fn put_list<E: Encoder, T>(
    to: &mut E,
    items: &[T],
    put: impl Fn(&mut E, &T) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    (items.len() as u64).encode(to)?;
    items.iter().try_for_each(|item| put(to, item))
}

/// Room taken before the first item is there: a length alone must not cost memory.
const MAX_RESERVED: usize = 256;

fn get_list<D: Decoder, T>(
    from: &mut D,
    get: impl Fn(&mut D) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let length = u64::decode(from)?;
    let mut items = Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX).min(MAX_RESERVED));
    for _ in 0..length {
        items.push(get(from)?);
    }
    Ok(items)
}

fn put_row<E: Encoder>(to: &mut E, class: &Name, reference: &Ref) -> Result<(), EncodeError> {
    class.encode(to)?;
    reference.as_str().encode(to)
}

fn get_row<'de, D: BorrowDecoder<'de>>(from: &mut D) -> Result<(Name, Ref), DecodeError> {
    Ok((get_text(from)?, Ref::new(<&str>::borrow_decode(from)?)))
}

fn put_field<E: Encoder>(to: &mut E, (name, value): &(Name, Value)) -> Result<(), EncodeError> {
    name.encode(to)?;
    put_value(to, value, 0)
}

fn get_field<'de, D: BorrowDecoder<'de>>(from: &mut D) -> Result<(Name, Value), DecodeError> {
    Ok((get_text(from)?, get_value(from, 0)?))
}

fn get_text<'de, D: BorrowDecoder<'de>>(from: &mut D) -> Result<Arc<str>, DecodeError> {
    <&str>::borrow_decode(from).map(Arc::from)
}

fn put_value<E: Encoder>(to: &mut E, value: &Value, depth: usize) -> Result<(), EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeError::Other("nested too deeply"));
    }
    match value {
        Value::Void => 0u8.encode(to),
        Value::Text(text) => (1u8, text).encode(to),
        Value::Int(int) => (2u8, int).encode(to),
        Value::Float(float) => (3u8, float).encode(to),
        Value::Bool(flag) => (4u8, flag).encode(to),
        Value::DateTime(time) => {
            let zone = match time.zone {
                Zone::Utc => (0u8, 0i16),
                Zone::Offset(minutes) => (1, minutes),
                Zone::Local => (2, 0),
            };
            (5u8, time.wall_seconds, zone).encode(to)
        }
        Value::Ref(reference) => (6u8, reference.as_str()).encode(to),
        Value::Set(items) => {
            7u8.encode(to)?;
            put_list(to, items, |to, item| put_value(to, item, depth + 1))
        }
        Value::Map(pairs) => {
            8u8.encode(to)?;
            put_list(to, pairs, |to, (key, value)| {
                put_value(to, key, depth + 1)?;
                put_value(to, value, depth + 1)
            })
        }
        Value::Record(fields) => {
            9u8.encode(to)?;
            put_list(to, fields, |to, (name, value)| {
                name.encode(to)?;
                put_value(to, value, depth + 1)
            })
        }
    }
}

fn get_value<'de, D: BorrowDecoder<'de>>(from: &mut D, depth: usize) -> Result<Value, DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeError::Other("nested too deeply"));
    }
    Ok(match u8::decode(from)? {
        0 => Value::Void,
        1 => Value::Text(get_text(from)?),
        2 => Value::Int(i64::decode(from)?),
        3 => Value::Float(f64::decode(from)?),
        4 => Value::Bool(bool::decode(from)?),
        5 => {
            let wall_seconds = i64::decode(from)?;
            let zone = match <(u8, i16)>::decode(from)? {
                (0, _) => Zone::Utc,
                (1, minutes) => Zone::Offset(minutes),
                (2, _) => Zone::Local,
                (tag, _) => return Err(unknown_tag("zone", tag)),
            };
            Value::DateTime(DateTime { wall_seconds, zone })
        }
        6 => Value::Ref(Ref::new(<&str>::borrow_decode(from)?)),
        7 => Value::Set(get_list(from, |from| get_value(from, depth + 1))?.into()),
        8 => {
            let pair = |from: &mut D| Ok((get_value(from, depth + 1)?, get_value(from, depth + 1)?));
            Value::Map(get_list(from, pair)?.into())
        }
        9 => {
            let field = |from: &mut D| Ok((get_text(from)?, get_value(from, depth + 1)?));
            Value::Record(get_list(from, field)?.into())
        }
        tag => return Err(unknown_tag("value", tag)),
    })
}

fn unknown_tag(what: &str, tag: u8) -> DecodeError {
    DecodeError::OtherString(format!("unknown tag {tag} of a {what}"))
}
