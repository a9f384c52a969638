//! The audit log as calls leave it.

use super::*;
use serde_json::Value as Json;
use xenith_wire::{Credentials, HandlerRequest};

async fn lines(host: &Host) -> Vec<Json> {
    host.toolstack.flush_audit().await;
    let text = std::fs::read_to_string(host.dir.path().join("audit.log")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn last(host: &Host) -> Json {
    lines(host).await.pop().unwrap()
}

fn part<'a>(line: &'a Json, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

/// (message, verdict, error) of every line.
fn told(lines: &[Json]) -> Vec<(&str, &str, &str)> {
    let one = |line| (part(line, "message"), part(line, "verdict"), part(line, "error"));
    lines.iter().map(one).collect()
}

/// Calls that went well and calls that did not; the two sessions, the pool, and a task that was made.
async fn many_calls(host: &Host) -> [String; 4] {
    let s = host.login().await;
    let admin = reference(
        host.asks("session.login_with_password", &["vm-admin", "x", "1", "a tool"])
            .await,
    );
    let pool = reference_of_pool(host, &s).await;
    host.asks("pool.get_record", &[&s, &pool]).await.unwrap();
    host.asks("pool.set_name_label", &[&s, &pool, "free text"])
        .await
        .unwrap();
    host.asks("pool.add_to_other_config", &[&s, &pool, "a-key", "a value"])
        .await
        .unwrap();
    host.asks("pool.add_to_other_config", &[&s, &pool, "a-key", "a value"])
        .await
        .unwrap_err();
    host.asks("pool.set_name_label", &[&admin, &pool, "x"])
        .await
        .unwrap_err();
    host.asks("pool.set_name_label", &["OpaqueRef:none", &pool, "x"])
        .await
        .unwrap_err();
    host.asks("pool.set_name_label", &[&s, "a wrong ref", "x"])
        .await
        .unwrap_err();
    host.asks("pool.set_name_label", &[&s, &pool]).await.unwrap_err();
    host.asks("session.login_with_password", &["eva", "a wrong one"])
        .await
        .unwrap_err();
    host.asks("session.change_password", &[&s, "x", "the new one"])
        .await
        .unwrap();
    let task = reference(host.asks("task.create", &[&s, "a label", "a description"]).await);
    host.asks("session.logout", &[&admin]).await.unwrap();
    [s, admin, pool, task]
}

#[tokio::test]
async fn every_change_leaves_a_line_and_no_read_does() {
    let host = host();
    let [s, admin, pool, task] = many_calls(&host).await;
    let all = lines(&host).await;
    let set = "pool.set_name_label";
    assert_eq!(
        told(&all),
        [
            ("session.login_with_password", "allowed", ""),
            ("session.login_with_password", "allowed", ""),
            (set, "allowed", ""),
            ("pool.add_to_other_config", "allowed", ""),
            ("pool.add_to_other_config", "failed", "MAP_DUPLICATE_KEY"),
            (set, "denied", "RBAC_PERMISSION_DENIED"),
            (set, "denied", "SESSION_INVALID"),
            (set, "failed", "HANDLE_INVALID"),
            (set, "failed", "MESSAGE_PARAMETER_COUNT_MISMATCH"),
            ("session.login_with_password", "denied", "SESSION_AUTHENTICATION_FAILED"),
            ("session.change_password", "allowed", ""),
            ("task.create", "allowed", ""),
            ("session.logout", "allowed", ""),
        ]
    );
    assert_eq!((part(&all[0], "user"), part(&all[0], "role")), ("root", "local-root"));
    assert_eq!((part(&all[1], "user"), part(&all[1], "role")), ("vm-admin", "vm-admin"));
    assert_eq!(
        (part(&all[1], "sid"), part(&all[1], "originator")),
        ("vm-admin", "a tool")
    );
    assert_eq!(all[1]["session"], all[5]["session"], "one session, one name");
    assert_eq!(all[1]["session"], all[12]["session"]);
    assert_eq!(part(&all[12], "user"), "vm-admin", "who logs out is told");
    assert_eq!(part(&all[2], "client"), "192.0.2.1:1");
    assert_eq!(all[2]["objects"][0]["ref"], pool.as_str());
    assert_eq!(all[2]["objects"][0]["uuid"], "22222222-2222-2222-2222-222222222222");
    assert_eq!(all[3]["keys"], serde_json::json!(["a-key"]));
    assert_eq!((part(&all[6], "user"), part(&all[6], "role")), ("", ""));
    assert_eq!(all[7]["objects"][0]["ref"], "not there");
    assert_eq!((part(&all[9], "user"), part(&all[9], "role")), ("eva", ""));
    assert_eq!(all[11]["objects"][0]["ref"], task.as_str());
    assert_eq!(part(&all[2], "time"), "19700101T00:33:20.000Z");
    let text = serde_json::to_string(&all).unwrap();
    for secret in [
        s.as_str(),
        s.strip_prefix("OpaqueRef:").unwrap(),
        admin.strip_prefix("OpaqueRef:").unwrap(),
        "free text",
        "a value",
        "a wrong",
        "the new one",
        "a label",
        "a description",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

async fn reference_of_pool(host: &Host, s: &str) -> String {
    let all = host.asks("pool.get_all", &[s]).await.unwrap();
    all.as_set().unwrap()[0].as_ref().unwrap().as_str().to_owned()
}

#[tokio::test]
async fn async_calls_tasks_and_sessions_of_one_host() {
    let host = host();
    let s = host.login().await;
    let task = reference(host.asks("task.create", &[&s, "l", "d"]).await);
    let mut inside = call(
        "task.set_progress",
        vec![text(&s), text(&task), WireValue::Float(0.5)],
        tcp(),
    );
    inside.task_id = Some(task.clone());
    assert!(matches!(host.toolstack.call(inside).await, Reply::Success(_)));
    assert_eq!(part(&last(&host).await, "task"), task);
    // A session's ref in the place of a task's is not shown.
    let mut odd = call("task.destroy", vec![text(&s), text(&task)], tcp());
    odd.task_id = Some(s.clone());
    host.toolstack.call(odd).await;
    assert_eq!(last(&host).await["task"], Json::Null);
    let made = host
        .asks("Async.VM.start", &[&s, "OpaqueRef:x", "false", "false"])
        .await;
    let line = last(&host).await;
    assert_eq!(
        (part(&line, "message"), part(&line, "verdict")),
        ("Async.VM.start", if made.is_ok() { "allowed" } else { "failed" })
    );
    let local = reference(
        host.asks("session.slave_local_login_with_password", &["root", "x"])
            .await,
    );
    let logged_in = last(&host).await;
    assert_eq!(
        (part(&logged_in, "user"), part(&logged_in, "verdict")),
        ("root", "allowed")
    );
    host.asks("session.local_logout", &[&local]).await.unwrap();
    let logged_out = last(&host).await;
    assert_eq!(
        (part(&logged_out, "user"), &logged_out["session"]),
        ("root", &logged_in["session"])
    );
}

/// Its only parameter is a secret, and stands where other logins have the name.
#[tokio::test]
async fn the_pool_secret_of_a_login_is_not_taken_for_a_name() {
    let host = host();
    host.asks("session.slave_local_login", &["a secret of the pool"])
        .await
        .unwrap_err();
    let line = last(&host).await;
    assert_eq!(part(&line, "verdict"), "denied");
    assert!(!line.to_string().contains("a secret"), "{line}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_line_too() {
    let host = host_that_waits(Duration::from_secs(60));
    let login = host.asks("session.login_with_password", &["eva", "wrong"]);
    assert!(tokio::time::timeout(Duration::from_millis(200), login).await.is_err());
    let all = lines(&host).await;
    assert_eq!(told(&all), [("session.login_with_password", "unknown", "")]);
    assert_eq!(part(&all[0], "user"), "eva");
}

/// The host that the client came to writes the line, and only that one.
#[tokio::test]
async fn a_forwarded_call_leaves_its_line_where_it_came_in() {
    let forward = || {
        host_with(RuntimeConfig {
            supporter_calls: crate::SupporterCalls::Forward,
            ..RuntimeConfig::default()
        })
    };
    let (coordinator, supporter) = (forward(), forward());
    supporter.peers.add(NodeId(1), Arc::clone(&coordinator.toolstack));
    supporter.set_supporter(NodeId(1));
    let s = coordinator.login().await;
    supporter.copy_from(&coordinator);
    let pool = reference_of_pool(&coordinator, &s).await;
    supporter.asks("pool.set_name_label", &[&s, &pool, "x"]).await.unwrap();
    assert_eq!(lines(&coordinator).await.len(), 1, "the login");
    let line = last(&supporter).await;
    assert_eq!(
        (part(&line, "message"), part(&line, "user")),
        ("pool.set_name_label", "root")
    );
}

#[tokio::test]
async fn a_supporter_that_sends_its_clients_on_writes_nothing() {
    let host = host();
    let s = host.login().await;
    let pool = reference_of_pool(&host, &s).await;
    host.set_supporter(NodeId(2));
    assert_eq!(
        code(host.asks("pool.set_name_label", &[&s, &pool, "x"]).await),
        "HOST_IS_SLAVE"
    );
    assert_eq!(lines(&host).await.len(), 1, "the login");
}

#[tokio::test]
async fn callers_whom_nobody_knows_cannot_turn_the_log_over() {
    let host = host();
    for _ in 0..100 {
        host.asks("pool.set_name_label", &["OpaqueRef:none", "OpaqueRef:x", "x"])
            .await
            .unwrap_err();
    }
    assert_eq!(lines(&host).await.len(), 20);
    host.login().await;
    assert_eq!(last(&host).await["verdict"], "allowed", "known callers are always told");
    host.clock.0.fetch_add(1_000, Ordering::SeqCst);
    host.asks("pool.set_name_label", &["OpaqueRef:none", "OpaqueRef:x", "x"])
        .await
        .unwrap_err();
    let all = lines(&host).await;
    assert_eq!(all[all.len() - 2]["missing"], 80);
}

#[tokio::test]
async fn handlers_and_the_local_socket_leave_lines() {
    let host = host();
    let s = host.login().await;
    let pool = reference_of_pool(&host, &s).await;
    let ask = async |name: &'static str, credentials: Credentials, origin: Origin| {
        let handler = xenith_datamodel::http_handlers()
            .iter()
            .find(|handler| handler.name == name);
        let query = [("uuid", HOST_UUID), ("task_id", s.as_str()), ("ref", pool.as_str())];
        let request = HandlerRequest {
            handler: handler.unwrap(),
            origin,
            credentials,
            query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        };
        drop(host.toolstack.authorise(request).await);
        last(&host).await
    };
    let session = || Credentials::Session(s.clone());
    let basic = |user: &str, password: &str| Credentials::Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    };
    let line = ask("put_import", session(), tcp()).await;
    assert_eq!((part(&line, "kind"), part(&line, "message")), ("http", "put_import"));
    assert_eq!((part(&line, "user"), part(&line, "verdict")), ("root", "allowed"));
    assert_eq!(
        (&line["objects"][0]["class"], &line["task"]),
        (&"host".into(), &Json::Null)
    );
    let line = ask("get_host_backup", basic("vm-admin", "x"), tcp()).await;
    assert_eq!((part(&line, "user"), part(&line, "role")), ("vm-admin", "vm-admin"));
    assert_eq!(
        (part(&line, "verdict"), part(&line, "error")),
        ("denied", "RBAC_PERMISSION_DENIED")
    );
    let line = ask("put_import", basic("eva", "wrong"), tcp()).await;
    assert_eq!(
        (part(&line, "user"), part(&line, "role"), part(&line, "error")),
        ("eva", "", "401")
    );
    let line = ask("put_import", Credentials::Nothing, Origin::UnixSocket).await;
    assert_eq!((part(&line, "user"), part(&line, "client")), ("root", "unix"));
    let before = lines(&host).await.len();
    ask("vm_rrd", session(), tcp()).await;
    assert_eq!(lines(&host).await.len(), before, "a read");
    host.toolstack.audit_admin("token", Ok(())).await;
    let line = last(&host).await;
    assert_eq!(
        (part(&line, "kind"), part(&line, "message"), part(&line, "user")),
        ("local", "token", "root")
    );
}
