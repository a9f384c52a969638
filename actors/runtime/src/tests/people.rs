//! Who may do what: accounts with roles, sessions of one host, passwords, HTTP handlers.

use super::*;
use xenith_wire::{Credentials, HandlerRefusal, HandlerRequest};

#[tokio::test]
async fn an_account_with_a_role_may_do_what_the_role_may() {
    let host = host();
    let s = reference(host.asks("session.login_with_password", &["vm-admin", "x"]).await);
    let superuser = host.asks("session.get_is_local_superuser", &[&s, &s]).await.unwrap();
    assert_eq!(superuser, Value::Bool(false));
    let sid = host.asks("session.get_auth_user_sid", &[&s, &s]).await.unwrap();
    assert_eq!(sid.as_text(), Some("vm-admin"));
    assert!(host.asks("VM.get_all", &[&s]).await.is_ok());
    let pool = reference_of_first(host.asks("pool.get_all", &[&s]).await);
    let denied = host.asks("pool.set_name_label", &[&s, &pool, "mine"]).await;
    assert_eq!(code(denied), "RBAC_PERMISSION_DENIED");
    let local = host
        .asks("session.slave_local_login_with_password", &["vm-admin", "x"])
        .await;
    assert_eq!(code(local), "SESSION_AUTHORIZATION_FAILED");
}

#[tokio::test]
async fn a_session_of_one_host_needs_no_coordinator() {
    let host = host();
    let s = reference(
        host.asks("session.slave_local_login_with_password", &["root", "x"])
            .await,
    );
    let in_trouble = |host: &Host, s: &str| {
        let (toolstack, s) = (Arc::clone(&host.toolstack), s.to_owned());
        async move {
            match toolstack
                .call(call("host.is_in_emergency_mode", vec![text(&s)], tcp()))
                .await
            {
                Reply::Success(value) => value,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(in_trouble(&host, &s).await, Value::Bool(false));
    assert!(host.asks("host.local_assert_healthy", &[&s]).await.is_ok());
    // A supporter answers its reads, and sends its changes to the coordinator.
    host.set_supporter(NodeId(2));
    assert_eq!(
        host.asks("pool.is_slave", &[&s, "OpaqueRef:NULL"]).await.unwrap(),
        Value::Bool(true)
    );
    let pool = reference_of_first(host.asks("pool.get_all", &[&s]).await);
    let change = host.asks("pool.set_name_label", &[&s, &pool, "x"]).await;
    assert_eq!(code(change), "HOST_IS_SLAVE");
    host.log.set_role(Role::NoCoordinator);
    assert_eq!(in_trouble(&host, &s).await, Value::Bool(true));
    assert_eq!(
        code(host.asks("host.local_assert_healthy", &[&s]).await),
        "HOST_STILL_BOOTING"
    );
    let again = host
        .asks("session.slave_local_login_with_password", &["root", "x"])
        .await;
    assert!(again.is_ok(), "a login without a coordinator");
    let wrong = host
        .asks("session.slave_local_login_with_password", &["root", "y"])
        .await;
    assert_eq!(code(wrong), "SESSION_AUTHENTICATION_FAILED");
    assert!(host.asks("session.local_logout", &[&s]).await.is_ok());
    host.log.set_role(Role::Coordinator { term: 2 });
    assert_eq!(code(host.asks("VM.get_all", &[&s]).await), "SESSION_INVALID");
}

#[tokio::test]
async fn a_new_password_counts_on_every_member() {
    let (one, other) = (host(), host());
    one.peers.add(NodeId(7), Arc::clone(&other.toolstack));
    one.membership.members.lock().unwrap().push(Member {
        node: NodeId(7),
        host_uuid: "other".to_owned(),
        link_address: "127.0.0.1:2".to_owned(),
        certificate_sha256: [4; 32],
    });
    let s = one.login().await;
    assert!(
        one.asks("session.change_password", &[&s, "not asked for", "new"])
            .await
            .is_ok()
    );
    for host in [&one, &other] {
        let old = host.asks("session.login_with_password", &["root", "x"]).await;
        assert_eq!(code(old), "SESSION_AUTHENTICATION_FAILED");
        assert!(host.asks("session.login_with_password", &["root", "new"]).await.is_ok());
    }
    let s = reference(one.asks("session.login_with_password", &["vm-admin", "new"]).await);
    let denied = one.asks("session.change_password", &[&s, "new", "mine"]).await;
    assert_eq!(code(denied), "RBAC_PERMISSION_DENIED");
}

#[tokio::test]
async fn http_handlers_let_in_who_may_use_them() {
    let host = host();
    let root = host.login().await;
    let admin = reference(host.asks("session.login_with_password", &["vm-admin", "x"]).await);
    let asked = |name: &'static str, credentials: Credentials, origin: Origin| {
        let handler = xenith_datamodel::http_handlers()
            .iter()
            .find(|handler| handler.name == name)
            .unwrap();
        let toolstack = Arc::clone(&host.toolstack);
        async move {
            toolstack
                .authorise(HandlerRequest {
                    handler,
                    origin,
                    credentials,
                    query: Vec::new(),
                })
                .await
                .map(drop)
        }
    };
    let basic = |password: &str| Credentials::Basic {
        user: "root".to_owned(),
        password: password.to_owned(),
    };
    let session = |s: &str| Credentials::Session(s.to_owned());
    for credentials in [session(&root), session(&admin), basic("x")] {
        assert_eq!(asked("get_export", credentials, tcp()).await, Ok(()));
    }
    assert_eq!(
        asked("get_export", Credentials::Nothing, Origin::UnixSocket).await,
        Ok(())
    );
    let secret = Credentials::PoolSecret("s".to_owned());
    for credentials in [Credentials::Nothing, session("OpaqueRef:bad"), basic("y"), secret] {
        let refused = asked("get_export", credentials, tcp()).await;
        assert_eq!(refused, Err(HandlerRefusal::Unauthorised));
    }
    let denied = asked("get_host_backup", session(&admin), tcp()).await;
    assert!(matches!(denied, Err(HandlerRefusal::Forbidden(error)) if error.params[0] == "http/get_host_backup"));
    host.set_supporter(NodeId(2));
    let elsewhere = asked("get_updates", session(&root), tcp()).await;
    assert!(matches!(elsewhere, Err(HandlerRefusal::Forbidden(_))));
}

/// A transfer may take longer than a session lives unused.
#[tokio::test]
async fn a_transfer_is_a_use_of_its_session() {
    let host = host();
    let s = host.login().await;
    let handler = xenith_datamodel::http_handlers()
        .iter()
        .find(|handler| handler.name == "get_export");
    let let_in = host.toolstack.authorise(HandlerRequest {
        handler: handler.unwrap(),
        origin: tcp(),
        credentials: Credentials::Session(s.clone()),
        query: Vec::new(),
    });
    let in_use = let_in.await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    host.toolstack.node.touches.take();
    in_use();
    assert_eq!(host.toolstack.node.touches.take().len(), 0, "used just now");
    host.clock.0.fetch_add(3_600_000, Ordering::SeqCst);
    in_use();
    assert_eq!(host.toolstack.node.touches.take().len(), 1);
    assert_eq!(host.asks("session.logout", &[&s]).await, Ok(Value::Void));
    host.toolstack.node.touches.take();
    in_use();
    assert_eq!(host.toolstack.node.touches.take().len(), 0, "it is over");
}

fn reference_of_first(answer: Result<Value, ApiError>) -> String {
    let answer = answer.unwrap();
    answer.as_set().unwrap()[0].as_ref().unwrap().as_str().to_owned()
}
