//! HTTP spoken by hand: a request goes out exactly as a case has it.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

/// No answer for this long is none: the recording has such cases (a head that never ends).
const PATIENCE: Duration = Duration::from_secs(1);

/// A reply, or what was seen in its place.
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

pub enum Answer {
    Reply(Reply),
    /// The connection was closed before a whole reply.
    Closed,
    /// Nothing (more) came.
    Silence,
}

pub enum Place {
    Tcp(std::net::SocketAddr),
    Unix(std::path::PathBuf),
}

/// One request on a connection of its own.
pub async fn exchange(place: &Place, request: &[u8], head_only: bool) -> Answer {
    match place {
        Place::Tcp(address) => {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The server may refuse and close before it has taken everything.
            drop(stream.write_all(request).await);
            read(stream, head_only).await
        }
        Place::Unix(path) => {
            let mut stream = UnixStream::connect(path).await.unwrap();
            drop(stream.write_all(request).await);
            read(stream, head_only).await
        }
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, head_only: bool) -> Answer {
    let mut got = Vec::new();
    loop {
        if let Some(reply) = whole(&got, head_only) {
            return Answer::Reply(reply);
        }
        let mut piece = [0; 16 << 10];
        match tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await {
            Err(_) => return Answer::Silence,
            Ok(Ok(0) | Err(_)) => return at_the_end(&got).map_or(Answer::Closed, Answer::Reply),
            Ok(Ok(count)) => got.extend_from_slice(&piece[..count]),
        }
    }
}

/// The reply, once its head and as much body as it announces are there.
fn whole(got: &[u8], head_only: bool) -> Option<Reply> {
    let (mut reply, rest) = head(got)?;
    if head_only {
        return Some(reply);
    }
    reply.body = if is_chunked(&reply) {
        unchunked(rest)?
    } else {
        let length: usize = reply.headers.get("content-length")?.parse().ok()?;
        rest.get(..length)?.to_vec()
    };
    Some(reply)
}

fn is_chunked(reply: &Reply) -> bool {
    reply
        .headers
        .get("transfer-encoding")
        .is_some_and(|value| value == "chunked")
}

/// The data of all chunks, once the last is there.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        let data = rest.get(line + 2..)?;
        all.extend_from_slice(data.get(..size)?);
        rest = data.get(size + 2..)?;
        if size == 0 {
            return Some(all);
        }
    }
}

/// A body without an announced length ends with the connection.
fn at_the_end(got: &[u8]) -> Option<Reply> {
    let (mut reply, rest) = head(got)?;
    if is_chunked(&reply) {
        // The last chunk did not come.
        return None;
    }
    reply.body = rest.to_vec();
    Some(reply)
}

fn head(got: &[u8]) -> Option<(Reply, &[u8])> {
    let end = got.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&got[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    let reply = Reply {
        status,
        headers,
        body: Vec::new(),
    };
    Some((reply, &got[end + 4..]))
}
