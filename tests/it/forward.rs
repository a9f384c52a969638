//! `supporter_calls = "forward"`: any host answers everything (promise 11).

use crate::forming::text_of;
use crate::harness::Pool;
use xenith_datamodel::Value;
use xenith_wire::WireValue;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn supporter_forward() {
    let mut pool = Pool::start(3, &["--config-set", "supporter_calls=forward"]).await;
    // As seen from host 1, which led when the pool was formed.
    let first = pool.login_at(1).await.unwrap();
    let old = {
        let mut coordinators = Vec::new();
        for k in 1..=3 {
            if pool.metric(k, "xenith_raft_role").await == Some(2) {
                coordinators.push(k);
            }
        }
        assert_eq!(coordinators.len(), 1, "{coordinators:?}");
        coordinators[0]
    };
    for k in 1..=3 {
        let at = pool.login_at(k).await.unwrap();
        let vm = at.create_vm(&format!("made at {k}")).await;
        for other in 1..=3 {
            let at = pool.at(other, &at.session).await.unwrap();
            assert_eq!(
                at.text("VM.get_name_label", &[Value::Ref(vm.clone())]).await,
                format!("made at {k}")
            );
            let text = format!("{other}");
            at.ok("VM.set_name_description", &[Value::Ref(vm.clone()), Value::text(&text)])
                .await;
            assert_eq!(
                first.text("VM.get_name_description", &[Value::Ref(vm.clone())]).await,
                text
            );
            let token = text_of(&at.events(&["vm"], "", 0.0).await.unwrap(), "token");
            first
                .ok(
                    "VM.set_name_label",
                    &[Value::Ref(vm.clone()), Value::text(format!("made at {k}"))],
                )
                .await;
            first
                .ok(
                    "VM.set_user_version",
                    &[Value::Ref(vm.clone()), Value::Int(i64::from(other) + 10)],
                )
                .await;
            let answer = at.events(&["vm"], &token, 30.0).await.unwrap();
            let Some(WireValue::Array(events)) = answer.member("events") else {
                panic!("{answer:?}")
            };
            assert_eq!(
                events.iter().map(|event| text_of(event, "ref")).collect::<Vec<_>>(),
                [vm.as_str()]
            );
        }
        let task = at.reference("task.create", &[Value::text("t"), Value::text("")]).await;
        at.ok("task.destroy", &[Value::Ref(task)]).await;
        at.fails(
            "VM.get_record",
            &[Value::Ref(crate::harness::reference("OpaqueRef:none"))],
        )
        .await;
    }
    pool.kill_hard(old).await;
    let other = old % 3 + 1;
    let at = pool.at(other, &first.session).await.unwrap();
    crate::harness::eventually("the others answer", async || at.call("VM.get_all", &[]).await.is_ok()).await;
    let vm = at.create_vm("after").await;
    let third = other % 3 + 1;
    let at = pool.at(third, &first.session).await.unwrap();
    assert_eq!(at.text("VM.get_name_label", &[Value::Ref(vm.clone())]).await, "after");
    pool.start_again(old).await;
    let at = pool.at(old, &first.session).await.unwrap();
    assert_eq!(at.text("VM.get_name_label", &[Value::Ref(vm)]).await, "after");
}
