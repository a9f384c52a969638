//! The edge over real sockets, with a toolstack that only echoes.

use crate::{Limits, RunningServer, ServerConfig, serve};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;
use xenith_datamodel::{ApiError, Value};
use xenith_wire::{
    Call, Dispatch, HandlerRefusal, HandlerRequest, InUse, Origin, Piece, Reply, ThumbprintDigest, WireValue,
};

mod bulk;
mod connections;

#[derive(Default)]
struct Echo {
    called: AtomicUsize,
    waiting: Arc<AtomicUsize>,
    entered: Notify,
    https_only: AtomicBool,
}

struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Dispatch for Echo {
    async fn call(&self, call: Call) -> Reply {
        self.called.fetch_add(1, Ordering::SeqCst);
        match call.method.as_str() {
            "test.wait" => {
                self.waiting.fetch_add(1, Ordering::SeqCst);
                let _inside = Inside(Arc::clone(&self.waiting));
                self.entered.notify_one();
                std::future::pending().await
            }
            "test.fail" => Reply::Failure(ApiError::new("CODE", ["a", "b"])),
            "test.slave" => Reply::Failure(ApiError::host_is_slave("192.0.2.9")),
            "test.later" => {
                tokio::time::sleep(Duration::from_millis(200)).await;
                Reply::Success(Value::text("later"))
            }
            "test.bulk" => bulk_reply(&call),
            "test.bare" => Reply::Bare(Value::set([Value::text("x")])),
            _ => Reply::Success(Value::text(format!(
                "{:?}",
                (call.origin, call.method, call.params.len())
            ))),
        }
    }

    async fn authorise(&self, _request: HandlerRequest) -> Result<InUse, HandlerRefusal> {
        Err(HandlerRefusal::Unauthorised)
    }

    async fn audit_log(&self, _since: &str) -> Result<xenith_wire::Download, ApiError> {
        Err(ApiError::plain("NO_AUDIT_LOG"))
    }

    fn is_https_only(&self) -> bool {
        self.https_only.load(Ordering::SeqCst)
    }

    fn thumbprint(&self, address: &str, digest: ThumbprintDigest) -> Option<String> {
        (address == "192.0.2.9").then(|| format!("{digest:?} of {address}"))
    }

    fn health(&self) -> Result<String, String> {
        Ok("fine".to_owned())
    }

    fn metrics(&self) -> String {
        "m 1\n".to_owned()
    }

    async fn admin(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        match path {
            "echo" => Ok(body),
            _ => Err(ApiError::plain("NO_SUCH_PATH")),
        }
    }
}

/// As many texts of 1,000 bytes as the first parameter says.
fn bulk_reply(call: &Call) -> Reply {
    let count = match call.params.first() {
        Some(WireValue::Int(count)) => *count,
        other => panic!("{other:?}"),
    };
    let text = |at| Piece::Value(Value::text(format!("{at:01000}")));
    Reply::Pieces(Piece::Set((0..count).map(text).collect()))
}

async fn start(limits: Limits) -> (Arc<Echo>, RunningServer, tempfile::TempDir) {
    let echo = Arc::new(Echo::default());
    let folder = tempfile::tempdir().unwrap();
    let config = ServerConfig {
        http: Some("127.0.0.1:0".parse().unwrap()),
        unix: Some(folder.path().join("socket")),
        limits,
        ..ServerConfig::default()
    };
    let server = serve(config, echo.clone()).unwrap();
    (echo, server, folder)
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: impl AsRef<[u8]>) -> String {
    stream.write_all(request.as_ref()).await.unwrap();
    let mut reply = Vec::new();
    // The server may close while we still send: what it said before counts.
    let _ = stream.read_to_end(&mut reply).await;
    String::from_utf8_lossy(&reply).into_owned()
}

async fn tcp(server: &RunningServer, request: impl AsRef<[u8]>) -> String {
    exchange(TcpStream::connect(server.http_addr().unwrap()).await.unwrap(), request).await
}

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn xml(method: &str) -> String {
    format!("<?xml version=\"1.0\"?><methodCall><methodName>{method}</methodName><params></params></methodCall>")
}

fn json(method: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":[1,2],\"id\":7}}")
}

fn without_body(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn both_codecs_on_their_paths_with_xenapis_headers() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    for path in ["/", "/RPC2", "/json", "/xmlrpc", "/whatever", "/xenith/echo"] {
        let reply = tcp(&server, post(path, &xml("a.b"))).await;
        assert!(reply.starts_with("HTTP/1.1 200 OK"), "{path}: {reply}");
        assert!(
            reply.contains("content-type: text/xml\r\n") && reply.contains("<name>Status</name>"),
            "{reply}"
        );
        assert!(reply.contains("access-control-allow-origin: *"), "{reply}");
        assert!(reply.contains("cache-control: no-cache, no-store"), "{reply}");
    }
    let reply = tcp(&server, post("/jsonrpc", &json("a.b"))).await;
    assert!(reply.contains("content-type: application/json\r\n"), "{reply}");
    assert!(reply.contains("\"id\":7") && reply.contains("Tcp"), "{reply}");
    let reply = tcp(&server, post("/jsonrpc", &json("test.fail"))).await;
    assert!(
        reply.contains("\"message\":\"CODE\"") && reply.contains("200 OK"),
        "{reply}"
    );
    let reply = tcp(&server, post("/", &xml("test.bare"))).await;
    assert!(!reply.contains("Status</name>"), "{reply}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_call_is_answered_as_http() {
    let (_echo, server, _folder) = start(Limits {
        body_bytes: 1000,
        ..Limits::default()
    })
    .await;
    let cases = [
        (post("/", "<oops"), "500"),
        (post("/jsonrpc", "{"), "500"),
        (post("/", &"x".repeat(1001)), "500"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n".to_owned(),
            "500",
        ),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            "500",
        ),
        (post("//", &xml("a.b")), "403"),
        (without_body("GET", "/"), "403"),
        (without_body("PUT", "/RPC2"), "403"),
        (without_body("DELETE", "/"), "501"),
        (without_body("FOO", "/"), "501"),
        (without_body("GET", "/healthz"), "200"),
        (without_body("GET", "/metrics"), "200"),
    ];
    for (request, status) in cases {
        let reply = tcp(&server, &request).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{request} -> {reply}");
        if status == "500" {
            assert!(reply.contains("<html>") && !reply.contains("access-control"), "{reply}");
        }
    }
    let ask = "OPTIONS /jsonrpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccess-Control-Request-Headers: content-type\r\n\r\n";
    let reply = tcp(&server, ask).await;
    assert!(
        reply.contains("access-control-allow-headers: content-type, X-Requested-With"),
        "{reply}"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_unix_socket_is_root_and_has_admin_paths() {
    let (_echo, server, folder) = start(Limits::default()).await;
    let path = folder.path().join("socket");
    let unix = |request: String| {
        let path = path.clone();
        async move { exchange(UnixStream::connect(path).await.unwrap(), request).await }
    };
    assert!(unix(post("/jsonrpc", &json("a.b"))).await.contains("UnixSocket"));
    assert!(
        unix(post("/xenith/echo", "{\"a\":1}"))
            .await
            .ends_with("\r\n\r\n{\"a\":1}")
    );
    let reply = unix(post("/xenith/none", "{}")).await;
    assert!(
        reply.starts_with("HTTP/1.1 400") && reply.ends_with("{\"error\":[\"NO_SUCH_PATH\"]}"),
        "{reply}"
    );
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    server.stop().await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_client_that_hangs_up_drops_its_call() {
    let (echo, server, _folder) = start(Limits::default()).await;
    let mut client = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    client.write_all(post("/", &xml("test.wait")).as_bytes()).await.unwrap();
    echo.entered.notified().await;
    assert_eq!(echo.waiting.load(Ordering::SeqCst), 1);
    drop(client);
    let gone = async {
        while echo.waiting.load(Ordering::SeqCst) != 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .expect("the call's future lives on");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn slow_senders_and_idle_connections_are_closed() {
    // The server looks at its clock every 500 ms.
    let short = Duration::from_millis(1500);
    let limits = Limits {
        head_timeout: short,
        body_timeout: short,
        keep_alive: short,
        ..Limits::default()
    };
    let (_echo, server, _folder) = start(limits).await;
    assert!(
        tcp(&server, "POST / HTTP/1.1\r\nHost: x\r\n").await.contains("408"),
        "a head that does not end"
    );
    let reply = tcp(&server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await;
    assert!(reply.contains("408"), "a body that does not end: {reply}");
    // Answered, kept open, then closed by the server, else this would never return.
    let reply = tcp(&server, post("/", &xml("a.b")).replace("Connection: close\r\n", "")).await;
    assert!(reply.contains("200 OK"), "{reply}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn tls_is_served_and_known_as_such() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let der = rustls::pki_types::PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS12, &rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], der)
        .unwrap();
    let config = ServerConfig {
        https: Some(("127.0.0.1:0".parse().unwrap(), tls)),
        ..ServerConfig::default()
    };
    let server = serve(config, Arc::new(Echo::default())).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(key.cert.der().clone()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let tcp = TcpStream::connect(server.https_addr().unwrap()).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = connector.connect("localhost".try_into().unwrap(), tcp).await.unwrap();
        let reply = exchange(stream, post("/jsonrpc", &json("a.b"))).await;
        assert!(reply.contains("tls: true"), "{reply}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_peer_is_never_root() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    let reply = tcp(&server, post("/jsonrpc", &json("a.b"))).await;
    let origin = Origin::Tcp {
        peer: "127.0.0.1:1".parse().unwrap(),
        tls: false,
    };
    assert!(
        format!("{origin:?}").starts_with("Tcp") && reply.contains("tls: false"),
        "{reply}"
    );
    server.stop().await.unwrap();
}
