//! A small XenAPI caller: one keep-alive HTTP/1.1 connection to one host, JSON-RPC 2.0 on it.
//!
//! Used by `xe`, `xenith up|join|token`, the integration tests and the benches. Invariants: every wait has a deadline,
//! a reply has a size limit, and a call is sent at most once: it is repeated only if it certainly never left.
//! Must not: retry on its own, or follow HOST_IS_SLAVE, but in [`Session::login`].

mod endpoint;
mod session;
mod tls;

pub use endpoint::{Endpoint, Trust};
pub use session::Session;

use bytes::Bytes;
use endpoint::Stream;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::time::Duration;
use tokio::sync::Mutex;
use xenith_datamodel::{ApiError, CallMode, Ref, Type, Value};
use xenith_wire::{DecodeError, WireValue, jsonrpc, typed};

/// TCP and TLS handshakes take milliseconds; a host that needs longer is not there.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// Unless [`Client::with_deadline`] says otherwise: above anything the database answers, below a user's patience.
pub const CALL_DEADLINE: Duration = Duration::from_secs(60);

/// All records of a class with 10,000 objects take about 50 MB.
pub const MAX_REPLY_BYTES: usize = 256 << 20;

/// How much of an HTTP error's page is kept.
const MAX_ERROR_PAGE: usize = 500;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("cannot connect to {endpoint}")]
    Connect { endpoint: String, source: std::io::Error },
    #[error("{0} is not a certificate authority file")]
    CaFile(String, #[source] rustls::pki_types::pem::Error),
    #[error("the TLS configuration is refused")]
    Tls(#[source] rustls::Error),
    #[error("`{0}` is no host name or address")]
    HostName(String),
    #[error("the connection failed")]
    Http(#[source] hyper::Error),
    #[error("the request cannot be made")]
    Request(#[source] hyper::http::Error),
    #[error("the reply cannot be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the reply is longer than {MAX_REPLY_BYTES} bytes")]
    TooLong,
    #[error("HTTP {status}: {page}")]
    Status { status: u16, page: String },
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    #[error("the reply is no JSON-RPC")]
    Decode(#[source] DecodeError),
    #[error("the result is of another type than the datamodel says")]
    Type(#[source] typed::TypeError),
    /// What the server answered.
    #[error("{0}")]
    Api(ApiError),
    /// HOST_IS_SLAVE led from host to host without an end.
    #[error("no coordinator found: {0} hosts sent us on")]
    TooManyHops(usize),
    #[error("no endpoint given")]
    NoEndpoint,
}

impl CallError {
    /// The server's own error, if that is what it is.
    pub fn api(&self) -> Option<&ApiError> {
        if let CallError::Api(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

/// An HTTP reply that is not an RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    pub status: u16,
    pub body: Bytes,
}

/// A connection to one host, opened again when it was lost between calls. Calls take turns; for calls at the same time
/// use several clients.
pub struct Client {
    endpoint: Endpoint,
    tls: Option<tls::Tls>,
    deadline: Duration,
    connection: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Client {
    /// Opens the connection.
    pub async fn connect(endpoint: Endpoint) -> Result<Client, CallError> {
        let tls = match &endpoint {
            Endpoint::Https { trust, .. } => Some(tls::Tls::new(trust)?),
            Endpoint::Http { .. } | Endpoint::Unix(_) => None,
        };
        let client = Client {
            endpoint,
            tls,
            deadline: CALL_DEADLINE,
            connection: Mutex::new(None),
        };
        *client.connection.lock().await = Some(client.open().await?);
        Ok(client)
    }

    /// The longest a call may take, from sending it to the last byte of the reply.
    pub fn with_deadline(mut self, deadline: Duration) -> Client {
        self.deadline = deadline;
        self
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// SHA-256 of the server's certificate (DER), once a TLS handshake has shown it.
    pub fn server_fingerprint(&self) -> Option<[u8; 32]> {
        self.tls.as_ref().and_then(tls::Tls::seen)
    }

    /// Calls a message; the result is typed by the datamodel's table. Methods that are not in it give
    /// [`typed::untyped`] values.
    pub async fn call(&self, method: &str, params: &[Value]) -> Result<Value, CallError> {
        let result = self.call_wire(method, params).await?;
        let Some(known) = xenith_datamodel::method(method) else {
            return Ok(typed::untyped(result));
        };
        let ty = match known.mode {
            CallMode::Sync => known.message.result,
            CallMode::Async | CallMode::InternalAsync => Type::Ref("task"),
        };
        typed::from_wire(ty, result).map_err(CallError::Type)
    }

    /// Calls a message; the result as it stood on the wire.
    pub async fn call_wire(&self, method: &str, params: &[Value]) -> Result<WireValue, CallError> {
        let body = jsonrpc::encode_call(1, method, params);
        let reply = self.send(Method::POST, "/jsonrpc", body, "application/json").await?;
        if reply.status != 200 {
            let page = String::from_utf8_lossy(&reply.body[..reply.body.len().min(MAX_ERROR_PAGE)]).into_owned();
            return Err(CallError::Status {
                status: reply.status,
                page,
            });
        }
        jsonrpc::decode_reply(&reply.body)
            .map_err(CallError::Decode)?
            .map_err(CallError::Api)
    }

    /// `/healthz`, `/metrics`, ... Any status is Ok.
    pub async fn get(&self, path: &str) -> Result<HttpReply, CallError> {
        self.send(Method::GET, path, Vec::new(), "").await
    }

    /// A body to a path, JSON for those under `/xenith/`. Any status is Ok.
    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<HttpReply, CallError> {
        self.send(Method::POST, path, body, "application/json").await
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>, kind: &str) -> Result<HttpReply, CallError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.endpoint.host_header());
        if !kind.is_empty() {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(CallError::Request)?;
        within(self.deadline, self.exchange(request)).await
    }

    /// Takes the connection for the time of the call: whoever gives up (deadline, dropped future) closes it, so that a
    /// late reply is never read as the next call's.
    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<HttpReply, CallError> {
        let mut slot = self.connection.lock().await;
        if let Some(mut sender) = slot.take()
            && sender.ready().await.is_ok()
        {
            match sender.try_send_request(request).await {
                Ok(response) => {
                    let reply = read(response).await?;
                    *slot = Some(sender);
                    return Ok(reply);
                }
                Err(mut failure) => match failure.take_message() {
                    // Never sent: the server had closed the idle connection.
                    Some(unsent) => request = unsent,
                    None => return Err(CallError::Http(failure.into_error())),
                },
            }
        }
        let mut sender = self.open().await?;
        let response = sender.send_request(request).await.map_err(CallError::Http)?;
        let reply = read(response).await?;
        *slot = Some(sender);
        Ok(reply)
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, CallError> {
        within(CONNECT_DEADLINE, async {
            let stream = self.endpoint.open().await?;
            let stream: Box<dyn Stream> = match &self.tls {
                Some(tls) => tls.handshake(&self.endpoint, stream).await?,
                None => stream,
            };
            let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .map_err(CallError::Http)?;
            // Ends when the sender is dropped or the peer closes. Its error reaches the call that waits on it.
            tokio::spawn(async move { drop(connection.await) });
            Ok(sender)
        })
        .await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

async fn read(response: hyper::Response<hyper::body::Incoming>) -> Result<HttpReply, CallError> {
    let status = response.status().as_u16();
    match Limited::new(response.into_body(), MAX_REPLY_BYTES).collect().await {
        Ok(body) => Ok(HttpReply {
            status,
            body: body.to_bytes(),
        }),
        Err(e) if e.is::<LengthLimitError>() => Err(CallError::TooLong),
        Err(e) => Err(CallError::Body(e)),
    }
}

async fn within<T>(deadline: Duration, work: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    match tokio::time::timeout(deadline, work).await {
        Ok(result) => result,
        Err(_) => Err(CallError::Deadline(deadline)),
    }
}

/// The session ref as a parameter.
pub(crate) fn session_param(session: &Ref) -> Value {
    Value::Ref(session.clone())
}
