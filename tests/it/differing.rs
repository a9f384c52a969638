//! A host whose state is not the pool's takes itself out and comes back with a copy (CORRECTNESS A7).

use crate::harness::{At, PATIENT, Pool, eventually};
use std::path::Path;
use xenith_datamodel::{Ref, Value, class};
use xenith_pooldb::Transaction;
use xenith_raft::snapshot::{DiskSnapshots, SnapshotStore, make_snapshot, read_snapshot};
use xenith_raft::store::SnapshotFiles;

const CLIENTS: usize = 12;
/// Enough for a snapshot on each host.
const BEFORE: usize = 600;
/// More entries than there are between two comparisons of the states.
const AFTER: usize = 4_200;

async fn write(pool: &Pool, at: &At, vm: &Ref, changes: usize) {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (at, vm) = (pool.at(at.host, &at.session).await.unwrap(), vm.clone());
        clients.push(tokio::spawn(async move {
            for number in 0..changes / CLIENTS {
                let text = Value::text(number.to_string());
                at.ok("VM.set_name_description", &[Value::Ref(vm.clone()), text]).await;
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
}

/// The VM has another name in the newest snapshot of a host that does not run.
fn falsify(snapshots: &Path, vm: &Ref) {
    let snapshots = DiskSnapshots::new(SnapshotFiles::open(snapshots).unwrap());
    let newest = snapshots.latest().unwrap().expect("the host has made no snapshot");
    let (head, view) = read_snapshot(&*newest).unwrap();
    let mut change = Transaction::new(view.pool_time_ms());
    let name = class("VM").unwrap().column("name_label").unwrap();
    change.set_value(vm, name, Value::text("false"));
    let (false_view, _) = view.apply(&change).unwrap();
    snapshots.publish(&make_snapshot(&head, &false_view).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_state_differs_comes_back_with_a_copy() {
    let extra = [&["--config-set", "raft.snapshot_every_entries=200"][..], &PATIENT].concat();
    let mut pool = Pool::start(3, &extra).await;
    let at = pool.login().await;
    let victim = at.host % 3 + 1;
    let host = pool.host_refs().await[usize::from(victim) - 1].clone();
    let vm = at.create_vm("true").await;
    write(&pool, &at, &vm, BEFORE).await;
    pool.wait_caught_up(victim).await;
    pool.kill_hard(victim).await;
    let state = pool.dir().join(format!("host-{victim}/state"));
    falsify(&state.join("member/snapshots"), &vm);
    pool.start_again(victim).await;
    write(&pool, &at, &vm, AFTER).await;
    eventually("the host says that its state differs", async || {
        pool.log(victim).contains("this host's state is not the pool's")
    })
    .await;
    eventually("the pool has taken it back", async || {
        pool.log(victim).contains("the pool has taken this host back")
            && pool.metric(at.host, "xenith_raft_members").await == Some(3)
            && pool.metric(victim, "xenith_raft_quarantined").await == Some(0)
    })
    .await;
    assert!(state.join("member.left-1").exists(), "its store was not kept aside");
    pool.wait_caught_up(victim).await;
    pool.hand_over_to(victim, &host).await;
    let at = pool.at(victim, &at.session).await.unwrap();
    assert_eq!(at.text("VM.get_name_label", &[Value::Ref(vm)]).await, "true");
    assert_eq!(at.refs("host.get_all").await.len(), 3);
}
