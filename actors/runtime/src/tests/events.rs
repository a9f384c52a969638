//! event.from: waking, batching, ending.

use super::*;

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
    let Reply::Success(value) = reply else {
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
