use super::rig::*;
use crate::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_restarted_peer_is_reached_again() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    echo(&a, &b).await.unwrap();
    b.link.shutdown().await;
    for _ in 0..3 {
        let link = a.link.clone();
        let waiting =
            tokio::spawn(async move { link.request(2, ECHO, bytes::Bytes::from_static(b"hello"), LONG).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        // Another port: the old one may have been taken meanwhile by another test.
        let again = start_as(&directory, config(), hello(2), b.identity.clone()).await;
        directory.set(2, again.link.local_addr().to_string(), again.identity.fingerprint());
        assert_eq!(waiting.await.unwrap().unwrap(), "hello");
        assert_eq!(echo(&again, &a).await.unwrap(), "hello");
        again.link.shutdown().await;
    }
}

#[tokio::test]
async fn a_peer_that_is_down_fails_in_bounded_time_with_a_reason() {
    let directory = Arc::new(TestDirectory::default());
    let mut config = config();
    config.timings.reach_wait = Duration::from_millis(200);
    let a = stranger(&directory, config, hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let b = member(&directory, 2).await;
    b.link.shutdown().await;
    let error = echo(&a, &b).await.unwrap_err();
    assert!(matches!(error, LinkError::Unreachable { peer: 2, .. }), "{error:?}");
    assert!(error.surely_not_sent());
    assert!(a.link.peers()[0].last_error.is_some());
    let short = Duration::from_millis(20);
    let late = a.link.request(2, ECHO, bytes::Bytes::new(), short).await;
    assert!(matches!(late, Err(LinkError::DeadlinePassed)), "{late:?}");
}

/// Both ask at once, again and again: everything is answered and both end with the same single connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crossing_dials_end_in_one_connection() {
    for round in 0..40 {
        let directory = Arc::new(TestDirectory::default());
        let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
        let (there, back) = tokio::join!(echo(&a, &b), echo(&b, &a));
        assert_eq!(there.unwrap(), "hello", "round {round}");
        assert_eq!(back.unwrap(), "hello", "round {round}");
        eventually(|| {
            let (at_a, at_b) = (&a.link.peers()[0], &b.link.peers()[0]);
            at_a.connected && at_b.connected && at_a.dialled != at_b.dialled
        })
        .await;
        for _ in 0..5 {
            echo(&a, &b).await.unwrap();
            echo(&b, &a).await.unwrap();
        }
        assert_eq!((a.link.selections(2), b.link.selections(1)), (1, 1), "round {round}");
    }
}

/// A's side of the old connection looks alive for as long as the test runs (no keep-alive): the new one replaces it,
/// whichever of the two has the lower id.
#[tokio::test]
async fn a_half_dead_connection_does_not_block_a_new_one() {
    for (left, lost) in [(1, 2), (2, 1)] {
        let directory = Arc::new(TestDirectory::default());
        let mut patient = config();
        patient.timings.keepalive_interval = Duration::from_secs(3600);
        let a = stranger(&directory, patient.clone(), hello(left)).await;
        directory.set(left, a.link.local_addr().to_string(), a.identity.fingerprint());
        let b = stranger(&directory, patient.clone(), hello(lost)).await;
        directory.set(lost, b.link.local_addr().to_string(), b.identity.fingerprint());
        echo(&a, &b).await.unwrap();
        // Power loss: the old process says nothing any more, not even goodbye.
        b.net.gate.close();
        let again = start_as(&directory, patient, hello(lost), b.identity.clone()).await;
        directory.set(lost, again.link.local_addr().to_string(), again.identity.fingerprint());
        assert!(a.link.peers()[0].connected);
        assert_eq!(echo(&again, &a).await.unwrap(), "hello");
        assert_eq!(echo(&a, &again).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_stopped_peer_stalls_no_other_and_comes_back() {
    let directory = Arc::new(TestDirectory::default());
    let mut quick = config();
    quick.timings.keepalive_interval = Duration::from_millis(30);
    let a = stranger(&directory, quick, hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let (b, c) = (member(&directory, 2).await, member(&directory, 3).await);
    echo(&a, &b).await.unwrap();
    echo(&a, &c).await.unwrap();
    b.net.gate.close();
    let mut stuck = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let link = a.link.clone();
        let body = bytes::Bytes::from(vec![0; 64 << 10]);
        stuck.spawn(async move { link.request(2, ECHO, body, LONG).await });
    }
    for _ in 0..100 {
        assert_eq!(echo(&a, &c).await.unwrap(), "hello");
    }
    // The keep-alive finds out and fails what was under way or waiting.
    while let Some(failed) = stuck.join_next().await {
        let error = failed.unwrap().unwrap_err();
        assert!(
            matches!(error, LinkError::ConnectionLost | LinkError::Unreachable { .. }),
            "{error:?}"
        );
    }
    b.net.gate.open();
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_quiet_connection_stays() {
    let directory = Arc::new(TestDirectory::default());
    let mut quick = config();
    quick.timings.keepalive_interval = Duration::from_millis(20);
    let a = stranger(&directory, quick.clone(), hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let b = stranger(&directory, quick, hello(2)).await;
    directory.set(2, b.link.local_addr().to_string(), b.identity.fingerprint());
    echo(&a, &b).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    echo(&a, &b).await.unwrap();
    echo(&b, &a).await.unwrap();
    assert_eq!(a.net.dials.load(Ordering::SeqCst), 1);
    assert_eq!(b.net.dials.load(Ordering::SeqCst), 0);
}
