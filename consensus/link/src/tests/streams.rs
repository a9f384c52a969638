use super::rig::*;
use crate::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

#[tokio::test]
async fn many_streams_at_once_carry_more_than_their_windows() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut running = tokio::task::JoinSet::new();
    for number in 0..8u8 {
        let from = if number % 2 == 0 {
            a.link.clone()
        } else {
            b.link.clone()
        };
        let to = if number % 2 == 0 { 2 } else { 1 };
        running.spawn(async move {
            let stream = from.open(to, STREAM_ECHO, LONG).await.unwrap();
            let (mut read, mut write) = tokio::io::split(stream);
            let sent = vec![number; 1 << 20];
            let writing = async {
                write.write_all(&sent).await.unwrap();
                write.shutdown().await.unwrap();
            };
            let mut got = Vec::new();
            let (_, count) = tokio::join!(writing, read.read_to_end(&mut got));
            assert_eq!(count.unwrap(), sent.len());
            assert!(got.iter().all(|byte| *byte == number));
        });
    }
    while running.join_next().await.transpose().unwrap().is_some() {}
    eventually(|| a.link.peers()[0].streams_open == 0).await;
}

#[tokio::test]
async fn a_slow_reader_stalls_its_own_stream_only() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut held = a.link.open(b.node, STREAM_HOLD, LONG).await.unwrap();
    let stuck = timeout(Duration::from_millis(300), held.write_all(&vec![0; 8 << 20])).await;
    assert!(stuck.is_err(), "a stream nobody reads took 8 MiB");
    for _ in 0..50 {
        assert_eq!(echo(&a, &b).await.unwrap(), "hello");
    }
    let mut quick = a.link.open(b.node, STREAM_ECHO, LONG).await.unwrap();
    for number in 0..20u8 {
        write_frame(&mut quick, &[number; 1000]).await.unwrap();
        let frame = read_frame(&mut quick, 1000).await.unwrap().unwrap();
        assert_eq!(frame, vec![number; 1000]);
    }
    finish(&mut quick).await.unwrap();
    assert_eq!(read_frame(&mut quick, 1000).await.unwrap(), None);
}

#[tokio::test]
async fn ids_differ_and_are_the_same_on_reopening_never() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let stream = a.link.open(b.node, STREAM_ECHO, LONG).await.unwrap();
        assert!(seen.insert(stream.id()));
    }
}

#[tokio::test]
async fn a_dropped_stream_is_an_error_for_the_frame_reader() {
    let directory = Arc::new(TestDirectory::default());
    let (a, b) = (member(&directory, 1).await, member(&directory, 2).await);
    let mut dropped = a.link.open(b.node, STREAM_DROP, LONG).await.unwrap();
    let error = read_frame(&mut dropped, 1000).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(echo(&a, &b).await.unwrap(), "hello");
}

#[tokio::test]
async fn frames_above_the_limit_are_refused_before_they_are_read() {
    let (mut near, mut far) = tokio::io::duplex(64);
    near.write_all(&1001u32.to_be_bytes()).await.unwrap();
    let error = read_frame(&mut far, 1000).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn streams_are_bounded_and_given_back() {
    let directory = Arc::new(TestDirectory::default());
    let mut few = config();
    few.limits.streams_per_peer = 2;
    let a = stranger(&directory, few, hello(1)).await;
    directory.set(1, a.link.local_addr().to_string(), a.identity.fingerprint());
    let b = member(&directory, 2).await;
    let one = a.link.open(b.node, STREAM_ECHO, LONG).await.unwrap();
    let _two = a.link.open(b.node, STREAM_ECHO, LONG).await.unwrap();
    let three = a.link.open(b.node, STREAM_ECHO, LONG).await;
    assert!(matches!(three, Err(LinkError::Busy)), "{three:?}");
    drop(one);
    a.link.open(b.node, STREAM_ECHO, LONG).await.unwrap();
}
