//! A reply as a run of chunks: the bytes of [`crate::xmlrpc::encode_reply`] and [`crate::jsonrpc::encode_reply`], made while they are
//! sent, so that a long reply is never in memory as a whole.
//!
//! Invariants: what is kept between two chunks is the pieces that were not sent yet and at most one encoded part; nothing here depends
//! on how the chunks are cut.

use crate::jsonrpc::JsonEnvelope;
use crate::piece::{Encoded, Form};
use crate::xmlrpc::encode::{self, Ints};
use crate::{Piece, Reply, json, jsonrpc, xmlrpc};
use std::borrow::Cow;
use std::sync::Arc;
use std::vec::IntoIter;
use xenith_datamodel::Value;

/// What a part that was not sent yet costs, about: a ref as its key, a shared record with its row's name.
const PART_BYTES: usize = 200;

/// See the module.
#[derive(Debug)]
pub struct Chunks {
    form: Form,
    /// What is to be sent, the next on top.
    frames: Vec<Frame>,
}

#[derive(Debug)]
enum Frame {
    Text(&'static [u8]),
    /// From the given place on.
    Encoded(Encoded, usize),
    Piece(Piece, Ints),
    Parts(Parts),
}

/// The rest of a set, a map or a record.
#[derive(Debug)]
struct Parts {
    items: Items,
    ints: Ints,
    is_first: bool,
}

#[derive(Debug)]
enum Items {
    Set(IntoIter<Piece>),
    Map(IntoIter<(Value, Piece)>),
    Record(IntoIter<(&'static str, Piece)>),
    /// The value of a whole reply, from the given place on: one record of many is written whole.
    Value(Value, usize),
}

/// A part with its name, if it has one.
struct Part {
    name: Option<Cow<'static, str>>,
    piece: Piece,
}

impl Chunks {
    pub fn xml(reply: Reply) -> Chunks {
        let (open, close) = xmlrpc::encode::envelope(matches!(reply, Reply::Bare(_)));
        let piece = match reply {
            Reply::Success(value) | Reply::Bare(value) => Piece::Value(value),
            Reply::Pieces(piece) => piece,
            Reply::Failure(_) => return Chunks::whole(Form::Xml, xmlrpc::encode_reply(&reply)),
        };
        let mut frames: Vec<Frame> = close.iter().rev().map(|text| Frame::Text(text)).collect();
        frames.push(Frame::Piece(piece, Ints::Untagged));
        frames.extend(open.iter().rev().map(|text| Frame::Text(text)));
        Chunks {
            form: Form::Xml,
            frames,
        }
    }

    pub fn json(envelope: &JsonEnvelope, reply: Reply) -> Chunks {
        let piece = match reply {
            Reply::Success(value) | Reply::Bare(value) => Piece::Value(value),
            Reply::Pieces(piece) => piece,
            Reply::Failure(_) => return Chunks::whole(Form::Json, jsonrpc::encode_reply(envelope, &reply)),
        };
        Chunks {
            form: Form::Json,
            frames: vec![
                Frame::Encoded(jsonrpc::close(envelope).into(), 0),
                Frame::Piece(piece, Ints::Untagged),
                Frame::Text(jsonrpc::open(envelope)),
            ],
        }
    }

    fn whole(form: Form, bytes: Vec<u8>) -> Chunks {
        Chunks {
            form,
            frames: vec![Frame::Encoded(bytes.into(), 0)],
        }
    }

    /// Appends until `out` has `wanted` bytes, or more by less than one unshared value. True when that was the end.
    pub fn fill(&mut self, out: &mut Vec<u8>, wanted: usize) -> bool {
        while out.len() < wanted {
            let Some(frame) = self.frames.pop() else {
                return true;
            };
            match frame {
                Frame::Text(text) => out.extend_from_slice(text),
                Frame::Encoded(bytes, at) => {
                    let end = bytes.len().min(at + wanted - out.len());
                    out.extend_from_slice(&bytes[at..end]);
                    if end < bytes.len() {
                        self.frames.push(Frame::Encoded(bytes, end));
                    }
                }
                Frame::Piece(piece, ints) => self.begin(piece, ints, out),
                Frame::Parts(mut parts) => match parts.items.next() {
                    Some(part) => self.part(parts, part, out),
                    None => out.extend_from_slice(parts.close(self.form)),
                },
            }
        }
        self.frames.is_empty()
    }

    /// What it keeps in memory, about.
    pub fn held_bytes(&self) -> usize {
        let each = self.frames.iter().map(|frame| match frame {
            Frame::Text(_) => 0,
            Frame::Encoded(bytes, _) => bytes.len(),
            Frame::Piece(_, _) => PART_BYTES,
            Frame::Parts(parts) => parts.items.left() * PART_BYTES,
        });
        each.sum()
    }

    fn begin(&mut self, piece: Piece, ints: Ints, out: &mut Vec<u8>) {
        let items = match piece {
            Piece::Shared(shared) => {
                // Encoded by itself, so with untagged ints.
                self.frames.push(Frame::Encoded(shared.encoded(self.form), 0));
                return;
            }
            Piece::Value(value @ (Value::Set(_) | Value::Map(_) | Value::Record(_))) => Items::Value(value, 0),
            Piece::Value(value) => {
                self.write(out, &value, ints);
                return;
            }
            Piece::Set(items) => Items::Set(items.into_iter()),
            Piece::Map(pairs) => Items::Map(pairs.into_iter()),
            Piece::Record(fields) => Items::Record(fields.into_iter()),
        };
        let parts = Parts {
            items,
            ints,
            is_first: true,
        };
        out.extend_from_slice(parts.open(self.form));
        self.frames.push(Frame::Parts(parts));
    }

    fn part(&mut self, mut parts: Parts, part: Part, out: &mut Vec<u8>) {
        let (is_first, mut ints) = (parts.is_first, parts.ints);
        if let (Some(name), true) = (&part.name, parts.items.is_record()) {
            ints = encode::ints_of(name, ints);
        }
        parts.is_first = false;
        let is_of_value = matches!(parts.items, Items::Value(_, _));
        self.frames.push(Frame::Parts(parts));
        match (self.form, &part.name) {
            (Form::Xml, None) => {}
            (Form::Xml, Some(name)) => {
                encode::write_member_open(out, name);
                self.frames.push(Frame::Text(encode::MEMBER_CLOSE));
            }
            (Form::Json, name) => {
                if !is_first {
                    out.push(b',');
                }
                if let Some(name) = name {
                    json::write_string(out, name);
                    out.push(b':');
                }
            }
        }
        match part.piece {
            Piece::Value(value) if is_of_value => self.write(out, &value, ints),
            piece @ (Piece::Value(_) | Piece::Shared(_) | Piece::Set(_) | Piece::Map(_) | Piece::Record(_)) => {
                self.frames.push(Frame::Piece(piece, ints));
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>, value: &Value, ints: Ints) {
        match self.form {
            Form::Xml => encode::write_value(out, value, ints),
            Form::Json => json::write(out, value),
        }
    }
}

impl Parts {
    fn open(&self, form: Form) -> &'static [u8] {
        match (form, self.items.is_set()) {
            (Form::Xml, true) => encode::SET_OPEN,
            (Form::Xml, false) => encode::STRUCT_OPEN,
            (Form::Json, true) => b"[",
            (Form::Json, false) => b"{",
        }
    }

    fn close(&self, form: Form) -> &'static [u8] {
        match (form, self.items.is_set()) {
            (Form::Xml, true) => encode::SET_CLOSE,
            (Form::Xml, false) => encode::STRUCT_CLOSE,
            (Form::Json, true) => b"]",
            (Form::Json, false) => b"}",
        }
    }
}

impl Items {
    fn is_set(&self) -> bool {
        matches!(self, Items::Set(_) | Items::Value(Value::Set(_), _))
    }

    fn is_record(&self) -> bool {
        matches!(self, Items::Record(_) | Items::Value(Value::Record(_), _))
    }

    fn next(&mut self) -> Option<Part> {
        match self {
            Items::Set(items) => items.next().map(|piece| Part { name: None, piece }),
            Items::Map(pairs) => pairs.next().map(|(key, piece)| Part {
                name: Some(owned_key(&key)),
                piece,
            }),
            Items::Record(fields) => fields.next().map(|(name, piece)| Part {
                name: Some(Cow::Borrowed(name)),
                piece,
            }),
            Items::Value(value, at) => {
                let part = part_of(value, *at);
                *at += 1;
                part
            }
        }
    }

    fn left(&self) -> usize {
        match self {
            Items::Set(items) => items.len(),
            Items::Map(pairs) => pairs.len(),
            Items::Record(fields) => fields.len(),
            Items::Value(Value::Set(items), at) => items.len().saturating_sub(*at),
            Items::Value(Value::Map(pairs), at) => pairs.len().saturating_sub(*at),
            Items::Value(Value::Record(fields), at) => fields.len().saturating_sub(*at),
            Items::Value(_, _) => 0,
        }
    }
}

fn owned_key(key: &Value) -> Cow<'static, str> {
    Cow::Owned(crate::typed::key_text(key).into_owned())
}

/// The part at `at` of a set, a map or a record.
fn part_of(value: &Value, at: usize) -> Option<Part> {
    let (name, value) = match value {
        Value::Set(items) => (None, items.get(at)?),
        Value::Map(pairs) => pairs.get(at).map(|(key, value)| (Some(owned_key(key)), value))?,
        Value::Record(fields) => {
            let (name, value): &(Arc<str>, Value) = fields.get(at)?;
            (Some(Cow::Owned(name.to_string())), value)
        }
        Value::Void
        | Value::Text(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Bool(_)
        | Value::DateTime(_)
        | Value::Ref(_) => return None,
    };
    Some(Part {
        name,
        piece: Piece::Value(value.clone()),
    })
}
