//! XML to values: a pull parser over quick-xml's events, as strict as xapi's (semantics.md §1).

use crate::number::{parse_float, parse_int};
use crate::{DecodeError, MAX_DEPTH, WireValue};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use std::borrow::Cow;
use xenith_datamodel::ApiError;

/// Attributes an element may have. They mean nothing here, but looking for doubled ones takes quadratic time.
const MAX_ATTRIBUTES: usize = 16;

/// Method and parameters of a `methodCall`. What follows its closing tag is ignored.
pub fn decode_call(body: &[u8]) -> Result<(String, Vec<WireValue>), DecodeError> {
    let mut parser = Parser::new(body)?;
    parser.open_root(Tag::MethodCall)?;
    parser.open(Tag::MethodName)?;
    let method = parser.filled_text()?;
    parser.open(Tag::Params)?;
    let mut params = Vec::new();
    while parser.open_or_close(Tag::Param)? {
        parser.open(Tag::Value)?;
        params.push(parser.value(0)?);
        parser.close()?;
    }
    parser.close()?;
    Ok((method, params))
}

/// A value alone, `<value>...</value>`: the form of a task's result.
pub fn decode_value(text: &str) -> Result<WireValue, DecodeError> {
    let mut parser = Parser::new(text.as_bytes())?;
    parser.open(Tag::Value)?;
    parser.value(0)
}

/// The value or error of a `methodResponse`; a value without the Status envelope is taken as it is.
pub fn decode_reply(body: &[u8]) -> Result<Result<WireValue, ApiError>, DecodeError> {
    let mut parser = Parser::new(body)?;
    parser.open_root(Tag::MethodResponse)?;
    parser.open(Tag::Params)?;
    parser.open(Tag::Param)?;
    parser.open(Tag::Value)?;
    let value = parser.value(0)?;
    let Some(WireValue::Text(status)) = value.member("Status") else {
        return Ok(Ok(value));
    };
    let outcome = match status.as_str() {
        "Success" => value.member("Value").cloned().map(Ok),
        "Failure" => value
            .member("ErrorDescription")
            .and_then(crate::jsonrpc::error_of_array)
            .map(Err),
        _ => return Ok(Ok(value)),
    };
    outcome.ok_or_else(|| parser.malformed("a Status without its Value or ErrorDescription"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    MethodCall,
    MethodResponse,
    MethodName,
    Params,
    Param,
    Value,
    String,
    Int,
    Double,
    Boolean,
    DateTime,
    Base64,
    Nil,
    Array,
    Data,
    Struct,
    Member,
    Name,
    Other,
}

impl Tag {
    fn of(local_name: &str) -> Tag {
        match local_name {
            "methodCall" => Tag::MethodCall,
            "methodResponse" => Tag::MethodResponse,
            "methodName" => Tag::MethodName,
            "params" => Tag::Params,
            "param" => Tag::Param,
            "value" => Tag::Value,
            "string" => Tag::String,
            "int" | "i4" | "i8" => Tag::Int,
            "double" => Tag::Double,
            "boolean" => Tag::Boolean,
            "dateTime.iso8601" => Tag::DateTime,
            "base64" => Tag::Base64,
            "nil" => Tag::Nil,
            "array" => Tag::Array,
            "data" => Tag::Data,
            "struct" => Tag::Struct,
            "member" => Tag::Member,
            "name" => Tag::Name,
            _ => Tag::Other,
        }
    }
}

enum Token<'a> {
    Open(Tag),
    Close,
    Text(Cow<'a, str>),
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
}

impl<'a> Parser<'a> {
    fn new(body: &'a [u8]) -> Result<Parser<'a>, DecodeError> {
        let text = std::str::from_utf8(body).map_err(DecodeError::NotUtf8)?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Parser { reader })
    }

    fn malformed(&self, what: &'static str) -> DecodeError {
        DecodeError::Malformed {
            what,
            at: usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX),
        }
    }

    fn event(&mut self) -> Result<Event<'a>, DecodeError> {
        self.reader.read_event().map_err(DecodeError::Xml)
    }

    /// Skips prolog, doctype (its entities are never defined), comments and blanks up to the root element.
    fn open_root(&mut self, root: Tag) -> Result<(), DecodeError> {
        let mut first = true;
        loop {
            match self.event()? {
                Event::Decl(_) if first => {}
                Event::DocType(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if is_blank(&text) => {}
                Event::Start(start) => {
                    check_attributes(&start)?;
                    return if Tag::of(start.local_name().as_ref()) == root {
                        Ok(())
                    } else {
                        Err(self.malformed("an unexpected root element"))
                    };
                }
                Event::Decl(_)
                | Event::Text(_)
                | Event::Empty(_)
                | Event::End(_)
                | Event::CData(_)
                | Event::GeneralRef(_)
                | Event::Eof => return Err(self.malformed("no root element")),
            }
            first = false;
        }
    }

    fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    check_attributes(&start)?;
                    return Ok(Token::Open(Tag::of(start.local_name().as_ref())));
                }
                Event::End(_) => return Ok(Token::Close),
                Event::Text(text) => return checked(text.xml10_content()).map(Token::Text),
                Event::CData(text) => return checked(text.xml10_content()).map(Token::Text),
                Event::GeneralRef(reference) => return self.reference(&reference).map(Token::Text),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Empty(_) | Event::Decl(_) | Event::DocType(_) => {
                    return Err(self.malformed("an unexpected declaration"));
                }
                Event::Eof => return Err(self.malformed("the body ends too early")),
            }
        }
    }

    fn reference(&self, reference: &BytesRef<'a>) -> Result<Cow<'a, str>, DecodeError> {
        if let Some(character) = reference.resolve_char_ref().map_err(DecodeError::Xml)? {
            return checked(Cow::Owned(character.to_string()));
        }
        match &**reference {
            "lt" => Ok(Cow::Borrowed("<")),
            "gt" => Ok(Cow::Borrowed(">")),
            "amp" => Ok(Cow::Borrowed("&")),
            "quot" => Ok(Cow::Borrowed("\"")),
            "apos" => Ok(Cow::Borrowed("'")),
            _ => Err(self.malformed("an unknown entity")),
        }
    }

    /// The next token that is not blank text.
    fn structure(&mut self) -> Result<Token<'a>, DecodeError> {
        loop {
            match self.token()? {
                Token::Text(text) if is_blank(&text) => {}
                token @ (Token::Open(_) | Token::Close | Token::Text(_)) => return Ok(token),
            }
        }
    }

    fn open(&mut self, wanted: Tag) -> Result<(), DecodeError> {
        if self.open_or_close(wanted)? {
            Ok(())
        } else {
            Err(self.malformed("a missing element"))
        }
    }

    /// True = `wanted` opened, false = the element around it closed.
    fn open_or_close(&mut self, wanted: Tag) -> Result<bool, DecodeError> {
        match self.structure()? {
            Token::Open(tag) if tag == wanted => Ok(true),
            Token::Close => Ok(false),
            Token::Open(_) | Token::Text(_) => Err(self.malformed("an unexpected element or text")),
        }
    }

    fn close(&mut self) -> Result<(), DecodeError> {
        match self.structure()? {
            Token::Close => Ok(()),
            Token::Open(_) | Token::Text(_) => Err(self.malformed("an unexpected element or text")),
        }
    }

    /// Text up to the closing tag of the element just opened.
    fn text(&mut self) -> Result<String, DecodeError> {
        let mut all = String::new();
        loop {
            match self.token()? {
                Token::Text(text) => all.push_str(&text),
                Token::Close => return Ok(all),
                Token::Open(_) => return Err(self.malformed("an element inside text")),
            }
        }
    }

    /// Text that xapi refuses when empty: method and member names, numbers.
    fn filled_text(&mut self) -> Result<String, DecodeError> {
        let text = self.text()?;
        if text.is_empty() {
            Err(self.malformed("an empty name or number"))
        } else {
            Ok(text)
        }
    }

    /// The rest of a `<value>` that has just been opened.
    fn value(&mut self, depth: usize) -> Result<WireValue, DecodeError> {
        if depth >= MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        let mut text = String::new();
        loop {
            match self.token()? {
                Token::Text(more) => text.push_str(&more),
                Token::Close => return Ok(WireValue::Text(text)),
                Token::Open(tag) if is_blank(&text) => {
                    let value = self.tagged(tag, depth)?;
                    self.close()?;
                    return Ok(value);
                }
                Token::Open(_) => return Err(self.malformed("text before an element")),
            }
        }
    }

    fn tagged(&mut self, tag: Tag, depth: usize) -> Result<WireValue, DecodeError> {
        match tag {
            Tag::String => Ok(WireValue::Text(self.text()?)),
            Tag::Int => match parse_int(&self.filled_text()?) {
                Some(int) => Ok(WireValue::Int(int)),
                None => Err(self.malformed("not an int")),
            },
            Tag::Double => match parse_float(&self.filled_text()?) {
                Some(float) => Ok(WireValue::Float(float)),
                None => Err(self.malformed("not a double")),
            },
            Tag::Boolean => Ok(WireValue::Bool(self.filled_text()? == "1")),
            Tag::DateTime => Ok(WireValue::DateTime(self.text()?)),
            Tag::Base64 => Ok(WireValue::Base64(self.text()?)),
            Tag::Nil => self.close().map(|()| WireValue::Nil),
            Tag::Array => self.array(depth),
            Tag::Struct => self.members(depth),
            Tag::MethodCall
            | Tag::MethodResponse
            | Tag::MethodName
            | Tag::Params
            | Tag::Param
            | Tag::Value
            | Tag::Data
            | Tag::Member
            | Tag::Name
            | Tag::Other => Err(self.malformed("an unknown type")),
        }
    }

    fn array(&mut self, depth: usize) -> Result<WireValue, DecodeError> {
        self.open(Tag::Data)?;
        let mut items = Vec::new();
        while self.open_or_close(Tag::Value)? {
            items.push(self.value(depth + 1)?);
        }
        self.close()?;
        Ok(WireValue::Array(items))
    }

    fn members(&mut self, depth: usize) -> Result<WireValue, DecodeError> {
        let mut members = Vec::new();
        while self.open_or_close(Tag::Member)? {
            self.open(Tag::Name)?;
            let name = self.filled_text()?;
            self.open(Tag::Value)?;
            let value = self.value(depth + 1)?;
            self.close()?;
            members.push((name, value));
        }
        Ok(WireValue::Struct(members))
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Attributes mean nothing here, but must be well-formed.
fn check_attributes(start: &quick_xml::events::BytesStart<'_>) -> Result<(), DecodeError> {
    for (count, attribute) in start.attributes().enumerate() {
        if count >= MAX_ATTRIBUTES {
            return Err(DecodeError::Malformed {
                what: "too many attributes",
                at: 0,
            });
        }
        attribute.map_err(|e| DecodeError::Xml(quick_xml::Error::InvalidAttr(e)))?;
    }
    Ok(())
}

/// Refuses the characters that XML 1.0 has no place for.
fn checked(text: Cow<'_, str>) -> Result<Cow<'_, str>, DecodeError> {
    // U+FFFE and U+FFFF are the only ones outside ASCII, and start with 0xEF.
    let suspect = |b: u8| b == 0xef || (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'));
    if !text.bytes().any(suspect) {
        return Ok(text);
    }
    let bad = |c: &char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    match text.chars().find(bad) {
        Some(character) => Err(DecodeError::Character(u32::from(character))),
        None => Ok(text),
    }
}
