//! What the pool says of its hosts' certificates is what their listeners show; a client that is sent to the coordinator may ask for it.

use crate::bad_input::read_all;
use crate::harness::{At, PASSWORD, PATIENT, Pool, Reach, eventually};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use xenith_datamodel::{Ref, Value};

const ASKS: &str = "X-XenAPI-Request-Host-Certificate-Thumbprint";
const TELLS: &str = "x-xenapi-response-host-certificate-thumbprint: ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_told_truly() {
    let mut pool = Pool::start(2, &PATIENT).await;
    let at = pool.login().await;
    let master = host_at(&at, "127.0.0.1").await;
    let row = certificate_of(&at, &master).await;
    let pem = at
        .text("host.get_server_certificate", &[Value::Ref(master.clone())])
        .await;
    // The file that `xenith up` made for its clients holds the certificates that the hosts show.
    let trusted = std::fs::read_to_string(pool.dir().join("ca.pem")).unwrap();
    assert!(
        trusted.replace("\r\n", "\n").contains(pem.trim()),
        "{pem} is not in {trusted}"
    );
    let text = async |field: &str| {
        at.text(&format!("Certificate.get_{field}"), &[Value::Ref(row.clone())])
            .await
    };
    let (sha256, sha1) = (text("fingerprint_sha256").await, text("fingerprint_sha1").await);
    assert_eq!((sha256.len(), sha1.len()), (95, 59), "{sha256} {sha1}");
    assert_eq!(text("fingerprint").await, sha256);

    for (asked, told) in [
        ("sha-256:master", Some(&sha256)),
        ("sha-1:master", Some(&sha1)),
        ("md5:master", None),
    ] {
        for path in ["/", "/jsonrpc"] {
            let answer = login_at_supporter(&pool, path, asked).await;
            assert!(answer.contains("HOST_IS_SLAVE"), "{answer}");
            let found = answer.lines().find_map(|line| line.strip_prefix(TELLS));
            assert_eq!(found, told.map(String::as_str), "{asked} at {path}");
        }
    }
    // Not with another answer.
    let answer = login(&pool, 1, "/", "sha-256:master").await;
    assert!(answer.contains("Success") && !answer.contains(TELLS), "{answer}");

    // Another certificate is another row; the same one stays the same row.
    drop(at);
    pool.stop_all().await;
    for name in ["certificate.pem", "key.pem"] {
        std::fs::remove_file(pool.dir().join("host-1/state").join(name)).unwrap();
    }
    pool.start_all_again().await;
    let at = pool.login().await;
    eventually("the row of the new certificate", async || {
        let now = certificate_of(&at, &master).await;
        now != row && at.text("Certificate.get_fingerprint_sha256", &[Value::Ref(now)]).await != sha256
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_only_is_a_row_of_each_host() {
    let mut pool = Pool::start(2, &PATIENT).await;
    let at = pool.login().await;
    let hosts = [host_at(&at, "127.0.0.1").await, host_at(&at, "127.0.0.2").await];
    let flags = async |at: &At| {
        let mut all = Vec::new();
        for host in &hosts {
            all.push(at.ok("host.get_https_only", &[Value::Ref(host.clone())]).await);
        }
        all
    };
    assert_eq!(flags(&at).await, [Value::Bool(false), Value::Bool(false)]);
    at.ok(
        "host.set_https_only",
        &[Value::Ref(hosts[1].clone()), Value::Bool(true)],
    )
    .await;
    assert_eq!(flags(&at).await, [Value::Bool(false), Value::Bool(true)]);
    let pool_ref = at.refs("pool.get_all").await.remove(0);
    at.ok("pool.set_https_only", &[Value::Ref(pool_ref), Value::Bool(true)])
        .await;
    assert_eq!(flags(&at).await, [Value::Bool(true), Value::Bool(true)]);
    // This machine is served all the same, and so it is after a start.
    drop(at);
    pool.stop_all().await;
    pool.start_all_again().await;
    let at = pool.login().await;
    assert_eq!(flags(&at).await, [Value::Bool(true), Value::Bool(true)]);
}

async fn host_at(at: &At, address: &str) -> Ref {
    for host in at.refs("host.get_all").await {
        if at.text("host.get_address", &[Value::Ref(host.clone())]).await == address {
            return host;
        }
    }
    panic!("no host at {address}")
}

/// The row of what it shows to clients: exactly one.
async fn certificate_of(at: &At, host: &Ref) -> Ref {
    let mut found = Vec::new();
    for row in at.refs("Certificate.get_all").await {
        let field = async |field: &str| {
            at.ok(&format!("Certificate.get_{field}"), &[Value::Ref(row.clone())])
                .await
        };
        if field("type").await == Value::text("host") && field("host").await == Value::Ref(host.clone()) {
            found.push(row.clone());
        }
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

async fn login_at_supporter(pool: &Reach, path: &str, asked: &str) -> String {
    login(pool, 2, path, asked).await
}

/// A login by hand, and the whole answer.
async fn login(pool: &Reach, k: u8, path: &str, asked: &str) -> String {
    let body = if path == "/jsonrpc" {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"session.login_with_password","params":["root","{PASSWORD}"]}}"#)
    } else {
        let param = |text: &str| format!("<param><value>{text}</value></param>");
        format!(
            "<methodCall><methodName>session.login_with_password</methodName><params>{}{}</params></methodCall>",
            param("root"),
            param(PASSWORD)
        )
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{ASKS}: {asked}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect((format!("127.0.0.{k}"), pool.http_port))
        .await
        .unwrap();
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    read_all(&mut stream).await
}
