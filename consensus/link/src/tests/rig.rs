//! Hosts to test with: a shared directory, services that echo, sleep and count, and a network that can stand still.

use crate::*;
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::Semaphore;

pub const ECHO: u16 = 1;
/// Never answers; its start and drop are counted.
pub const SLEEP: u16 = 2;
pub const REFUSE: u16 = 3;
/// Answers with the asker's node.
pub const WHO: u16 = 4;
/// Stream: echoes until the end.
pub const STREAM_ECHO: u16 = 5;
/// Stream: held, never read.
pub const STREAM_HOLD: u16 = 6;
/// Stream: dropped at once.
pub const STREAM_DROP: u16 = 7;
pub const PANIC: u16 = 8;

/// Longer than anything a passing test waits for.
pub const LONG: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct TestDirectory {
    pub peers: Mutex<BTreeMap<u128, Peer>>,
    /// Second certificates, during a rotation.
    pub also: Mutex<Vec<(u128, Fingerprint)>>,
}

impl TestDirectory {
    pub fn set(&self, node: u128, address: String, fingerprint: Fingerprint) {
        self.peers.lock().unwrap().insert(
            node,
            Peer {
                node,
                address,
                fingerprint,
            },
        );
    }

    pub fn remove(&self, node: u128) {
        self.peers.lock().unwrap().remove(&node);
    }
}

impl Directory for TestDirectory {
    fn peer(&self, node: u128) -> Option<Peer> {
        self.peers.lock().unwrap().get(&node).cloned()
    }

    fn is_pinned(&self, node: u128, fingerprint: &Fingerprint) -> bool {
        self.peer(node).is_some_and(|peer| peer.fingerprint == *fingerprint)
    }

    fn is_known_certificate(&self, fingerprint: &Fingerprint) -> bool {
        self.peers
            .lock()
            .unwrap()
            .values()
            .any(|peer| peer.fingerprint == *fingerprint)
    }
}

pub struct TestServices {
    /// One permit for each start and each drop of a [`SLEEP`] handler.
    pub started: Arc<Semaphore>,
    pub dropped: Arc<Semaphore>,
    /// Everything that reached a handler.
    pub calls: AtomicUsize,
    pub joined: Mutex<Vec<Vec<u8>>>,
}

impl Default for TestServices {
    fn default() -> TestServices {
        TestServices {
            started: Arc::new(Semaphore::new(0)),
            dropped: Arc::new(Semaphore::new(0)),
            calls: AtomicUsize::new(0),
            joined: Mutex::default(),
        }
    }
}

struct OnDrop(Arc<Semaphore>);
impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl Services for TestServices {
    fn request(&self, peer: u128, service: u16, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let (started, dropped) = (self.started.clone(), self.dropped.clone());
        Box::pin(async move {
            match service {
                ECHO => Ok(body),
                WHO => Ok(Bytes::copy_from_slice(&peer.to_be_bytes())),
                REFUSE => Err(Refusal::Denied("not today".to_owned())),
                SLEEP => {
                    let _guard = OnDrop(dropped);
                    started.add_permits(1);
                    std::future::pending().await
                }
                PANIC => panic!("a handler of the test panics"),
                other => Err(Refusal::UnknownService(other)),
            }
        })
    }

    fn stream(&self, _peer: u128, service: u16, mut stream: LinkStream) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            match service {
                STREAM_ECHO => {
                    let (mut read, mut write) = tokio::io::split(stream);
                    if tokio::io::copy(&mut read, &mut write).await.is_ok() {
                        write.shutdown().await.ok();
                    }
                }
                STREAM_HOLD => {
                    let mut one = [0; 1];
                    stream.read_exact(&mut one).await.ok();
                    std::future::pending().await
                }
                _ => {}
            }
        })
    }

    fn join(&self, certificate_der: Vec<u8>, body: Bytes) -> BoxFuture<'static, Result<Bytes, Refusal>> {
        self.joined.lock().unwrap().push(certificate_der);
        Box::pin(async move {
            if body == "no" {
                Err(Refusal::Denied("no".to_owned()))
            } else {
                Ok(body)
            }
        })
    }
}

/// Drives a request for [`SLEEP`] until its handler has begun.
pub async fn until_asleep<T: std::fmt::Debug>(host: &Host, mut asked: Pin<&mut impl Future<Output = T>>) {
    tokio::select! {
        early = &mut asked => panic!("{early:?}"),
        started = host.services.started.acquire() => started.unwrap().forget(),
    }
}

pub struct Host {
    pub node: u128,
    pub link: Link,
    pub identity: Arc<Identity>,
    pub services: Arc<TestServices>,
    pub net: Arc<GateNet>,
}

pub fn hello(node: u128) -> Hello {
    let host_uuid = format!("host-{node}");
    Hello {
        pool_uuid: "pool".to_owned(),
        incarnation: 1,
        node,
        host_uuid,
    }
}

pub fn config() -> LinkConfig {
    LinkConfig::new("127.0.0.1:0")
}

/// A member with default settings.
pub async fn member(directory: &Arc<TestDirectory>, node: u128) -> Host {
    let host = stranger(directory, config(), hello(node)).await;
    directory.set(node, host.link.local_addr().to_string(), host.identity.fingerprint());
    host
}

/// A running host that the directory does not know yet.
pub async fn stranger(directory: &Arc<TestDirectory>, config: LinkConfig, hello: Hello) -> Host {
    let identity = Arc::new(Identity::generate(&hello.host_uuid).unwrap());
    start_as(directory, config, hello, identity).await
}

pub async fn start_as(
    directory: &Arc<TestDirectory>,
    mut config: LinkConfig,
    hello: Hello,
    identity: Arc<Identity>,
) -> Host {
    let net = Arc::new(GateNet::default());
    config.net = net.clone();
    let services = Arc::new(TestServices::default());
    let node = hello.node;
    let link = Link::start(config, identity.clone(), hello, directory.clone(), services.clone())
        .await
        .unwrap();
    Host {
        node,
        link,
        identity,
        services,
        net,
    }
}

pub async fn echo(from: &Host, to: &Host) -> Result<Bytes, LinkError> {
    from.link
        .request(to.node, ECHO, Bytes::from_static(b"hello"), LONG)
        .await
}

/// Waits until `condition` holds; the test's own time limit is the runner's.
pub async fn eventually(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Loopback TCP behind a gate: closed, nothing moves either way, as with a stopped process or an unplugged cable.
#[derive(Default)]
pub struct GateNet {
    pub gate: Arc<Gate>,
    pub dials: AtomicUsize,
    pub accepts: Arc<AtomicUsize>,
}

#[derive(Default)]
pub struct Gate {
    closed: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Gate {
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
        self.wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.closed.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        self.wakers.lock().unwrap().push(cx.waker().clone());
        if self.closed.load(Ordering::SeqCst) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

struct GateIo(Box<dyn Io>, Arc<Gate>);

impl AsyncRead for GateIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.1.poll(cx));
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for GateIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        std::task::ready!(self.1.poll(cx));
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.1.poll(cx));
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.1.poll(cx));
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[async_trait]
impl Net for GateNet {
    async fn dial(&self, address: &str) -> io::Result<Box<dyn Io>> {
        self.dials.fetch_add(1, Ordering::SeqCst);
        std::future::poll_fn(|cx| self.gate.poll(cx)).await;
        Ok(Box::new(GateIo(TokioNet.dial(address).await?, self.gate.clone())))
    }

    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>> {
        let inner = TokioNet.bind(address).await?;
        Ok(Box::new(GateListener(inner, self.gate.clone(), self.accepts.clone())))
    }
}

struct GateListener(Box<dyn Listener>, Arc<Gate>, Arc<AtomicUsize>);

#[async_trait]
impl Listener for GateListener {
    async fn accept(&mut self) -> io::Result<(Box<dyn Io>, SocketAddr)> {
        std::future::poll_fn(|cx| self.1.poll(cx)).await;
        let (io, address) = self.0.accept().await?;
        self.2.fetch_add(1, Ordering::SeqCst);
        Ok((Box::new(GateIo(io, self.1.clone())), address))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
