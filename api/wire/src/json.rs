//! JSON text to wire values and values to JSON text.
//!
//! Own code because XenAPI's JSON is not quite JSON: `NaN` and `Infinity` are bare words both ways, doubled keys are
//! kept, an int beyond 64 bits is an error instead of a float, and floats have C's form. Reads everything strict JSON
//! allows (a test compares with serde_json).

use crate::number::json_float;
use crate::piece::Form;
use crate::typed::key_text;
use crate::{DecodeError, MAX_DEPTH, Piece, WireValue};
use std::io::Write;
use xenith_datamodel::Value;

/// Reads a whole body: one value and blanks around it.
pub fn parse(body: &[u8]) -> Result<WireValue, DecodeError> {
    let text = std::str::from_utf8(body).map_err(DecodeError::NotUtf8)?;
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.malformed("text after the value"));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn malformed(&self, what: &'static str) -> DecodeError {
        DecodeError::Malformed { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes `wanted` if it comes next.
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(wanted.as_bytes());
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn expect(&mut self, wanted: &str, what: &'static str) -> Result<(), DecodeError> {
        self.blanks();
        if self.take(wanted) {
            Ok(())
        } else {
            Err(self.malformed(what))
        }
    }

    fn value(&mut self, depth: usize) -> Result<WireValue, DecodeError> {
        if depth >= MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        self.blanks();
        match self.peek() {
            Some(b'"') => self.string().map(WireValue::Text),
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => Err(self.malformed("the body ends too early")),
        }
    }

    fn word(&mut self) -> Result<WireValue, DecodeError> {
        for (word, value) in [
            ("null", WireValue::Nil),
            ("true", WireValue::Bool(true)),
            ("false", WireValue::Bool(false)),
            ("NaN", WireValue::Float(f64::NAN)),
            ("Infinity", WireValue::Float(f64::INFINITY)),
        ] {
            if self.take(word) {
                return Ok(value);
            }
        }
        Err(self.malformed("not a value"))
    }

    fn number(&mut self) -> Result<WireValue, DecodeError> {
        if self.take("-Infinity") {
            return Ok(WireValue::Float(f64::NEG_INFINITY));
        }
        let start = self.at;
        self.take("-");
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            return Err(self.malformed("a number with a leading zero"));
        }
        let mut whole = true;
        if self.take(".") {
            whole = false;
            self.digits()?;
        }
        if self.take("e") || self.take("E") {
            whole = false;
            let _ = self.take("+") || self.take("-");
            self.digits()?;
        }
        let number = &self.text[start..self.at];
        let value = if whole {
            number.parse().ok().map(WireValue::Int)
        } else {
            number.parse().ok().map(WireValue::Float)
        };
        value.ok_or_else(|| self.malformed("an int beyond 64 bits"))
    }

    fn digits(&mut self) -> Result<usize, DecodeError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            Ok(self.at - start)
        } else {
            Err(self.malformed("a number without digits"))
        }
    }

    fn array(&mut self, depth: usize) -> Result<WireValue, DecodeError> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Ok(WireValue::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Ok(WireValue::Array(items));
            }
            self.expect(",", "an array without a comma")?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<WireValue, DecodeError> {
        self.at += 1;
        let mut members = Vec::new();
        self.blanks();
        if self.take("}") {
            return Ok(WireValue::Struct(members));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            self.expect(":", "a member without a colon")?;
            members.push((name, self.value(depth + 1)?));
            self.blanks();
            if self.take("}") {
                return Ok(WireValue::Struct(members));
            }
            self.expect(",", "an object without a comma")?;
        }
    }

    /// A string with its quotes. Raw control characters are let through: servers refuse them on use, not here.
    fn string(&mut self) -> Result<String, DecodeError> {
        self.expect("\"", "not a string")?;
        let mut all = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(['"', '\\']) else {
                return Err(self.malformed("a string without an end"));
            };
            all.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Ok(all);
            }
            all.push(self.escape()?);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, DecodeError> {
        let kind = self.peek();
        self.at += usize::from(kind.is_some_and(|byte| byte.is_ascii()));
        match kind {
            Some(plain @ (b'"' | b'\\' | b'/')) => Ok(char::from(plain)),
            Some(b'b') => Ok('\u{8}'),
            Some(b'f') => Ok('\u{c}'),
            Some(b'n') => Ok('\n'),
            Some(b'r') => Ok('\r'),
            Some(b't') => Ok('\t'),
            Some(b'u') => self.unicode_escape(),
            Some(_) | None => Err(self.malformed("an unknown escape")),
        }
    }

    fn unicode_escape(&mut self) -> Result<char, DecodeError> {
        let first = self.four_hex()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !self.take("\\u") {
                return Err(self.malformed("half a surrogate pair"));
            }
            let second = self.four_hex()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.malformed("half a surrogate pair"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.malformed("half a surrogate pair"))
    }

    fn four_hex(&mut self) -> Result<u32, DecodeError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let mut code = 0;
        for &digit in digits {
            let digit = char::from(digit)
                .to_digit(16)
                .ok_or_else(|| self.malformed("not a hexadecimal digit"))?;
            code = code * 16 + digit;
        }
        if digits.len() < 4 {
            return Err(self.malformed("an escape that ends too early"));
        }
        self.at += 4;
        Ok(code)
    }
}

/// Appends a value.
pub fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Void => out.extend_from_slice(b"\"\""),
        Value::Text(text) => write_string(out, text),
        // Writing to a Vec cannot fail.
        Value::Int(int) => drop(write!(out, "{int}")),
        Value::Float(float) => out.extend_from_slice(json_float(*float).as_bytes()),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::DateTime(time) => write_string(out, &crate::typed::date_text(*time)),
        Value::Ref(reference) => write_string(out, reference.as_str()),
        Value::Set(items) => write_list(out, items.iter(), write),
        Value::Map(pairs) => {
            write_object(out, pairs.iter().map(|(key, value)| (key_text(key), value)), write);
        }
        Value::Record(fields) => write_object(out, fields.iter().map(|(name, value)| (name, value)), write),
    }
}

/// Appends a value whose parts are shared.
pub fn write_piece(out: &mut Vec<u8>, piece: &Piece) {
    match piece {
        Piece::Value(value) => write(out, value),
        Piece::Shared(shared) => out.extend_from_slice(&shared.encoded(Form::Json)),
        Piece::Set(items) => write_list(out, items.iter(), write_piece),
        Piece::Map(pairs) => {
            write_object(
                out,
                pairs.iter().map(|(key, piece)| (key_text(key), piece)),
                write_piece,
            );
        }
        Piece::Record(fields) => write_object(out, fields.iter().map(|(name, piece)| (name, piece)), write_piece),
    }
}

/// Appends `{"a":1,"b":2}`.
fn write_object<N: AsRef<str>, T>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (N, T)>,
    each: impl Fn(&mut Vec<u8>, T),
) {
    out.push(b'{');
    for (i, (name, value)) in members.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, name.as_ref());
        out.push(b':');
        each(out, value);
    }
    out.push(b'}');
}

/// Appends `[a,b]`.
pub fn write_list<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T>, each: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        each(out, item);
    }
    out.push(b']');
}

/// Appends a string in quotes; control characters and DEL become escapes, as Yojson has it.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let short: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            8 => b"\\b",
            0xc => b"\\f",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 | 0x7f => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[plain..at]);
        if short.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.extend_from_slice(short);
        }
        plain = at + 1;
    }
    out.extend_from_slice(&bytes[plain..]);
    out.push(b'"');
}
