//! event.from: waking, batching, ending.

use super::*;
use crate::SupporterCalls;
use xenith_wire::Piece;
use xenith_wire::jsonrpc::{JsonEnvelope, JsonId, JsonVersion, encode_reply};
use xenith_wire::piece::Form;

fn from(session: &str, classes: &[&str], token: &str, seconds: f64) -> Vec<WireValue> {
    let classes = classes.iter().map(|class| text(class)).collect();
    vec![
        text(session),
        WireValue::Array(classes),
        text(token),
        WireValue::Float(seconds),
    ]
}

fn token(answer: &Value) -> String {
    answer.member("token").unwrap().as_text().unwrap().to_owned()
}

fn events(answer: &Value) -> Vec<(String, String)> {
    let member = |event: &Value, name: &str| event.member(name).unwrap().as_text().unwrap().to_owned();
    let set = answer.member("events").unwrap().as_set().unwrap();
    set.iter()
        .map(|event| (member(event, "operation"), member(event, "class")))
        .collect()
}

async fn now(host: &Host, s: &str) -> String {
    token(&host.ask("event.from", from(s, &["*"], "", 0.0)).await.unwrap())
}

/// Starts the call and lets it get to its wait.
async fn waiting(host: &Host, params: Vec<WireValue>) -> tokio::task::JoinHandle<Reply> {
    let toolstack = Arc::clone(&host.toolstack);
    let before = host.toolstack.node.waiters.count();
    let task = tokio::spawn(async move { toolstack.call(call("event.from", params, tcp())).await });
    while host.toolstack.node.waiters.count() == before {
        tokio::task::yield_now().await;
    }
    task
}

fn success(reply: Reply) -> Value {
    let Reply::Success(value) = reply.clone().alone() else {
        panic!("{reply:?}")
    };
    value
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_it_and_unwanted_ones_do_not() {
    let host = host();
    let s = host.login().await;
    let since = now(&host, &s).await;
    let wait = waiting(&host, from(&s, &["task"], &since, 30.0)).await;
    host.asks("pool.add_to_other_config", &[&s, &reference_of_pool(), "k", "v"])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!wait.is_finished(), "a change of another class");
    host.asks("task.create", &[&s, "a", ""]).await.unwrap();
    let answer = success(wait.await.unwrap());
    assert_eq!(events(&answer), [("add".to_owned(), "task".to_owned())]);
    assert!(token(&answer) > since);
    assert_eq!(host.toolstack.node.waiters.count(), 0);
}

fn reference_of_pool() -> String {
    "OpaqueRef:22222222-2222-2222-2222-222222222222".to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_one_reply_unless_only_tasks_are_followed() {
    let host = host();
    let s = host.login().await;
    let since = now(&host, &s).await;
    let all = waiting(&host, from(&s, &["task", "pool"], &since, 30.0)).await;
    let only = waiting(&host, from(&s, &["task"], &since, 30.0)).await;
    host.asks("task.create", &[&s, "a", ""]).await.unwrap();
    assert_eq!(events(&success(only.await.unwrap())).len(), 1);
    host.asks("task.create", &[&s, "b", ""]).await.unwrap();
    assert_eq!(events(&success(all.await.unwrap())).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_time_its_session_and_the_role() {
    let host = host();
    let s = host.login().await;
    let other = host.login().await;
    let since = now(&host, &s).await;
    let over = host.ask("event.from", from(&s, &["*"], &since, 2.5)).await.unwrap();
    assert_eq!(events(&over), []);

    let wait = waiting(&host, from(&other, &["*"], &since, 3600.0)).await;
    host.asks("session.logout", &[&other]).await.unwrap();
    assert_eq!(
        wait.await.unwrap(),
        Reply::Failure(ApiError::new("SESSION_INVALID", [other]))
    );

    let wait = waiting(&host, from(&s, &["*"], &since, 3600.0)).await;
    host.set_supporter(NodeId(2));
    let answer = success(wait.await.unwrap());
    assert_eq!((events(&answer), token(&answer)), (Vec::new(), now_of(&host)));
}

#[tokio::test(start_paused = true)]
async fn a_change_in_the_last_moment_is_not_stepped_over() {
    let host = host();
    let s = host.login().await;
    for end_by_role in [true, false] {
        let since = now(&host, &s).await;
        let wait = waiting(&host, from(&s, &["task"], &since, 10.0)).await;
        if !end_by_role {
            tokio::time::advance(Duration::from_secs(11)).await;
        }
        host.asks("task.create", &[&s, "a", ""]).await.unwrap();
        if end_by_role {
            host.set_supporter(NodeId(2));
        }
        assert_eq!(
            events(&success(wait.await.unwrap())).len(),
            1,
            "ended by role: {end_by_role}"
        );
        host.log.set_role(Role::Coordinator { term: 2 });
    }
}

fn now_of(host: &Host) -> String {
    let view = host.log.applied();
    format!("{:020},{:020}", view.generation(), view.message_generation())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_gives_its_place_back() {
    let host = host();
    let s = host.login().await;
    let since = now(&host, &s).await;
    let wait = waiting(&host, from(&s, &["*"], &since, 3600.0)).await;
    assert_eq!(host.toolstack.node.waiters.count(), 1);
    wait.abort();
    assert!(wait.await.is_err());
    assert_eq!(host.toolstack.node.waiters.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn there_are_only_so_many_waiters() {
    let host = host_with(RuntimeConfig {
        max_event_waiters: 1,
        ..RuntimeConfig::default()
    });
    let s = host.login().await;
    let since = now(&host, &s).await;
    let wait = waiting(&host, from(&s, &["*"], &since, 3600.0)).await;
    assert_eq!(
        code(host.ask("event.from", from(&s, &["*"], &since, 1.0)).await),
        "TOO_BUSY"
    );
    wait.abort();
    assert!(wait.await.is_err());
    assert!(host.ask("event.from", from(&s, &["*"], &since, 1.0)).await.is_ok());
}

#[tokio::test]
async fn odd_tokens_and_subscriptions() {
    let host = host();
    let s = host.login().await;
    assert_eq!(
        code(host.ask("event.from", from(&s, &["*"], "x", 0.0)).await),
        "EVENT_FROM_TOKEN_PARSE_FAILURE"
    );
    assert_eq!(
        code(host.ask("event.from", from("bad", &["*"], "", 0.0)).await),
        "SESSION_INVALID"
    );
    let nothing = host
        .ask("event.from", from(&s, &["nope", "/", "vm/a/b", ""], "", 0.0))
        .await
        .unwrap();
    assert_eq!(events(&nothing), []);
}

#[tokio::test]
async fn inject_gives_a_barrier() {
    let host = host();
    let s = host.login().await;
    let pool = reference_of_pool();
    let before = host.asks("event.inject", &[&s, "pool", &pool]).await.unwrap();
    let answer = host
        .ask("event.from", from(&s, &["pool"], before.as_text().unwrap(), 5.0))
        .await
        .unwrap();
    assert_eq!(events(&answer), [("mod".to_owned(), "pool".to_owned())]);
}

fn event_refs(answer: &Value, operation: &str) -> Vec<String> {
    let set = answer.member("events").unwrap().as_set().unwrap();
    let told = set
        .iter()
        .filter(|event| event.member("operation") == Some(&Value::text(operation)));
    told.map(|event| event.member("ref").unwrap().as_ref().unwrap().as_str().to_owned())
        .collect()
}

/// Two hosts of one pool, the second a step behind the first.
async fn two_hosts() -> (Host, Host, String) {
    let (coordinator, supporter) = (
        host(),
        host_with(RuntimeConfig {
            supporter_calls: SupporterCalls::Forward,
            ..RuntimeConfig::default()
        }),
    );
    let s = coordinator.login().await;
    supporter.copy_from(&coordinator);
    supporter.set_supporter(NodeId(1));
    (coordinator, supporter, s)
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_newer_state_waits_for_it() {
    let (coordinator, supporter, s) = two_hosts().await;
    let gone = reference(coordinator.asks("task.create", &[&s, "gone", ""]).await);
    let kept = reference(coordinator.asks("task.create", &[&s, "kept", ""]).await);
    // The row of a pending task would only be marked.
    coordinator
        .asks("task.set_status", &[&s, &gone, "success"])
        .await
        .unwrap();
    supporter.copy_from(&coordinator);
    // The client hears of a third task at the coordinator; then it asks the supporter, which has not.
    let third = reference(coordinator.asks("task.create", &[&s, "third", ""]).await);
    let since = now(&coordinator, &s).await;
    let wait = waiting(&supporter, from(&s, &["task"], &since, 30.0)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        !wait.is_finished(),
        "it tells nothing of a state that is older than the token"
    );
    coordinator.asks("task.destroy", &[&s, &gone]).await.unwrap();
    supporter.copy_from(&coordinator);
    let answer = success(wait.await.unwrap());
    assert_eq!(event_refs(&answer, "del"), [gone]);
    assert_eq!(
        event_refs(&answer, "add"),
        Vec::<String>::new(),
        "{kept} and {third} are known"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_no_state_comes_to_gets_everything_anew() {
    let host = host();
    let s = host.login().await;
    let task = reference(host.asks("task.create", &[&s, "a", ""]).await);
    let beyond = format!("{:020},{:020}", 99_999_999, 0);
    let answer = host
        .ask("event.from", from(&s, &["task"], &beyond, 3600.0))
        .await
        .unwrap();
    assert_eq!(event_refs(&answer, "add"), [task]);
    assert_eq!(token(&answer), now_of(&host));
}

#[tokio::test(start_paused = true)]
async fn watchers_of_the_same_share_the_encoded_answer() {
    let host = host();
    let s = host.login().await;
    let since = now(&host, &s).await;
    let first = waiting(&host, from(&s, &["task"], &since, 30.0)).await;
    let second = waiting(&host, from(&s, &["task"], &since, 30.0)).await;
    let other = waiting(&host, from(&s, &["*"], &since, 30.0)).await;
    let task = reference(host.asks("task.create", &[&s, "a", ""]).await);
    let encoded = |reply: Reply| {
        let Reply::Pieces(Piece::Shared(shared)) = reply else {
            panic!("{reply:?}")
        };
        shared.encoded(Form::Json)
    };
    let (first, second) = (encoded(first.await.unwrap()), encoded(second.await.unwrap()));
    assert!(Arc::ptr_eq(&first, &second));
    // Of another subscription the record is the same.
    assert_eq!(*encoded(other.await.unwrap()), *first);
    let record = Reply::Success(host.asks("task.get_record", &[&s, &task]).await.unwrap());
    let envelope = JsonEnvelope {
        version: JsonVersion::V2,
        id: JsonId::Int(1),
    };
    let record = String::from_utf8(encode_reply(&envelope, &record)).unwrap();
    let record = record
        .split_once("\"result\":")
        .unwrap()
        .1
        .strip_suffix(",\"id\":1}")
        .unwrap();
    assert!(String::from_utf8_lossy(&first).contains(record));
    assert!(host.toolstack.node.fragments.bytes() > record.len());
    host.asks("task.destroy", &[&s, &task]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(
        host.toolstack.node.fragments.bytes(),
        0,
        "of what changed nothing is kept"
    );
}

fn classes(session: &str, words: &[&str]) -> Vec<WireValue> {
    let words = words.iter().map(|word| text(word)).collect();
    vec![text(session), WireValue::Array(words)]
}

/// (operation, class) of what event.next told.
fn next_told(answer: Value) -> Vec<(String, String)> {
    events(&Value::record([("events", answer)]))
}

async fn next_waiting(host: &Host, s: &str) -> tokio::task::JoinHandle<Reply> {
    let toolstack = Arc::clone(&host.toolstack);
    let before = host.toolstack.node.waiters.count();
    let params = vec![text(s)];
    let task = tokio::spawn(async move { toolstack.call(call("event.next", params, tcp())).await });
    while host.toolstack.node.waiters.count() == before {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test(start_paused = true)]
async fn the_old_interface_tells_what_is_registered() {
    let host = host();
    let s = host.login().await;
    let refused = host.asks("event.next", &[&s]).await.unwrap_err();
    assert_eq!(refused.code, "SESSION_NOT_REGISTERED");
    assert!(refused.params[0].starts_with("trackid=") && !refused.params[0].contains(&s));
    assert_eq!(
        host.ask("event.register", classes(&s, &["task"])).await,
        Ok(Value::Void)
    );
    assert_eq!(
        host.ask("event.register", classes(&s, &["vm/x/y"])).await,
        Ok(Value::Void)
    );
    let wait = next_waiting(&host, &s).await;
    host.asks("pool.add_to_other_config", &[&s, &reference_of_pool(), "k", "v"])
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!wait.is_finished(), "a change of another class");
    host.asks("task.create", &[&s, "a", ""]).await.unwrap();
    let add = |class: &str| ("add".to_owned(), class.to_owned());
    assert_eq!(next_told(success(wait.await.unwrap())), [add("task")]);
    // Between two calls nothing is lost, and a class that is added wakes the call that waits.
    host.asks("task.create", &[&s, "b", ""]).await.unwrap();
    assert_eq!(next_told(host.asks("event.next", &[&s]).await.unwrap()), [add("task")]);
    let wait = next_waiting(&host, &s).await;
    host.ask("event.register", classes(&s, &["Pool"])).await.unwrap();
    host.ask("event.unregister", classes(&s, &["task"])).await.unwrap();
    host.asks("task.create", &[&s, "c", ""]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!wait.is_finished(), "no longer registered");
    host.asks("pool.add_to_other_config", &[&s, &reference_of_pool(), "l", "v"])
        .await
        .unwrap();
    let changed = next_told(success(wait.await.unwrap()));
    assert_eq!(changed, [("mod".to_owned(), "pool".to_owned())]);
    // Nothing happens: the pool is said to have changed after a while.
    let beat = next_told(host.asks("event.next", &[&s]).await.unwrap());
    assert_eq!(beat, [("mod".to_owned(), "pool".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn event_next_ends_with_its_session_and_knows_when_it_lost_something() {
    let host = host();
    let s = host.login().await;
    host.ask("event.register", classes(&s, &["task"])).await.unwrap();
    let mut tx = Transaction::new(1);
    let task = class("task").unwrap();
    for i in 0..600 {
        tx.create(task, &Ref::new(format!("OpaqueRef:{i}")), vec![]);
    }
    host.log.commit(&tx).unwrap();
    assert_eq!(next_told(host.asks("event.next", &[&s]).await.unwrap()).len(), 600);
    for i in 0..600 {
        let mut tx = Transaction::new(1);
        tx.destroy(task, &Ref::new(format!("OpaqueRef:{i}")));
        host.log.commit(&tx).unwrap();
    }
    assert_eq!(code(host.asks("event.next", &[&s]).await), "EVENTS_LOST");
    let wait = next_waiting(&host, &s).await;
    host.asks("session.logout", &[&s]).await.unwrap();
    assert_eq!(
        wait.await.unwrap(),
        Reply::Failure(ApiError::new("SESSION_INVALID", [s]))
    );
}
