//! Fuzz targets. `cargo test` runs each with a bounded number of random inputs; `cargo bolero test` runs them for long.

use xenith_datamodel::Type;
use xenith_wire::{MAX_DEPTH, WireValue, jsonrpc, typed, xmlrpc};

/// Enough to reach every branch of the decoders from the seeds below, and done in about a second.
const ITERATIONS: usize = 20_000;

/// Bytes, or fragments, an input is made of: room for a call with several nested values.
const MAX_INPUT: usize = 256;

/// Fragments a random input is made of, so that it gets past the first byte.
const XML: [&str; 24] = [
    "<?xml version=\"1.0\"?>",
    "<methodCall><methodName>a.b</methodName><params><param><value>",
    "</value></param></params></methodCall>",
    "<methodResponse><params><param><value>",
    "</value></param></params></methodResponse>",
    "<value>",
    "</value>",
    "<array><data>",
    "</data></array>",
    "<struct><member><name>",
    "</name>",
    "</member></struct>",
    "<string>",
    "</string>",
    "<int>5</int>",
    "<double>1e5</double>",
    "<nil/>",
    "&lt;",
    "&#x41;",
    "&#0;",
    "<![CDATA[x]]>",
    "<!-- c -->",
    "<!DOCTYPE x [<!ENTITY a \"&a;&a;\">]>",
    "&a;",
];

const JSON: [&str; 20] = [
    "{\"jsonrpc\":\"2.0\",\"method\":\"a.b\",\"id\":1,\"params\":",
    "{\"result\":",
    "}",
    "{",
    "[",
    "]",
    ",",
    ":",
    "\"a\"",
    "\"",
    "\\u",
    "d83d",
    "\\ude00",
    "-1",
    "1.5e3",
    "NaN",
    "-Infinity",
    "null",
    "true",
    "99999999999999999999",
];

#[test]
fn xml_decoders_take_any_bytes() {
    bolero::check!()
        .with_iterations(ITERATIONS)
        .with_max_len(MAX_INPUT)
        .for_each(|input: &[u8]| {
            for body in [input.to_vec(), assembled(input, &XML), grown(input, &XML_SHAPE)] {
                if let Ok((_, params)) = xmlrpc::decode_call(&body) {
                    params.iter().for_each(|param| check(param, body.len()));
                }
                if let Ok(Ok(value)) = xmlrpc::decode_reply(&body) {
                    check(&value, body.len());
                }
            }
        });
}

#[test]
fn json_decoders_take_any_bytes() {
    bolero::check!()
        .with_iterations(ITERATIONS)
        .with_max_len(MAX_INPUT)
        .for_each(|input: &[u8]| {
            for body in [input.to_vec(), assembled(input, &JSON), grown(input, &JSON_SHAPE)] {
                if let Ok(call) = jsonrpc::decode_call(&body) {
                    call.params.iter().for_each(|param| check(param, body.len()));
                }
                if let Ok(Ok(value)) = jsonrpc::decode_reply(&body) {
                    check(&value, body.len());
                }
            }
        });
}

/// With Vec's doubling: at most 64 bytes for the two of input that the smallest value takes.
#[test]
fn values_are_small() {
    assert!(size_of::<WireValue>() <= 32);
}

#[test]
fn depth_is_bounded() {
    let deep = |n: usize| {
        let open = "<value><array><data>".repeat(n);
        let close = "</data></array></value>".repeat(n);
        let xml =
            format!("<methodCall><methodName>a</methodName><params><param>{open}{close}</param></params></methodCall>");
        let json = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1,\"params\":{}{}}}",
            "[".repeat(n),
            "]".repeat(n)
        );
        (
            xmlrpc::decode_call(xml.as_bytes()).is_ok(),
            jsonrpc::decode_call(json.as_bytes()).is_ok(),
        )
    };
    assert_eq!(deep(MAX_DEPTH - 1), (true, true));
    assert_eq!(deep(100_000), (false, false));
}

/// Each byte picks a fragment, or stands for itself.
fn assembled(input: &[u8], fragments: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    for &byte in input {
        match fragments.get(usize::from(byte) % (fragments.len() + 4)) {
            Some(fragment) => body.extend_from_slice(fragment.as_bytes()),
            None => body.push(byte),
        }
    }
    body
}

/// How a whole call is written, so that most of what grows from it is read to its end.
struct Shape {
    call: [&'static str; 2],
    array: [&'static str; 3],
    object: [&'static str; 4],
    leaves: [&'static str; 8],
}

const XML_SHAPE: Shape = Shape {
    call: [
        "<methodCall><methodName>a</methodName><params><param><value>",
        "</value></param></params></methodCall>",
    ],
    array: ["<array><data><value>", "</value><value>", "</value></data></array>"],
    object: [
        "<struct><member><name>a</name><value>",
        "</value></member><member><name>&lt;</name><value>",
        "</value></member>",
        "</struct>",
    ],
    leaves: [
        "<int>5</int>",
        "<string>x&amp;</string>",
        " y ",
        "<nil/>",
        "<boolean>1</boolean>",
        "<double>1e5</double>",
        "<dateTime.iso8601>20260821T02:00:23Z</dateTime.iso8601>",
        "<i8>0x7f</i8>",
    ],
};

const JSON_SHAPE: Shape = Shape {
    call: ["{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1,\"params\":[", "]}"],
    array: ["[", ",", "]"],
    object: ["{\"a\":", ",\"\\u0041\":", "", "}"],
    leaves: [
        "5",
        "\"x\\n\"",
        "\" y \"",
        "null",
        "true",
        "1e5",
        "\"20260821T02:00:23Z\"",
        "-0",
    ],
};

/// A call whose value is built as the bytes say; one byte in 32 is put in as it is, to break something.
fn grown(input: &[u8], shape: &Shape) -> Vec<u8> {
    let mut body = shape.call[0].as_bytes().to_vec();
    grow(&mut input.iter().copied(), shape, 0, &mut body);
    body.extend_from_slice(shape.call[1].as_bytes());
    body
}

fn grow(bytes: &mut impl Iterator<Item = u8>, shape: &Shape, depth: usize, body: &mut Vec<u8>) {
    let byte = bytes.next().unwrap_or(16);
    let parts: &[&str] = match byte % 32 {
        0 => return body.push(byte),
        1..=7 if depth < 8 => &shape.array,
        8..=15 if depth < 8 => &shape.object,
        leaf => return body.extend_from_slice(shape.leaves[usize::from(leaf % 8)].as_bytes()),
    };
    body.extend_from_slice(parts[0].as_bytes());
    grow(bytes, shape, depth + 1, body);
    body.extend_from_slice(parts[1].as_bytes());
    grow(bytes, shape, depth + 1, body);
    parts[2..]
        .iter()
        .for_each(|part| body.extend_from_slice(part.as_bytes()));
}

/// Most of what is grown must be readable, or the targets above would prove little.
#[test]
fn grown_calls_are_mostly_readable() {
    let inputs: Vec<Vec<u8>> = (0..250u8)
        .map(|i| {
            (0..40u32)
                .map(|k| i.wrapping_mul(31).wrapping_add((k * 37 % 251) as u8))
                .collect()
        })
        .collect();
    let readable = |input: &&Vec<u8>| {
        xmlrpc::decode_call(&grown(input, &XML_SHAPE)).is_ok()
            && jsonrpc::decode_call(&grown(input, &JSON_SHAPE)).is_ok()
    };
    assert!(inputs.iter().filter(readable).count() > 100);
}

/// A decoded value is no bigger than what it came from, and typing it never panics.
fn check(value: &WireValue, length: usize) {
    assert!(size(value) <= length, "{value:?} from {length} bytes");
    for ty in [
        Type::String,
        Type::Int,
        Type::Float,
        Type::DateTime,
        Type::Set(&Type::Int),
        Type::Record("<class>"),
    ] {
        let _ = typed::from_wire(ty, value.clone()).map_err(|e| e.to_string());
    }
}

fn size(value: &WireValue) -> usize {
    match value {
        WireValue::Text(text) | WireValue::DateTime(text) | WireValue::Base64(text) => text.len() + 1,
        WireValue::Int(_) | WireValue::Float(_) | WireValue::Bool(_) | WireValue::Nil => 1,
        WireValue::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        WireValue::Struct(members) => 1 + members.iter().map(|(name, v)| name.len() + size(v)).sum::<usize>(),
    }
}
