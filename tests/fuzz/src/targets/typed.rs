//! From a value on the wire to a value of the datamodel, for the type of every field and parameter there is.

use super::{Target, no_seeds};
use crate::Seen;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use xenith_datamodel::{Type, Value, all_classes};
use xenith_wire::typed::{self, TypeError};
use xenith_wire::{WireValue, jsonrpc, xmlrpc};

/// Two bytes choose the type, the next one the encoding; the rest is the value.
pub const TYPED: Target = Target {
    name: "typed",
    home: "api/wire",
    words: &[
        "<int>5</int>",
        "<boolean>1</boolean>",
        "<nil/>",
        "<double>nan</double>",
        "<double>1e300</double>",
        "5",
        "-7",
        "1.5",
        "0x1f",
        "0b11",
        "0o7",
        "1_000",
        "0u12",
        "inf",
        "-nan",
        "true",
        "20260821T02:00:23Z",
        "2026-08-21T02:00:23+0200",
        "19700101T00:00:60",
        "<dateTime.iso8601>20260821T02:00:23Z</dateTime.iso8601>",
        "Running",
        "halted",
        "OpaqueRef:NULL",
        "uuid",
        "name_label",
        "other_config",
        "power_state",
        "memory_dynamic_max",
        "&lt;",
        "1e5",
    ],
    pairs: &[
        ("<value>", "</value>"),
        ("<array><data><value>", "</value></data></array>"),
        ("<struct><member><name>uuid</name><value>", "</value></member></struct>"),
        ("<member><name>5</name><value>", "</value></member>"),
        ("<string>", "</string>"),
        ("[", "]"),
        ("{\"5\":", "}"),
        ("{\"uuid\":", "}"),
        ("\"", "\""),
    ],
    seeds: no_seeds,
    run,
};

/// Each kind of type once, by what it is written as.
static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| {
    let mut types = BTreeMap::new();
    for class in all_classes() {
        for column in class.columns() {
            types.insert(format!("{:?}", column.desc().ty), column.desc().ty);
        }
        for message in class.messages() {
            for ty in message.params.iter().map(|param| param.ty).chain([message.result]) {
                types.insert(format!("{ty:?}"), ty);
            }
        }
    }
    types.into_values().collect()
});

fn run(input: &[u8], seen: &mut Seen) {
    let Some(([a, b, encoding], text)) = input.split_first_chunk() else {
        return;
    };
    let index = usize::from(u16::from_le_bytes([*a, *b])) % TYPES.len();
    let ty = TYPES[index];
    let Some(value) = decoded(*encoding, text) else {
        return seen.mark("no value");
    };
    let is_finite = !has_nan(&value);
    match typed::from_wire(ty, value) {
        Ok(value) => {
            seen.mark_at("typed", index);
            if is_finite && !(matches!(ty, Type::Option(_)) && value == Value::Void) {
                comes_back(ty, &value);
            }
        }
        Err(error) => seen.mark_at(kind_of(&error), shape(ty)),
    }
}

fn decoded(encoding: u8, text: &[u8]) -> Option<WireValue> {
    let around = |open: &str, close: &str| [open.as_bytes(), text, close.as_bytes()].concat();
    let params = if encoding.is_multiple_of(2) {
        const OPEN: &str = "<methodCall><methodName>a</methodName><params><param><value>";
        xmlrpc::decode_call(&around(OPEN, "</value></param></params></methodCall>"))
            .ok()?
            .1
    } else {
        const OPEN: &str = "{\"method\":\"a\",\"id\":1,\"params\":[";
        jsonrpc::decode_call(&around(OPEN, "]}")).ok()?.params
    };
    params.into_iter().next()
}

/// NaN is not equal to itself.
fn has_nan(value: &WireValue) -> bool {
    match value {
        WireValue::Float(float) => float.is_nan(),
        WireValue::Text(text) => text.to_ascii_lowercase().contains("nan"),
        WireValue::Array(items) => items.iter().any(has_nan),
        WireValue::Struct(members) => members
            .iter()
            .any(|(name, value)| name.to_ascii_lowercase().contains("nan") || has_nan(value)),
        WireValue::Int(_) | WireValue::Bool(_) | WireValue::DateTime(_) | WireValue::Nil | WireValue::Base64(_) => {
            false
        }
    }
}

/// What was typed is written and read again as the same value: JSON can say every one but an absent option, which is written as the
/// empty text that xapi writes for nothing.
fn comes_back(ty: Type, value: &Value) {
    let written = jsonrpc::encode_call(1, "a", std::slice::from_ref(value));
    let read = jsonrpc::decode_call(&written).map(|call| call.params);
    let again = read
        .ok()
        .and_then(|params| params.into_iter().next())
        .map(|param| typed::from_wire(ty, param));
    match again {
        Some(Ok(again)) => assert_eq!(&again, value, "{ty:?}"),
        other => panic!(
            "{ty:?} {value:?} was written as {} and read as {other:?}",
            String::from_utf8_lossy(&written)
        ),
    }
}

fn kind_of(error: &TypeError) -> &'static str {
    match error {
        TypeError::Expected { expected, .. } | TypeError::Container { expected, .. } => expected,
        TypeError::IntText => "int text",
        TypeError::FloatText => "float text",
        TypeError::Enum => "enum",
        TypeError::DateKind => "date kind",
        TypeError::DateText(_) => "date text",
        TypeError::Record => "record",
        TypeError::Table { kind, name } => panic!("the tables name a {kind} {name} that they do not have"),
    }
}

fn shape(ty: Type) -> usize {
    match ty {
        Type::String => 0,
        Type::Secret => 1,
        Type::Int => 2,
        Type::Float => 3,
        Type::Bool => 4,
        Type::DateTime => 5,
        Type::Enum(_) => 6,
        Type::Ref(_) => 7,
        Type::Set(_) => 8,
        Type::Map(..) => 9,
        Type::Record(_) => 10,
        Type::Option(_) => 11,
        Type::Void => 12,
    }
}
