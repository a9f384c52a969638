use super::rig::*;
use crate::*;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn both_directions_over_one_connection() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
    assert_eq!(echo(&b, &a).await.unwrap(), "hello");
    let who = b.link.request(1, WHO, Bytes::new(), LONG).await.unwrap();
    assert_eq!(who, 2u128.to_be_bytes()[..]);
    assert_eq!(a.net.dials.load(Ordering::SeqCst), 1);
    assert_eq!(b.net.dials.load(Ordering::SeqCst), 0);
    let (at_a, at_b) = (a.link.peers(), b.link.peers());
    assert_eq!((at_a.len(), at_b.len()), (1, 1));
    assert!(at_a[0].connected && at_a[0].dialled && at_b[0].connected && !at_b[0].dialled);
    assert_eq!(at_a[0].requests_in_flight, 0);
}

#[tokio::test]
async fn bodies_of_all_sizes() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    for size in [0, 1, 100, 8 << 10, (8 << 10) + 1, 64 << 10, 256 << 10, 300_000, 4 << 20] {
        let body: Bytes = (0..size).map(|at| (at * 7) as u8).collect::<Vec<_>>().into();
        let answer = a.link.request(b.node, ECHO, body.clone(), LONG).await.unwrap();
        assert!(answer == body, "{size} bytes came back changed");
    }
    let max_bytes = Limits::default().max_body_bytes;
    let big = Bytes::from(vec![0; max_bytes + 1]);
    let refused = a.link.request(b.node, ECHO, big, LONG).await;
    assert!(matches!(refused, Err(LinkError::TooLarge { .. })));
}

#[tokio::test]
async fn refusals_and_panics_reach_the_asker_and_harm_nothing_else() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let denied = a.link.request(b.node, REFUSE, Bytes::new(), LONG).await;
    let Err(LinkError::Refused(refusal)) = denied else {
        panic!("{denied:?}")
    };
    assert_eq!(refusal, Refusal::Denied("not today".to_owned()));
    let unknown = a.link.request(b.node, 999, Bytes::new(), LONG).await;
    assert!(matches!(unknown, Err(LinkError::Refused(Refusal::UnknownService(999)))));
    let panicked = a.link.request(b.node, PANIC, Bytes::new(), LONG).await;
    assert!(matches!(panicked, Err(LinkError::ConnectionLost)), "{panicked:?}");
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
    assert_eq!(a.net.dials.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_passed_deadline_drops_the_handler_on_both_sides() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    echo(&a, &b).await.unwrap();
    let short = Duration::from_millis(50);
    let late = a.link.request(b.node, SLEEP, Bytes::new(), short).await;
    assert!(matches!(late, Err(LinkError::DeadlinePassed)), "{late:?}");
    let _dropped = b.services.dropped.acquire().await.unwrap();
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
}

#[tokio::test]
async fn the_server_keeps_the_deadline_by_itself() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    echo(&a, &b).await.unwrap();
    let short = Duration::from_millis(300);
    let asked = a.link.request(b.node, SLEEP, Bytes::new(), short);
    tokio::pin!(asked);
    until_asleep(&b, asked.as_mut()).await;
    // The asker's reset cannot get out.
    a.net.gate.close();
    let _dropped = b.services.dropped.acquire().await.unwrap();
    a.net.gate.open();
}

#[tokio::test]
async fn dropping_a_request_drops_its_handler() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    for _ in 0..20 {
        {
            let asked = a.link.request(b.node, SLEEP, Bytes::new(), LONG);
            tokio::pin!(asked);
            until_asleep(&b, asked.as_mut()).await;
        }
        b.services.dropped.acquire().await.unwrap().forget();
    }
    assert_eq!(a.link.peers()[0].requests_in_flight, 0);
}

#[tokio::test]
async fn requests_in_flight_are_bounded() {
    let directory = Arc::new(TestDirectory::default());
    let mut few = config();
    few.limits.requests_per_peer = 3;
    let a = stranger(&directory, few, hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let b = member(&directory, 2).await;
    let mut sleeping = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let link = a.link.clone();
        sleeping.spawn(async move { link.request(2, SLEEP, Bytes::new(), LONG).await });
    }
    b.services.started.acquire_many(3).await.unwrap().forget();
    assert!(matches!(echo(&a, &b).await, Err(LinkError::Busy)));
    // The bound is per direction.
    assert_eq!(echo(&b, &a).await.unwrap(), "hello");
    sleeping.shutdown().await;
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
}

#[tokio::test]
async fn the_answering_side_bounds_them_too() {
    let directory = Arc::new(TestDirectory::default());
    let a = member(&directory, 1).await;
    let mut few = config();
    few.limits.requests_per_peer = 3;
    let b = stranger(&directory, few, hello(2)).await;
    directory.set(2, b.link.local_addr().to_string(), b.identity.fingerprint());
    let mut sleeping = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let link = a.link.clone();
        sleeping.spawn(async move { link.request(2, SLEEP, Bytes::new(), LONG).await });
    }
    b.services.started.acquire_many(3).await.unwrap().forget();
    assert!(matches!(echo(&a, &b).await, Err(LinkError::Refused(Refusal::Busy))));
    sleeping.shutdown().await;
}

/// yamux opens no more than 256 streams without a word from the other side.
#[tokio::test]
async fn many_slow_handlers_leave_room_for_quick_ones() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut sleeping = tokio::task::JoinSet::new();
    for _ in 0..600 {
        let link = a.link.clone();
        sleeping.spawn(async move { link.request(2, SLEEP, Bytes::new(), LONG).await });
    }
    b.services.started.acquire_many(600).await.unwrap().forget();
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
    sleeping.shutdown().await;
    b.services.dropped.acquire_many(600).await.unwrap().forget();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_get_their_own_answers() {
    let directory = Arc::new(TestDirectory::default());
    let (a, _b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..2000u32 {
        let link = a.link.clone();
        if number % 500 == 499 {
            while asked.join_next().await.transpose().unwrap().is_some() {}
        }
        asked.spawn(async move {
            let body = Bytes::from(number.to_be_bytes().repeat(number as usize % 50 + 1));
            assert_eq!(link.request(2, ECHO, body.clone(), LONG).await.unwrap(), body);
        });
    }
    while asked.join_next().await.transpose().unwrap().is_some() {}
    assert_eq!(a.net.dials.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn unknown_peer_and_shut_down_fail_at_once() {
    let directory = Arc::new(TestDirectory::default());
    let a = member(&directory, 1).await;
    let unknown = a.link.request(9, ECHO, Bytes::new(), LONG).await;
    assert!(matches!(&unknown, Err(LinkError::UnknownPeer(9))), "{unknown:?}");
    assert!(unknown.unwrap_err().surely_not_sent());
    let b = member(&directory, 2).await;
    echo(&a, &b).await.unwrap();
    a.link.shutdown().await;
    let closed = echo(&a, &b).await;
    assert!(matches!(closed, Err(LinkError::Closed)), "{closed:?}");
}

#[tokio::test]
async fn a_stream_serves_one_request_after_the_other() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    for _ in 0..20 {
        assert_eq!(echo(&a, &b).await.unwrap(), "hello");
        let denied = a.link.request(b.node, REFUSE, Bytes::from_static(b"body"), LONG).await;
        assert!(
            matches!(denied, Err(LinkError::Refused(Refusal::Denied(_)))),
            "{denied:?}"
        );
        assert_eq!(a.link.idle_streams(b.node), 1);
    }
    // What did not end well is not used again.
    let late = a
        .link
        .request(b.node, SLEEP, Bytes::new(), Duration::from_millis(50))
        .await;
    assert!(matches!(late, Err(LinkError::DeadlinePassed)), "{late:?}");
    assert_eq!(a.link.idle_streams(b.node), 0);
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");

    let at_once = (0..100).map(|_| echo(&a, &b));
    for answer in futures::future::join_all(at_once).await {
        assert_eq!(answer.unwrap(), "hello");
    }
    assert_eq!(a.link.idle_streams(b.node), 16);
    b.link.shutdown().await;
    let lost = a
        .link
        .request(b.node, ECHO, Bytes::new(), Duration::from_millis(300))
        .await;
    assert!(lost.is_err());
    assert_eq!(a.link.idle_streams(b.node), 0);
}

#[tokio::test]
async fn a_busy_peer_takes_the_body_and_goes_on() {
    let directory = Arc::new(TestDirectory::default());
    let a = member(&directory, 1).await;
    let mut few = config();
    few.limits.requests_per_peer = 1;
    let b = stranger(&directory, few, hello(2)).await;
    directory.set(2, b.link.local_addr().to_string(), b.identity.fingerprint());
    echo(&a, &b).await.unwrap();
    let sleeping = a.link.request(b.node, SLEEP, Bytes::new(), LONG);
    tokio::pin!(sleeping);
    until_asleep(&b, sleeping.as_mut()).await;
    for size in [0, 10, 300_000, 10] {
        let busy = a.link.request(b.node, ECHO, vec![1; size].into(), LONG).await;
        assert!(
            matches!(busy, Err(LinkError::Refused(Refusal::Busy))),
            "{size}: {busy:?}"
        );
        assert_eq!(a.link.idle_streams(b.node), 1);
    }
}
