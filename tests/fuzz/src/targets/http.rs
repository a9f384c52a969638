//! Method, path, headers and body of a request, as the edge takes them apart.

use super::{Target, seeds_of};
use crate::Seen;
use async_trait::async_trait;
use std::sync::Arc;
use xenith_datamodel::{ApiError, Value};
use xenith_server::fuzz::Edge;
use xenith_wire::{
    Call, Credentials, Dispatch, Download, HandlerRefusal, HandlerRequest, InUse, Reply, ThumbprintDigest,
};

/// A line `METHOD TARGET`, lines `name: value`, an empty line, the body.
pub const REQUEST: Target = Target {
    name: "http",
    home: "api/server",
    words: &[
        "GET ",
        "POST ",
        "PUT ",
        "OPTIONS ",
        "HEAD ",
        "CONNECT ",
        "/",
        "//",
        "/RPC2",
        "/json",
        "/jsonrpc",
        "/xmlrpc",
        "/healthz",
        "/metrics",
        "/export",
        "/import",
        "/console",
        "/audit_log",
        "/rrd_updates",
        "/host_backup",
        "/remotecmd",
        "?",
        "&",
        "%",
        "%2e",
        "+",
        "session_id=OpaqueRef:x",
        "pool_secret=x",
        "since=2026-08-21",
        "uuid=x",
        "\n",
        "cookie: ",
        "authorization: Basic cm9vdDp4",
        "authorization: Bearer x",
        "content-length: 5",
        "content-length: -1",
        "transfer-encoding: chunked",
        "accept-encoding: gzip",
        "accept-encoding: gzip;q=0, *",
        "origin: x",
        "task-id: x",
        "access-control-request-headers: x",
        "x-http-other-config-a: b",
        "x-xenapi-request-host-certificate-thumbprint: sha-256:master",
        "range: bytes=0-1",
        "connection: close",
        "; ",
        "=",
        "\r",
        "<methodCall><methodName>a</methodName></methodCall>",
    ],
    pairs: &[("?", "&"), ("\n", ": x\n"), ("\n\n", "")],
    seeds,
    run,
};

fn seeds() -> Vec<Vec<u8>> {
    let call = "<methodCall><methodName>a</methodName><params><param><value>x</value></param></params></methodCall>";
    let mut seeds = seeds_of(&[
        "GET /healthz\n\n",
        "GET /audit_log?session_id=OpaqueRef:x&since=2026\n\n",
        "PUT /import\ncookie: session_id=x; a=b\nauthorization: Basic cm9vdDp4\n\n",
        "OPTIONS /jsonrpc\naccess-control-request-headers: x\n\n",
        "POST /jsonrpc\ncontent-length: 36\n\n{\"method\":\"a\",\"id\":1,\"params\":[\"x\"]}",
    ]);
    seeds.push(
        format!(
            "POST /\ncontent-length: {}\ntask-id: x\naccept-encoding: gzip\n\n{call}",
            call.len()
        )
        .into_bytes(),
    );
    seeds
}

thread_local! {
    static EDGE: Edge = Edge::new(Arc::new(Toolstack)).unwrap_or_else(|error| panic!("{error}"));
}

fn run(input: &[u8], seen: &mut Seen) {
    match EDGE.with(|edge| edge.answer(input)) {
        None => seen.mark("no request"),
        Some(answer) => {
            assert!(answer.body.is_ok(), "a body ended in {:?}", answer.body);
            seen.mark_at(&answer.content_type, usize::from(answer.status));
            // Pages begin alike; what they say stands behind the heading.
            if let Ok(body) = answer.body {
                let text = body.split_once("</h1>").map_or(&body[..], |(_, text)| text);
                seen.mark(&super::kind_of(&text));
            }
        }
    }
}

/// Says in its replies what it was asked.
struct Toolstack;

#[async_trait]
impl Dispatch for Toolstack {
    async fn call(&self, call: Call) -> Reply {
        match call.params.len() {
            0 => Reply::Failure(ApiError::plain("CODE")),
            1 => Reply::Success(Value::text("x")),
            _ => Reply::Success(Value::text("long ".repeat(1000))),
        }
    }

    async fn authorise(&self, request: HandlerRequest) -> Result<InUse, HandlerRefusal> {
        match request.credentials {
            Credentials::Session(_) => Ok(Arc::new(|| ())),
            Credentials::Nothing => Err(HandlerRefusal::Unauthorised),
            Credentials::PoolSecret(_) => Err(HandlerRefusal::Failed(ApiError::plain("SECRET"))),
            Credentials::Basic { .. } => Err(HandlerRefusal::Forbidden(ApiError::new(
                "BASIC",
                [request.handler.name],
            ))),
        }
    }

    async fn audit_log(&self, since: &str) -> Result<Download, ApiError> {
        match since {
            "" => Ok(Box::new(std::iter::once(Ok(b"line".to_vec())))),
            _ => Err(ApiError::plain("SINCE")),
        }
    }

    fn is_https_only(&self) -> bool {
        false
    }

    fn thumbprint(&self, _address: &str, _digest: ThumbprintDigest) -> Option<String> {
        Some("AA:BB".to_owned())
    }

    fn health(&self) -> Result<String, String> {
        Ok("fine".to_owned())
    }

    fn metrics(&self) -> String {
        "m 1\n".to_owned()
    }

    async fn admin(&self, _path: &str, _body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        panic!("a request over TCP reached the admin door")
    }
}
