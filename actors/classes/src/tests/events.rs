//! Subscriptions, tokens and answers of event.from (golden/events.json).

use super::Pool;
use crate::event::{Subscription, answer, empty_answer, format_token, parse_token};
use xenith_datamodel::Value;
use xenith_pooldb::EventToken;

fn ask(pool: &Pool, words: &[&str], token: &str) -> Option<Value> {
    let answer = answer(&pool.view, parse_token(token).unwrap(), &Subscription::parse(words));
    answer.map(|answer| answer.value(&pool.view))
}

fn now(pool: &Pool) -> String {
    format_token(empty_answer(&pool.view).token)
}

/// `operation class` of each event, in order.
fn told(value: &Value) -> Vec<String> {
    let text = |event: &Value, field: &str| event.member(field).unwrap().as_text().unwrap().to_owned();
    let events = value.member("events").unwrap().as_set().unwrap();
    events
        .iter()
        .map(|event| format!("{} {}", text(event, "operation"), text(event, "class")))
        .collect()
}

fn token(value: &Value) -> String {
    value.member("token").unwrap().as_text().unwrap().to_owned()
}

#[test]
fn tokens() {
    let token = EventToken {
        database: 12,
        message: 3,
    };
    assert_eq!(format_token(token), "00000000000000000012,00000000000000000003");
    assert_eq!(parse_token(&format_token(token)), Ok(token));
    assert_eq!(parse_token(""), Ok(EventToken::default()));
    assert_eq!(parse_token("0,0"), Ok(EventToken::default()));
    assert_eq!(parse_token("-1,-1"), Ok(EventToken::default()));
    for bad in ["garbage", "00000000000000000001", "0,0,0", " ", "1,", ",1"] {
        let error = parse_token(bad).unwrap_err().to_string();
        assert_eq!(error, format!("EVENT_FROM_TOKEN_PARSE_FAILURE [{bad}]"));
    }
}

#[test]
fn odd_subscriptions_match_nothing() {
    let pool = Pool::of_one();
    for words in [
        &["nosuchclass"][..],
        &[],
        &["vm/a/b"],
        &["/"],
        &["vm/"],
        &["/x"],
        &["* "],
        &[""],
    ] {
        assert_eq!(ask(&pool, words, ""), None, "{words:?}");
    }
    for hidden in ["session", "secret", "user", "role", "event", "data_source"] {
        assert_eq!(ask(&pool, &[hidden], ""), None, "{hidden}");
    }
    for words in ["pool", "POOL", "Pool"] {
        assert_eq!(told(&ask(&pool, &[words], "").unwrap()), ["add pool"]);
    }
}

#[test]
fn an_event_has_a_snapshot_and_the_answer_counts() {
    let pool = Pool::of_one();
    let row = pool.first("pool");
    let value = ask(&pool, &[&format!("pool/{row}")], "").unwrap();
    let event = &value.member("events").unwrap().as_set().unwrap()[0];
    assert_eq!(event.member("timestamp"), Some(&Value::text("0.0")));
    assert_eq!(event.member("ref"), Some(&Value::from(&row)));
    let class = xenith_datamodel::class("pool").unwrap();
    assert_eq!(event.member("snapshot"), pool.view.record(class, &row).as_ref());
    let counts = value.member("valid_ref_counts").unwrap();
    assert_eq!(counts.as_map().unwrap().len(), 73);
    assert_eq!(counts.member("pool"), Some(&Value::Int(1)));
    assert_eq!(counts.member("pif"), Some(&Value::Int(2)));
}

#[test]
fn changes_merge_and_deletions_are_told() {
    let mut pool = Pool::of_one();
    let start = now(&pool);
    assert_eq!(ask(&pool, &["network"], &start), None);
    let network = super::devices::network(&mut pool);
    pool.call("network.set_name_label", vec![Value::from(&network), "f".into()])
        .unwrap();
    let value = ask(&pool, &["*"], &start).unwrap();
    assert_eq!(told(&value), ["add network"]);
    pool.call("network.set_name_label", vec![Value::from(&network), "g".into()])
        .unwrap();
    let changed = ask(&pool, &["network"], &token(&value)).unwrap();
    assert_eq!(told(&changed), ["mod network"]);
    pool.call("network.set_name_label", vec![Value::from(&network), "g".into()])
        .unwrap();
    assert_eq!(ask(&pool, &["network"], &token(&changed)), None, "an equal value");
    pool.call("network.destroy", vec![Value::from(&network)]).unwrap();
    let gone = ask(&pool, &["network"], &token(&changed)).unwrap();
    assert_eq!(told(&gone), ["del network"]);
    assert!(
        gone.member("events").unwrap().as_set().unwrap()[0]
            .member("snapshot")
            .is_none()
    );
    assert_eq!(ask(&pool, &["network"], &start), None, "made and gone since");
}

#[test]
fn messages_come_first() {
    let mut pool = Pool::of_one();
    let start = now(&pool);
    let network = super::devices::network(&mut pool);
    let uuid = pool.get("network.uuid", &network);
    let of_pool = vec!["EV".into(), 3.into(), "Pool".into(), "pool-uuid".into(), "b".into()];
    pool.call("message.create", of_pool).unwrap();
    assert_eq!(
        told(&ask(&pool, &["*"], &start).unwrap()),
        ["add message", "add network"]
    );
    let wrong = vec!["EV".into(), 3.into(), "Pool".into(), uuid.clone(), "b".into()];
    let error = super::code(pool.call("message.create", wrong));
    assert_eq!(error, format!("UUID_INVALID [Pool, {}]", uuid.as_text().unwrap()));
}

#[test]
fn inject_is_a_barrier() {
    let mut pool = Pool::of_one();
    let row = pool.first("pool");
    let before = pool.call("event.inject", vec!["POOL".into(), row.as_str().into()]);
    let before = before.unwrap().as_text().unwrap().to_owned();
    assert_eq!(told(&ask(&pool, &["pool"], &before).unwrap()), ["mod pool"]);
    let error = super::code(pool.call("event.inject", vec!["pool".into(), "OpaqueRef:dead".into()]));
    assert_eq!(error, "HANDLE_INVALID [pool, OpaqueRef:dead]");
}

#[test]
fn a_token_of_another_history_gets_everything_anew() {
    let pool = Pool::of_one();
    let value = ask(&pool, &["pool"], "00000000000099999999,00000000000099999999").unwrap();
    assert_eq!(told(&value), ["add pool"]);
    assert_eq!(token(&value), now(&pool));
}
