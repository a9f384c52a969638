//! Values to XML. The kind of the [`Value`] alone decides its form.

use crate::number::xml_float;
use crate::piece::Form;
use crate::{Piece, Reply};
use std::io::Write;
use xenith_datamodel::{ApiError, Value};

const PROLOG: &[u8] = b"<?xml version=\"1.0\"?>";
const RESPONSE_OPEN: &[u8] = b"<methodResponse><params><param>";
const RESPONSE_CLOSE: &[u8] = b"</param></params></methodResponse>";
const SUCCESS_OPEN: &[u8] =
    b"<value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name>";
const SUCCESS_CLOSE: &[u8] = b"</member></struct></value>";
pub(crate) const SET_OPEN: &[u8] = b"<value><array><data>";
pub(crate) const SET_CLOSE: &[u8] = b"</data></array></value>";
pub(crate) const STRUCT_OPEN: &[u8] = b"<value><struct>";
pub(crate) const STRUCT_CLOSE: &[u8] = b"</struct></value>";
pub(crate) const MEMBER_CLOSE: &[u8] = b"</member>";

/// The one record member whose ints are sent as `<i4>`, seen in replies of event.from.
const TAGGED_INTS: &str = "valid_ref_counts";

/// A `methodResponse` with the Status envelope, or without it for [`Reply::Bare`].
pub fn encode_reply(reply: &Reply) -> Vec<u8> {
    let mut xml = Writer::new(Returns::Raw);
    let (open, close) = envelope(matches!(reply, Reply::Bare(_)));
    match reply {
        Reply::Success(value) | Reply::Bare(value) => {
            xml.all(open);
            xml.value(value, Ints::Untagged);
            xml.all(close);
        }
        Reply::Pieces(piece) => {
            xml.all(open);
            xml.piece(piece, Ints::Untagged);
            xml.all(close);
        }
        Reply::Failure(error) => {
            xml.all(&[PROLOG, RESPONSE_OPEN]);
            xml.raw(b"<value><struct><member><name>Status</name><value>Failure</value></member>");
            xml.raw(b"<member><name>ErrorDescription</name>");
            xml.error(error);
            xml.all(&[SUCCESS_CLOSE, RESPONSE_CLOSE]);
        }
    }
    xml.out
}

type Parts = &'static [&'static [u8]];

/// What stands before and after the value of a reply that is no failure.
pub(crate) fn envelope(is_bare: bool) -> (Parts, Parts) {
    if is_bare {
        (&[PROLOG, RESPONSE_OPEN], &[RESPONSE_CLOSE])
    } else {
        (&[PROLOG, RESPONSE_OPEN, SUCCESS_OPEN], &[SUCCESS_CLOSE, RESPONSE_CLOSE])
    }
}

/// A `methodCall`. Control characters other than tab, LF and CR cannot be said in XML and are left out.
pub fn encode_call(method: &str, params: &[Value]) -> Vec<u8> {
    let mut xml = Writer::new(Returns::Escaped);
    xml.raw(PROLOG);
    xml.raw(b"<methodCall><methodName>");
    xml.text(method);
    xml.raw(b"</methodName><params>");
    for param in params {
        xml.raw(b"<param>");
        xml.value(param, Ints::Untagged);
        xml.raw(b"</param>");
    }
    xml.raw(b"</params></methodCall>");
    xml.out
}

/// `<value>...</value>` without a prolog: the form of a task's result.
pub fn encode_value(value: &Value) -> String {
    let mut xml = Writer::new(Returns::Raw);
    xml.value(value, Ints::Untagged);
    // The writer copies whole characters only, so this never replaces anything.
    String::from_utf8(xml.out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// `<value>...</value>` of a value whose parts are shared.
pub(crate) fn encode_piece(piece: &Piece) -> Vec<u8> {
    let mut xml = Writer::new(Returns::Raw);
    xml.piece(piece, Ints::Untagged);
    xml.out
}

/// Appends a value as it stands in a reply.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value, ints: Ints) {
    with_writer(out, |xml| xml.value(value, ints));
}

/// Appends the start of a struct's member; what follows is its value and [`MEMBER_CLOSE`].
pub(crate) fn write_member_open(out: &mut Vec<u8>, name: &str) {
    with_writer(out, |xml| xml.member_open(name));
}

fn with_writer(out: &mut Vec<u8>, write: impl FnOnce(&mut Writer)) {
    let mut xml = Writer {
        out: std::mem::take(out),
        returns: Returns::Raw,
    };
    write(&mut xml);
    *out = xml.out;
}

/// What becomes of a carriage return: a reader turns a raw one into LF.
#[derive(Clone, Copy, PartialEq)]
enum Returns {
    /// As xapi sends it.
    Raw,
    /// `&#13;`, so that it arrives.
    Escaped,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ints {
    Untagged,
    I4,
}

/// How the ints of a record's member are sent.
pub(crate) fn ints_of(member: &str, around: Ints) -> Ints {
    if member == TAGGED_INTS { Ints::I4 } else { around }
}

struct Writer {
    out: Vec<u8>,
    returns: Returns,
}

impl Writer {
    fn new(returns: Returns) -> Writer {
        Writer {
            out: Vec::with_capacity(512),
            returns,
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn all(&mut self, parts: Parts) {
        for part in parts {
            self.raw(part);
        }
    }

    fn piece(&mut self, piece: &Piece, ints: Ints) {
        match piece {
            Piece::Value(value) => self.value(value, ints),
            // Encoded by itself, so with untagged ints.
            Piece::Shared(shared) => self.raw(&shared.encoded(Form::Xml)),
            Piece::Set(items) => {
                self.raw(SET_OPEN);
                for item in items {
                    self.piece(item, ints);
                }
                self.raw(SET_CLOSE);
            }
            Piece::Map(pairs) => {
                self.raw(STRUCT_OPEN);
                for (key, piece) in pairs {
                    self.member(&crate::typed::key_text(key), |xml| xml.piece(piece, ints));
                }
                self.raw(STRUCT_CLOSE);
            }
            Piece::Record(fields) => {
                self.raw(STRUCT_OPEN);
                for (name, piece) in fields {
                    self.member(name, |xml| xml.piece(piece, ints_of(name, ints)));
                }
                self.raw(STRUCT_CLOSE);
            }
        }
    }

    fn value(&mut self, value: &Value, ints: Ints) {
        self.raw(b"<value>");
        match value {
            Value::Void => {}
            Value::Text(text) => self.text(text),
            Value::Int(int) if ints == Ints::I4 => self.decimal("<i4>", *int, "</i4>"),
            Value::Int(int) => self.decimal("", *int, ""),
            Value::Float(float) => self.tagged("double", &xml_float(*float)),
            Value::Bool(flag) => self.tagged("boolean", if *flag { "1" } else { "0" }),
            Value::DateTime(time) => self.tagged("dateTime.iso8601", &crate::typed::date_text(*time)),
            Value::Ref(reference) => self.text(reference.as_str()),
            Value::Set(items) => {
                self.raw(b"<array><data>");
                for item in items.iter() {
                    self.value(item, ints);
                }
                self.raw(b"</data></array>");
            }
            Value::Map(pairs) => {
                self.raw(b"<struct>");
                for (key, value) in pairs.iter() {
                    self.member(&crate::typed::key_text(key), |xml| xml.value(value, ints));
                }
                self.raw(b"</struct>");
            }
            Value::Record(fields) => {
                self.raw(b"<struct>");
                for (name, value) in fields.iter() {
                    self.member(name, |xml| xml.value(value, ints_of(name, ints)));
                }
                self.raw(b"</struct>");
            }
        }
        self.raw(b"</value>");
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut Writer)) {
        self.member_open(name);
        value(self);
        self.raw(MEMBER_CLOSE);
    }

    fn member_open(&mut self, name: &str) {
        self.raw(b"<member><name>");
        self.name(name);
        self.raw(b"</name>");
    }

    fn error(&mut self, error: &ApiError) {
        self.raw(b"<value><array><data>");
        for text in std::iter::once(error.code.as_ref()).chain(error.params.iter().map(String::as_str)) {
            self.raw(b"<value>");
            self.text(text);
            self.raw(b"</value>");
        }
        self.raw(b"</data></array></value>");
    }

    fn decimal(&mut self, open: &str, int: i64, close: &str) {
        // Writing to a Vec cannot fail.
        let _ = write!(self.out, "{open}{int}{close}");
    }

    fn tagged(&mut self, tag: &str, text: &str) {
        let _ = write!(self.out, "<{tag}>{text}</{tag}>");
    }

    fn text(&mut self, text: &str) {
        self.escaped(text, |byte| match byte {
            b'<' => Some(b"&lt;"),
            b'>' => Some(b"&gt;"),
            b'&' => Some(b"&amp;"),
            b'"' => Some(b"&quot;"),
            _ => None,
        });
    }

    fn name(&mut self, name: &str) {
        self.escaped(name, |byte| match byte {
            b'<' => Some(b"&lt;"),
            b'&' => Some(b"&amp;"),
            _ => None,
        });
    }

    /// Copies runs of plain bytes; replaces what `replace` names and drops control characters.
    fn escaped(&mut self, text: &str, replace: fn(u8) -> Option<&'static [u8]>) {
        let bytes = text.as_bytes();
        let mut plain = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            let instead: &[u8] = match (replace(byte), byte) {
                (Some(entity), _) => entity,
                (None, b'\r') if self.returns == Returns::Escaped => b"&#13;",
                (None, b'\t' | b'\n' | b'\r' | 0x20..) => continue,
                (None, _) => b"",
            };
            self.out.extend_from_slice(&bytes[plain..at]);
            self.out.extend_from_slice(instead);
            plain = at + 1;
        }
        self.out.extend_from_slice(&bytes[plain..]);
    }
}
