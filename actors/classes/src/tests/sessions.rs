//! Login, logout, limits, expiry; the secret is nowhere but with the client.

use super::{NOW_MS, Pool};
use crate::session::{Identity, check, plan_login, plan_touch, reap_sessions, row_ref};
use crate::{Rights, rows};
use xenith_datamodel::{Ref, Role, Value};

const HOUR_MS: i64 = 60 * 60 * 1000;

fn login(pool: &mut Pool, identity: &Identity) -> Ref {
    pool.context(|cx| plan_login(cx, identity)).as_ref().unwrap().clone()
}

fn root(pool: &Pool, originator: &str) -> Identity {
    Identity::local("root", originator, pool.first("host"))
}

fn sessions(pool: &Pool) -> usize {
    rows::all(&pool.view, "session").unwrap().len()
}

#[test]
fn a_session_is_found_by_its_secret_only() {
    let mut pool = Pool::of_one();
    let identity = root(&pool, "golden");
    let secret = login(&mut pool, &identity);
    let caller = check(&pool.view, &secret).unwrap();
    assert_eq!(
        (caller.user_name.as_str(), &caller.rights),
        ("root", &Rights::Everything)
    );
    let row = row_ref(&secret);
    assert_ne!(row, secret);
    let error = check(&pool.view, &row).unwrap_err();
    assert_eq!(error.to_string(), format!("SESSION_INVALID [{row}]"));
    let mut snapshot = Vec::new();
    pool.view.write_snapshot(&mut snapshot).unwrap();
    let record = format!("{:?}", pool.view.record(rows::class("session").unwrap(), &row).unwrap());
    assert!(!record.contains(secret.as_str().trim_start_matches("OpaqueRef:")));
}

#[test]
fn fields_answer_to_the_secret() {
    let mut pool = Pool::of_one();
    let identity = root(&pool, "golden");
    let secret = login(&mut pool, &identity);
    assert_eq!(pool.get("session.originator", &secret), Value::text("golden"));
    assert_eq!(pool.get("session.auth_user_name", &secret), Value::text("root"));
    assert_eq!(pool.get("session.this_host", &secret), Value::Ref(pool.first("host")));
    assert_eq!(pool.get("session.rbac_permissions", &secret), Value::set([]));
    let add = || vec![Value::from(&secret), "k".into(), "v".into()];
    pool.call("session.add_to_other_config", add()).unwrap();
    let error = super::code(pool.call("session.add_to_other_config", add()));
    assert_eq!(error, format!("MAP_DUPLICATE_KEY [session, other_config, {secret}, k]"));
    let dead = Ref::new("OpaqueRef:dead");
    let error = super::code(pool.call("session.get_uuid", vec![Value::from(&dead)]));
    assert_eq!(error, "HANDLE_INVALID [session, OpaqueRef:dead]");
}

#[test]
fn logout_ends_the_callers_session_alone() {
    let mut pool = Pool::of_one();
    let identity = root(&pool, "golden");
    let (first, second) = (login(&mut pool, &identity), login(&mut pool, &identity));
    pool.caller = check(&pool.view, &first).unwrap();
    assert_eq!(pool.call("session.logout", vec![]), Ok(Value::Void));
    assert!(check(&pool.view, &first).is_err());
    assert!(check(&pool.view, &second).is_ok());
}

#[test]
fn the_role_of_an_account_is_fixed_at_login() {
    let mut pool = Pool::of_one();
    let identity = Identity {
        is_local_superuser: false,
        user_sid: "S-1".to_owned(),
        role: Some(Role::VmOperator),
        ..root(&pool, "")
    };
    let secret = login(&mut pool, &identity);
    assert_eq!(
        check(&pool.view, &secret).unwrap().rights,
        Rights::Role(Role::VmOperator)
    );
    let none = Identity { role: None, ..identity };
    let mut cx = super::context(&pool.view, &mut pool.ids, &pool.caller, NOW_MS);
    assert_eq!(&*plan_login(&mut cx, &none).unwrap_err().code, "RBAC_PERMISSION_DENIED");
}

#[test]
fn the_longest_unused_goes_beyond_the_limit() {
    let mut pool = Pool::of_one();
    let identity = root(&pool, "one client");
    let oldest = login(&mut pool, &identity);
    pool.now_ms += 1000;
    let other = root(&pool, "another");
    let other = login(&mut pool, &other);
    for _ in 1..500 {
        login(&mut pool, &identity);
    }
    assert_eq!(sessions(&pool), 501);
    assert!(check(&pool.view, &oldest).is_ok());
    login(&mut pool, &identity);
    assert_eq!(sessions(&pool), 501);
    assert!(check(&pool.view, &oldest).is_err());
    assert!(check(&pool.view, &other).is_ok());
}

#[test]
fn use_is_written_every_ten_minutes() {
    let mut pool = Pool::of_one();
    let identity = root(&pool, "");
    let row = row_ref(&login(&mut pool, &identity));
    assert_eq!(plan_touch(&pool.view, &row, NOW_MS + 599_000).unwrap(), None);
    let tx = plan_touch(&pool.view, &row, NOW_MS + 600_000).unwrap().unwrap();
    pool.commit(&tx).unwrap();
    assert_eq!(plan_touch(&pool.view, &row, NOW_MS + 601_000).unwrap(), None);
}

#[test]
fn a_day_without_use_ends_a_session_that_no_task_runs_for() {
    let mut pool = Pool::of_one();
    let identity = root(&pool, "");
    let idle = login(&mut pool, &identity);
    let busy = login(&mut pool, &identity);
    let child = Identity {
        parent: row_ref(&busy),
        ..identity
    };
    let child = login(&mut pool, &child);
    pool.caller = check(&pool.view, &busy).unwrap();
    let task = pool.call("task.create", vec!["l".into(), "d".into()]).unwrap();
    assert_eq!(reap_sessions(&pool.view, NOW_MS + 24 * HOUR_MS).unwrap(), None);
    let late = NOW_MS + 24 * HOUR_MS + 1000;
    let tx = reap_sessions(&pool.view, late).unwrap().unwrap();
    pool.commit(&tx).unwrap();
    assert!(check(&pool.view, &idle).is_err());
    assert!(check(&pool.view, &busy).is_ok() && check(&pool.view, &child).is_ok());
    pool.call("task.set_status", vec![task, "success".into()]).unwrap();
    let tx = reap_sessions(&pool.view, late).unwrap().unwrap();
    assert_eq!(tx.changes.len(), 2);
}
