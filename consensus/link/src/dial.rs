//! Getting connected: one dial task a peer, as long as someone waits for it.

use crate::connection::Connection;
use crate::error::{HandshakeError, LinkError, chain};
use crate::handshake;
use crate::link::{Peer, Shared};
use crate::slot::Slot;
use crate::tls::{ALPN_LINK, Trust, client_config, server_name};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// Jitter is at most this part of the pause: enough that two hosts do not keep crossing.
const JITTER_PART: u32 = 4;

/// The connection to this peer; dials if there is none. Fails after `reach_wait`.
pub(crate) async fn connected(shared: &Arc<Shared>, slot: &Arc<Slot>) -> Result<Arc<Connection>, LinkError> {
    if let Some(connection) = slot.live() {
        return Ok(connection);
    }
    if shared.cancel.is_cancelled() {
        return Err(LinkError::Closed);
    }
    if shared.directory.peer(slot.node).is_none() {
        return Err(LinkError::UnknownPeer(slot.node));
    }
    let give_up = Instant::now() + shared.config.timings.reach_wait;
    let mut changes = slot.subscribe();
    let (_waiter, start) = slot.wait();
    if start {
        shared.tracker.spawn(dial_while_wanted(shared.clone(), slot.clone()));
    }
    loop {
        if let Some(connection) = slot.live() {
            return Ok(connection);
        }
        let changed = tokio::select! {
            () = shared.cancel.cancelled() => return Err(LinkError::Closed),
            changed = timeout_at(give_up, changes.changed()) => changed,
        };
        if !matches!(changed, Ok(Ok(()))) {
            let reason = slot.last_error().unwrap_or_else(|| "no answer".to_owned());
            return Err(LinkError::Unreachable {
                peer: slot.node,
                reason,
            });
        }
        // Gone again before we looked: the dial task may have ended meanwhile.
        if slot.live().is_none() {
            let (_again, start) = slot.wait();
            if start {
                shared.tracker.spawn(dial_while_wanted(shared.clone(), slot.clone()));
            }
        }
    }
}

async fn dial_while_wanted(shared: Arc<Shared>, slot: Arc<Slot>) {
    let timings = &shared.config.timings;
    let mut failures = 0u32;
    while slot.dial_on() {
        let outcome = tokio::select! {
            () = shared.cancel.cancelled() => Err(HandshakeError::Closed),
            outcome = timeout(timings.connect_deadline, dial(&shared, slot.node)) => {
                outcome.unwrap_or(Err(HandshakeError::TooSlow))
            }
        };
        let Err(error) = outcome else { continue };
        if matches!(error, HandshakeError::Closed) {
            // Nobody will start another: the link is shut down.
            return;
        }
        failures = failures.saturating_add(1);
        let longest = if error.is_transient() {
            timings.backoff_wanted_max
        } else {
            timings.backoff_refused_max
        };
        if matches!(error, HandshakeError::Duplicate) {
            // The selected connection, if it is on its way, is among these.
            let mut settling = shared.settling.subscribe();
            let settled = settling.wait_for(|count| *count == 0);
            if timeout(timings.connect_deadline, settled).await.is_err() {
                tracing::debug!("accepted handshakes did not settle in time");
            }
        } else {
            let text = chain(&error);
            shared.logs.warn(&format!("{:032x}", slot.node), &text);
            slot.set_error(text);
        }
        let pause = pause(timings.backoff_min, longest, failures);
        let pause = pause + jitter(pause, shared.hello.node, slot.node, failures);
        let mut changes = slot.subscribe();
        // An inbound connection ends the pause.
        tokio::select! {
            () = shared.cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            _ = changes.changed() => {}
        }
    }
}

/// One attempt. `Ok` means that the connection is in use.
async fn dial(shared: &Arc<Shared>, node: u128) -> Result<(), HandshakeError> {
    let Some(Peer { address, .. }) = shared.directory.peer(node) else {
        return Err(HandshakeError::NotPinned(node));
    };
    let trust = Trust::Node(shared.directory.clone(), node);
    let config = client_config(&shared.identity(), trust, ALPN_LINK)
        .map_err(|error| HandshakeError::Tls(std::io::Error::other(error)))?;
    let io = shared
        .config
        .net
        .dial(&address)
        .await
        .map_err(HandshakeError::Connect)?;
    let tls = TlsConnector::from(config)
        .connect(server_name(), io)
        .await
        .map_err(HandshakeError::Tls)?;
    if tls.get_ref().1.alpn_protocol() != Some(ALPN_LINK) {
        return Err(HandshakeError::Alpn);
    }
    handshake::complete(shared, tls.into(), address, Some(node)).await
}

fn pause(shortest: Duration, longest: Duration, failures: u32) -> Duration {
    // 2^10 times the shortest is beyond any longest.
    shortest
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(longest)
}

/// Derived, not random: differs between the two hosts of a pair and between attempts, the same in each simulated run.
fn jitter(pause: Duration, from: u128, to: u128, attempt: u32) -> Duration {
    let mut hash = Sha256::new();
    hash.update(from.to_be_bytes());
    hash.update(to.to_be_bytes());
    hash.update(attempt.to_be_bytes());
    let byte = hash.finalize()[0];
    pause / JITTER_PART * u32::from(byte) / u32::from(u8::MAX)
}
