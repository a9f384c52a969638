//! Through a real server on a port of its own.

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use xenith_server::{RunningServer, ServerConfig, serve};

fn start(host: &Host) -> RunningServer {
    let config = ServerConfig {
        http: Some("127.0.0.1:0".parse().unwrap()),
        ..ServerConfig::default()
    };
    serve(config, host.toolstack.clone()).unwrap()
}

fn request(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn post(server: &RunningServer, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(request(path, body).as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply.split_once("\r\n\r\n").unwrap().1.to_owned()
}

async fn json(server: &RunningServer, method: &str, params: serde_json::Value) -> serde_json::Value {
    let body = serde_json::json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": 1 }).to_string();
    serde_json::from_str(&post(server, "/jsonrpc", &body).await).unwrap()
}

#[tokio::test]
async fn login_and_implicit_calls_over_json_and_xml() {
    let host = host();
    let server = start(&host);
    let login = json(&server, "session.login_with_password", serde_json::json!(["root", "x"])).await;
    let s = login["result"].as_str().unwrap();
    let pools = json(&server, "pool.get_all_records", serde_json::json!([s])).await;
    let pools = pools["result"].as_object().unwrap();
    assert_eq!(pools.len(), 1);
    assert_eq!(
        pools.values().next().unwrap()["uuid"],
        "22222222-2222-2222-2222-222222222222"
    );
    let xml = format!(
        "<?xml version=\"1.0\"?><methodCall><methodName>pool.get_all</methodName><params><param><value>\
         <string>{s}</string></value></param></params></methodCall>"
    );
    let reply = post(&server, "/RPC2", &xml).await;
    assert!(
        reply.contains("<value>OpaqueRef:22222222-2222-2222-2222-222222222222</value>"),
        "{reply}"
    );
    let bad = json(&server, "session.login_with_password", serde_json::json!(["root", "y"])).await;
    assert_eq!(bad["error"]["message"], "SESSION_AUTHENTICATION_FAILED");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_watcher_that_hangs_up_leaves_no_waiter() {
    let host = host();
    let server = start(&host);
    let s = host.login().await;
    let token = host.log.applied().generation();
    let params = serde_json::json!([s, ["*"], format!("{token:020},{:020}", 0), 3600.0]);
    let body = serde_json::json!({ "jsonrpc": "2.0", "method": "event.from", "params": params, "id": 1 }).to_string();
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(request("/jsonrpc", &body).as_bytes()).await.unwrap();
    until(|| host.toolstack.node.waiters.count() == 1).await;
    drop(stream);
    until(|| host.toolstack.node.waiters.count() == 0).await;
    server.stop().await.unwrap();
}

async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("it never came");
}
