//! The way in for a host that is not a member yet: one TLS connection, one request, one answer.

use crate::codec::{self, CodecError, HEAD_BYTES, Kind};
use crate::config::Limits;
use crate::error::{HandshakeError, LinkError};
use crate::frame::read_body;
use crate::handshake::{peer_fingerprint, read_message};
use crate::identity::{Fingerprint, Identity};
use crate::link::Shared;
use crate::net::{Net, TokioNet};
use crate::tls::{ALPN_JOIN, Trust, client_config, server_name};
use crate::transport::Tls;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// How the joiner knows the host it talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerTrust {
    Fingerprint(Fingerprint),
    /// Whoever answers; the returned fingerprint is to be pinned or shown.
    FirstUse,
}

/// Asks the host at `address` (`host:port`) to be let in. Returns its answer and its certificate's fingerprint.
pub async fn join_request(
    address: &str,
    trust: ServerTrust,
    identity: &Identity,
    body: Bytes,
    deadline: Duration,
) -> Result<(Bytes, Fingerprint), LinkError> {
    let dial = JoinDial {
        net: &TokioNet,
        address,
        trust,
    };
    join_request_over(dial, identity, body, deadline).await
}

/// Where to and over what.
pub struct JoinDial<'a> {
    pub net: &'a dyn Net,
    pub address: &'a str,
    pub trust: ServerTrust,
}

/// [`join_request`] over another network.
pub async fn join_request_over(
    dial: JoinDial<'_>,
    identity: &Identity,
    body: Bytes,
    deadline: Duration,
) -> Result<(Bytes, Fingerprint), LinkError> {
    let max_bytes = Limits::default().max_join_bytes;
    if body.len() > max_bytes {
        return Err(LinkError::TooLarge {
            size_bytes: body.len(),
            max_bytes,
        });
    }
    let until = tokio::time::Instant::now() + deadline;
    let mut tls = timeout_at(until, connect(&dial, identity))
        .await
        .map_err(|_| LinkError::Handshake(HandshakeError::TooSlow))??;
    let fingerprint = peer_fingerprint(&tls)?;
    let asked = async {
        tls.write_all(&codec::head(Kind::Join, body.len()))
            .await
            .map_err(lost)?;
        tls.write_all(&body).await.map_err(lost)?;
        tls.flush().await.map_err(lost)?;
        read_answer(&mut tls, max_bytes).await
    };
    let answer = timeout_at(until, asked)
        .await
        .map_err(|_| LinkError::DeadlinePassed)??;
    Ok((answer, fingerprint))
}

/// The joiner's certificate and request.
pub(crate) struct Asked {
    certificate_der: Vec<u8>,
    body: Bytes,
}

/// Server side, within the handshake's deadline and place.
pub(crate) async fn read_join(shared: &Shared, mut tls: Tls) -> Result<(Asked, Tls), HandshakeError> {
    let (_, session) = tls.get_ref();
    let certificates = session.peer_certificates().unwrap_or_default();
    let certificate_der = certificates.first().ok_or(HandshakeError::NoCertificate)?.to_vec();
    let body = read_message(&mut tls, Kind::Join, shared.config.limits.max_join_bytes).await?;
    Ok((
        Asked {
            certificate_der,
            body: Bytes::from(body),
        },
        tls,
    ))
}

/// Server side: runs the handler and answers; the permit bounds how many at once.
pub(crate) async fn answer_join(shared: Arc<Shared>, mut tls: Tls, asked: Asked, permit: OwnedSemaphorePermit) {
    let work = async {
        let answer = shared.services.join(asked.certificate_der, asked.body).await;
        let bytes = match answer {
            Ok(body) => [&codec::head(Kind::Answer, body.len())[..], &body].concat(),
            Err(refusal) => codec::encode_refusal(&refusal),
        };
        tls.write_all(&bytes).await?;
        tls.shutdown().await
    };
    let outcome = tokio::select! {
        () = shared.cancel.cancelled() => return,
        outcome = timeout(shared.config.timings.join_deadline, work) => outcome,
    };
    if !matches!(outcome, Ok(Ok(()))) {
        tracing::info!("a join request went away before its answer");
    }
    drop(permit);
}

async fn connect(dial: &JoinDial<'_>, identity: &Identity) -> Result<Tls, LinkError> {
    let trust = match dial.trust {
        ServerTrust::Fingerprint(fingerprint) => Trust::Fingerprint(fingerprint),
        ServerTrust::FirstUse => Trust::KeyHolder,
    };
    let config = client_config(identity, trust, ALPN_JOIN)?;
    let io = dial.net.dial(dial.address).await.map_err(HandshakeError::Connect)?;
    let tls = TlsConnector::from(config)
        .connect(server_name(), io)
        .await
        .map_err(HandshakeError::Tls)?;
    if tls.get_ref().1.alpn_protocol() != Some(ALPN_JOIN) {
        return Err(HandshakeError::Alpn.into());
    }
    Ok(tls.into())
}

async fn read_answer(tls: &mut Tls, max_bytes: usize) -> Result<Bytes, LinkError> {
    let mut head = [0; HEAD_BYTES];
    tls.read_exact(&mut head).await.map_err(lost)?;
    let head = codec::decode_head(&head, max_bytes).map_err(LinkError::Protocol)?;
    let payload = read_body(tls, head.length).await.map_err(lost)?;
    match head.kind {
        Kind::Answer => Ok(payload),
        Kind::Refusal => {
            let refusal = codec::decode_refusal(&payload).map_err(LinkError::Protocol)?;
            Err(LinkError::Refused(refusal))
        }
        other => Err(LinkError::Protocol(CodecError::UnexpectedKind(other as u16))),
    }
}

fn lost(error: io::Error) -> LinkError {
    tracing::debug!(%error, "a join connection broke");
    LinkError::ConnectionLost
}
