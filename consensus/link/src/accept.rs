//! The listening side: who may come in, and how many at once before they have shown who they are.

use crate::error::{HandshakeError, LinkError, chain};
use crate::handshake;
use crate::identity::Identity;
use crate::join;
use crate::link::{Directory, Shared};
use crate::net::{Io, Listener};
use crate::tls::{ALPN_JOIN, ALPN_LINK, Trust, server_config};
use rustls::ServerConfig;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;

/// After a failed accept (no file descriptors left, say): do not spin.
const ACCEPT_FAILED_PAUSE: Duration = Duration::from_millis(100);

/// The two ways in, by ALPN: members' links, and hosts that ask to join.
#[derive(Clone)]
pub(crate) struct Doors {
    link: Arc<ServerConfig>,
    join: Arc<ServerConfig>,
}

impl Doors {
    pub fn new(identity: &Identity, directory: &Arc<dyn Directory>) -> Result<Doors, LinkError> {
        let members = Trust::AnyPinned(directory.clone());
        Ok(Doors {
            link: server_config(identity, members, ALPN_LINK)?,
            join: server_config(identity, Trust::KeyHolder, ALPN_JOIN)?,
        })
    }
}

pub(crate) async fn accept_all(shared: Arc<Shared>, mut listener: Box<dyn Listener>) {
    let joins = Arc::new(Semaphore::new(shared.config.limits.joins));
    let mut pending: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            () = shared.cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (io, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                shared.logs.warn("accept", &error.to_string());
                sleep(ACCEPT_FAILED_PAUSE).await;
                continue;
            }
        };
        pending.retain(|handshake| !handshake.is_finished());
        if pending.len() >= shared.config.limits.handshakes
            && let Some(oldest) = pending.pop_front()
        {
            oldest.abort();
        }
        let task = greet(shared.clone(), io, address, joins.clone());
        pending.push_back(shared.tracker.spawn(task).abort_handle());
    }
}

async fn greet(shared: Arc<Shared>, io: Box<dyn Io>, address: SocketAddr, joins: Arc<Semaphore>) {
    let outcome = tokio::select! {
        () = shared.cancel.cancelled() => Err(HandshakeError::Closed),
        outcome = timeout(
            shared.config.timings.accept_deadline,
            come_in(&shared, io, address, joins),
        ) => outcome.unwrap_or(Err(HandshakeError::TooSlow)),
    };
    match outcome {
        Ok(()) | Err(HandshakeError::Duplicate | HandshakeError::Closed) => {}
        // By host, not by port: whoever tries again comes from another port.
        Err(error) => shared.logs.warn(&address.ip().to_string(), &chain(&error)),
    }
}

async fn come_in(
    shared: &Arc<Shared>,
    io: Box<dyn Io>,
    address: SocketAddr,
    joins: Arc<Semaphore>,
) -> Result<(), HandshakeError> {
    let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), io)
        .await
        .map_err(HandshakeError::Tls)?;
    let doors = shared.doors();
    let wanted = start
        .client_hello()
        .alpn()
        .and_then(|mut names| names.next().map(<[u8]>::to_vec));
    match wanted.as_deref() {
        Some(ALPN_LINK) => {
            let tls = start.into_stream(doors.link).await.map_err(HandshakeError::Tls)?;
            handshake::complete(shared, tls.into(), address.to_string(), None).await
        }
        Some(ALPN_JOIN) => {
            let permit = joins
                .try_acquire_owned()
                .map_err(|_| HandshakeError::Lost(io::Error::other("too many joins at once")))?;
            let tls = start.into_stream(doors.join).await.map_err(HandshakeError::Tls)?;
            let (asked, tls) = join::read_join(shared, tls.into()).await?;
            shared
                .tracker
                .spawn(join::answer_join(shared.clone(), tls, asked, permit));
            Ok(())
        }
        Some(_) | None => Err(HandshakeError::Alpn),
    }
}
