//! One RPC body to a call, and its reply to a body. The only place that knows which codec serves which path.

use actix_web::http::header::HeaderValue;
use xenith_wire::{Call, Reply, WireValue, jsonrpc, xmlrpc};

/// The codec a request came in by, with what its reply needs.
pub(crate) enum Envelope {
    Xml,
    Json(jsonrpc::Version, jsonrpc::Id),
}
