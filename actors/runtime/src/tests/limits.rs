//! Callers and their limits, through the API.

use super::{Host, call, code, host, reference, tcp, text};
use std::time::Duration;
use xenith_datamodel::{ApiError, Value};
use xenith_wire::{Dispatch as _, Origin, Reply, WireValue};

const AGENT: &str = "greedy/1.0";

fn record(fields: &[(&str, WireValue)]) -> WireValue {
    WireValue::Struct(
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

/// A call of the client that the tests limit.
async fn greedy(host: &Host, session: &str) -> Result<Value, ApiError> {
    let mut asked = call("pool.get_all", vec![text(session)], tcp());
    asked.user_agent = Some(AGENT.to_owned());
    match host.toolstack.call(asked).await {
        Reply::Success(value) => Ok(value),
        Reply::Failure(error) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// A caller with a limit of that burst, which comes back slowly. Gives the caller.
async fn limited(host: &Host, session: &str, burst: f64) -> String {
    let given = record(&[("user_agent", text("greedy/*"))]);
    let caller = reference(host.ask("Caller.create", vec![text(session), given]).await);
    let given = record(&[
        ("burst_size", WireValue::Float(burst)),
        ("fill_rate", WireValue::Float(0.001)),
    ]);
    let limit = reference(host.ask("Rate_limit.create", vec![text(session), given]).await);
    host.asks("Rate_limit.add_caller", &[session, &limit, &caller])
        .await
        .unwrap();
    caller
}

async fn count(host: &Host, session: &str, caller: &str) -> i64 {
    let counted = host.asks("Caller.query_call_count", &[session, caller]).await;
    counted.unwrap().as_int().unwrap()
}

/// The rows are known a moment after they were made.
async fn until_known(host: &Host, session: &str, caller: &str) -> i64 {
    loop {
        greedy(host, session).await.unwrap();
        match count(host, session, caller).await {
            0 => tokio::task::yield_now().await,
            counted => return counted,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_over_the_limit_waits_and_nobody_else_does() {
    let host = host();
    let session = host.login().await;
    let caller = limited(&host, &session, 5.0).await;
    let mut counted = until_known(&host, &session, &caller).await;
    while counted < 5 {
        greedy(&host, &session).await.unwrap();
        counted += 1;
    }
    let soon = Duration::from_secs(500);
    let waits = tokio::time::timeout(soon, greedy(&host, &session)).await;
    assert!(waits.is_err(), "a token comes back every 1,000 s");
    let other = tokio::time::timeout(soon, host.asks("pool.get_all", &[&session])).await;
    other.unwrap().unwrap();
    assert_eq!(count(&host, &session, &caller).await, 6);
    // The token of the call that was given up is used.
    let waits = tokio::time::timeout(Duration::from_secs(2_000), greedy(&host, &session)).await;
    waits.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_local_socket_is_never_limited() {
    let host = host();
    let session = host.login().await;
    let caller = limited(&host, &session, 1.0).await;
    until_known(&host, &session, &caller).await;
    let mut asked = call("pool.get_all", vec![text(&session)], Origin::UnixSocket);
    asked.user_agent = Some(AGENT.to_owned());
    let answered = tokio::time::timeout(Duration::from_secs(1), host.toolstack.call(asked)).await;
    assert!(matches!(answered.unwrap(), Reply::Success(_)));
}

#[tokio::test(start_paused = true)]
async fn usage_is_told_by_caller_and_by_group() {
    let host = host();
    let session = host.login().await;
    let caller = limited(&host, &session, 100.0).await;
    let counted = until_known(&host, &session, &caller).await;
    host.asks("Caller.add_group", &[&session, &caller, "tools"])
        .await
        .unwrap();
    let ask = async |message: &str, of: &str| host.asks(message, &[session.as_str(), of]).await;
    assert_eq!(
        ask("Caller.query_group_call_count", "tools").await,
        Ok(Value::Int(counted))
    );
    assert_eq!(
        ask("Caller.query_token_usage", &caller).await,
        Ok(Value::Float(counted as f64))
    );
    assert_eq!(
        ask("Caller.query_group_token_usage", "others").await,
        Ok(Value::Float(0.0))
    );
    assert_eq!(
        code(ask("Caller.query_call_count", "OpaqueRef:dead").await),
        "HANDLE_INVALID"
    );
    let all = host.asks("Caller.query_all_usage", &[&session]).await.unwrap();
    let first = all.as_set().unwrap()[0].as_set().unwrap().to_vec();
    assert_eq!(
        first[2..],
        [format!("{counted}.000"), counted.to_string()].map(Value::text)
    );
}
