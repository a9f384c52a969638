//! JSON-RPC 1.0 and 2.0 at `/jsonrpc` (semantics.md §3). No notifications, no batches.

use crate::{DecodeError, Reply, WireValue, json};
use std::borrow::Cow;
use std::io::Write;
use xenith_datamodel::{ApiError, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonVersion {
    V1,
    V2,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonId {
    Int(i64),
    Text(String),
}

/// What a reply needs to know of its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonEnvelope {
    pub version: JsonVersion,
    pub id: JsonId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct JsonCall {
    pub envelope: JsonEnvelope,
    pub method: String,
    pub params: Vec<WireValue>,
}

/// A call. The last of doubled members counts; unknown ones are ignored. In 2.0 params may be absent, or one object,
/// which is passed on as a single struct.
pub fn decode_call(body: &[u8]) -> Result<JsonCall, DecodeError> {
    let call = json::parse(body)?;
    let version = match call.member("jsonrpc") {
        None => JsonVersion::V1,
        Some(WireValue::Text(text)) if text == "2.0" => JsonVersion::V2,
        Some(_) => return Err(malformed("an unknown version of JSON-RPC")),
    };
    let method = match call.member("method") {
        Some(WireValue::Text(method)) => method.clone(),
        Some(_) | None => return Err(malformed("no method")),
    };
    let id = match call.member("id") {
        Some(WireValue::Int(id)) => JsonId::Int(*id),
        Some(WireValue::Text(id)) => JsonId::Text(id.clone()),
        Some(_) | None => return Err(malformed("no id")),
    };
    let params = match (version, take_member(call, "params")) {
        (_, Some(WireValue::Array(params))) => params,
        (JsonVersion::V2, Some(object @ WireValue::Struct(_))) => vec![object],
        (JsonVersion::V2, None) => Vec::new(),
        (JsonVersion::V1, _) | (JsonVersion::V2, Some(_)) => return Err(malformed("no params")),
    };
    Ok(JsonCall {
        envelope: JsonEnvelope { version, id },
        method,
        params,
    })
}

pub fn encode_reply(envelope: &JsonEnvelope, reply: &Reply) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    match (envelope.version, reply) {
        (_, Reply::Success(value) | Reply::Bare(value)) => {
            out.extend_from_slice(open(envelope));
            json::write(&mut out, value);
            out.extend_from_slice(&close(envelope));
        }
        (_, Reply::Pieces(piece)) => {
            out.extend_from_slice(open(envelope));
            json::write_piece(&mut out, piece);
            out.extend_from_slice(&close(envelope));
        }
        (JsonVersion::V1, Reply::Failure(error)) => {
            out.extend_from_slice(b"{\"result\":null,\"error\":");
            write_error_array(&mut out, error);
            write_id(&mut out, &envelope.id);
        }
        (JsonVersion::V2, Reply::Failure(error)) => {
            out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":");
            json::write_string(&mut out, &error.code);
            out.extend_from_slice(b",\"data\":");
            json::write_list(&mut out, error.params.iter(), |out, param| {
                json::write_string(out, param)
            });
            out.push(b'}');
            write_id(&mut out, &envelope.id);
        }
    }
    out
}

/// What stands before the value of a reply that is no failure.
pub(crate) fn open(envelope: &JsonEnvelope) -> &'static [u8] {
    match envelope.version {
        JsonVersion::V1 => b"{\"result\":",
        JsonVersion::V2 => b"{\"jsonrpc\":\"2.0\",\"result\":",
    }
}

/// What stands after it.
pub(crate) fn close(envelope: &JsonEnvelope) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    if envelope.version == JsonVersion::V1 {
        out.extend_from_slice(b",\"error\":null");
    }
    write_id(&mut out, &envelope.id);
    out
}

fn write_id(out: &mut Vec<u8>, id: &JsonId) {
    out.extend_from_slice(b",\"id\":");
    match id {
        // Writing to a Vec cannot fail.
        JsonId::Int(id) => drop(write!(out, "{id}")),
        JsonId::Text(id) => json::write_string(out, id),
    }
    out.push(b'}');
}

/// The reply to a call that failed before it was understood (emergency mode, a body that is not UTF-8): 2.0 with the
/// raw error array and id 0.
pub fn encode_raw_failure(error: &ApiError) -> Vec<u8> {
    let mut out = b"{\"jsonrpc\":\"2.0\",\"error\":".to_vec();
    write_error_array(&mut out, error);
    out.extend_from_slice(b",\"id\":0}");
    out
}

/// The error that xapi answers on `/jsonrpc` for [`DecodeError::NotUtf8`].
pub fn not_utf8() -> ApiError {
    ApiError::invalid_value("Invalid UTF-8 string in parameter", "")
}

/// A 2.0 call.
pub fn encode_call(id: i64, method: &str, params: &[Value]) -> Vec<u8> {
    let mut out = b"{\"jsonrpc\":\"2.0\",\"method\":".to_vec();
    json::write_string(&mut out, method);
    out.extend_from_slice(b",\"params\":");
    json::write_list(&mut out, params.iter(), json::write);
    let _ = write!(out, ",\"id\":{id}}}");
    out
}

/// The result or error of a 2.0 reply, whatever its id: a connection carries one call at a time.
pub fn decode_reply(body: &[u8]) -> Result<Result<WireValue, ApiError>, DecodeError> {
    let reply = json::parse(body)?;
    match reply.member("error") {
        None | Some(WireValue::Nil) => take_member(reply, "result")
            .map(Ok)
            .ok_or_else(|| malformed("neither result nor error")),
        Some(error) => error_of_object(error)
            .or_else(|| error_of_array(error))
            .map(Err)
            .ok_or_else(|| malformed("an error of an unknown form")),
    }
}

/// `[code, params...]`.
pub(crate) fn error_of_array(value: &WireValue) -> Option<ApiError> {
    let mut texts = texts(value)?.into_iter();
    Some(ApiError {
        code: Cow::Owned(texts.next()?),
        params: texts.collect(),
    })
}

/// `{code: 1, message: CODE, data: [params]}`.
fn error_of_object(error: &WireValue) -> Option<ApiError> {
    let WireValue::Text(code) = error.member("message")? else {
        return None;
    };
    Some(ApiError {
        code: Cow::Owned(code.clone()),
        params: texts(error.member("data")?)?,
    })
}

fn texts(value: &WireValue) -> Option<Vec<String>> {
    let WireValue::Array(items) = value else {
        return None;
    };
    let text_of = |item: &WireValue| {
        if let WireValue::Text(text) = item {
            Some(text.clone())
        } else {
            None
        }
    };
    items.iter().map(text_of).collect()
}

fn take_member(value: WireValue, name: &str) -> Option<WireValue> {
    let WireValue::Struct(members) = value else {
        return None;
    };
    members.into_iter().rev().find(|(n, _)| n == name).map(|(_, v)| v)
}

fn write_error_array(out: &mut Vec<u8>, error: &ApiError) {
    let texts = std::iter::once(error.code.as_ref()).chain(error.params.iter().map(String::as_str));
    json::write_list(out, texts, json::write_string);
}

fn malformed(what: &'static str) -> DecodeError {
    DecodeError::Malformed { what, at: 0 }
}
