//! XML-RPC and JSON-RPC to calls and back. Bytes in, values out; no I/O.
//!
//! Owns: the two encodings ([`xmlrpc`], [`jsonrpc`]), the step from untyped wire values to values of the datamodel
//! ([`typed`]), and the door to the toolstack ([`Dispatch`]). Invariant: no input makes a decoder panic, recurse deeper
//! than [`MAX_DEPTH`] or allocate more than a constant times its own length (a value needs at least two bytes of
//! input and takes at most 64 of memory). Must not: know sessions, roles or the pool database.

mod chunks;
mod dispatch;
mod json;
pub mod jsonrpc;
mod number;
pub mod piece;
mod show;
pub mod typed;
pub mod xmlrpc;

pub use chunks::Chunks;
pub use dispatch::{
    Call, Credentials, Dispatch, Download, HandlerRefusal, HandlerRequest, InUse, Origin, Reply, SharedDispatch,
    ThumbprintDigest,
};
pub use piece::Piece;
use serde::{Deserialize, Serialize};

/// How deep values may nest. XenAPI's deepest parameter is a map of sets; 64 leaves room and keeps recursion far from
/// the end of a worker's stack.
pub const MAX_DEPTH: usize = 64;

/// A value as it stood on the wire, before the message's parameter types are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WireValue {
    /// Untagged or `<string>`; a JSON string.
    Text(String),
    /// `<int>`, `<i4>`, `<i8>`; a JSON number without fraction.
    Int(i64),
    Float(f64),
    Bool(bool),
    /// `<dateTime.iso8601>`, unparsed.
    DateTime(String),
    /// `<nil/>`; JSON null.
    Nil,
    /// `<base64>`, undecoded: XenAPI has no such type.
    Base64(String),
    Array(Vec<WireValue>),
    /// Members in order of arrival; doubled names are kept.
    Struct(Vec<(String, WireValue)>),
}

impl WireValue {
    /// The last member of that name, as JSON readers take it; `None` for anything but a struct.
    pub fn member(&self, name: &str) -> Option<&WireValue> {
        match self {
            WireValue::Struct(members) => members.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v),
            WireValue::Text(_)
            | WireValue::Int(_)
            | WireValue::Float(_)
            | WireValue::Bool(_)
            | WireValue::DateTime(_)
            | WireValue::Nil
            | WireValue::Base64(_)
            | WireValue::Array(_) => None,
        }
    }
}

/// A body that is no call or reply. On the server it is HTTP 500 with an HTML page, except
/// [`DecodeError::NotUtf8`] on `/jsonrpc` (see [`jsonrpc::encode_raw_failure`]).
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("not well-formed XML")]
    Xml(#[source] quick_xml::Error),
    #[error("the body is not UTF-8")]
    NotUtf8(#[source] std::str::Utf8Error),
    #[error("character U+{0:04X} is not allowed in XML")]
    Character(u32),
    #[error("{what} at byte {at}")]
    Malformed { what: &'static str, at: usize },
    #[error("values nest deeper than {MAX_DEPTH}")]
    TooDeep,
}
