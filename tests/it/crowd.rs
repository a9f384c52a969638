//! Many connections that ask for nothing, slow senders and readers that stop: who asks for something is served beside them, in bounded
//! memory.

use crate::bad_input::{memory_kib, read_all};
use crate::harness::{LIVELY, Pool, eventually};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xenith_datamodel::Value;

const IDLE: usize = 10_000;
const SLOW: usize = 100;
const STOPPED: usize = 50;
/// What a server may keep of an idle connection.
const PER_CONNECTION_KIB: u64 = 40;
/// What it may grow by beside: caches, what the allocator keeps, shares of readers that stopped.
const GROWTH_MAX_KIB: u64 = 96 << 10;
/// Connections of this process, and a few files more.
const FILES: u64 = 10_500;

/// Of this process, and so of the daemon that it starts. Fails where the machine allows fewer: the test would prove nothing.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= FILES) {
        return;
    }
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    assert!(
        limit.current.is_none_or(|current| current >= FILES),
        "{FILES} open files are needed and only {:?} allowed (`ulimit -Hn`)",
        limit.maximum
    );
}

async fn connect(pool: &Pool) -> TcpStream {
    let address = ("127.0.0.1", pool.http_port);
    let connected = tokio::time::timeout(LIVELY, TcpStream::connect(address)).await;
    connected.expect("a connection that is not taken").unwrap()
}

/// A connection that is kept after its first request: one without any would be closed as a slow sender is.
async fn idle_connection(pool: &Pool) -> TcpStream {
    let mut stream = connect(pool).await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = [0; 2048];
    let length = stream.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200 OK"));
    stream
}

/// Requests whose rest never comes.
async fn slow_senders(pool: &Pool) -> Vec<TcpStream> {
    let texts = [
        "P",
        "POST / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
        "POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n{",
    ];
    let mut slow = Vec::new();
    for text in texts.iter().cycle().take(SLOW) {
        let mut stream = connect(pool).await;
        stream.write_all(text.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    slow
}

/// They ask for long answers, of which they read the first bytes.
async fn stopped_readers(pool: &Pool) -> Vec<TcpStream> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"system.listMethods","params":[]}"#;
    let request = format!(
        "POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // Pipelined, so that much more is asked for than the kernel's buffers hold.
    let request = request.repeat(50);
    let mut stopped = Vec::new();
    for _ in 0..STOPPED {
        let mut stream = connect(pool).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 16];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK\r");
        stopped.push(stream);
    }
    stopped
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd() {
    raise_open_files();
    let pool = Pool::start(1, &[]).await;
    let at = pool.login().await;
    at.ok("VM.get_all_records", &[]).await;
    let before = memory_kib(&pool, 1);
    let mut idle = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        idle.push(idle_connection(&pool).await);
    }
    let slow = slow_senders(&pool).await;
    let stopped = stopped_readers(&pool).await;
    for _ in 0..100 {
        at.ok("VM.get_all_records", &[]).await;
    }
    // A good client that comes last is taken, too.
    let fresh = pool.at(1, &at.session).await.unwrap();
    let made = fresh.create_vm("beside a crowd").await;
    assert_eq!(at.ok("VM.get_all", &[]).await, fresh.ok("VM.get_all", &[]).await);
    let grown = memory_kib(&pool, 1).saturating_sub(before);
    println!("{IDLE} idle, {SLOW} slow, {STOPPED} stopped: grown by {grown} KiB");
    let most = GROWTH_MAX_KIB + PER_CONNECTION_KIB * u64::try_from(IDLE).unwrap();
    assert!(grown < most, "the daemon has grown by {grown} KiB");
    for mut stream in slow {
        let closed = tokio::time::timeout(LIVELY, read_all(&mut stream)).await;
        let answer = closed.expect("a slow sender is never closed");
        assert!(answer.contains(" 408 "), "{answer:?}");
    }
    drop(stopped);
    eventually("no share is held", async || {
        pool.metric(1, "xenith_reply_bytes_held").await == Some(0)
    })
    .await;
    // Those that only waited are still welcome.
    let mut last = idle.pop().unwrap();
    last.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let answer = read_all(&mut last).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:?}");
    drop(idle);
    fresh.ok("VM.get_record", &[Value::Ref(made)]).await;
    assert!(!pool.has_ended(1) && !pool.log(1).contains("panicked"));
}
