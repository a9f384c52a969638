//! The door between the HTTP edge and the toolstack: a decoded call in, a reply out.
//!
//! `api/server` knows only [`Dispatch`]; `actors/runtime` implements it; the binary joins the two.

use crate::{Piece, WireValue};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use xenith_datamodel::{ApiError, HttpHandler, Value};

/// One call as it arrived. Parameters are not typed yet: that needs the message's row of the table (see [`crate::typed`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub method: String,
    pub params: Vec<WireValue>,
    pub origin: Origin,
    /// Header `task-id`.
    pub task_id: Option<String>,
    /// Header `subtask-of`.
    pub subtask_of: Option<String>,
    /// Headers `x-http-other-config-<key>: value`, as (key, value).
    pub task_other_config: Vec<(String, String)>,
    /// Header `user-agent`.
    pub user_agent: Option<String>,
}

/// Where a call came from; it decides what is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The local unix socket: root.
    UnixSocket,
    Tcp {
        peer: std::net::SocketAddr,
        tls: bool,
    },
    /// Forwarded by a member of the pool over the host link.
    Member {
        node: u128,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    Success(Value),
    /// Goes out without the Status envelope on XML-RPC (`system.listMethods`).
    Bare(Value),
    Failure(ApiError),
    /// A success of which parts are shared with other replies. Not for another member: see [`Reply::alone`].
    #[serde(skip)]
    Pieces(Piece),
}

impl Reply {
    /// The same reply with nothing shared in it.
    pub fn alone(self) -> Reply {
        match self {
            Reply::Pieces(piece) => Reply::Success(piece.to_value()),
            Reply::Success(_) | Reply::Bare(_) | Reply::Failure(_) => self,
        }
    }
}

impl From<Result<Value, ApiError>> for Reply {
    fn from(result: Result<Value, ApiError>) -> Reply {
        match result {
            Ok(value) => Reply::Success(value),
            Err(error) => Reply::Failure(error),
        }
    }
}

/// What a request to an HTTP handler shows of who sends it: the first of these that is there decides (semantics.md §12).
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    Nothing,
    /// Cookie or query `session_id`.
    Session(String),
    /// Cookie or query `pool_secret`.
    PoolSecret(String),
    Basic {
        user: String,
        password: String,
    },
}

/// Never shows a secret (A9).
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Credentials::Nothing => "Nothing",
            Credentials::Session(_) => "Session",
            Credentials::PoolSecret(_) => "PoolSecret",
            Credentials::Basic { .. } => "Basic",
        })
    }
}

/// One request to an HTTP handler, before its body is read.
#[derive(Clone, Debug)]
pub struct HandlerRequest {
    pub handler: &'static HttpHandler,
    pub origin: Origin,
    pub credentials: Credentials,
    /// What the request says beside its credentials: names and values.
    pub query: Vec<(String, String)>,
}

/// By which digest a client wants to know a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThumbprintDigest {
    Sha256,
    Sha1,
}

/// A text in pieces, made while it is sent. Asking for the next may block on the disk.
pub type Download = Box<dyn Iterator<Item = std::io::Result<Vec<u8>>> + Send>;

/// To be called as long as what was asked for goes on: the session that opened the door is in use, and must not run out in mid-transfer.
pub type InUse = Arc<dyn Fn() + Send + Sync>;

/// Why a request to an HTTP handler is not let in.
#[derive(Clone, Debug, PartialEq)]
pub enum HandlerRefusal {
    /// 401: nobody known.
    Unauthorised,
    /// 403: known, and may not; or the handler does not stand on this host.
    Forbidden(ApiError),
    /// 500.
    Failed(ApiError),
}

/// The toolstack as the HTTP edge sees it. Dropping the future of `call` is how a client's disconnect is told.
#[async_trait]
pub trait Dispatch: Send + Sync + 'static {
    async fn call(&self, call: Call) -> Reply;

    /// Whether the sender of a request to an HTTP handler is let in.
    async fn authorise(&self, request: HandlerRequest) -> Result<InUse, HandlerRefusal>;

    /// The audit log of this host from a moment on, for somebody who was let in.
    async fn audit_log(&self, since: &str) -> Result<Download, ApiError>;

    /// Whether this host is to refuse plain HTTP from other machines.
    fn is_https_only(&self) -> bool;

    /// The fingerprint of the certificate of the host at `address`, for a client that is sent there (semantics.md §5).
    fn thumbprint(&self, address: &str, digest: ThumbprintDigest) -> Option<String>;

    /// `/healthz`: Ok(text) = 200, Err(text) = 503.
    fn health(&self) -> Result<String, String>;

    /// `/metrics`: Prometheus text.
    fn metrics(&self) -> String;

    /// Paths under `/xenith/` on the unix socket only (root): `token`, `join`, ... JSON in and out.
    async fn admin(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, ApiError>;
}

pub type SharedDispatch = Arc<dyn Dispatch>;
