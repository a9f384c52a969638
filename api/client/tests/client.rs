//! The client against small servers on loopback that say what they are told to.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixListener};
use xenith_client::{CallError, Client, Endpoint, Session, Trust};
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;

/// The answer that never comes.
const HOLD: &str = "hold";

/// Answers request after request; an empty answer closes the connection without one.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, answer: impl Fn(&str, &str) -> String) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let start = head.len();
            if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = head[start..].to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let reply = answer(head.lines().next().unwrap(), &String::from_utf8(body).unwrap());
        match reply.as_str() {
            "" => return,
            HOLD => std::future::pending().await,
            _ => {}
        }
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", reply.len());
        if stream.write_all((head + &reply).as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A server on 127.0.0.<last>; returns its port and the number of connections it took.
async fn tcp(
    last: u8,
    port: u16,
    answer: impl Fn(&str, &str) -> String + Clone + Send + Sync + 'static,
) -> (u16, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind((format!("127.0.0.{last}"), port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(Mutex::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            let answer = answer.clone();
            tokio::spawn(async move { serve(stream, answer).await });
        }
    });
    (port, connections)
}

fn http(port: u16) -> Endpoint {
    Endpoint::Http {
        host: "127.0.0.1".into(),
        port,
    }
}

fn result(json: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"result\":{json},\"id\":1}}")
}

fn error(code: &str, param: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"error\":{{\"code\":1,\"message\":\"{code}\",\"data\":[\"{param}\"]}},\"id\":1}}")
}

#[tokio::test]
async fn calls_share_a_connection_and_results_are_typed() {
    let (port, connections) = tcp(1, 0, |_, body| match body {
        b if b.contains("VM.get_all\"") => result(r#"["OpaqueRef:a"]"#),
        b if b.contains("Async.VM.start") => result(r#""OpaqueRef:task""#),
        b if b.contains("VM.get_memory_target") => result("\"17\""),
        _ => error("HANDLE_INVALID", "VM"),
    })
    .await;
    let client = Client::connect(http(port)).await.unwrap();
    let session = Value::text("OpaqueRef:s");
    let all = client.call("VM.get_all", std::slice::from_ref(&session)).await.unwrap();
    assert_eq!(all, Value::set([Value::Ref(Ref::new("OpaqueRef:a"))]));
    assert_eq!(
        client.call("Async.VM.start", &[]).await.unwrap(),
        Value::Ref(Ref::new("OpaqueRef:task"))
    );
    assert_eq!(client.call("VM.get_memory_target", &[]).await.unwrap(), Value::Int(17));
    assert_eq!(
        client.call_wire("VM.get_memory_target", &[]).await.unwrap(),
        WireValue::Text("17".into())
    );
    let refused = client.call("VM.get_uuid", &[]).await.unwrap_err();
    assert_eq!(refused.api().unwrap().to_string(), "HANDLE_INVALID [VM]");
    assert_eq!(*connections.lock().unwrap(), 1);
}

/// A connection that the server closed between calls is opened again; one that breaks during a call is an error, since
/// the call may have been carried out.
#[tokio::test]
async fn a_call_is_never_sent_twice() {
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    let (port, connections) = tcp(1, 0, move |_, body| {
        if body.contains("breaks") {
            *counted.lock().unwrap() += 1;
            return String::new();
        }
        result("1")
    })
    .await;
    let client = Client::connect(http(port)).await.unwrap();
    assert!(matches!(client.call("breaks", &[]).await, Err(CallError::Http(_))));
    assert_eq!(client.call("works", &[]).await.unwrap(), Value::Int(1));
    assert_eq!((*calls.lock().unwrap(), *connections.lock().unwrap()), (1, 2));
}

/// Whoever gives up closes the connection, so that a late reply is never read as the next call's.
#[tokio::test]
async fn a_call_given_up_closes_its_connection() {
    let (port, connections) = tcp(1, 0, |_, body| {
        if body.contains("never") {
            HOLD.to_owned()
        } else {
            result("1")
        }
    })
    .await;
    let client = Client::connect(http(port))
        .await
        .unwrap()
        .with_deadline(Duration::from_millis(20));
    assert!(matches!(client.call("never", &[]).await, Err(CallError::Deadline(_))));
    let client = client.with_deadline(Duration::from_secs(60));
    assert_eq!(client.call("works", &[]).await.unwrap(), Value::Int(1));
    assert_eq!(*connections.lock().unwrap(), 2);
}

#[tokio::test]
async fn unix_socket_and_plain_paths() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("xapi");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, |head, body| format!("{head}|{body}")));
        }
    });
    let client = Client::connect(Endpoint::Unix(path)).await.unwrap();
    let health = client.get("/healthz").await.unwrap();
    assert_eq!((health.status, &health.body[..]), (200, &b"GET /healthz HTTP/1.1|"[..]));
    let token = client.post("/xenith/token", b"{}".to_vec()).await.unwrap();
    assert_eq!(&token.body[..], b"POST /xenith/token HTTP/1.1|{}");
    assert!(matches!(client.call("a.b", &[]).await, Err(CallError::Decode(_))));
}

#[tokio::test]
async fn login_follows_the_coordinator_and_ends() {
    // 127.0.0.2 is the coordinator, on the same port.
    let (port, _) = tcp(1, 0, |_, _| error("HOST_IS_SLAVE", "127.0.0.2")).await;
    tcp(2, port, |_, body| match body {
        b if b.contains("login_with_password") && b.contains("\"x\"") => result("\"OpaqueRef:s\""),
        b if b.contains("login_with_password") => error("SESSION_AUTHENTICATION_FAILED", "root"),
        b => result(&format!("{}", b.contains("[\"OpaqueRef:s\",7]"))),
    })
    .await;
    let session = Session::login(&[http(port)], "root", "x").await.unwrap();
    assert_eq!(session.client().endpoint(), &http(port).at("127.0.0.2"));
    assert_eq!(
        session.call("no.such", &[Value::Int(7)]).await.unwrap(),
        Value::Bool(true)
    );
    assert!(!format!("{session:?}").contains("OpaqueRef"));

    let wrong = Session::login(&[http(port), http(1)], "root", "y").await.unwrap_err();
    assert_eq!(wrong.api().unwrap().code, "SESSION_AUTHENTICATION_FAILED");

    let (round, _) = tcp(3, 0, |_, _| error("HOST_IS_SLAVE", "127.0.0.3")).await;
    let lost = Session::login(&[http(round).at("127.0.0.3")], "root", "x")
        .await
        .unwrap_err();
    assert!(matches!(lost, CallError::TooManyHops(_)));
    assert!(matches!(
        Session::login(&[], "root", "x").await,
        Err(CallError::NoEndpoint)
    ));
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = Client::connect(http(port)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to http://127.0.0.1:{port}"));
    assert!(std::error::Error::source(&error).is_some());
}

async fn tls_server(key: rcgen::CertifiedKey<rcgen::KeyPair>) -> u16 {
    let certificate: CertificateDer<'static> = key.cert.der().clone();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], private)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let accepting = acceptor.accept(stream);
            tokio::spawn(async move {
                if let Ok(stream) = accepting.await {
                    serve(stream, |_, _| String::new()).await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn certificates_are_checked() {
    let key = || rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (ours, other) = (key(), key());
    let dir = tempfile::tempdir().unwrap();
    let (ca, wrong_ca) = (dir.path().join("ca.pem"), dir.path().join("wrong.pem"));
    std::fs::write(&ca, ours.cert.pem()).unwrap();
    std::fs::write(&wrong_ca, other.cert.pem()).unwrap();
    let port = tls_server(ours).await;
    let connect = |trust| {
        Client::connect(Endpoint::Https {
            host: "127.0.0.1".into(),
            port,
            trust,
        })
    };

    let first = connect(Trust::InsecureFirstUse).await.unwrap();
    let fingerprint = first.server_fingerprint().unwrap();
    assert!(connect(Trust::Fingerprint(fingerprint)).await.is_ok());
    assert!(connect(Trust::Ca(ca)).await.is_ok());
    for refused in [Trust::Fingerprint([7; 32]), Trust::Ca(wrong_ca)] {
        assert!(matches!(connect(refused).await, Err(CallError::Connect { .. })));
    }
    assert!(matches!(
        connect(Trust::Ca(dir.path().join("none"))).await,
        Err(CallError::CaFile(..))
    ));
    let by_name = Endpoint::Https {
        host: "localhost".into(),
        port,
        trust: Trust::Fingerprint(fingerprint),
    };
    assert!(Client::connect(by_name).await.is_ok());
}
