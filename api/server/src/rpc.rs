//! One RPC body to a call, and its reply to a body. The only place that knows which codec serves which path.

use actix_web::http::header::HeaderValue;
use std::error::Error;
use xenith_wire::jsonrpc::{self, JsonEnvelope};
use xenith_wire::{Chunks, DecodeError, Reply, WireValue, xmlrpc};

/// Chosen by the path alone: content types are not looked at, as xapi does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Xml,
    Json,
}

/// What the reply needs to know of the call.
pub(crate) enum Envelope {
    Xml,
    Json(JsonEnvelope),
}

pub(crate) struct Request {
    pub envelope: Envelope,
    pub method: String,
    pub params: Vec<WireValue>,
}

/// A body that is no call.
pub(crate) enum Refusal {
    /// HTTP 500 with this text.
    Page(String),
    /// An RPC reply of its own (`/jsonrpc` with bad UTF-8).
    Body(Vec<u8>),
}

pub(crate) const XML: HeaderValue = HeaderValue::from_static("text/xml");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) fn decode(codec: Codec, body: &[u8]) -> Result<Request, Refusal> {
    match codec {
        Codec::Xml => {
            let (method, params) = xmlrpc::decode_call(body).map_err(|error| Refusal::Page(chain(&error)))?;
            Ok(Request {
                envelope: Envelope::Xml,
                method,
                params,
            })
        }
        Codec::Json => match jsonrpc::decode_call(body) {
            Ok(call) => Ok(Request {
                envelope: Envelope::Json(call.envelope),
                method: call.method,
                params: call.params,
            }),
            Err(DecodeError::NotUtf8(_)) => Err(Refusal::Body(jsonrpc::encode_raw_failure(&jsonrpc::not_utf8()))),
            Err(error) => Err(Refusal::Page(chain(&error))),
        },
    }
}

/// The reply with its content type, encoded as it is sent.
pub(crate) fn chunks(envelope: &Envelope, reply: Reply) -> (HeaderValue, Chunks) {
    match envelope {
        Envelope::Xml => (XML, Chunks::xml(reply)),
        Envelope::Json(envelope) => (JSON, Chunks::json(envelope, reply)),
    }
}

pub(crate) fn encode(envelope: &Envelope, reply: &Reply) -> Vec<u8> {
    match envelope {
        Envelope::Xml => xmlrpc::encode_reply(reply),
        Envelope::Json(envelope) => jsonrpc::encode_reply(envelope, reply),
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
