//! Values of the XenAPI types, as the pool database holds them and the codecs carry them.
//!
//! Owns: [`Value`], [`Ref`], [`Text`]. Cloning any of them copies a pointer, never text.
//! Must not: know the wire formats, or which class a value belongs to.

use crate::DateTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The text of a string field: cloning copies a pointer.
pub type Text = Arc<str>;

/// One XenAPI value. Strings and enums are both `Text` (enums in the datamodel's exact case).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// The result of a message that returns nothing.
    Void,
    /// A string, or an enum in the exact case of the datamodel.
    Text(Arc<str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    DateTime(DateTime),
    Ref(Ref),
    /// A XenAPI set: order is kept and doubled members are allowed, as xapi does.
    Set(Arc<[Value]>),
    /// A XenAPI map: pairs in order of insertion; doubled keys can only come from a `set_`.
    Map(Arc<[(Value, Value)]>),
    /// A record: wire field names (single underscore) and values, in the order of the class table.
    Record(Arc<[(Arc<str>, Value)]>),
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Value {
        Value::Text(Arc::from(text.as_ref()))
    }

    pub fn set(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Set(items.into_iter().collect())
    }

    pub fn map(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::Map(pairs.into_iter().collect())
    }

    /// A map of strings, the commonest map in XenAPI.
    pub fn text_map<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Value {
        Value::map(pairs.into_iter().map(|(k, v)| (Value::text(k), Value::text(v))))
    }

    pub fn record<N: AsRef<str>>(fields: impl IntoIterator<Item = (N, Value)>) -> Value {
        Value::Record(fields.into_iter().map(|(n, v)| (Arc::from(n.as_ref()), v)).collect())
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(int) => Some(*int),
            _ => None,
        }
    }

    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(float) => Some(*float),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn as_date_time(&self) -> Option<DateTime> {
        match self {
            Value::DateTime(time) => Some(*time),
            _ => None,
        }
    }

    pub fn as_ref(&self) -> Option<&Ref> {
        match self {
            Value::Ref(reference) => Some(reference),
            _ => None,
        }
    }

    pub fn as_set(&self) -> Option<&[Value]> {
        match self {
            Value::Set(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        match self {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    pub fn as_record(&self) -> Option<&[(Arc<str>, Value)]> {
        match self {
            Value::Record(fields) => Some(fields),
            _ => None,
        }
    }

    /// The value of a record's field, or of a string-keyed map's key.
    pub fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Record(fields) => fields.iter().find(|(n, _)| &**n == name).map(|(_, v)| v),
            Value::Map(pairs) => pairs.iter().find(|(k, _)| k.as_text() == Some(name)).map(|(_, v)| v),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::text(text)
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::text(text)
    }
}
impl From<i64> for Value {
    fn from(int: i64) -> Value {
        Value::Int(int)
    }
}
impl From<f64> for Value {
    fn from(float: f64) -> Value {
        Value::Float(float)
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Bool(flag)
    }
}
impl From<DateTime> for Value {
    fn from(time: DateTime) -> Value {
        Value::DateTime(time)
    }
}
impl From<Ref> for Value {
    fn from(reference: Ref) -> Value {
        Value::Ref(reference)
    }
}
impl From<&Ref> for Value {
    fn from(reference: &Ref) -> Value {
        Value::Ref(reference.clone())
    }
}

/// An opaque reference to an object. Any text may arrive in a ref's place; it is checked on use (semantics.md §7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref(Arc<str>);

impl Ref {
    pub const NULL_TEXT: &'static str = "OpaqueRef:NULL";

    pub fn null() -> Ref {
        Ref(Arc::from(Ref::NULL_TEXT))
    }

    pub fn new(text: impl AsRef<str>) -> Ref {
        Ref(Arc::from(text.as_ref()))
    }

    /// `OpaqueRef:` + the uuid's text.
    pub fn from_uuid_text(uuid: &str) -> Ref {
        Ref(Arc::from(format!("OpaqueRef:{uuid}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for `OpaqueRef:NULL` only: an empty string is not null (semantics.md §7).
    pub fn is_null(&self) -> bool {
        &*self.0 == Ref::NULL_TEXT
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
