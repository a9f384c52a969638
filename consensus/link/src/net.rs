//! The transport under TLS, injectable: real TCP, or the simulator's.

use async_trait::async_trait;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream between two hosts.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

#[async_trait]
pub trait Net: Send + Sync + 'static {
    /// `address` is `host:port`. The caller sets the deadline by dropping the future.
    async fn dial(&self, address: &str) -> io::Result<Box<dyn Io>>;
    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>>;
}

#[async_trait]
pub trait Listener: Send + 'static {
    /// Cancel safe.
    async fn accept(&mut self) -> io::Result<(Box<dyn Io>, SocketAddr)>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// The operating system's TCP, without Nagle's delay.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioNet;

#[async_trait]
impl Net for TokioNet {
    async fn dial(&self, address: &str) -> io::Result<Box<dyn Io>> {
        let stream = tokio::net::TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>> {
        Ok(Box::new(tokio::net::TcpListener::bind(address).await?))
    }
}

#[async_trait]
impl Listener for tokio::net::TcpListener {
    async fn accept(&mut self) -> io::Result<(Box<dyn Io>, SocketAddr)> {
        let (stream, address) = tokio::net::TcpListener::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((Box::new(stream), address))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        tokio::net::TcpListener::local_addr(self)
    }
}
