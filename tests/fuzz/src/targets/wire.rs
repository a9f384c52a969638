//! The bodies of calls and replies, in both encodings.

use super::{Target, kind_of, seeds_of};
use crate::Seen;
use xenith_wire::{DecodeError, WireValue, jsonrpc, xmlrpc};

pub const XMLRPC: Target = Target {
    name: "xmlrpc",
    home: "api/wire",
    words: &[
        "<?xml version=\"1.0\"?>",
        "<methodName>a.b</methodName>",
        "<int>5</int>",
        "<i4>-5</i4>",
        "<i8>0x7f</i8>",
        "<double>1e5</double>",
        "<boolean>1</boolean>",
        "<dateTime.iso8601>20260821T02:00:23Z</dateTime.iso8601>",
        "<base64>AA==</base64>",
        "<nil/>",
        "<value/>",
        "<data/>",
        "<params/>",
        "&lt;",
        "&#x41;",
        "&#0;",
        "&#xD800;",
        "<![CDATA[x]]>",
        "<!-- c -->",
        "<!DOCTYPE x [<!ENTITY a \"&a;&a;\">]>",
        "&a;",
        "\u{fffe}",
        "\u{feff}",
        " a=\"b\"",
    ],
    pairs: &[
        ("<methodCall>", "</methodCall>"),
        ("<methodResponse>", "</methodResponse>"),
        ("<params>", "</params>"),
        ("<param>", "</param>"),
        ("<value>", "</value>"),
        ("<string>", "</string>"),
        ("<array><data>", "</data></array>"),
        ("<value><array><data>", "</data></array></value>"),
        ("<struct>", "</struct>"),
        ("<member><name>a</name>", "</member>"),
        ("<name>", "</name>"),
        ("<fault>", "</fault>"),
    ],
    seeds: xml_seeds,
    run: xml,
};

fn xml_seeds() -> Vec<Vec<u8>> {
    seeds_of(&[
        "<methodCall><methodName>a.b</methodName><params><param><value>x</value></param></params></methodCall>",
        "<methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name><value><array><data><value><int>5</int></value></data></array></value></member></struct></value></param></params></methodResponse>",
        "<methodResponse><params><param><value><struct><member><name>Status</name><value>Failure</value></member><member><name>ErrorDescription</name><value><array><data><value>CODE</value></data></array></value></member></struct></value></param></params></methodResponse>",
    ])
}

fn xml(input: &[u8], seen: &mut Seen) {
    match xmlrpc::decode_call(input) {
        Ok((method, params)) => {
            seen.mark(if method.is_empty() { "call without name" } else { "call" });
            looked_at("call", &params, input.len(), seen);
        }
        Err(error) => refused("call", &error, seen),
    }
    match xmlrpc::decode_reply(input) {
        Ok(Ok(value)) => looked_at("reply", &[value], input.len(), seen),
        Ok(Err(error)) => seen.mark_at("failure", error.params.len().min(4)),
        Err(error) => refused("reply", &error, seen),
    }
}

pub const JSONRPC: Target = Target {
    name: "jsonrpc",
    home: "api/wire",
    words: &[
        ",",
        ":",
        "\"a\"",
        "\"",
        "\\u",
        "d83d",
        "\\ude00",
        "\\u0000",
        "-1",
        "1.5e3",
        "NaN",
        "-Infinity",
        "Infinity",
        "null",
        "true",
        "false",
        "99999999999999999999",
        "\"method\":\"a.b\",",
        "\"id\":1,",
        "\"jsonrpc\":\"2.0\",",
        "\"params\":",
        "\"result\":",
        "\"error\":",
        "\"Status\":\"Success\",",
        "\"Value\":",
    ],
    pairs: &[("{", "}"), ("[", "]"), ("{\"a\":", "}"), ("\"", "\""), ("[[", "]]")],
    seeds: json_seeds,
    run: json,
};

fn json_seeds() -> Vec<Vec<u8>> {
    seeds_of(&[
        r#"{"jsonrpc":"2.0","method":"a.b","id":1,"params":["x",{"a":[1,1.5,null,true]}]}"#,
        r#"{"method":"a.b","id":"x","params":[]}"#,
        r#"{"jsonrpc":"2.0","result":[1],"id":1}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"CODE","data":["x"]},"id":1}"#,
        r#"{"result":{"Status":"Success","Value":1},"error":null,"id":1}"#,
        r#"{"result":{"Status":"Failure","ErrorDescription":["CODE","x"]},"id":1}"#,
    ])
}

fn json(input: &[u8], seen: &mut Seen) {
    match jsonrpc::decode_call(input) {
        Ok(call) => {
            seen.mark(match call.envelope.version {
                jsonrpc::JsonVersion::V1 => "call of 1.0",
                jsonrpc::JsonVersion::V2 => "call of 2.0",
            });
            looked_at("call", &call.params, input.len(), seen);
        }
        Err(error) => refused("call", &error, seen),
    }
    match jsonrpc::decode_reply(input) {
        Ok(Ok(value)) => looked_at("reply", &[value], input.len(), seen),
        Ok(Err(error)) => seen.mark_at("failure", error.params.len().min(4)),
        Err(error) => refused("reply", &error, seen),
    }
}

fn refused(what: &str, error: &DecodeError, seen: &mut Seen) {
    let mut word = format!("{what}: {}", kind_of(error));
    if let DecodeError::Xml(cause) = error {
        word.push_str(&kind_of(cause));
    }
    seen.mark(&word);
}

/// What was read is no bigger than what it came from, and every kind of value in every depth is something new.
fn looked_at(what: &str, values: &[WireValue], length: usize, seen: &mut Seen) {
    seen.mark_at(what, values.len().min(8));
    let size: usize = values.iter().map(|value| size(value, 0, seen)).sum();
    assert!(size <= length, "a value of size {size} out of {length} bytes");
}

fn size(value: &WireValue, depth: usize, seen: &mut Seen) -> usize {
    let (kind, size) = match value {
        WireValue::Text(text) => ("text", text.len() + 1),
        WireValue::DateTime(text) => ("date", text.len() + 1),
        WireValue::Base64(text) => ("base64", text.len() + 1),
        WireValue::Int(_) => ("int", 1),
        WireValue::Float(_) => ("float", 1),
        WireValue::Bool(_) => ("bool", 1),
        WireValue::Nil => ("nil", 1),
        WireValue::Array(items) => (
            "array",
            1 + items
                .iter()
                .map(|item| self::size(item, depth + 1, seen))
                .sum::<usize>(),
        ),
        WireValue::Struct(members) => {
            let inner = members
                .iter()
                .map(|(name, item)| name.len() + self::size(item, depth + 1, seen));
            ("struct", 1 + inner.sum::<usize>())
        }
    };
    seen.mark_at(kind, depth.min(6));
    size
}
