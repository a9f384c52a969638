//! A host that comes back after the log it needs is gone: it gets a snapshot.

use crate::harness::{PATIENT, Pool};
use rustix::process::Signal;
use xenith_datamodel::Value;

const CHANGES: usize = 3_000;
const CLIENTS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returning_host_catches_up_by_snapshot() {
    // Clients that retry nothing write here: coordination stays where it is, however busy the machine.
    let extra = [&["--config-set", "raft.snapshot_every_entries=200"][..], &PATIENT].concat();
    let mut pool = Pool::start(3, &extra).await;
    let at = pool.login().await;
    let away = at.host % 3 + 1;
    let host = pool.host_refs().await[usize::from(away) - 1].clone();
    pool.wait_caught_up(away).await;
    pool.kill(away, Signal::KILL);
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let at = pool.at(at.host, &at.session).await.unwrap();
        clients.push(tokio::spawn(async move {
            let vm = at.create_vm(&format!("client-{client}")).await;
            for number in 0..CHANGES / CLIENTS {
                at.ok(
                    "VM.set_name_description",
                    &[Value::Ref(vm.clone()), Value::text(number.to_string())],
                )
                .await;
            }
            vm
        }));
    }
    let mut vms = Vec::new();
    for client in clients {
        vms.push(client.await.unwrap());
    }
    pool.start_again(away).await;
    pool.wait_caught_up(away).await;
    assert!(
        pool.log(away).contains("the state was taken over from a snapshot"),
        "it came back without a snapshot"
    );
    assert_eq!(pool.metric(away, "xenith_raft_quarantined").await, Some(0));
    pool.hand_over_to(away, &host).await;
    let at = pool.at(away, &at.session).await.unwrap();
    for vm in vms {
        let description = at.text("VM.get_name_description", &[Value::Ref(vm)]).await;
        assert_eq!(description, (CHANGES / CLIENTS - 1).to_string());
    }
    // A restart from the snapshot alone, with the log's rest behind it.
    pool.stop_all().await;
    pool.start_all_again().await;
    let at = pool.follow(&at.session).await;
    assert!(at.refs("VM.get_all").await.len() >= CLIENTS);
}
