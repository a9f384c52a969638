//! Where a host listens, and byte streams to it.

use crate::CallError;
use std::fmt;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Http {
        host: String,
        port: u16,
    },
    Https {
        host: String,
        port: u16,
        trust: Trust,
    },
    /// The local socket: root without a password.
    Unix(PathBuf),
}

/// Which server certificates are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those that the certificates of this PEM file vouch for, with the host's name or address in them.
    Ca(PathBuf),
    /// The one whose DER has this SHA-256; its names do not matter.
    Fingerprint([u8; 32]),
    /// Any the first time, then only that one, as long as the client lives. Whoever answers first is believed.
    InsecureFirstUse,
}

impl Endpoint {
    /// The same kind of endpoint on another host.
    pub fn at(&self, address: &str) -> Endpoint {
        let mut other = self.clone();
        match &mut other {
            Endpoint::Http { host, .. } | Endpoint::Https { host, .. } => *host = address.to_owned(),
            Endpoint::Unix(_) => {}
        }
        other
    }

    pub(crate) fn host_header(&self) -> String {
        match self {
            Endpoint::Http { host, port } | Endpoint::Https { host, port, .. } => authority(host, *port),
            Endpoint::Unix(_) => "localhost".to_owned(),
        }
    }

    pub(crate) async fn open(&self) -> Result<Box<dyn Stream>, CallError> {
        let opened = match self {
            Endpoint::Http { host, port } | Endpoint::Https { host, port, .. } => tcp(host, *port).await,
            Endpoint::Unix(path) => UnixStream::connect(path).await.map(|s| Box::new(s) as Box<dyn Stream>),
        };
        opened.map_err(|source| CallError::Connect {
            endpoint: self.to_string(),
            source,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Http { host, port } => write!(f, "http://{}", authority(host, *port)),
            Endpoint::Https { host, port, .. } => write!(f, "https://{}", authority(host, *port)),
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Both kinds of socket, and TLS over them.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn tcp(host: &str, port: u16) -> std::io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((host, port)).await?;
    // A call is one small write: it must not wait for the acknowledgement of the last one.
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
