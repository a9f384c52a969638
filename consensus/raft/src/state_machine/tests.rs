//! Quarantine, and what a snapshot carries.

use super::*;
use crate::entry::{self, Record};
use crate::snapshot::{DiskSnapshots, MemorySnapshots};
use crate::store::SnapshotFiles;
use crate::types::{Entry, LeaderId};
use futures::stream;
use openraft::RaftSnapshotBuilder as _;

fn machine() -> (StateMachine, Arc<Published>) {
    let published = Published::new();
    let store = Arc::new(MemorySnapshots::default());
    (StateMachine::open(store, published.clone(), 2).unwrap(), published)
}

fn at(index: u64, payload: crate::types::Payload) -> Entry {
    Entry {
        log_id: LogId::new(
            LeaderId {
                term: 1,
                node_id: NodeId(1),
            },
            index,
        ),
        payload,
    }
}

fn record(body: Body) -> crate::types::Payload {
    EntryPayload::Normal(Record::new(body).unwrap())
}

async fn apply(machine: &mut StateMachine, entries: Vec<Entry>) {
    let entries = entries.into_iter().map(|entry| Ok((entry, None)));
    machine.apply(stream::iter(entries)).await.unwrap();
}

#[tokio::test]
async fn a_hash_that_differs_quarantines_and_one_that_is_equal_does_not() {
    let (mut machine, published) = machine();
    let transaction = Body::Transaction(Transaction::new(5));
    apply(
        &mut machine,
        vec![at(1, EntryPayload::Blank), at(2, record(transaction.clone()))],
    )
    .await;
    let hash = published.view().state_hash();
    apply(
        &mut machine,
        vec![at(3, record(Body::StateHash(StateHash { index: 2, hash })))],
    )
    .await;
    apply(&mut machine, vec![at(4, EntryPayload::Blank)]).await;
    // The comparison is made in the background: one that must fail, after it, shows that it was made.
    let wrong = StateHash {
        index: 2,
        hash: [0; 32],
    };
    assert!(!published.progress().halted);
    apply(&mut machine, vec![at(5, record(Body::StateHash(wrong)))]).await;
    published
        .watch_progress()
        .wait_for(|progress| progress.halted)
        .await
        .unwrap();
    assert!(published.standing().quarantine.unwrap().contains("entry 2"));
    let before = published.view().pool_time_ms();
    apply(
        &mut machine,
        vec![at(6, record(Body::Transaction(Transaction::new(9))))],
    )
    .await;
    assert_eq!(published.view().pool_time_ms(), before, "nothing more is applied");
}

#[tokio::test]
async fn a_quarantined_host_puts_its_snapshots_off() {
    let (mut machine, published) = machine();
    assert!(machine.try_create_snapshot_builder(false).await.is_some());
    published.quarantine("a test".into());
    // An error in its place would end Raft, and with it the host's way back.
    assert!(machine.try_create_snapshot_builder(false).await.is_none());
}

#[tokio::test]
async fn what_the_head_foresaw_is_taken_only_for_the_state_it_saw() {
    let (mut machine, published) = machine();
    let first = Transaction::new(5);
    let before = View::default();
    let (after, _) = before.apply(&first).unwrap();
    let foreseen = |before: &View| {
        let record = Record::new(Body::Transaction(first.clone())).unwrap();
        record.foreseen(before.clone(), after.clone())
    };
    apply(
        &mut machine,
        vec![at(1, record(Body::Transaction(Transaction::new(3))))],
    )
    .await;
    let stale = foreseen(&before);
    apply(&mut machine, vec![at(2, EntryPayload::Normal(stale.clone()))]).await;
    assert!(!published.view().is_same(&after), "it was foreseen on another state");
    assert_eq!(published.view().pool_time_ms(), 5);
    let fits = foreseen(&published.view());
    apply(&mut machine, vec![at(3, EntryPayload::Normal(fits.clone()))]).await;
    assert!(published.view().is_same(&after));
    for record in [stale, fits] {
        assert!(
            record.take_foreseen(&before).is_none(),
            "it answers once and keeps nothing"
        );
    }
}

#[tokio::test]
async fn an_entry_of_a_newer_program_quarantines() {
    let (mut machine, published) = machine();
    let unknown = entry::payload_from_bytes(crate::codec::wrap(4_000, 1, b"?")).unwrap();
    apply(&mut machine, vec![at(1, unknown)]).await;
    assert!(published.standing().quarantine.unwrap().contains("4000"));
}

#[tokio::test]
async fn a_snapshot_carries_who_has_opened_and_who_is_awaited() {
    let (mut machine, _) = machine();
    let opened = Opened {
        node: NodeId(1),
        host_uuid: "host-1".into(),
        term: 1,
        time_ms: 7,
        transaction: Transaction::new(7),
    };
    let sync = SyncSet {
        learners: [NodeId(2)].into(),
    };
    let entries = vec![
        at(1, record(Body::Opened(opened))),
        at(2, record(Body::SyncSet(sync.clone()))),
    ];
    apply(&mut machine, entries).await;
    let made = machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let (mut other, published) = self::machine();
    other.install_snapshot(&made.meta, made.snapshot).await.unwrap();
    let standing = published.standing();
    assert_eq!(standing.sync, sync);
    assert_eq!(standing.opened.unwrap().host_uuid, "host-1");
    assert_eq!(published.view().pool_time_ms(), 7);
    assert_eq!(published.progress().applied.unwrap().index, 2);
    assert!(other.get_current_snapshot().await.unwrap().is_some());
}

/// Full for so many publishes.
struct FullFor(Mutex<u32>, MemorySnapshots);

impl SnapshotStore for FullFor {
    fn publish(&self, snapshot: &Arc<dyn SnapshotFile>) -> io::Result<Arc<dyn SnapshotFile>> {
        let mut left = self.0.lock().unwrap();
        if *left == 0 {
            return self.1.publish(snapshot);
        }
        *left -= 1;
        let full = crate::store::SnapshotError::Io(io::ErrorKind::StorageFull.into());
        Err(io::Error::other(full))
    }

    fn latest(&self) -> io::Result<Option<Arc<dyn SnapshotFile>>> {
        self.1.latest()
    }

    fn close(&self) {}
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_waited_out() {
    let store = Arc::new(FullFor(Mutex::new(3), MemorySnapshots::default()));
    let mut machine = StateMachine::open(store.clone(), Published::new(), 2).unwrap();
    apply(&mut machine, vec![at(1, EntryPayload::Blank)]).await;
    let built = machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    assert_eq!(built.meta.last_log_id.map(|id| id.index), Some(1));
    assert!(store.latest().unwrap().is_some());
}

/// openraft's builder may outlive its node: the next node's snapshots are not touched by it.
#[tokio::test]
async fn a_builder_that_outlives_its_node_publishes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = || DiskSnapshots::new(SnapshotFiles::open(dir.path()).unwrap());
    let store = Arc::new(disk());
    let mut machine = StateMachine::open(store.clone(), Published::new(), 2).unwrap();
    apply(&mut machine, vec![at(1, EntryPayload::Blank)]).await;
    machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    apply(&mut machine, vec![at(2, EntryPayload::Blank)]).await;
    let mut late = machine.get_snapshot_builder().await;
    store.close();
    let next = StateMachine::open(Arc::new(disk()), Published::new(), 2).unwrap();
    assert!(late.build_snapshot().await.is_err());
    let kept = next.current.lock().unwrap().clone().unwrap();
    let again = disk().latest().unwrap().unwrap();
    assert_eq!(again.size(), kept.1.size());
    assert_eq!(kept.0.meta.last_log_id.map(|id| id.index), Some(1));
}
