//! From untyped wire values to values of the datamodel, by the types of the tables (semantics.md §1, "accepted").
//!
//! A `TypeError`'s text is what xapi puts into INTERNAL_ERROR. Values of type `Secret` never show in it.

use crate::WireValue;
use crate::number::{parse_float, parse_int};
use crate::show::show;
use std::borrow::Cow;
use std::sync::Arc;
use xenith_datamodel::{ApiError, DateTime, Enumeration, Message, Method, Param, Ref, Type, Value, Zone};

/// Enumerations whose values are taken in the datamodel's case only.
const EXACT_CASE: [&str; 2] = ["bond_mode", "event_operation"];

/// The class name that stands for "the class of this event's snapshot".
const ANY_CLASS: &str = "<class>";

/// Display is the text of the INTERNAL_ERROR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    #[error("Failure({0:?})", format!("Expected {expected}, got '{got}'"))]
    Expected { expected: &'static str, got: String },
    #[error("Failure({0:?})", format!("Expecting Rpc.{expected}, but found '{got}'"))]
    Container { expected: &'static str, got: String },
    #[error("Failure(\"Int64.of_string\")")]
    IntText,
    #[error("Failure(\"float_of_string\")")]
    FloatText,
    #[error("Failure(\"Unknown tag/contents\")")]
    Enum,
    #[error("Failure(\"Date.t_of_rpc\")")]
    DateKind,
    #[error("Invalid argument: Clock__Date.of_iso8601: {0}")]
    DateText(String),
    #[error("Failure(\"bad __structure\")")]
    Record,
    /// A row of the tables names a class or an enumeration that is not in the tables.
    #[error("the datamodel has no {kind} {name}")]
    Table { kind: &'static str, name: &'static str },
}

impl From<TypeError> for ApiError {
    fn from(error: TypeError) -> ApiError {
        ApiError::internal(error.to_string())
    }
}

/// A call's parameters, apart: the session is taken off and the count is right.
#[derive(Debug, PartialEq)]
pub struct Arguments {
    /// `None` for messages without a session.
    pub session: Option<Ref>,
    pub values: Vec<WireValue>,
}

/// Checks the number of parameters and takes the session off. xapi does this before it looks at the session, so do
/// this first. Errors: MESSAGE_PARAMETER_COUNT_MISMATCH, INTERNAL_ERROR (the session is not a string).
pub fn arguments(method: &Method, mut params: Vec<WireValue>) -> Result<Arguments, ApiError> {
    let message = method.message;
    if !message.session {
        check_count(method, params.len() as i64)?;
        return Ok(Arguments {
            session: None,
            values: params,
        });
    }
    check_count(method, params.len() as i64 - 1)?;
    let session = session(params.remove(0))?;
    Ok(Arguments {
        session: Some(session),
        values: params,
    })
}

/// A first parameter as a session ref, also for methods that are not in the tables.
pub fn session(first: WireValue) -> Result<Ref, ApiError> {
    match text_of(first) {
        Ok(text) => Ok(Ref::new(text)),
        // A misplaced password must not show in an error.
        Err(WireValue::Struct(_)) => Err(expected("string", &WireValue::Struct(Vec::new())).into()),
        Err(other) => Err(expected("string", &other).into()),
    }
}

/// Typed parameters in the order of the table, without the session. Defaults are filled in by position; extra ones
/// are ignored where the message has defaults. Errors: MESSAGE_PARAMETER_COUNT_MISMATCH, INTERNAL_ERROR.
pub fn params(method: &Method, values: Vec<WireValue>) -> Result<Vec<Value>, ApiError> {
    check_count(method, values.len() as i64)?;
    let mut given = values.into_iter();
    let mut typed = Vec::with_capacity(method.message.params.len());
    for param in method.message.params {
        typed.push(match given.next() {
            Some(value) => from_wire(param.ty, value)?,
            None => default_of(param)?,
        });
    }
    Ok(typed)
}

/// `expected` is the number of parameters without a default; more may come only where there are defaults.
fn check_count(method: &Method, received: i64) -> Result<(), ApiError> {
    let Message { params, .. } = method.message;
    let required = params.iter().filter(|p| p.default.is_none()).count() as i64;
    let open_ended = required < params.len() as i64;
    if received == required || (open_ended && received > required) {
        return Ok(());
    }
    let name = format!("{}.{}", method.class.name(), method.message.name);
    Err(ApiError::new(
        "MESSAGE_PARAMETER_COUNT_MISMATCH",
        [name, required.to_string(), received.to_string()],
    ))
}

fn default_of(param: &Param) -> Result<Value, TypeError> {
    match &param.default {
        Some(default) => Ok(default.to_value()),
        None => Err(TypeError::Table {
            kind: "default of parameter",
            name: param.name,
        }),
    }
}

/// One value of a known type. Records get the members that were given, in their order, without unknown ones: missing
/// fields are the caller's (it knows which have defaults). Doubled map keys and set members are kept.
pub fn from_wire(ty: Type, value: WireValue) -> Result<Value, TypeError> {
    match ty {
        Type::String => text_of(value).map(Value::from).map_err(|v| expected("string", &v)),
        Type::Secret => text_of(value).map(Value::from).map_err(|_| TypeError::Expected {
            expected: "string",
            got: "a secret".to_owned(),
        }),
        Type::Ref(_) => text_of(value)
            .map(|t| Value::Ref(Ref::new(t)))
            .map_err(|v| expected("string", &v)),
        Type::Int => int(value).map(Value::Int),
        Type::Float => float(value).map(Value::Float),
        Type::Bool => match value {
            WireValue::Bool(flag) => Ok(Value::Bool(flag)),
            other => Err(expected("bool", &other)),
        },
        Type::DateTime => match value {
            WireValue::DateTime(text) | WireValue::Text(text) => date(&text).map(Value::DateTime),
            _ => Err(TypeError::DateKind),
        },
        Type::Enum(name) => enum_value(name, &text_of(value).map_err(|_| TypeError::Enum)?),
        Type::Set(of) => match value {
            WireValue::Array(items) => items
                .into_iter()
                .map(|item| from_wire(*of, item))
                .collect::<Result<_, _>>()
                .map(Value::Set),
            other => Err(container("Enum", &other)),
        },
        Type::Map(key, of) => match value {
            WireValue::Struct(members) => members
                .into_iter()
                .map(|(k, v)| Ok((from_wire(*key, WireValue::Text(k))?, from_wire(*of, v)?)))
                .collect::<Result<_, TypeError>>()
                .map(Value::Map),
            other => Err(container("Dict", &other)),
        },
        Type::Record(class) => record(class, value),
        Type::Option(of) => match value {
            WireValue::Nil => Ok(Value::Void),
            given => from_wire(*of, given),
        },
        Type::Void => match value {
            WireValue::Text(text) if text.is_empty() => Ok(Value::Void),
            other => Err(expected("unit", &other)),
        },
    }
}

/// A value of an unknown type, by the look of the wire alone: structs become records, dates that cannot be read and
/// base64 become text. For clients that print what they got.
pub fn untyped(value: WireValue) -> Value {
    match value {
        WireValue::Text(text) | WireValue::Base64(text) => Value::from(text),
        WireValue::Int(int) => Value::Int(int),
        WireValue::Float(float) => Value::Float(float),
        WireValue::Bool(flag) => Value::Bool(flag),
        WireValue::DateTime(text) => date(&text).map_or_else(|_| Value::text(&text), Value::DateTime),
        WireValue::Nil => Value::Void,
        WireValue::Array(items) => Value::set(items.into_iter().map(untyped)),
        WireValue::Struct(members) => Value::record(members.into_iter().map(|(n, v)| (n, untyped(v)))),
    }
}

/// The wire form of a date: `20260821T02:00:23Z`, `...+02:00`, or no zone.
pub(crate) fn date_text(time: DateTime) -> String {
    time.to_string()
}

/// A map's key as a struct member's name. Keys are strings, enums, refs or ints; of others there are none.
pub(crate) fn key_text(key: &Value) -> Cow<'_, str> {
    match key {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Ref(reference) => Cow::Borrowed(reference.as_str()),
        Value::Int(int) => Cow::Owned(int.to_string()),
        Value::Float(float) => Cow::Owned(crate::number::xml_float(*float)),
        Value::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Value::DateTime(time) => Cow::Owned(date_text(*time)),
        Value::Void | Value::Set(_) | Value::Map(_) | Value::Record(_) => Cow::Borrowed(""),
    }
}

fn expected(expected: &'static str, got: &WireValue) -> TypeError {
    TypeError::Expected {
        expected,
        got: show(got),
    }
}

fn container(expected: &'static str, got: &WireValue) -> TypeError {
    TypeError::Container {
        expected,
        got: show(got),
    }
}

fn text_of(value: WireValue) -> Result<String, WireValue> {
    if let WireValue::Text(text) = value {
        Ok(text)
    } else {
        Err(value)
    }
}

fn int(value: WireValue) -> Result<i64, TypeError> {
    if let WireValue::Int(int) = value {
        return Ok(int);
    }
    let text = text_of(value).map_err(|v| expected("int64", &v))?;
    parse_int(&text).ok_or(TypeError::IntText)
}

fn float(value: WireValue) -> Result<f64, TypeError> {
    match value {
        WireValue::Float(float) => return Ok(float),
        WireValue::Int(int) => return Ok(int as f64),
        _ => {}
    }
    let text = text_of(value).map_err(|v| expected("float", &v))?;
    parse_float(&text).ok_or(TypeError::FloatText)
}

/// As the datamodel reads dates; also an offset without a colon (`+0200`). No zone means UTC.
fn date(text: &str) -> Result<DateTime, TypeError> {
    let mut time = DateTime::parse(text)
        .or_else(|| DateTime::parse(&with_colon(text)?))
        .ok_or_else(|| TypeError::DateText(text.to_owned()))?;
    if time.zone == Zone::Local {
        time.zone = Zone::Utc;
    }
    Ok(time)
}

fn with_colon(text: &str) -> Option<String> {
    let (rest, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let offset = rest.get(rest.len().checked_sub(3)?..)?;
    offset.starts_with(['+', '-']).then(|| format!("{rest}:{minutes}"))
}

fn enum_value(name: &'static str, text: &str) -> Result<Value, TypeError> {
    let enumeration = xenith_datamodel::enumeration(name).ok_or(TypeError::Table {
        kind: "enumeration",
        name,
    })?;
    enum_case(enumeration, text).map(Value::text).ok_or(TypeError::Enum)
}

fn enum_case(enumeration: &Enumeration, text: &str) -> Option<&'static str> {
    if let Some(exact) = enumeration.values.iter().find(|v| **v == text) {
        return Some(exact);
    }
    if EXACT_CASE.contains(&enumeration.name) {
        return None;
    }
    enumeration
        .values
        .iter()
        .find(|v| v.eq_ignore_ascii_case(text))
        .copied()
}

fn record(class: &'static str, value: WireValue) -> Result<Value, TypeError> {
    let WireValue::Struct(members) = value else {
        return Err(TypeError::Record);
    };
    if class == ANY_CLASS {
        return Ok(untyped(WireValue::Struct(members)));
    }
    let id = xenith_datamodel::class(class).ok_or(TypeError::Table {
        kind: "class",
        name: class,
    })?;
    let mut fields: Vec<(Arc<str>, Value)> = Vec::with_capacity(members.len());
    for (name, member) in members {
        if let Some(column) = id.column(&name) {
            fields.push((Arc::from(name), from_wire(column.desc().ty, member)?));
        }
    }
    Ok(Value::Record(fields.into()))
}
