//! Supporters, forwarding and hand-over.

use super::*;
use crate::SupporterCalls;

const COORDINATOR: NodeId = NodeId(7);

/// A coordinator and a supporter that knows it, with the same rows.
async fn pair(config: RuntimeConfig) -> (Host, Host, String) {
    let coordinator = host();
    let session = coordinator.login().await;
    let supporter = host_with(config);
    supporter.peers.add(COORDINATOR, Arc::clone(&coordinator.toolstack));
    supporter.copy_from(&coordinator);
    supporter.set_supporter(COORDINATOR);
    (coordinator, supporter, session)
}

fn is_slave() -> ApiError {
    ApiError::new("HOST_IS_SLAVE", ["192.0.2.9"])
}

#[tokio::test]
async fn a_supporter_names_the_coordinator_before_it_looks_at_a_password() {
    let (_coordinator, supporter, s) = pair(RuntimeConfig::default()).await;
    for password in ["x", "bad"] {
        let login = supporter.asks("session.login_with_password", &["root", password]).await;
        assert_eq!(login, Err(is_slave()));
    }
    assert_eq!(supporter.asks("pool.get_all", &[&s]).await, Err(is_slave()));
    assert_eq!(supporter.asks("task.create", &[&s, "a", "b"]).await, Err(is_slave()));
    assert_eq!(code(supporter.asks("pool.get_all", &["bad"]).await), "SESSION_INVALID");
    assert_eq!(
        code(supporter.asks("pool.get_record", &[&s]).await),
        "MESSAGE_PARAMETER_COUNT_MISMATCH"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_coordinator_a_call_is_held_and_then_refused() {
    let host = host();
    let s = host.login().await;
    host.log.set_role(Role::NoCoordinator);
    assert_eq!(code(host.asks("pool.get_all", &[&s]).await), "HOST_STILL_BOOTING");
    let toolstack = Arc::clone(&host.toolstack);
    let held = tokio::spawn({
        let s = s.clone();
        async move { toolstack.call(call("pool.get_all", vec![text(&s)], tcp())).await }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    host.log.set_role(Role::Coordinator { term: 2 });
    assert!(matches!(held.await.unwrap(), Reply::Success(_)));
}

#[tokio::test(start_paused = true)]
async fn a_read_in_a_change_of_coordinator_waits_for_the_new_one() {
    let host = host();
    let s = host.login().await;
    let toolstack = Arc::clone(&host.toolstack);
    host.log.set_reads(false);
    let held = tokio::spawn(async move { toolstack.call(call("pool.get_all", vec![text(&s)], tcp())).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    host.log.set_reads(true);
    assert!(matches!(held.await.unwrap(), Reply::Success(_)));
}

#[tokio::test]
async fn a_supporter_may_forward_and_the_unix_socket_always_does() {
    let forward = RuntimeConfig {
        supporter_calls: SupporterCalls::Forward,
        ..RuntimeConfig::default()
    };
    let (coordinator, supporter, s) = pair(forward).await;
    let task = reference(supporter.asks("task.create", &[&s, "a", "b"]).await);
    assert_eq!(
        coordinator.asks("task.get_name_label", &[&s, &task]).await,
        Ok(Value::text("a"))
    );
    supporter.copy_from(&coordinator);
    assert_eq!(
        supporter.asks("task.get_name_label", &[&s, &task]).await,
        Ok(Value::text("a"))
    );
    let t = supporter.login().await;
    assert!(coordinator.asks("pool.get_all", &[&t]).await.is_ok());

    let (coordinator, supporter, _) = pair(RuntimeConfig::default()).await;
    let root = supporter
        .from(
            Origin::UnixSocket,
            "session.login_with_password",
            vec![text(""), text("")],
        )
        .await;
    assert!(coordinator.asks("pool.get_all", &[&reference(root)]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_supporter_reads_itself_and_tells_the_coordinator_that_the_session_is_used() {
    let (coordinator, supporter, _) = pair(RuntimeConfig::default()).await;
    // Read answers may be larger than the link carries: nothing is asked of a coordinator that cannot be reached.
    let params = vec![text(""), text("")];
    let login = supporter
        .from(Origin::UnixSocket, "session.login_with_password", params)
        .await;
    let s = reference(login);
    supporter.copy_from(&coordinator);
    let read = async |s: &str| {
        supporter
            .from(Origin::UnixSocket, "pool.get_all_records", vec![text(s)])
            .await
    };
    supporter.peers.clear();
    assert!(read(&s).await.is_ok());
    assert_eq!(code(read("bad").await), "SESSION_INVALID");

    supporter.peers.add(COORDINATOR, Arc::clone(&coordinator.toolstack));
    for host in [&coordinator, &supporter] {
        host.clock.0.fetch_add(3_600_000, Ordering::SeqCst);
    }
    assert!(read(&s).await.is_ok());
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(coordinator.toolstack.node.touches.take().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn failed_logins_of_one_client_do_not_shut_out_the_others_of_a_supporter() {
    let forward = RuntimeConfig {
        supporter_calls: SupporterCalls::Forward,
        ..RuntimeConfig::default()
    };
    let coordinator = host_that_waits(Duration::from_secs(5));
    let supporter = host_with(forward);
    supporter.peers.add(COORDINATOR, Arc::clone(&coordinator.toolstack));
    supporter.set_supporter(COORDINATOR);
    let login = |peer: &'static str, password: &'static str| {
        let origin = Origin::Tcp {
            peer: peer.parse().unwrap(),
            tls: true,
        };
        let toolstack = Arc::clone(&supporter.toolstack);
        let params = vec![text("root"), text(password)];
        async move {
            let reply = toolstack
                .call(call("session.login_with_password", params, origin))
                .await;
            matches!(reply, Reply::Success(_))
        }
    };
    for _ in 0..8 {
        tokio::spawn(login("192.0.2.1:1", "bad"));
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(!login("192.0.2.1:2", "x").await, "it has too many failures waiting");
    assert!(login("192.0.2.2:1", "x").await);
}

#[tokio::test(start_paused = true)]
async fn a_forwarded_call_is_not_forwarded_again() {
    let forward = RuntimeConfig {
        supporter_calls: SupporterCalls::Forward,
        ..RuntimeConfig::default()
    };
    let (coordinator, supporter, s) = pair(forward).await;
    coordinator.set_supporter(COORDINATOR);
    coordinator.peers.add(COORDINATOR, Arc::clone(&coordinator.toolstack));
    assert_eq!(
        code(supporter.asks("task.create", &[&s, "a", "b"]).await),
        "HOST_STILL_BOOTING"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_on_its_way_to_a_coordinator_that_is_now_this_host_is_answered_here() {
    let forward = RuntimeConfig {
        supporter_calls: SupporterCalls::Forward,
        ..RuntimeConfig::default()
    };
    let (asked, host, s) = pair(forward).await;
    asked.set_supporter(NodeId(8));
    for (method, more) in [("pool.get_all", &[][..]), ("task.create", &["a", "b"])] {
        host.set_supporter(COORDINATOR);
        let params = std::iter::once(s.as_str())
            .chain(more.iter().copied())
            .map(text)
            .collect();
        let toolstack = Arc::clone(&host.toolstack);
        let held = tokio::spawn(async move { toolstack.call(call(method, params, tcp())).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        host.log.set_role(Role::Coordinator { term: 2 });
        assert!(matches!(held.await.unwrap(), Reply::Success(_)), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_hand_over_sessions_go_on_for_a_minute_and_logins_do_not() {
    let (coordinator, old, s) = pair(RuntimeConfig::default()).await;
    old.toolstack.node.window.open(old.toolstack.node.uptime_ms() + 60_000);
    let task = reference(old.asks("task.create", &[&s, "a", "b"]).await);
    assert_eq!(
        coordinator.asks("task.get_name_label", &[&s, &task]).await,
        Ok(Value::text("a"))
    );
    assert_eq!(
        old.asks("session.login_with_password", &["root", "x"]).await,
        Err(is_slave())
    );
    // Answered here: every host follows the log.
    let params = vec![
        text(&s),
        WireValue::Array(vec![text("*")]),
        text(""),
        WireValue::Float(0.0),
    ];
    assert!(old.ask("event.from", params).await.is_ok());
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(old.asks("pool.get_all", &[&s]).await, Err(is_slave()));
}

#[tokio::test]
async fn a_refused_hand_over_changes_nothing() {
    let host = host();
    let s = host.login().await;
    let me = format!("OpaqueRef:{HOST_UUID}");
    assert_eq!(
        host.asks("pool.designate_new_master", &[&s, &me]).await,
        Ok(Value::Void)
    );
    assert_eq!(
        code(host.asks("pool.designate_new_master", &[&s, "OpaqueRef:x"]).await),
        "HANDLE_INVALID"
    );
    let uuid = "33333333-3333-3333-3333-333333333333";
    let (other, class) = (Ref::from_uuid_text(uuid), class("host").unwrap());
    let mut tx = Transaction::new(3_000_000);
    tx.create(class, &other, vec![(class.column("uuid").unwrap(), Value::text(uuid))]);
    host.log.commit(&tx).unwrap();
    assert_eq!(
        host.asks("pool.designate_new_master", &[&s, other.as_str()]).await,
        Err(ApiError::new("HOST_DISABLED", [other.as_str()]))
    );
    let mut tx = Transaction::new(3_000_000);
    tx.set(&other, xenith_datamodel::classes::host::ENABLED, true);
    host.log.commit(&tx).unwrap();
    assert_eq!(
        code(host.asks("pool.designate_new_master", &[&s, other.as_str()]).await),
        "HA_ABORT_NEW_MASTER"
    );
    assert!(!host.toolstack.node.window.is_open(host.toolstack.node.uptime_ms()));
    let task = reference(
        host.asks("Async.pool.designate_new_master", &[&s, other.as_str()])
            .await,
    );
    let status = async {
        loop {
            let status = host.asks("task.get_status", &[&s, &task]).await.unwrap();
            if status != Value::text("pending") {
                return status;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(status.await, Value::text("failure"));
}
