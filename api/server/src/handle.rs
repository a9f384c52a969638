//! One HTTP request: what it asks for, its body within the limits, the call, the reply.
//!
//! There is one route on purpose: XenAPI answers every unknown POST path as XML-RPC, so paths are told apart by hand.

use crate::budget::TooBusy;
use crate::fair::{self, Source};
use crate::limits::Limits;
use crate::reply::{Prepared, Sending};
use crate::rpc::{self, Codec, Envelope, Refusal, Request};
use crate::serve::{LastCall, ServerConfig, Socket};
use crate::turns::in_turn;
use crate::{compress, handlers, pages};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use actix_web::web::{Bytes, BytesMut, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures::StreamExt as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use tracing::debug;
use xenith_datamodel::{ApiError, http_handler};
use xenith_wire::{Call, Origin, Reply, SharedDispatch, ThumbprintDigest};

/// What every worker shares.
pub(crate) struct Shared {
    pub dispatch: SharedDispatch,
    pub limits: Limits,
    /// See [`crate::ServerConfig::https_only`].
    pub https_only: bool,
    /// There is a port with TLS to turn to.
    pub has_tls: bool,
    pub sending: Sending,
}

impl Shared {
    pub(crate) fn new(config: &ServerConfig, dispatch: SharedDispatch) -> Shared {
        Shared {
            dispatch,
            limits: config.limits.clone(),
            https_only: config.https_only,
            has_tls: config.https.is_some(),
            sending: Sending::new(&config.limits),
        }
    }

    /// By configuration, or by the host's row, which counts only where something else is left.
    fn refuses_plain(&self) -> bool {
        self.https_only || (self.has_tls && self.dispatch.is_https_only())
    }
}

/// `x-http-other-config-<key>: value` headers become the task's other_config (semantics.md §4).
const OTHER_CONFIG_PREFIX: &str = "x-http-other-config-";
/// At most so many of them are taken; a client has no use for more.
const MAX_OTHER_CONFIG: usize = 64;
const TASK_ID: HeaderName = HeaderName::from_static("task-id");
const SUBTASK_OF: HeaderName = HeaderName::from_static("subtask-of");
const ADMIN_PREFIX: &str = "/xenith/";

pub(crate) async fn handle(request: HttpRequest, mut payload: Payload, shared: Data<Shared>) -> HttpResponse {
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let response = if is_behind_the_last(&request) {
        pages::error_page(
            StatusCode::BAD_REQUEST,
            "The connection was to be closed before this request.",
        )
    } else if is_foreign_and_plain(&request) && shared.refuses_plain() {
        forbidden()
    } else {
        answer(request, &mut payload, &shared).await
    };
    if is_chunked {
        response.map_body(|_, body| {
            BoxBody::new(Unread {
                body,
                _payload: payload,
            })
        })
    } else {
        response
    }
}

fn is_behind_the_last(request: &HttpRequest) -> bool {
    let is_last = request.version() < Version::HTTP_11 || request.head().connection_type() == ConnectionType::Close;
    let last_call = request.conn_data::<LastCall>();
    last_call.is_some_and(|last_call| !last_call.admits(is_last))
}

/// Plain HTTP from another machine, or from who is not known any more.
fn is_foreign_and_plain(request: &HttpRequest) -> bool {
    match origin(request) {
        Origin::Tcp { peer, tls: false } => !peer.ip().to_canonical().is_loopback(),
        Origin::Tcp { tls: true, .. } | Origin::UnixSocket | Origin::Member { .. } => false,
    }
}

/// The body of an answer to a request whose own body is not read. actix-http reads a chunked body that was dropped to its end, which may
/// never come, and closes the connection when it was not dropped.
struct Unread {
    body: BoxBody,
    _payload: Payload,
}

impl MessageBody for Unread {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

async fn answer(request: HttpRequest, payload: &mut Payload, shared: &Shared) -> HttpResponse {
    match *request.method() {
        Method::POST => post(request, payload, shared).await,
        Method::GET => get(&request, shared).await,
        Method::OPTIONS => pages::preflight(request.headers(), content_type_of(request.path())),
        Method::PUT | Method::CONNECT => handler(&request, shared).await,
        _ => pages::error_page(StatusCode::NOT_IMPLEMENTED, "This method is not implemented."),
    }
}

async fn get(request: &HttpRequest, shared: &Shared) -> HttpResponse {
    match request.path() {
        "/healthz" => match shared.dispatch.health() {
            Ok(text) => pages::plain_text(StatusCode::OK, text),
            Err(text) => pages::plain_text(StatusCode::SERVICE_UNAVAILABLE, text),
        },
        "/metrics" => pages::metrics(shared.dispatch.metrics(), &shared.sending.budget),
        _ => handler(request, shared).await,
    }
}

/// XenAPI's root is no page of ours, and stands for every path without a handler.
async fn handler(request: &HttpRequest, shared: &Shared) -> HttpResponse {
    match http_handler(request.method().as_str(), request.path()) {
        Some(found) if found.uri != "/" => handlers::handle(request, found, shared).await,
        Some(_) | None => forbidden(),
    }
}

fn content_type_of(path: &str) -> header::HeaderValue {
    if path.starts_with("/jsonrpc") {
        rpc::JSON
    } else {
        rpc::XML
    }
}

/// POSTs that are calls; the others are for handlers.
const RPC_PATHS: [&str; 4] = ["/", "/RPC2", "/json", "/jsonrpc"];

fn forbidden() -> HttpResponse {
    pages::error_page(StatusCode::FORBIDDEN, "Access to the requested resource is forbidden.")
}

async fn post(request: HttpRequest, payload: &mut Payload, shared: &Shared) -> HttpResponse {
    let path = request.path();
    if path.starts_with("//") {
        return forbidden();
    }
    let found = http_handler("POST", path);
    if let Some(found) = found.filter(|found| !RPC_PATHS.contains(&found.uri)) {
        return handlers::handle(&request, found, shared).await;
    }
    let origin = origin(&request);
    let body = match read_body(&request, payload, &shared.limits).await {
        Ok(body) => body,
        Err(refused) => return refused.page(),
    };
    if origin == Origin::UnixSocket
        && let Some(rest) = path.strip_prefix(ADMIN_PREFIX)
    {
        return admin(shared, rest, body).await;
    }
    let is_json = found.is_some_and(|found| found.uri == "/jsonrpc");
    let codec = if is_json { Codec::Json } else { Codec::Xml };
    let source = fair::source(&origin);
    let work = std::pin::pin!(answer_call(&request, shared, (origin, source), (codec, body)));
    in_turn(source, work).await
}

/// A call and its reply, up to where a long one is sent.
async fn answer_call(
    request: &HttpRequest,
    shared: &Shared,
    (origin, source): (Origin, Source),
    (codec, body): (Codec, Bytes),
) -> HttpResponse {
    let Request {
        envelope,
        method,
        params,
    } = match rpc::decode(codec, &body) {
        Ok(decoded) => decoded,
        Err(Refusal::Page(text)) => {
            // Why is for the client alone: the text may quote the body, and a password with it.
            debug!(?origin, path = request.path(), "a request body could not be understood");
            return pages::error_page(StatusCode::INTERNAL_SERVER_ERROR, &text);
        }
        Err(Refusal::Body(body)) => {
            return HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, rpc::JSON))
                .insert_header(pages::COMMON_HEADERS[0].clone())
                .body(body);
        }
    };
    drop(body);
    let call = call(request.headers(), origin, method, params);
    let reply = shared.dispatch.call(call).await;
    respond(request, shared, source, (&envelope, reply)).await
}

/// Asks for the coordinator's certificate together with HOST_IS_SLAVE (semantics.md §5).
const THUMBPRINT_REQUEST: HeaderName = HeaderName::from_static("x-xenapi-request-host-certificate-thumbprint");
const THUMBPRINT_RESPONSE: HeaderName = HeaderName::from_static("x-xenapi-response-host-certificate-thumbprint");

/// Only for a client that asked in xapi's words, and is sent to another host.
fn thumbprint(headers: &HeaderMap, reply: &Reply, shared: &Shared) -> Option<String> {
    let digest = match headers.get(THUMBPRINT_REQUEST)?.as_bytes() {
        b"sha-256:master" => ThumbprintDigest::Sha256,
        b"sha-1:master" => ThumbprintDigest::Sha1,
        _ => return None,
    };
    match reply {
        Reply::Failure(error) if error.code == "HOST_IS_SLAVE" => {
            shared.dispatch.thumbprint(error.params.first()?, digest)
        }
        Reply::Failure(_) | Reply::Success(_) | Reply::Bare(_) | Reply::Pieces(_) => None,
    }
}

async fn respond(
    request: &HttpRequest,
    shared: &Shared,
    source: Source,
    (envelope, reply): (&Envelope, Reply),
) -> HttpResponse {
    let thumbprint = thumbprint(request.headers(), &reply, shared);
    let (content_type, chunks) = rpc::chunks(envelope, reply);
    let gzip = compress::is_wanted(request.headers());
    let Prepared { body, is_gzip } = match shared.sending.prepare(source, chunks, gzip).await {
        Ok(prepared) => prepared,
        Err(TooBusy) => {
            let busy = Reply::Failure(ApiError::plain("TOO_BUSY"));
            Prepared::plain(rpc::encode(envelope, &busy))
        }
    };
    let [cache, cors_origin, cors_headers] = pages::COMMON_HEADERS;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header(cache)
        .insert_header(cors_origin)
        .insert_header(cors_headers);
    if let Some(thumbprint) = thumbprint {
        response.insert_header((THUMBPRINT_RESPONSE, thumbprint));
    }
    if is_gzip {
        response.insert_header(header::ContentEncoding::Gzip);
    }
    let is_old = request.version() < Version::HTTP_11;
    if is_old {
        // Such clients read to the end of the connection, whatever they asked for.
        response.force_close().insert_header((header::CONNECTION, "close"));
    }
    let mut response = response.body(body);
    if is_old {
        response.head_mut().no_chunking(true);
    }
    response
}

fn call(headers: &HeaderMap, origin: Origin, method: String, params: Vec<xenith_wire::WireValue>) -> Call {
    let text = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Call {
        method,
        params,
        origin,
        task_id: text(&TASK_ID),
        subtask_of: text(&SUBTASK_OF),
        task_other_config: other_config(headers),
        user_agent: text(&header::USER_AGENT),
    }
}

fn other_config(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let key = name.as_str().strip_prefix(OTHER_CONFIG_PREFIX)?;
            Some((key.to_owned(), value.to_str().ok()?.to_owned()))
        })
        .take(MAX_OTHER_CONFIG)
        .collect()
}

/// By the kind of socket: a TCP peer whose address cannot be had any more is still a TCP peer, never root.
pub(crate) fn origin(request: &HttpRequest) -> Origin {
    const GONE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let peer = request.peer_addr().unwrap_or(GONE);
    match request.conn_data::<Socket>() {
        Some(Socket::Unix) => Origin::UnixSocket,
        Some(Socket::Tls) => Origin::Tcp { peer, tls: true },
        Some(Socket::Plain) | None => Origin::Tcp { peer, tls: false },
    }
}

async fn admin(shared: &Shared, path: &str, body: Bytes) -> HttpResponse {
    let json = (header::CONTENT_TYPE, rpc::JSON);
    match shared.dispatch.admin(path, body.into()).await {
        Ok(reply) => HttpResponse::Ok().insert_header(json).body(reply),
        Err(error) => HttpResponse::BadRequest().insert_header(json).body(error_json(&error)),
    }
}

/// `{"error": [code, params...]}`
fn error_json(error: &ApiError) -> String {
    let list: Vec<&str> = std::iter::once(&*error.code)
        .chain(error.params.iter().map(String::as_str))
        .collect();
    serde_json::json!({ "error": list }).to_string()
}

/// Why a body was not taken.
enum Refused {
    /// As xapi: no Content-Length, or a chunked body.
    NoLength,
    TooLarge,
    /// The client went away or broke the framing.
    Broken,
    Slow,
}

impl Refused {
    /// XenAPI answers 500 to all of these; the slow sender, whom xapi would wait for, gets HTTP's own code.
    fn page(self) -> HttpResponse {
        let (status, text) = match self {
            Refused::NoLength => (StatusCode::INTERNAL_SERVER_ERROR, "A request needs a Content-Length."),
            Refused::TooLarge => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The request body is over the size limit.",
            ),
            Refused::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "The request body could not be read."),
            Refused::Slow => (StatusCode::REQUEST_TIMEOUT, "The request body did not come in time."),
        };
        pages::error_page(status, text)
    }
}

/// Takes the whole body within size and time. A body that comes in one piece is not copied.
async fn read_body(request: &HttpRequest, payload: &mut Payload, limits: &Limits) -> Result<Bytes, Refused> {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    match declared {
        Some(length) if length > limits.body_bytes => return Err(Refused::TooLarge),
        Some(_) => {}
        None => return Err(Refused::NoLength),
    }
    let reading = collect(payload, declared.unwrap_or(0), limits.body_bytes);
    match tokio::time::timeout(limits.body_timeout, reading).await {
        Ok(result) => result,
        Err(_elapsed) => Err(Refused::Slow),
    }
}

async fn collect(payload: &mut Payload, expected: usize, limit: usize) -> Result<Bytes, Refused> {
    let Some(first) = payload.next().await else {
        return Ok(Bytes::new());
    };
    let first = first.map_err(|_| Refused::Broken)?;
    let Some(second) = payload.next().await else {
        return checked(first, limit);
    };
    let mut whole = BytesMut::with_capacity(expected.min(limit));
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        let chunk = chunk.map_err(|_| Refused::Broken)?;
        if whole.len() + chunk.len() > limit {
            return Err(Refused::TooLarge);
        }
        whole.extend_from_slice(&chunk);
        next = payload.next().await;
    }
    checked(whole.freeze(), limit)
}

fn checked(body: Bytes, limit: usize) -> Result<Bytes, Refused> {
    if body.len() > limit {
        Err(Refused::TooLarge)
    } else {
        Ok(body)
    }
}
