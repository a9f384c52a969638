//! `Caller` and `Rate_limit`: what rows may say, and whom they fit.

use super::{Pool, code, record};
use crate::{caller, rate_limit};
use xenith_datamodel::{Ref, Value};

fn caller(pool: &mut Pool, user_agent: &str, client_ip: &str) -> Ref {
    let given = record(&[("user_agent", user_agent.into()), ("client_ip", client_ip.into())]);
    let made = pool.call("Caller.create", vec![given]).unwrap();
    made.as_ref().unwrap().clone()
}

fn limit(pool: &mut Pool, burst: f64, fill: f64) -> Result<Value, xenith_datamodel::ApiError> {
    let given = record(&[("burst_size", burst.into()), ("fill_rate", fill.into())]);
    pool.call("Rate_limit.create", vec![given])
}

#[test]
fn the_row_that_says_most_of_a_client_comes_first() {
    let mut pool = Pool::of_one();
    let agent = caller(&mut pool, "xe", "");
    let beginning = caller(&mut pool, "Python*", "");
    let machine = caller(&mut pool, "", "192.0.2.1");
    let both = caller(&mut pool, "xe", "192.0.2.1");
    let found = |user_agent: &str, client_ip: &str| -> Vec<Ref> {
        let known = caller::known(&pool.view).unwrap();
        let fits = known.iter().filter(|known| known.is(user_agent, client_ip));
        fits.map(|known| known.row.clone()).collect()
    };
    assert_eq!(found("xe", "192.0.2.1"), [both, machine.clone(), agent.clone()]);
    assert_eq!(found("xe", "192.0.2.2"), [agent]);
    assert_eq!(found("Python-urllib/3.11", "192.0.2.1"), [machine, beginning]);
    assert_eq!(found("curl", ""), []);
}

#[test]
fn a_caller_must_say_something_and_is_made_once() {
    let mut pool = Pool::of_one();
    for (user_agent, client_ip) in [("", ""), ("*", ""), ("", "*")] {
        let given = record(&[("user_agent", user_agent.into()), ("client_ip", client_ip.into())]);
        let refused = code(pool.call("Caller.create", vec![given]));
        assert!(refused.starts_with("INVALID_VALUE [user_agent/client_ip"), "{refused}");
    }
    let first = caller(&mut pool, "xe", "");
    let named = record(&[("user_agent", "xe".into()), ("name_label", "the same".into())]);
    assert_eq!(pool.call("Caller.create", vec![named]).unwrap(), Value::from(&first));
    assert_eq!(pool.get("Caller.name_label", &first), Value::text("the same"));
    pool.call("Caller.destroy", vec![(&first).into()]).unwrap();
    assert_eq!(caller::known(&pool.view).unwrap(), []);
}

#[test]
fn groups_hold_a_name_once() {
    let mut pool = Pool::of_one();
    let row = caller(&mut pool, "xe", "");
    for _ in 0..2 {
        pool.call("Caller.add_group", vec![(&row).into(), "backup".into()])
            .unwrap();
    }
    assert_eq!(pool.get("Caller.groups", &row), Value::set([Value::text("backup")]));
    assert_eq!(
        caller::of_group(&pool.view, "backup").unwrap(),
        std::slice::from_ref(&row)
    );
    pool.call("Caller.remove_group", vec![(&row).into(), "backup".into()])
        .unwrap();
    assert_eq!(caller::of_group(&pool.view, "backup").unwrap(), []);
    assert_eq!(caller::of_group(&pool.view, "").unwrap_err().code, "INVALID_VALUE");
}

#[test]
fn a_limit_must_be_above_nothing() {
    let mut pool = Pool::of_one();
    for (burst, fill) in [
        (0.0, 1.0),
        (-1.0, 1.0),
        (1.0, 0.0),
        (1.0, f64::INFINITY),
        (f64::NAN, 1.0),
    ] {
        assert!(
            code(limit(&mut pool, burst, fill)).starts_with("INVALID_VALUE"),
            "{burst} {fill}"
        );
    }
    let made = limit(&mut pool, 10.0, 2.0).unwrap();
    for set in ["set_burst_size", "set_fill_rate"] {
        let name = format!("Rate_limit.{set}");
        assert!(code(pool.call(&name, vec![made.clone(), 0.0.into()])).starts_with("INVALID_VALUE"));
        pool.call(&name, vec![made.clone(), 5.0.into()]).unwrap();
    }
    let limit = rate_limit::limit(&pool.view, made.as_ref().unwrap()).unwrap();
    assert_eq!((limit.burst_size, limit.fill_rate), (5.0, 5.0));
}

#[test]
fn a_caller_has_one_limit_and_outlives_it() {
    let mut pool = Pool::of_one();
    let row = caller(&mut pool, "xe", "");
    let limits = [(); 2].map(|()| limit(&mut pool, 1.0, 1.0).unwrap());
    for limit in &limits {
        pool.call("Rate_limit.add_caller", vec![limit.clone(), (&row).into()])
            .unwrap();
    }
    let of = |pool: &mut Pool, limit: &Value| pool.get("Rate_limit.callers", limit.as_ref().unwrap());
    assert_eq!(of(&mut pool, &limits[0]), Value::set([]));
    assert_eq!(of(&mut pool, &limits[1]), Value::set([Value::from(&row)]));
    pool.call("Rate_limit.remove_caller", vec![limits[0].clone(), (&row).into()])
        .unwrap();
    assert_eq!(
        of(&mut pool, &limits[1]),
        Value::set([Value::from(&row)]),
        "of another limit"
    );
    pool.call("Rate_limit.destroy", vec![limits[1].clone()]).unwrap();
    assert_eq!(pool.get("Caller.rate_limit", &row), Value::Ref(Ref::null()));
}
