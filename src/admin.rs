//! Asking a daemon on this machine, over its unix socket (trusted as root).

use serde::Deserialize;
use std::path::Path;
use std::time::Duration;
use xenith_client::{CallError, Client, Endpoint, HttpReply};

/// A join waits for the pool to commit the new host's rows.
const JOIN_WITHIN: Duration = Duration::from_secs(90);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("the daemon at {socket} cannot be asked")]
    Unreachable { socket: String, source: CallError },
    #[error("the daemon refused: {0}")]
    Refused(String),
    #[error("the daemon's answer cannot be understood")]
    Malformed { source: serde_json::Error },
}

#[derive(Deserialize)]
struct Refusal {
    error: Vec<String>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// A daemon's own account of itself.
#[derive(Deserialize)]
pub struct Status {
    pub host_uuid: String,
    /// Hosts of the pool.
    pub members: usize,
    pub voters: usize,
    /// As many as a pool of that size should have.
    pub voters_wanted: usize,
    /// Half-way between two sets of voters.
    pub voters_change: bool,
}

/// A one-time join token of the pool that the daemon is a member of.
pub async fn token(socket: &Path) -> Result<String, AdminError> {
    let token: Token = ask(socket, "token", b"{}".to_vec(), ANSWER_WITHIN).await?;
    Ok(token.token)
}

/// Has the daemon join the pool at `address` (host:port of a member's link).
pub async fn join(socket: &Path, address: &str, token: &str) -> Result<(), AdminError> {
    let body = serde_json::json!({ "address": address, "token": token }).to_string();
    let _: serde_json::Value = ask(socket, "join", body.into_bytes(), JOIN_WITHIN).await?;
    Ok(())
}

pub async fn status(socket: &Path) -> Result<Status, AdminError> {
    ask(socket, "status", b"{}".to_vec(), ANSWER_WITHIN).await
}

/// Ok when the daemon knows a coordinator (or is it); otherwise why not.
pub async fn is_serving(socket: &Path) -> Result<(), AdminError> {
    let client = connect(socket, ANSWER_WITHIN).await?;
    let reply = client
        .get("/healthz")
        .await
        .map_err(|source| unreachable(socket, source))?;
    if reply.status == 200 {
        Ok(())
    } else {
        Err(AdminError::Refused(text(&reply)))
    }
}

async fn ask<T: for<'a> Deserialize<'a>>(
    socket: &Path,
    what: &str,
    body: Vec<u8>,
    within: Duration,
) -> Result<T, AdminError> {
    let client = connect(socket, within).await?;
    let path = format!("/xenith/{what}");
    let reply = client
        .post(&path, body)
        .await
        .map_err(|source| unreachable(socket, source))?;
    if reply.status != 200 {
        let words = serde_json::from_slice::<Refusal>(&reply.body).map(|refusal| refusal.error.join(", "));
        return Err(AdminError::Refused(words.unwrap_or_else(|_| text(&reply))));
    }
    serde_json::from_slice(&reply.body).map_err(|source| AdminError::Malformed { source })
}

async fn connect(socket: &Path, within: Duration) -> Result<Client, AdminError> {
    let endpoint = Endpoint::Unix(socket.to_owned());
    let client = Client::connect(endpoint)
        .await
        .map_err(|source| unreachable(socket, source))?;
    Ok(client.with_deadline(within))
}

fn unreachable(socket: &Path, source: CallError) -> AdminError {
    AdminError::Unreachable {
        socket: socket.display().to_string(),
        source,
    }
}

fn text(reply: &HttpReply) -> String {
    String::from_utf8_lossy(&reply.body).trim().to_owned()
}
