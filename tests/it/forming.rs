//! A pool forms, and is the same pool after all of it was stopped (promise 3).

use crate::harness::Pool;
use std::collections::BTreeSet;
use xenith_client::Client;
use xenith_datamodel::Value;

/// Classes of which each host has rows of its own, and how many of them at least.
const PER_HOST: [(&str, usize); 6] = [
    ("host", 1),
    ("host_metrics", 1),
    ("host_cpu", 1),
    ("PIF", 1),
    ("PBD", 1),
    ("Certificate", 1),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pool_forms_and_restarts() {
    let mut pool = Pool::start(3, &[]).await;
    let at = pool.login().await;
    assert_eq!(at.host, 1);
    for (class, each) in PER_HOST {
        let count = at.refs(&format!("{class}.get_all")).await.len();
        assert!(count >= 3 * each && count.is_multiple_of(3), "{count} of {class}");
    }
    let uuids: BTreeSet<String> = pool.facts().hosts.into_iter().map(|host| host.uuid).collect();
    let mut seen = BTreeSet::new();
    for host in at.refs("host.get_all").await {
        seen.insert(at.text("host.get_uuid", &[Value::Ref(host)]).await);
    }
    assert_eq!(seen, uuids);
    let vm = at.create_vm("kept").await;
    at.ok(
        "VM.set_name_description",
        &[Value::Ref(vm.clone()), Value::text("after all")],
    )
    .await;
    let task = at
        .reference("task.create", &[Value::text("kept"), Value::text("")])
        .await;
    let token = text_of(&at.events(&["vm"], "", 0.0).await.unwrap(), "token");
    let before = everything(&at).await;
    let (session, pool_ref) = (at.session.clone(), at.refs("pool.get_all").await);
    drop(at);

    pool.stop_all().await;
    assert!((1..=3).all(|k| pool.has_ended(k)));
    pool.start_all_again().await;

    let at = pool.follow(&session).await;
    assert_eq!(at.refs("pool.get_all").await, pool_ref);
    assert_eq!(everything(&at).await, before);
    assert_eq!(
        at.text("VM.get_name_description", &[Value::Ref(vm.clone())]).await,
        "after all"
    );
    assert_eq!(at.text("task.get_status", &[Value::Ref(task)]).await, "pending");
    at.ok("VM.set_name_label", &[Value::Ref(vm.clone()), Value::text("renamed")])
        .await;
    let events = at.events(&["vm"], &token, 10.0).await.unwrap();
    let found = events.member("events").cloned();
    let Some(xenith_wire::WireValue::Array(found)) = found else {
        panic!("no events: {events:?}")
    };
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(text_of(&found[0], "operation"), "mod");
    let after: BTreeSet<String> = pool.facts().hosts.into_iter().map(|host| host.uuid).collect();
    assert_eq!(after, uuids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_two_and_of_one_and_tls() {
    let pool = Pool::start(2, &[]).await;
    let client = Client::connect(pool.https(1)).await.unwrap();
    let params = ["root", crate::harness::PASSWORD, "2.23", "it"].map(Value::text);
    let session = client.call("session.login_with_password", &params).await.unwrap();
    pool.secrets().session(session.as_ref().unwrap());
    drop(pool);
    let mut pool = Pool::start(1, &[]).await;
    let vm = pool.login().await.create_vm("alone").await;
    pool.stop_all().await;
    pool.start_all_again().await;
    let at = pool.login().await;
    assert_eq!(at.text("VM.get_name_label", &[Value::Ref(vm)]).await, "alone");
}

/// uuids and names of what a pool is made of.
async fn everything(at: &crate::harness::At) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for class in ["pool", "host", "VM", "network", "PIF", "SR", "PBD"] {
        for object in at.refs(&format!("{class}.get_all")).await {
            let uuid = at
                .text(&format!("{class}.get_uuid"), &[Value::Ref(object.clone())])
                .await;
            all.push((format!("{class} {object}"), uuid));
        }
    }
    all.sort();
    all
}

pub fn text_of(value: &xenith_wire::WireValue, member: &str) -> String {
    match value.member(member) {
        Some(xenith_wire::WireValue::Text(text)) => text.clone(),
        other => panic!("{member} is {other:?}"),
    }
}
