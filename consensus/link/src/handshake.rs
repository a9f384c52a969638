//! From a TLS connection to one in use: hello both ways at once (A1), checks, the lower node's verdict.

use crate::codec::{self, CodecError, HEAD_BYTES, HELLO_MAX_BYTES, HelloMessage, Kind, MAGIC, VERDICT_BYTES, Verdict};
use crate::connection::{Connection, Origin};
use crate::error::HandshakeError;
use crate::identity::{Fingerprint, fingerprint_of};
use crate::link::Shared;
use crate::transport::Tls;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Completes a connection under ALPN link. The caller sets the deadline.
///
/// `expected` is the node that was dialled; `None` on the accepting side.
pub(crate) async fn complete(
    shared: &Arc<Shared>,
    mut tls: Tls,
    address: String,
    expected: Option<u128>,
) -> Result<(), HandshakeError> {
    let fingerprint = peer_fingerprint(&tls)?;
    let known_sequence = match expected {
        Some(node) => shared.slot(node).sequence_to_tell().ok_or(HandshakeError::Duplicate)?,
        None => 0,
    };
    let _settling = expected.is_none().then(|| Settling::begin(shared));
    let ours = HelloMessage {
        hello: shared.hello.clone(),
        known_sequence,
    };
    tls.write_all(&codec::encode_hello(&ours))
        .await
        .map_err(HandshakeError::Lost)?;
    tls.flush().await.map_err(HandshakeError::Lost)?;
    let theirs = read_hello(&mut tls).await?;
    check(shared, &theirs, &fingerprint, expected)?;

    let node = theirs.hello.node;
    let slot = shared.slot(node);
    let dialled = expected.is_some();
    let origin = Origin {
        node,
        fingerprint,
        address,
        dialled,
    };
    let select = shared.hello.node < node;
    let followed = if select {
        None
    } else {
        Some(read_verdict(&mut tls).await?)
    };
    let (connection, driver) = Connection::prepare(tls, origin, &shared.config, &shared.cancel);
    match followed {
        Some(Verdict::Selected { sequence }) => slot.follow(&connection, sequence),
        Some(Verdict::Duplicate { sequence }) => {
            slot.heard_of(sequence);
            return Err(HandshakeError::Duplicate);
        }
        None => {
            let verdict = slot.select(&connection, theirs.known_sequence);
            let bytes = codec::encode_verdict(verdict);
            match verdict {
                Verdict::Selected { .. } => driver.preload(&bytes),
                Verdict::Duplicate { .. } => {
                    driver.refuse(&bytes, &shared.config.timings).await;
                    return Err(HandshakeError::Duplicate);
                }
            }
        }
    }
    tracing::info!(peer = %format_args!("{node:032x}"), address = %connection.address, dialled, "link up");
    driver.start(shared, &slot, &connection);
    Ok(())
}

/// Counts an accepted handshake from before our hello until its outcome.
struct Settling<'a>(&'a Shared);

impl<'a> Settling<'a> {
    fn begin(shared: &'a Shared) -> Settling<'a> {
        shared.settling.send_modify(|count| *count += 1);
        Settling(shared)
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.0.settling.send_modify(|count| *count = count.saturating_sub(1));
    }
}

pub(crate) fn peer_fingerprint(tls: &Tls) -> Result<Fingerprint, HandshakeError> {
    let (_, session) = tls.get_ref();
    let certificates = session.peer_certificates().unwrap_or_default();
    certificates
        .first()
        .map(|der| fingerprint_of(der))
        .ok_or(HandshakeError::NoCertificate)
}

fn check(
    shared: &Shared,
    theirs: &HelloMessage,
    fingerprint: &Fingerprint,
    expected: Option<u128>,
) -> Result<(), HandshakeError> {
    let (ours, theirs) = (&shared.hello, &theirs.hello);
    if theirs.pool_uuid != ours.pool_uuid {
        return Err(HandshakeError::WrongPool {
            theirs: theirs.pool_uuid.clone(),
        });
    }
    if theirs.incarnation != ours.incarnation {
        return Err(HandshakeError::WrongIncarnation {
            ours: ours.incarnation,
            theirs: theirs.incarnation,
        });
    }
    if theirs.node == ours.node || expected.is_some_and(|node| node != theirs.node) {
        return Err(HandshakeError::WrongNode(theirs.node));
    }
    if !shared.directory.is_pinned(theirs.node, fingerprint) {
        return Err(HandshakeError::NotPinned(theirs.node));
    }
    Ok(())
}

async fn read_hello(tls: &mut Tls) -> Result<HelloMessage, HandshakeError> {
    let mut magic = [0; MAGIC.len()];
    tls.read_exact(&mut magic).await.map_err(HandshakeError::Lost)?;
    if magic != MAGIC {
        return Err(CodecError::BadMagic.into());
    }
    let payload = read_message(tls, Kind::Hello, HELLO_MAX_BYTES).await?;
    Ok(codec::decode_hello(&payload)?)
}

async fn read_verdict(tls: &mut Tls) -> Result<Verdict, HandshakeError> {
    let payload = read_message(tls, Kind::Verdict, VERDICT_BYTES).await?;
    Ok(codec::decode_verdict(&payload)?)
}

/// Reads exactly one message: what follows belongs to yamux.
pub(crate) async fn read_message(tls: &mut Tls, kind: Kind, max_bytes: usize) -> Result<Vec<u8>, HandshakeError> {
    let mut head = [0; HEAD_BYTES];
    tls.read_exact(&mut head).await.map_err(HandshakeError::Lost)?;
    let head = codec::decode_head(&head, max_bytes)?;
    if head.kind != kind {
        return Err(CodecError::UnexpectedKind(head.kind as u16).into());
    }
    let mut payload = vec![0; head.length];
    tls.read_exact(&mut payload).await.map_err(HandshakeError::Lost)?;
    Ok(payload)
}
