//! Replies put together from pieces: what many replies show is encoded once a form and copied from there.

use crate::{json, xmlrpc};
use std::fmt;
use std::sync::Arc;
use xenith_datamodel::Value;

/// The two encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    Xml,
    Json,
}

/// An encoded value, shared by the replies that show it.
pub type Encoded = Arc<[u8]>;

/// Something that many replies show. Its owner decides how long the encoded forms are kept.
pub trait Shared: fmt::Debug + Send + Sync {
    /// The value itself, for who cannot use an encoded form: another member, a test.
    fn value(&self) -> Value;

    /// The bytes that [`encode`] gives for the value, made now or kept from before.
    fn encoded(&self, form: Form) -> Encoded;
}

/// A value of a reply, parts of it shared.
#[derive(Clone, Debug)]
pub enum Piece {
    Value(Value),
    Shared(Arc<dyn Shared>),
    Set(Vec<Piece>),
    Map(Vec<(Value, Piece)>),
    Record(Vec<(&'static str, Piece)>),
}

impl Piece {
    /// The same as one value.
    pub fn to_value(&self) -> Value {
        match self {
            Piece::Value(value) => value.clone(),
            Piece::Shared(shared) => shared.value(),
            Piece::Set(items) => Value::set(items.iter().map(Piece::to_value)),
            Piece::Map(pairs) => Value::map(pairs.iter().map(|(key, piece)| (key.clone(), piece.to_value()))),
            Piece::Record(fields) => Value::record(fields.iter().map(|(name, piece)| (*name, piece.to_value()))),
        }
    }
}

impl PartialEq for Piece {
    fn eq(&self, other: &Piece) -> bool {
        self.to_value() == other.to_value()
    }
}

/// A piece as it stands inside a reply.
pub fn encode(form: Form, piece: &Piece) -> Vec<u8> {
    match form {
        Form::Xml => xmlrpc::encode_piece(piece),
        Form::Json => {
            let mut out = Vec::with_capacity(512);
            json::write_piece(&mut out, piece);
            out
        }
    }
}
