use super::rig::*;
use crate::tls::{ALPN_JOIN, ALPN_LINK, Trust, client_config, server_name};
use crate::*;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn quick_to_give_up() -> LinkConfig {
    let mut config = config();
    config.timings.reach_wait = Duration::from_millis(400);
    config
}

/// A pool member 1, and another host pinned (or not) by `arrange`; neither side's request may reach the other.
async fn refused(theirs: Hello, arrange: impl Fn(&TestDirectory, &Host), because: &str) {
    let directory = Arc::new(TestDirectory::default());
    let a = stranger(&directory, quick_to_give_up(), hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    // Its own view of the pool is right: it is the member that has to refuse.
    let outside = Arc::new(TestDirectory::default());
    outside.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let x = stranger(&outside, quick_to_give_up(), theirs).await;
    arrange(&directory, &x);

    let inwards = x.link.request(1, ECHO, Bytes::new(), LONG).await;
    assert!(matches!(inwards, Err(LinkError::Unreachable { .. })), "{inwards:?}");
    let outwards = a.link.request(2, ECHO, Bytes::new(), LONG).await;
    let Err(LinkError::Unreachable { peer: 2, reason }) = outwards else {
        panic!("{outwards:?}")
    };
    assert!(reason.contains(because), "{reason}");
    assert_eq!(a.services.calls.load(Ordering::SeqCst), 0);
    assert_eq!(x.services.calls.load(Ordering::SeqCst), 0);
    assert!(a.link.peers().iter().all(|peer| !peer.connected));
}

fn pinned_as_2(directory: &TestDirectory, x: &Host) {
    directory.set(2, x.link.local_addr().to_string(), x.identity.fingerprint());
}

#[tokio::test]
async fn wrong_certificate_is_refused() {
    let other = |directory: &TestDirectory, x: &Host| {
        directory.set(2, x.link.local_addr().to_string(), [7; 32]);
    };
    refused(hello(2), other, "TLS failed").await;
}

#[tokio::test]
async fn wrong_pool_is_refused() {
    let theirs = Hello {
        pool_uuid: "other".to_owned(),
        ..hello(2)
    };
    refused(theirs, pinned_as_2, "another pool").await;
}

#[tokio::test]
async fn wrong_incarnation_is_refused() {
    refused(
        Hello {
            incarnation: 2,
            ..hello(2)
        },
        pinned_as_2,
        "another incarnation",
    )
    .await;
}

#[tokio::test]
async fn wrong_node_is_refused() {
    refused(hello(3), pinned_as_2, "another node").await;
}

#[tokio::test]
async fn a_member_cannot_pass_for_another() {
    let directory = Arc::new(TestDirectory::default());
    let a = member(&directory, 1).await;
    let outside = Arc::new(TestDirectory::default());
    outside.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    // Pinned as node 2, says it is node 3, which is also a member.
    let x = stranger(&outside, quick_to_give_up(), hello(3)).await;
    pinned_as_2(&directory, &x);
    let _three = member(&directory, 3).await;
    let tried = x.link.request(1, ECHO, Bytes::new(), LONG).await;
    assert!(matches!(tried, Err(LinkError::Unreachable { .. })), "{tried:?}");
    assert_eq!(a.services.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn unpinning_closes_the_connection() {
    let directory = Arc::new(TestDirectory::default());
    let mut config = config();
    config.timings.keepalive_interval = Duration::from_millis(20);
    let a = stranger(&directory, config, hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let b = member(&directory, 2).await;
    echo(&a, &b).await.unwrap();
    directory.remove(2);
    eventually(|| !a.link.peers()[0].connected && !b.link.peers()[0].connected).await;
}

#[tokio::test]
async fn a_certificate_is_rotated_without_losing_the_peer() {
    let directory = Arc::new(TestDirectory::default());
    let mut config = config();
    config.timings.keepalive_interval = Duration::from_millis(20);
    let a = stranger(&directory, config.clone(), hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let b = stranger(&directory, config, hello(2)).await;
    let address = b.link.local_addr().to_string();
    directory.set(2, address.clone(), b.identity.fingerprint());
    echo(&a, &b).await.unwrap();

    let new = Arc::new(Identity::generate("host-2").unwrap());
    directory.also.lock().unwrap().push((2, new.fingerprint()));
    b.link.replace_identity(new.clone()).unwrap();
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
    directory.set(2, address, new.fingerprint());
    directory.also.lock().unwrap().clear();
    eventually(|| !a.link.peers()[0].connected && !b.link.peers()[0].connected).await;
    assert_eq!(echo(&b, &a).await.unwrap(), "hello");
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
    assert_eq!(a.link.selections(2), 2);
}

#[tokio::test]
async fn join_answers_once_and_shows_both_certificates() {
    let directory = Arc::new(TestDirectory::default());
    let a = member(&directory, 1).await;
    let address = a.link.local_addr().to_string();
    let joiner = Identity::generate("new").unwrap();
    let body = Bytes::from_static(b"let me in");
    let (answer, seen) = join_request(&address, ServerTrust::FirstUse, &joiner, body.clone(), LONG)
        .await
        .unwrap();
    assert_eq!(answer, body);
    assert_eq!(seen, a.identity.fingerprint());
    assert_eq!(
        *a.services.joined.lock().unwrap(),
        vec![joiner.certificate_der().to_vec()]
    );

    let pinned = ServerTrust::Fingerprint(seen);
    let denied = join_request(&address, pinned, &joiner, Bytes::from_static(b"no"), LONG).await;
    assert!(
        matches!(denied, Err(LinkError::Refused(Refusal::Denied(_)))),
        "{denied:?}"
    );

    let wrong = ServerTrust::Fingerprint([1; 32]);
    let failed = join_request(&address, wrong, &joiner, body, LONG).await;
    assert!(
        matches!(failed, Err(LinkError::Handshake(HandshakeError::Tls(_)))),
        "{failed:?}"
    );
    assert_eq!(a.services.joined.lock().unwrap().len(), 2);
}

/// TLS under `alpn` with this certificate; `None` when the handshake itself is refused.
async fn tls_to(host: &Host, identity: &Identity, alpn: &[u8]) -> Option<transport::Tls> {
    let config = client_config(identity, Trust::KeyHolder, alpn).unwrap();
    let io = TokioNet.dial(&host.link.local_addr().to_string()).await.unwrap();
    TlsConnector::from(config)
        .connect(server_name(), io)
        .await
        .ok()
        .map(Into::into)
}

async fn is_closed(io: &mut (impl tokio::io::AsyncRead + Unpin)) {
    let mut buffer = [0; 1024];
    while matches!(io.read(&mut buffer).await, Ok(count) if count > 0) {}
}

#[tokio::test]
async fn a_stranger_gets_nothing_under_the_link_protocol() {
    let directory = Arc::new(TestDirectory::default());
    let a = member(&directory, 1).await;
    let stranger = Identity::generate("stranger").unwrap();
    if let Some(mut tls) = tls_to(&a, &stranger, ALPN_LINK).await {
        // TLS 1.3: the client learns of the refusal with its first read, which must hold no hello.
        let mut buffer = [0; 1];
        assert!(!matches!(tls.read(&mut buffer).await, Ok(count) if count > 0));
    }
    assert!(tls_to(&a, &stranger, b"h2").await.is_none());
}

#[tokio::test]
async fn garbage_is_closed_and_harms_nobody() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut plain = TcpStream::connect(a.link.local_addr()).await.unwrap();
    plain.write_all(&[0xee; 4096]).await.unwrap();
    is_closed(&mut plain).await;

    let joiner = Identity::generate("new").unwrap();
    // An oversize join, and something that is no join.
    for head in [[0, 9, 0, 1, 0xff, 0xff, 0xff, 0xff], [0xee; 8]] {
        let mut tls = tls_to(&a, &joiner, ALPN_JOIN).await.unwrap();
        tls.write_all(&head).await.unwrap();
        is_closed(&mut tls).await;
    }
    // A member gone mad: no hello, and a good hello followed by what is not yamux.
    let mad = Identity::generate("mad").unwrap();
    directory.set(3, "127.0.0.1:1".to_owned(), mad.fingerprint());
    let good = codec::HelloMessage {
        hello: hello(3),
        known_sequence: 0,
    };
    for bytes in [vec![0xee; 64], [codec::encode_hello(&good), vec![0xee; 64]].concat()] {
        let mut tls = tls_to(&a, &mad, ALPN_LINK).await.unwrap();
        tls.write_all(&bytes).await.unwrap();
        is_closed(&mut tls).await;
    }
    assert_eq!(echo(&b, &a).await.unwrap(), "hello");
    assert!(a.services.joined.lock().unwrap().is_empty());
}

#[tokio::test]
async fn idle_strangers_push_out_each_other_not_members() {
    let directory = Arc::new(TestDirectory::default());
    let mut config = config();
    config.limits.handshakes = 8;
    config.timings.accept_deadline = LONG;
    let a = stranger(&directory, config, hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(a.link.local_addr()).await.unwrap());
    }
    let b = member(&directory, 2).await;
    assert_eq!(echo(&b, &a).await.unwrap(), "hello");
    for oldest in &mut idle[..90] {
        is_closed(oldest).await;
    }
    assert_eq!(echo(&b, &a).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_slow_handshaker_is_dropped_at_the_deadline() {
    let directory = Arc::new(TestDirectory::default());
    let mut config = config();
    config.timings.accept_deadline = Duration::from_millis(50);
    let a = stranger(&directory, config, hello(1)).await;
    let mut idle = TcpStream::connect(a.link.local_addr()).await.unwrap();
    is_closed(&mut idle).await;
}

#[test]
fn an_identity_is_made_once_and_kept_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let made = Identity::load_or_generate(dir.path(), "host").unwrap();
    let read = Identity::load_or_generate(dir.path(), "host").unwrap();
    assert_eq!(made.certificate_der(), read.certificate_der());
    assert_eq!(made.fingerprint(), fingerprint_of(read.certificate_der()));
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Another's certificate beside our key.
    let other = Identity::generate("other").unwrap();
    std::fs::write(dir.path().join("link-certificate.der"), other.certificate_der()).unwrap();
    let mixed = Identity::load_or_generate(dir.path(), "host");
    assert!(matches!(mixed, Err(IdentityError::Mismatch(_))), "{mixed:?}");
    std::fs::remove_file(dir.path().join("link-certificate.der")).unwrap();
    assert!(Identity::load_or_generate(dir.path(), "host").is_err());
}
