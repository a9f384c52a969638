//! Requests a second between two processes on loopback: `throughput [BODY_BYTES] [CONCURRENT] [SECONDS]`.
//!
//! Starts itself again as the answering host. Prints one line.

use bytes::Bytes;
use futures::future::BoxFuture;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xenith_link::*;

const LONG: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Pins(Mutex<Vec<Peer>>);

impl Directory for Pins {
    fn peer(&self, node: u128) -> Option<Peer> {
        self.0.lock().ok()?.iter().find(|peer| peer.node == node).cloned()
    }
    fn is_pinned(&self, node: u128, fingerprint: &Fingerprint) -> bool {
        self.peer(node).is_some_and(|peer| peer.fingerprint == *fingerprint)
    }
    fn is_known_certificate(&self, fingerprint: &Fingerprint) -> bool {
        self.0
            .lock()
            .is_ok_and(|all| all.iter().any(|peer| peer.fingerprint == *fingerprint))
    }
}

struct Echo;

impl Services for Echo {
    fn request(&self, _: u128, _: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        Box::pin(async move { Ok(body) })
    }
    fn stream(&self, _: u128, _: u16, _: LinkStream) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
    fn join(&self, _: Vec<u8>, _: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        Box::pin(async { Err(Refusal::Busy) })
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn start(node: u128) -> Result<(Link, Arc<Pins>, Arc<Identity>), AnyError> {
    let identity = Arc::new(Identity::generate("host")?);
    let pins = Arc::new(Pins::default());
    let hello = Hello {
        pool_uuid: "pool".into(),
        incarnation: 1,
        node,
        host_uuid: node.to_string(),
    };
    let config = LinkConfig::new("127.0.0.1:0");
    let link = Link::start(config, identity.clone(), hello, pins.clone(), Arc::new(Echo)).await?;
    Ok((link, pins, identity))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `address fingerprint` as the other process prints it.
fn parse(line: &str, node: u128) -> Result<Peer, AnyError> {
    let (address, digits) = line.trim().split_once(' ').ok_or("not a peer line")?;
    let mut fingerprint = [0; 32];
    for (at, byte) in fingerprint.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16)?;
    }
    Ok(Peer {
        node,
        address: address.to_owned(),
        fingerprint,
    })
}

fn introduce(link: &Link, identity: &Identity) -> String {
    format!("{} {}\n", link.local_addr(), hex(&identity.fingerprint()))
}

fn pin(pins: &Pins, peer: Peer) {
    if let Ok(mut all) = pins.0.lock() {
        all.push(peer);
    }
}

async fn answer() -> Result<(), AnyError> {
    let (link, pins, identity) = start(2).await?;
    print!("{}", introduce(&link, &identity));
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    pin(&pins, parse(&line, 1)?);
    // Until the asking process closes our input.
    tokio::task::spawn_blocking(|| std::io::stdin().lock().read(&mut [0; 1])).await??;
    Ok(())
}

async fn ask(bytes: usize, concurrent: usize, seconds: u64) -> Result<(), AnyError> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("answer")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no pipe")?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no pipe")?).read_line(&mut line)?;
    let (link, pins, identity) = start(1).await?;
    pin(&pins, parse(&line, 2)?);
    input.write_all(introduce(&link, &identity).as_bytes())?;
    input.flush()?;

    let body = Bytes::from(vec![7; bytes]);
    link.request(2, 1, body.clone(), LONG).await?;
    let started = tokio::time::Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..concurrent {
        let (link, body) = (link.clone(), body.clone());
        tasks.spawn(async move {
            let mut count = 0u64;
            while tokio::time::Instant::now() < until {
                link.request(2, 1, body.clone(), LONG).await?;
                count += 1;
            }
            Ok::<u64, LinkError>(count)
        });
    }
    let mut total = 0;
    while let Some(count) = tasks.join_next().await {
        total += count??;
    }
    let rate = total as f64 / started.elapsed().as_secs_f64();
    println!("{bytes} bytes, {concurrent} at once: {rate:.0} requests/s");
    drop(input);
    child.wait()?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "answer") {
        return answer().await;
    }
    let number = |at: usize, default: usize| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    ask(number(0, 100), number(1, 64), number(2, 3) as u64).await
}
