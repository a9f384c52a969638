//! What becomes of a connection: kept, closed, pipelined, refused.

use super::{Echo, json, post, start, tcp, xml};
use crate::handle::{Shared, handle};
use crate::{Limits, serve};
use actix_web::body::MessageBody as _;
use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest as _, HttpResponse};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Without `Connection: close`.
fn kept(request: &str) -> String {
    request.replace("Connection: close\r\n", "")
}

#[tokio::test]
async fn pipelined_calls_are_answered_in_order() {
    let (_echo, server, _folder) = start(Limits::default()).await;
    let calls = ["test.later", "a.b", "test.later", "c.d"].map(|method| post("/", &xml(method)));
    let [first, second, third, last] = &calls;
    let all = kept(first) + &kept(second) + &kept(third) + last;
    let reply = tcp(&server, all).await;
    assert_eq!(reply.matches("HTTP/1.1 200 OK").count(), 4, "{reply}");
    let places: Vec<usize> = [">later<", "a.b", "c.d"].map(|text| reply.find(text).unwrap()).into();
    assert!(places.is_sorted(), "{reply}");
    assert!(reply.rfind(">later<").unwrap() > places[1], "{reply}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_is_done_after_close() {
    let (echo, server, _folder) = start(Limits::default()).await;
    let call = post("/jsonrpc", &json("a.b"));
    // The connection is ended by the server, else this would not return.
    let reply = tcp(&server, call.clone() + &call).await;
    assert_eq!(reply.matches("HTTP/1.1 200 OK").count(), 1, "{reply}");
    assert!(reply.to_ascii_lowercase().contains("connection: close"), "{reply}");
    assert_eq!(echo.called.load(Ordering::SeqCst), 1, "a call behind the last was made");
    let old = call.replace("HTTP/1.1", "HTTP/1.0").replace("close", "keep-alive");
    assert_eq!(tcp(&server, old + &call).await.matches(" 200 OK").count(), 1);
    assert_eq!(echo.called.load(Ordering::SeqCst), 2, "a call behind the last was made");
    for kept_alive in ["", "Connection: keep-alive\r\n"] {
        let old = call
            .replace("HTTP/1.1", "HTTP/1.0")
            .replace("Connection: close\r\n", kept_alive);
        let reply = tcp(&server, old).await;
        assert!(reply.starts_with("HTTP/1.0 200 OK"), "{reply}");
        // The end of the connection is what such a client waits for, and it came.
        assert!(!reply.to_ascii_lowercase().contains("keep-alive"), "{reply}");
        assert!(reply.ends_with("\"id\":7}"), "{reply}");
    }
    server.stop().await.unwrap();
}

/// What a POST from there over plain HTTP is answered when only HTTPS is wanted.
async fn answered(shared: &Data<Shared>, peer: SocketAddr) -> HttpResponse {
    let request = TestRequest::default().method(Method::POST).uri("/").peer_addr(peer);
    let body = xml("a.b");
    let request = request
        .insert_header(("content-length", body.len().to_string()))
        .set_payload(body);
    let (request, mut payload) = request.to_http_parts();
    let payload = Payload::from_request(&request, &mut payload).await.unwrap();
    handle(request, payload, shared.clone()).await
}

// A worker's work is done on a worker's runtime.
#[actix_web::test]
async fn with_https_only_plain_calls_from_elsewhere_are_refused() {
    let echo = Arc::new(Echo::default());
    let config = crate::ServerConfig {
        https_only: true,
        ..crate::ServerConfig::default()
    };
    let shared = Data::new(Shared::new(&config, echo.clone()));
    for peer in [
        "192.0.2.7:1234",
        "[2001:db8::7]:1234",
        "[::ffff:192.0.2.7]:1234",
        "0.0.0.0:0",
    ] {
        let response = answered(&shared, peer.parse().unwrap()).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{peer}");
    }
    assert_eq!(echo.called.load(Ordering::SeqCst), 0, "a refused call was made");
    for peer in ["127.0.0.1:1234", "127.9.9.9:1234", "[::1]:1234", "[::ffff:127.0.0.1]:1"] {
        let response = answered(&shared, peer.parse().unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{peer}");
        let body = response.into_body().try_into_bytes().unwrap();
        assert!(String::from_utf8_lossy(&body).contains("Success"), "{peer}");
    }
    // By the host's row, without a restart; but only where TLS is left to turn to.
    let mut by_row = Shared::new(&crate::ServerConfig::default(), echo.clone());
    echo.https_only.store(true, Ordering::SeqCst);
    for (has_tls, expected) in [(false, StatusCode::OK), (true, StatusCode::FORBIDDEN)] {
        by_row.has_tls = has_tls;
        let shared = Data::new(Shared { ..by_row });
        let response = answered(&shared, "192.0.2.7:1234".parse().unwrap()).await;
        assert_eq!(response.status(), expected);
        by_row = std::sync::Arc::try_unwrap(shared.into_inner()).unwrap_or_else(|_| panic!("still in use"));
    }
    echo.https_only.store(false, Ordering::SeqCst);
    let open = Data::new(Shared::new(&crate::ServerConfig::default(), echo));
    let response = answered(&open, "192.0.2.7:1234".parse().unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn with_https_only_this_machine_is_served() {
    let config = crate::ServerConfig {
        http: Some("127.0.0.1:0".parse().unwrap()),
        https_only: true,
        ..crate::ServerConfig::default()
    };
    let server = serve(config, Arc::new(Echo::default())).unwrap();
    assert!(tcp(&server, post("/", &xml("a.b"))).await.contains("200 OK"));
    server.stop().await.unwrap();
}

/// xapi's header, asked for in xapi's words.
#[tokio::test]
async fn the_thumbprint_goes_with_host_is_slave_alone() {
    const ASKS: &str = "x-xenapi-request-host-certificate-thumbprint";
    const TELLS: &str = "x-xenapi-response-host-certificate-thumbprint";
    let config = crate::ServerConfig {
        http: Some("127.0.0.1:0".parse().unwrap()),
        ..crate::ServerConfig::default()
    };
    let server = serve(config, Arc::new(Echo::default())).unwrap();
    for (method, asked, told) in [
        ("test.slave", "sha-256:master", Some("Sha256 of 192.0.2.9")),
        ("test.slave", "sha-1:master", Some("Sha1 of 192.0.2.9")),
        ("test.slave", "SHA-1:master", None),
        ("test.fail", "sha-256:master", None),
        ("a.b", "sha-256:master", None),
    ] {
        let request = post("/", &xml(method)).replacen("\r\n", &format!("\r\n{ASKS}: {asked}\r\n"), 1);
        let answer = tcp(&server, request).await;
        let found = answer.lines().find_map(|line| line.strip_prefix(TELLS));
        assert_eq!(
            found.map(|text| text.trim_start_matches(": ")),
            told,
            "{method} {asked}: {answer}"
        );
    }
    server.stop().await.unwrap();
}
