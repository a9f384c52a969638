//! XML-RPC and JSON-RPC to calls and back. Bytes in, values out; no I/O.

mod dispatch;

pub use dispatch::{Call, Dispatch, Origin, Reply, SharedDispatch};

/// A value as it stood on the wire, before the message's parameter types are known.
#[derive(Debug, Clone, PartialEq)]
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
    Struct(Vec<(String, WireValue)>),
}
