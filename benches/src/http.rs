//! A client that costs little: HTTP/1.1 keep-alive, one call at a time, JSON-RPC 2.0.

use crate::Failure;
use std::io;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use xenith_datamodel::{ApiError, Value};
use xenith_wire::{WireValue, jsonrpc};

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    host: String,
}

/// Why a call has no result.
#[derive(Debug)]
pub enum CallError {
    /// The connection is gone; whether the call was made is not known.
    Lost(io::Error),
    Api(ApiError),
    Malformed(String),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for CallError {}

impl Connection {
    /// `address` is host:port.
    pub async fn open(address: &str) -> io::Result<Connection> {
        Connection::over(TcpStream::connect(address).await?, address)
    }

    /// From an address of ours, as another machine would call.
    pub async fn open_from(source: Ipv4Addr, address: &str) -> io::Result<Connection> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let to = address.parse().map_err(io::Error::other)?;
        Connection::over(socket.connect(to).await?, address)
    }

    fn over(stream: TcpStream, address: &str) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(4096),
            host: address.to_owned(),
        })
    }

    pub async fn call(&mut self, method: &str, params: &[Value]) -> Result<WireValue, CallError> {
        let body = jsonrpc::encode_call(1, method, params);
        let answer = self.post("/jsonrpc", &body).await.map_err(CallError::Lost)?;
        let reply = jsonrpc::decode_reply(&answer).map_err(|error| CallError::Malformed(error.to_string()))?;
        reply.map_err(CallError::Api)
    }

    pub async fn post(&mut self, path: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut request = Vec::with_capacity(body.len() + 160);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body);
        self.stream.write_all(&request).await?;
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let length = content_length(&self.buffer[..head_end])?;
        self.buffer.drain(..head_end);
        match length {
            Some(length) => self.take(length).await,
            None => self.chunks().await,
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                    break at + 2;
                }
                self.more().await?;
            };
            let line = self.take(end).await?;
            let size = std::str::from_utf8(&line).map(|text| usize::from_str_radix(text.trim(), 16));
            let Ok(Ok(size)) = size else {
                return Err(io::Error::other("a chunk without a size"));
            };
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// `None`: the answer comes in chunks.
fn content_length(head: &[u8]) -> io::Result<Option<usize>> {
    let text = String::from_utf8_lossy(head);
    let header = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    if header("transfer-encoding") == Some("chunked") {
        return Ok(None);
    }
    let length = header("content-length").and_then(|length| length.parse().ok());
    length
        .map(Some)
        .ok_or_else(|| io::Error::other("an answer without Content-Length"))
}

pub fn text_of(value: WireValue) -> Result<String, Failure> {
    match value {
        WireValue::Text(text) => Ok(text),
        other => Err(format!("a text was expected, not {other:?}").into()),
    }
}
