//! Long replies: the same bytes as ever, in little memory, whatever the client does.

use super::{Echo, post, start, tcp, without_body};
use crate::{Limits, RunningServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use xenith_wire::jsonrpc::{self, JsonEnvelope, JsonId, JsonVersion};
use xenith_wire::{Call, Dispatch as _, Origin, WireValue};

/// Only a server that hangs takes so long.
const LIVELY: Duration = Duration::from_secs(30);

fn ask(count: i64) -> String {
    let body = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"test.bulk\",\"params\":[{count}],\"id\":7}}");
    post("/jsonrpc", &body)
}

/// What the reply to [`ask`] is as a whole.
async fn whole(count: i64) -> Vec<u8> {
    let call = Call {
        method: "test.bulk".to_owned(),
        params: vec![WireValue::Int(count)],
        origin: Origin::UnixSocket,
        task_id: None,
        subtask_of: None,
        task_other_config: Vec::new(),
        user_agent: None,
    };
    let envelope = JsonEnvelope {
        version: JsonVersion::V2,
        id: JsonId::Int(7),
    };
    jsonrpc::encode_reply(&envelope, &Echo::default().call(call).await)
}

fn head_and_body(reply: &str) -> (String, &[u8]) {
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.as_bytes())
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        let data = line + 2;
        if size == 0 {
            return all;
        }
        all.extend_from_slice(&rest[data..data + size]);
        rest = &rest[data + size + 2..];
    }
}

async fn metric(server: &RunningServer, name: &str) -> usize {
    let page = tcp(server, without_body("GET", "/metrics")).await;
    let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().parse().unwrap()
}

async fn held(server: &RunningServer) -> usize {
    metric(server, "xenith_reply_bytes_held ").await
}

async fn eventually_none_held(server: &RunningServer) {
    let given_back = async {
        while held(server).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIVELY, given_back)
        .await
        .expect("shares that are never given back");
}

#[tokio::test]
async fn long_and_short_replies_have_the_bytes_of_the_whole() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    for (count, has_length) in [(0, true), (3, true), (20, true), (120, true), (3_000, false)] {
        let reply = tcp(&server, ask(count)).await;
        let (head, body) = head_and_body(&reply);
        let whole = whole(count).await;
        assert_eq!(
            head.contains("transfer-encoding: chunked"),
            !has_length,
            "{count}: {head}"
        );
        assert_eq!(
            head.contains(&format!("content-length: {}", whole.len())),
            has_length,
            "{head}"
        );
        let body = if has_length { body.to_vec() } else { unchunked(body) };
        assert!(body == whole, "{count}: {} bytes, not {}", body.len(), whole.len());
        // An old client is told the end by the end of the connection.
        let reply = tcp(&server, ask(count).replace("HTTP/1.1", "HTTP/1.0")).await;
        let (head, body) = head_and_body(&reply);
        assert!(
            !head.contains("transfer-encoding") && !head.contains("keep-alive"),
            "{head}"
        );
        assert!(body == whole, "{count}: {} bytes, not {}", body.len(), whole.len());
    }
    eventually_none_held(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn long_replies_follow_one_another_on_a_connection() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    let kept = ask(500).replace("Connection: close\r\n", "");
    let reply = tcp(&server, format!("{kept}{kept}{}", ask(2))).await;
    assert_eq!(reply.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(reply.matches("\"id\":7}").count(), 3);
    server.stop().await.unwrap();
}

/// The whole answer as bytes.
async fn raw(server: &RunningServer, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap().to_ascii_lowercase();
    (head, all[end + 4..].to_vec())
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut all).unwrap();
    all
}

#[tokio::test]
async fn who_asks_gets_gzip_of_the_same_bytes() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    // Too short; in one piece; just longer; long.
    for (count, is_gzip, has_length) in [
        (1, false, true),
        (5, true, true),
        (30, true, true),
        (40, true, false),
        (9_000, true, false),
    ] {
        let whole = whole(count).await;
        let request = ask(count).replace("Host: x", "Host: x\r\nAccept-Encoding: gzip");
        let (head, body) = raw(&server, &request).await;
        assert_eq!(head.contains("content-encoding: gzip"), is_gzip, "{count}: {head}");
        assert_eq!(head.contains("content-length: "), has_length, "{count}: {head}");
        let body = if has_length { body } else { unchunked(&body) };
        let plain = if is_gzip { unzipped(&body) } else { body.clone() };
        assert!(plain == whole, "{count}: {} bytes, not {}", plain.len(), whole.len());
        assert!(
            !is_gzip || body.len() < whole.len() / 4,
            "{count}: {} bytes",
            body.len()
        );
        // Old clients may ask for it, too.
        let (head, body) = raw(&server, &request.replace("HTTP/1.1", "HTTP/1.0")).await;
        assert!(!head.contains("transfer-encoding"), "{head}");
        let plain = if is_gzip { unzipped(&body) } else { body };
        assert!(plain == whole, "{count}: {} bytes, not {}", plain.len(), whole.len());
        let (head, body) = raw(&server, &request.replace("gzip", "gzip;q=0, br")).await;
        assert!(!head.contains("content-encoding"), "{head}");
        let body = if head.contains("chunked") {
            unchunked(&body)
        } else {
            body
        };
        assert!(body == whole);
    }
    eventually_none_held(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn many_compressed_replies_at_once_all_come() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    let server = std::sync::Arc::new(server);
    let request = ask(2_000).replace("Host: x", "Host: x\r\nAccept-Encoding: gzip");
    let each = (0..12).map(|_| {
        let (server, request) = (server.clone(), request.clone());
        tokio::spawn(async move { unzipped(&unchunked(&raw(&server, &request).await.1)).len() })
    });
    let expected = whole(2_000).await.len();
    for length in futures::future::join_all(each).await {
        assert_eq!(length.unwrap(), expected);
    }
    eventually_none_held(&server).await;
}

/// Sends the request and reads only the head.
async fn reader_that_stops(server: &RunningServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 16];
    stream.read_exact(&mut head).await.unwrap();
    stream
}

#[tokio::test]
async fn readers_that_stop_hold_little_and_are_cut_off() {
    let limits = Limits {
        send_timeout: Duration::from_secs(2),
        ..Limits::default()
    };
    let (_echo, server, _folder) = start(limits).await;
    let mut stopped = Vec::new();
    for _ in 0..8 {
        stopped.push(reader_that_stops(&server, &ask(20_000)).await);
    }
    let each = held(&server).await / stopped.len();
    // 20 MB of reply: its parts that were not encoded yet, and three chunks.
    assert!((100_000..6_000_000).contains(&each), "{each}");
    let reply = tcp(&server, ask(100)).await;
    assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
    eventually_none_held(&server).await;
    for mut stream in stopped {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(LIVELY, stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "a connection that is never closed");
        assert!(
            rest.len() < 15_000_000,
            "{} bytes: it was served to the end",
            rest.len()
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_reader_that_goes_away_gives_its_share_back() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    let stopped = reader_that_stops(&server, &ask(20_000)).await;
    assert!(held(&server).await > 0);
    drop(stopped);
    eventually_none_held(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn without_its_share_a_call_fails_clearly_and_short_ones_go_on() {
    let limits = Limits {
        reply_bytes: 200_000,
        reply_wait: Duration::from_millis(100),
        ..Limits::default()
    };
    let (_echo, server, _folder) = start(limits).await;
    let stopped = reader_that_stops(&server, &ask(20_000)).await;
    let reply = tcp(&server, ask(20_000)).await;
    assert!(
        reply.starts_with("HTTP/1.1 200 OK") && reply.contains("\"message\":\"TOO_BUSY\""),
        "{reply}"
    );
    assert_eq!(metric(&server, "xenith_replies_refused_total ").await, 1);
    let reply = tcp(&server, ask(3)).await;
    assert!(reply.contains("\"result\":[\"000"), "{reply}");
    drop(stopped);
    eventually_none_held(&server).await;
    let reply = tcp(&server, ask(500)).await;
    assert!(reply.contains("transfer-encoding: chunked"), "not served");
    server.stop().await.unwrap();
}
