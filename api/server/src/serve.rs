//! Opening the sockets and running the workers.

use crate::Limits;
use crate::handle::{Shared, handle};
use actix_web::dev::ServerHandle;
use actix_web::rt::net::{TcpStream, UnixStream};
use actix_web::{App, HttpServer, web};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tracing::info;
use xenith_wire::SharedDispatch;

/// Where to listen. At least one of the three should be given.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// Plain HTTP.
    pub http: Option<SocketAddr>,
    /// TLS; HTTP/1.1 is added to the given configuration's ALPN protocols. No HTTP/2: XenAPI's clients do not speak it, and its streams
    /// would be held by windows that no limit here sees.
    pub https: Option<(SocketAddr, rustls::ServerConfig)>,
    /// The local socket, trusted as root: made with mode 0600. A dead socket at this path is replaced.
    pub unix: Option<PathBuf>,
    /// Plain HTTP is answered 403 unless it comes from this machine.
    pub https_only: bool,
    /// Worker threads; 0 = [`DEFAULT_WORKERS`].
    pub workers: usize,
    pub limits: Limits,
}

/// Two workers saturate the two cores a control domain usually has, and cost little memory.
const DEFAULT_WORKERS: usize = 2;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}")]
    Listen {
        address: String,
        #[source]
        source: io::Error,
    },
    #[error("the server thread ended")]
    Gone,
}

/// A server that answers. Dropping this leaves it running.
#[derive(Debug)]
pub struct RunningServer {
    handle: ServerHandle,
    done: JoinHandle<io::Result<()>>,
    http: Option<SocketAddr>,
    https: Option<SocketAddr>,
    unix: Option<PathBuf>,
}

impl RunningServer {
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    pub fn https_addr(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Takes no more connections, closes idle ones, gives calls in flight [`Limits::stop_grace`], then returns.
    pub async fn stop(self) -> Result<(), ServeError> {
        self.handle.stop(true).await;
        let ended = self.done.await;
        if let Some(path) = &self.unix {
            // The next start replaces a dead socket, so a failure here only leaves a file behind.
            let _ = std::fs::remove_file(path);
        }
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ServeError::Gone),
        }
    }
}

/// Which kind of socket a connection came by; kept in the connection's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    Unix,
    Plain,
    Tls,
}

impl Socket {
    fn of(stream: &dyn std::any::Any) -> Socket {
        if stream.is::<UnixStream>() {
            Socket::Unix
        } else if stream.is::<TcpStream>() {
            Socket::Plain
        } else {
            Socket::Tls
        }
    }
}

/// Whether a connection's last request has come: one that asks for the connection's end, or one of HTTP/1.0. What was sent behind it must not
/// be acted on (RFC 9112, 9.6), and actix-http would.
#[derive(Debug, Default)]
pub(crate) struct LastCall(AtomicBool);

impl LastCall {
    /// False when nothing may come any more.
    pub(crate) fn admits(&self, is_last: bool) -> bool {
        !self.0.fetch_or(is_last, Ordering::Relaxed)
    }
}

/// Binds and starts. Must be called inside a tokio runtime, which drives the server's shutdown; the workers have their own threads.
pub fn serve(config: ServerConfig, dispatch: SharedDispatch) -> Result<RunningServer, ServeError> {
    let limits = config.limits.clone();
    let shared = web::Data::new(Shared::new(&config, dispatch));
    let factory = move || App::new().app_data(shared.clone()).default_service(web::to(handle));
    let mut server = HttpServer::new(factory)
        .workers(if config.workers == 0 {
            DEFAULT_WORKERS
        } else {
            config.workers
        })
        .keep_alive(limits.keep_alive)
        .client_request_timeout(limits.head_timeout)
        .tls_handshake_timeout(limits.tls_handshake_timeout)
        .max_connections(limits.connections_per_worker)
        .backlog(limits.backlog)
        // A client that closed its side is gone: its call's future is dropped, so no event.from waits for nobody.
        .h1_allow_half_closed(false)
        .tcp_nodelay(true)
        .shutdown_timeout(limits.stop_grace.as_secs())
        .disable_signals()
        .on_connect(|stream, data| {
            data.insert(Socket::of(stream));
            data.insert(LastCall::default());
        });
    let (mut http, mut https) = (None, None);
    if let Some(address) = config.http {
        let (listener, local) = bind_tcp(address, &limits)?;
        server = server
            .listen(listener)
            .map_err(|source| listen_error(address, source))?;
        http = Some(local);
    }
    if let Some((address, tls)) = config.https {
        let (listener, local) = bind_tcp(address, &limits)?;
        server = server
            .listen_rustls_0_23(listener, tls)
            .map_err(|source| listen_error(address, source))?;
        https = Some(local);
    }
    if let Some(path) = &config.unix {
        let failed = |source| listen_error(path.display(), source);
        let listener = bind_unix(path).map_err(failed)?;
        server = server.listen_uds(listener).map_err(failed)?;
    }
    let running = server.run();
    let handle = running.handle();
    let done = tokio::spawn(running);
    info!(http = ?http, https = ?https, unix = ?config.unix, "serving");
    Ok(RunningServer {
        handle,
        done,
        http,
        https,
        unix: config.unix,
    })
}

fn listen_error(address: impl ToString, source: io::Error) -> ServeError {
    ServeError::Listen {
        address: address.to_string(),
        source,
    }
}

/// With SO_REUSEADDR, so that a restarted daemon gets its port back at once, and a listen queue of our choice. The connections inherit the
/// rest: what the kernel may hold of a reply, and that a client which takes nothing is given up. No body can see to that itself: it is
/// not asked while the connection cannot be written to.
fn bind_tcp(address: SocketAddr, limits: &Limits) -> Result<(TcpListener, SocketAddr), ServeError> {
    let open = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(limits.send_buffer_bytes)?;
        let given_up_ms = u32::try_from(limits.send_timeout.as_millis()).unwrap_or(u32::MAX);
        rustix::net::sockopt::set_tcp_user_timeout(&socket, given_up_ms)?;
        socket.bind(address)?;
        let listener = socket.listen(limits.backlog)?.into_std()?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    };
    open().map_err(|source| listen_error(address, source))
}

/// Only root may talk to it: it gets its mode under another name, and then the name that clients know.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path)?,
        Ok(_) => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "a file that is no socket is in the way",
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut private = path.as_os_str().to_owned();
    private.push(".new");
    let private = PathBuf::from(private);
    match std::fs::remove_file(&private) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&private)?;
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&private, path)?;
    Ok(listener)
}
