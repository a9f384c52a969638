//! Replays the recorded exchanges (tests/facts/golden) as far as they are about the encoding: a request is decoded or
//! refused as xapi did; a reply, decoded and encoded again, gives the recorded bytes.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use serde_json::Value as Json;
use xenith_datamodel::Value;
use xenith_wire::jsonrpc::{self, JsonEnvelope, JsonId, JsonVersion};
use xenith_wire::{Reply, typed, xmlrpc};

/// Requests that decode but that xapi answers with HTTP 500 for reasons beyond the encoding: `system.isAlive` is broken
/// in it, the others break limits of HTTP.
const REFUSED_LATER: [&str; 4] = [
    "dispatch.system_isalive",
    "dispatch.body_310k",
    "dispatch.body_310k_json",
    "encoding.envelope_no_length",
];

/// Replies of xapi that are no XML: a member name with a raw `<` (ours are escaped, see `xmlrpc`) and U+FFFE.
const UNREADABLE: [&str; 2] = ["encoding.map_in_name_entities", "encoding.str_surrogate_noncharacter"];

struct Exchange {
    id: String,
    json_path: bool,
    request: Option<Vec<u8>>,
    status: u64,
    response: String,
    whole: bool,
}

fn exchanges() -> Vec<Exchange> {
    let mut all = Vec::new();
    for file in ["encoding", "dispatch"] {
        let path = format!("{}/../../tests/facts/golden/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let cases: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for case in &cases {
            let then = case["then"].as_array().into_iter().flatten();
            for step in std::iter::once(case).chain(then) {
                all.push(exchange(
                    case["id"].as_str().unwrap(),
                    &step["request"],
                    &step["response"],
                ));
            }
        }
    }
    all
}

fn exchange(id: &str, request: &Json, response: &Json) -> Exchange {
    let posted = request.get("raw").is_none() && request.get("method").is_none();
    let body = match (
        request["body"].as_str(),
        request["body_latin1"].as_str(),
        request["body_hex"].as_str(),
    ) {
        (Some(text), _, _) => Some(filled(text).into_bytes()),
        (_, Some(latin1), _) => Some(latin1.chars().map(|c| c as u8).collect()),
        (_, _, Some(hex)) => Some(
            (0..hex.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                .collect(),
        ),
        _ => None,
    };
    Exchange {
        id: id.to_owned(),
        json_path: request["path"].as_str().is_some_and(|p| p.starts_with("/jsonrpc")),
        request: body.filter(|_| posted),
        status: response["http_status"].as_u64().unwrap_or(200),
        response: filled(response["body"].as_str().unwrap_or_default()),
        whole: response.get("body_truncated_of").is_none(),
    }
}

/// Placeholders get a text that fits their place.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) = rest.split_once("${").and_then(|(b, a)| Some((b, a.split_once('}')?))) {
        out.push_str(before);
        out.push_str(if name.starts_with("date") {
            "20260821T02:00:23Z"
        } else {
            "OpaqueRef:x"
        });
        rest = after;
    }
    out + rest
}

#[test]
fn requests_are_taken_or_refused_as_by_xapi() {
    let mut seen = 0;
    for exchange in exchanges() {
        let Some(request) = &exchange.request else {
            continue;
        };
        if ![200, 500].contains(&exchange.status) || REFUSED_LATER.contains(&exchange.id.as_str()) {
            continue;
        }
        let refused = if exchange.json_path {
            jsonrpc::decode_call(request).err().map(|e| e.to_string())
        } else {
            xmlrpc::decode_call(request).err().map(|e| e.to_string())
        };
        let not_utf8 = exchange.id == "dispatch.jsonbody_invalid_utf8";
        assert_eq!(
            refused.is_some(),
            exchange.status == 500 || not_utf8,
            "{}: {refused:?}",
            exchange.id
        );
        seen += 1;
    }
    assert!(seen > 500, "only {seen} requests were replayed");
}

#[test]
fn replies_are_encoded_as_by_xapi() {
    let (mut xml, mut json) = (0, 0);
    for exchange in exchanges() {
        let skip = UNREADABLE.contains(&exchange.id.as_str()) && !exchange.json_path;
        if exchange.status != 200 || !exchange.whole || skip {
            continue;
        }
        if exchange.response.starts_with("<?xml") {
            let reply = xmlrpc::decode_reply(exchange.response.as_bytes()).unwrap();
            let again = xmlrpc::encode_reply(&Reply::from(reply.map(typed::untyped)));
            assert_eq!(
                with_lf(&String::from_utf8(again).unwrap()),
                with_lf(&exchange.response),
                "{}",
                exchange.id
            );
            xml += 1;
        } else if exchange.response.starts_with("{\"jsonrpc") && exchange.request.is_some() {
            let Ok(call) = jsonrpc::decode_call(exchange.request.as_deref().unwrap()) else {
                continue;
            };
            let reply = jsonrpc::decode_reply(exchange.response.as_bytes()).unwrap();
            let again = jsonrpc::encode_reply(&call.envelope, &Reply::from(reply.map(typed::untyped)));
            assert_eq!(String::from_utf8(again).unwrap(), exchange.response, "{}", exchange.id);
            json += 1;
        }
    }
    assert!(xml > 300 && json > 150, "only {xml} and {json} replies were compared");
}

/// A reader of XML turns CR into LF, so a decoded reply no longer knows which it was.
fn with_lf(text: &str) -> String {
    text.replace('\r', "\n")
}

/// Parameters that xapi refuses by their number or type are refused with the same error, and no others.
#[test]
fn parameters_are_typed_as_by_xapi() {
    /// Texts that differ: base64 is not decoded, a date's error is one whatever is wrong with it, and an object in the
    /// session's place is not shown.
    const OTHER_TEXT: [&str; 5] = [
        "xmlstr_base64_for_string",
        "date_in_tag_frac",
        "date_in_month13",
        "date_in_feb30",
        "json2_params_object",
    ];
    let (mut refused, mut taken) = (0, 0);
    for exchange in exchanges().into_iter().filter(|e| e.status == 200 && e.whole) {
        let Some(request) = &exchange.request else {
            continue;
        };
        let (call, reply) = if exchange.json_path {
            let Ok(call) = jsonrpc::decode_call(request) else {
                continue;
            };
            (
                (call.method, call.params),
                jsonrpc::decode_reply(exchange.response.as_bytes()),
            )
        } else {
            (
                xmlrpc::decode_call(request).unwrap(),
                xmlrpc::decode_reply(exchange.response.as_bytes()),
            )
        };
        let (Some(method), Ok(reply)) = (xenith_datamodel::method(&call.0), reply) else {
            continue;
        };
        let typed = typed::arguments(&method, call.1).and_then(|a| typed::params(&method, a.values));
        match reply.err().filter(of_the_parameters) {
            Some(error) if OTHER_TEXT.iter().any(|id| exchange.id.ends_with(id)) => {
                assert_eq!(typed.unwrap_err().code, error.code, "{}", exchange.id);
            }
            Some(error) => {
                assert_eq!(typed.unwrap_err(), error, "{}", exchange.id);
                refused += 1;
            }
            None => {
                typed.unwrap_or_else(|e| panic!("{}: {e}", exchange.id));
                taken += 1;
            }
        }
    }
    assert!(refused > 60 && taken > 350, "only {refused} refusals and {taken} calls");
}

fn of_the_parameters(error: &xenith_datamodel::ApiError) -> bool {
    let text = error.params.first().map_or("", String::as_str);
    let typing = [
        "Expect",
        "Int64.of_string",
        "float_of_string",
        "Unknown tag",
        "bad __structure",
        "Date.",
        "Scanf",
    ];
    error.code == "MESSAGE_PARAMETER_COUNT_MISMATCH"
        || (error.code == "INTERNAL_ERROR" && typing.iter().any(|t| text.contains(t)))
}

#[test]
fn list_methods_has_no_envelope_and_valid_ref_counts_are_tagged() {
    let bare = xmlrpc::encode_reply(&Reply::Bare(Value::set([Value::text("a.b")])));
    assert_eq!(
        String::from_utf8(bare).unwrap(),
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><array><data><value>a.b</value></data></array>\
         </value></param></params></methodResponse>"
    );
    let counts = Value::map([(Value::text("vm"), Value::Int(2))]);
    let events = Value::record([
        ("valid_ref_counts", counts),
        ("token", Value::text("t")),
        ("n", Value::Int(3)),
    ]);
    assert_eq!(
        xmlrpc::encode_value(&events),
        "<value><struct><member><name>valid_ref_counts</name><value><struct><member><name>vm</name>\
         <value><i4>2</i4></value></member></struct></value></member><member><name>token</name><value>t</value>\
         </member><member><name>n</name><value>3</value></member></struct></value>"
    );
}

#[test]
fn member_names_cannot_add_members() {
    let key = "a</name><value>x</value></member><member><name>admin";
    let map = Value::map([(Value::text(key), Value::text("<v>"))]);
    let reply = xmlrpc::decode_reply(&xmlrpc::encode_reply(&Reply::Success(map.clone())))
        .unwrap()
        .unwrap();
    assert_eq!(
        reply,
        xenith_wire::WireValue::Struct(vec![(key.to_owned(), xenith_wire::WireValue::Text("<v>".into()))])
    );
}

#[test]
fn json_forms_of_both_versions() {
    let envelope = |version, id| JsonEnvelope { version, id };
    let show = |envelope: &JsonEnvelope, reply| String::from_utf8(jsonrpc::encode_reply(envelope, &reply)).unwrap();
    let error = || xenith_datamodel::ApiError::new("HANDLE_INVALID", ["VM", "x"]);
    let v1 = envelope(JsonVersion::V1, JsonId::Int(7));
    let v2 = envelope(JsonVersion::V2, JsonId::Text("q".into()));
    assert_eq!(
        show(&v1, Reply::Success(Value::Void)),
        r#"{"result":"","error":null,"id":7}"#
    );
    assert_eq!(
        show(&v1, Reply::Failure(error())),
        r#"{"result":null,"error":["HANDLE_INVALID","VM","x"],"id":7}"#
    );
    assert_eq!(
        show(&v2, Reply::Success(Value::Float(2.0))),
        r#"{"jsonrpc":"2.0","result":2.0,"id":"q"}"#
    );
    assert_eq!(
        show(&v2, Reply::Failure(error())),
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"HANDLE_INVALID","data":["VM","x"]},"id":"q"}"#
    );
    assert_eq!(
        String::from_utf8(jsonrpc::encode_raw_failure(&error())).unwrap(),
        r#"{"jsonrpc":"2.0","error":["HANDLE_INVALID","VM","x"],"id":0}"#
    );
}
