//! What clients must not do, done: a clear error each time, nothing changed, nothing kept.

use crate::harness::{At, PATIENT, Pool, Reach, eventually, reference};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xenith_client::{CallError, Client, Endpoint, Trust};
use xenith_datamodel::{Ref, Value};

/// A daemon may grow by what it caches and what the allocator keeps, not with what it was sent.
const GROWTH_MAX_KIB: u64 = 96 << 10;
/// Larger than the server's limit of 300 KiB.
const TOO_LARGE: usize = 400 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input() {
    let pool = Pool::start(3, &PATIENT).await;
    let at = pool.login().await;
    let vm = at.create_vm("untouched").await;
    // Once, so that what is made at first use is not counted as growth.
    bodies(&pool, at.host, &at.session).await;
    let (before, memory) = (state(&at).await, memory_kib(&pool, at.host));
    for _ in 0..20 {
        bodies(&pool, at.host, &at.session).await;
    }
    values(&at, &vm).await;
    sizes(&pool, &at).await;
    gone_in_mid_wait(&pool, &at).await;
    rubbish_at_the_link(&pool, at.host).await;
    assert_eq!(state(&at).await, before, "bad input changed something");
    let grown = memory_kib(&pool, at.host).saturating_sub(memory);
    assert!(grown < GROWTH_MAX_KIB, "the daemon has grown by {grown} KiB");
    for k in 1..=3 {
        assert!(!pool.has_ended(k), "host {k}'s daemon has ended");
        assert!(!pool.log(k).contains("panicked"), "host {k}'s daemon has panicked");
    }
}

/// One request with this body, and the whole answer.
async fn post(reach: &Reach, k: u8, path: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect((format!("127.0.0.{k}"), reach.http_port))
        .await
        .unwrap();
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // Refused half-way, when it is too large.
    drop(stream.write_all(body).await);
    read_all(&mut stream).await
}

pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is an end, too.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

async fn bodies(pool: &Reach, k: u8, session: &Ref) {
    let deep_xml = format!(
        "<methodCall><methodName>a</methodName><params>{}",
        "<param><value><array>".repeat(4_000)
    );
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
        <methodCall><methodName>&b;</methodName></methodCall>"#;
    let many = format!(
        "<methodCall><methodName>VM.get_all</methodName><params>{}</params></methodCall>",
        "<param><value><int>1</int></value></param>".repeat(5_000)
    );
    let number = format!(
        "<methodCall><methodName>VM.get_record</methodName><params><param><value>{session}</value></param>\
         <param><value><int>99999999999999999999999</int></value></param></params></methodCall>"
    );
    let xml: [&[u8]; 9] = [
        b"",
        b"<",
        b"\0\xff\xfe",
        b"<methodCall><methodName>VM.get_all",
        b"<methodCall></methodCall>",
        deep_xml.as_bytes(),
        laughs.as_bytes(),
        many.as_bytes(),
        number.as_bytes(),
    ];
    for body in xml {
        for path in ["/", "/RPC2", "/json", "/no/such/path"] {
            is_refused(&post(pool, k, path, body).await, body);
        }
    }
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"VM.get_all","params":{}"#,
        "[".repeat(100_000)
    );
    let json: [&[u8]; 9] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xff",
        br#"{"jsonrpc":"2.0","id":1}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":5,"params":[]}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"VM.get_all","params":"none"}"#,
        deep.as_bytes(),
    ];
    for body in json {
        is_refused(&post(pool, k, "/jsonrpc", body).await, body);
    }
}

fn is_refused(answer: &str, body: &[u8]) {
    let body = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 "), "to {body:?}: {answer:?}");
    assert!(!answer.contains("Success"), "to {body:?}: {answer}");
    let is_error = !answer.starts_with("HTTP/1.1 200")
        || ["Failure", "Fault", "fault", "\"error\""]
            .iter()
            .any(|word| answer.contains(word));
    assert!(is_error, "to {body:?}: {answer}");
}

/// Calls that are well formed and wrong.
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn values(at: &At, vm: &Ref) {
    let (vm, null) = (Value::Ref(vm.clone()), Value::Ref(reference("OpaqueRef:NULL")));
    let (text, nobody) = (
        |text: &str| Value::text(text),
        Value::Ref(reference("OpaqueRef:nobody")),
    );
    let long = "x".repeat(100_000);
    let cases: Vec<(&str, Vec<Value>, &str)> = vec![
        ("Nothing.get_all", vec![], "MESSAGE_METHOD_UNKNOWN"),
        ("VM.get_nothing", vec![vm.clone()], "MESSAGE_METHOD_UNKNOWN"),
        ("VM", vec![], "MESSAGE_METHOD_UNKNOWN"),
        ("", vec![], "MESSAGE_METHOD_UNKNOWN"),
        (&long, vec![], "MESSAGE_METHOD_UNKNOWN"),
        ("VM.get_record", vec![], "MESSAGE_PARAMETER_COUNT_MISMATCH"),
        (
            "VM.get_record",
            vec![vm.clone(), vm.clone()],
            "MESSAGE_PARAMETER_COUNT_MISMATCH",
        ),
        ("VM.get_record", vec![nobody.clone()], "HANDLE_INVALID"),
        ("VM.get_record", vec![null.clone()], "HANDLE_INVALID"),
        ("VM.set_name_label", vec![nobody.clone(), text("x")], "HANDLE_INVALID"),
        ("VM.destroy", vec![nobody.clone()], "HANDLE_INVALID"),
        (
            "VM.add_to_other_config",
            vec![nobody, text("a"), text("b")],
            "HANDLE_INVALID",
        ),
        ("VM.get_by_uuid", vec![text("no uuid")], "UUID_INVALID"),
        ("VM.get_record", vec![Value::Int(5)], ""),
        ("VM.get_record", vec![Value::map([])], ""),
        ("VM.set_name_label", vec![vm.clone(), Value::Int(5)], "INTERNAL_ERROR"),
        ("VM.set_user_version", vec![vm.clone(), text("five")], "INTERNAL_ERROR"),
        (
            "VM.set_other_config",
            vec![vm.clone(), text("no map")],
            "INTERNAL_ERROR",
        ),
        (
            "VM.set_actions_after_reboot",
            vec![vm.clone(), text("explode")],
            "INTERNAL_ERROR",
        ),
        ("VM.create", vec![Value::record([("name_label", text("half"))])], ""),
        ("VM.create", vec![text("no record")], "INTERNAL_ERROR"),
        ("VM.get_all_records_where", vec![text("field \"nothing\" = \"x\"")], ""),
        ("VM.get_all_records_where", vec![text("((((")], ""),
        (
            "event.from",
            vec![Value::set([text("no_such_class")]), text("rubbish"), Value::Float(0.0)],
            "",
        ),
        (
            "event.from",
            vec![text("no set"), text(""), Value::Float(0.0)],
            "INTERNAL_ERROR",
        ),
        ("pool.designate_new_master", vec![null], "HANDLE_INVALID"),
    ];
    for (method, params, code) in cases {
        let error = at.fails(method, &params).await;
        let shown = &method[..method.len().min(40)];
        assert!(code.is_empty() || error.code == code, "{shown} answered {error}");
    }
    for session in [
        "",
        "OpaqueRef:NULL",
        "OpaqueRef:00000000-0000-4000-8000-000000000000",
        &long,
    ] {
        match at.client().call("VM.get_all", &[Value::Ref(reference(session))]).await {
            Err(CallError::Api(error)) => assert_eq!(error.code, "SESSION_INVALID"),
            other => panic!("a session that is none: {other:?}"),
        }
    }
}

/// Bodies that are too large, senders that are too slow; meanwhile others are served.
async fn sizes(pool: &Reach, at: &At) {
    let large = vec![b'x'; TOO_LARGE];
    for path in ["/", "/jsonrpc"] {
        let answer = post(pool, at.host, path, &large).await;
        // Closed while the client still sends: it may see the reset in place of the answer.
        assert!(answer.is_empty() || answer.contains("over the size limit"), "{answer}");
    }
    let mut slow = Vec::new();
    for text in [
        "P",
        "POST / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
    ] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect((format!("127.0.0.{}", at.host), pool.http_port))
                .await
                .unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            slow.push(stream);
        }
    }
    at.ok("VM.get_all", &[]).await;
    // The slow ones are closed by the server, one after the other.
    for mut stream in slow {
        let closed = tokio::time::timeout(crate::harness::LIVELY, read_all(&mut stream)).await;
        assert!(closed.is_ok(), "a slow sender is never closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_an_end() {
    let pool = Pool::start(1, &[]).await;
    let at = pool.login().await;
    let endless = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut stream = TcpStream::connect((format!("127.0.0.{}", at.host), pool.http_port))
        .await
        .unwrap();
    stream.write_all(endless.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "y".repeat(0x10000));
    let until = tokio::time::Instant::now() + crate::harness::LIVELY;
    while stream.write_all(chunk.as_bytes()).await.is_ok() {
        assert!(
            tokio::time::Instant::now() < until,
            "a body without an end is taken for ever"
        );
    }
    at.ok("VM.get_all", &[]).await;
}

/// The wait of a client that went away ends.
async fn gone_in_mid_wait(pool: &Reach, at: &At) {
    let waiters = async || pool.metric(at.host, "xenith_event_waiters").await.unwrap();
    let before = waiters().await;
    let session = &at.session;
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"event.from","params":["{session}",["network"],"",0.0]}}"#);
    let first = post(pool, at.host, "/jsonrpc", body.as_bytes()).await;
    let token = first
        .split(r#""token":""#)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect((format!("127.0.0.{}", at.host), pool.http_port))
            .await
            .unwrap();
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"event.from","params":["{session}",["network"],"{token}",3600.0]}}"#
        );
        let head = format!(
            "POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    eventually("all of them wait", async || waiters().await >= before + 50).await;
    drop(streams);
    eventually("none of them waits", async || waiters().await <= before).await;
}

/// The hosts' own port: noise, TLS without and with a certificate that nobody knows.
async fn rubbish_at_the_link(pool: &Reach, k: u8) {
    for number in 0..100_u8 {
        let mut stream = TcpStream::connect((format!("127.0.0.{k}"), pool.link_port))
            .await
            .unwrap();
        drop(
            stream
                .write_all(&vec![number.wrapping_mul(37); 1 + usize::from(number) * 50])
                .await,
        );
    }
    let host = format!("127.0.0.{k}");
    let plain = Client::connect(Endpoint::Http {
        host: host.clone(),
        port: pool.link_port,
    })
    .await;
    if let Ok(client) = plain {
        assert!(
            client.get("/healthz").await.is_err(),
            "HTTP on the link's port was answered"
        );
    }
    let endpoint = Endpoint::Https {
        host,
        port: pool.link_port,
        trust: Trust::InsecureFirstUse,
    };
    if let Ok(client) = Client::connect(endpoint).await {
        assert!(
            client.get("/healthz").await.is_err(),
            "TLS without a certificate was answered on the link's port"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let identity = xenith_link::Identity::load_or_generate(dir.path(), "11111111-1111-4111-8111-111111111111").unwrap();
    let address = format!("127.0.0.{k}:{}", pool.link_port);
    for body in ["", "{}", "null", r#"{"version":1}"#, "\u{0}\u{1}"] {
        let trust = xenith_link::ServerTrust::FirstUse;
        let asked = xenith_link::join_request(
            &address,
            trust,
            &identity,
            body.to_owned().into(),
            Duration::from_secs(30),
        )
        .await;
        assert!(asked.is_err(), "a stranger was let in with {body:?}");
    }
}

/// What host `k`'s daemon has in memory.
pub fn memory_kib(pool: &Reach, k: u8) -> u64 {
    let pid = pool.facts().hosts[usize::from(k) - 1].pid.unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// All records of the classes that calls could have changed. Sessions come and go, so they are left out, and `last_updated`
/// is the pool's own.
async fn state(at: &At) -> Vec<String> {
    let mut all = Vec::new();
    for class in [
        "pool",
        "VM",
        "host",
        "network",
        "VIF",
        "VBD",
        "VDI",
        "SR",
        "PIF",
        "PBD",
        "secret",
        "Certificate",
    ] {
        all.push(format!("{:?}", at.ok(&format!("{class}.get_all_records"), &[]).await));
    }
    all
}
