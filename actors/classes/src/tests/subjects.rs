//! Subjects and their roles, with no directory to ask.

use super::{Pool, code, record};
use crate::rbac::permission_names;
use crate::role::reference;
use crate::rows;
use crate::session::{Identity, plan_login};
use xenith_datamodel::{Ref, Role, Value};

/// As an imported database brings it.
fn subject(pool: &mut Pool, identifier: &str, roles: &[Role]) -> Ref {
    let subject = Ref::new(format!("OpaqueRef:{identifier}"));
    let mut tx = xenith_pooldb::Transaction::new(pool.now_ms);
    let fields = vec![
        ("uuid", Value::text(identifier)),
        ("subject_identifier", Value::text(identifier)),
        (
            "roles",
            Value::set(roles.iter().map(|role| Value::Ref(reference(*role)))),
        ),
    ];
    rows::create(&mut tx, "subject", &subject, fields).unwrap();
    pool.commit(&tx).unwrap();
    subject
}

fn given(identifier: &str) -> Vec<Value> {
    vec![record(&[
        ("subject_identifier", Value::text(identifier)),
        ("other_config", Value::map([])),
    ])]
}

#[test]
fn without_a_directory_nobody_new_is_known() {
    let mut pool = Pool::of_one();
    assert_eq!(code(pool.call("subject.create", given("S-1"))), "AUTH_IS_DISABLED");
    subject(&mut pool, "S-1", &[]);
    assert_eq!(
        code(pool.call("subject.create", given("S-1"))),
        "SUBJECT_ALREADY_EXISTS"
    );
    assert_eq!(code(pool.call("subject.create", given("S-2"))), "AUTH_IS_DISABLED");
    for message in [
        "get_group_membership",
        "get_subject_identifier",
        "get_subject_information_from_identifier",
    ] {
        let asked = pool.call(&format!("auth.{message}"), vec![Value::text("root")]);
        assert_eq!(code(asked), "AUTH_IS_DISABLED", "{message}");
    }
    for class in ["pool", "host"] {
        let object = Value::Ref(pool.first(class));
        let mut enable = |config: &[&str], kind: &str| {
            let config = Value::text_map(config.iter().map(|key| (*key, "x")));
            let params = vec![object.clone(), config, Value::text("service"), Value::text(kind)];
            code(pool.call(&format!("{class}.enable_external_auth"), params))
        };
        assert_eq!(enable(&[], "LDAP"), "AUTH_UNKNOWN_TYPE [LDAP]");
        assert!(enable(&[], "AD").ends_with("enable requires user]"));
        assert!(enable(&["user"], "AD").ends_with("enable requires pass]"));
        let refused = enable(&["pass", "user"], "AD");
        let code_of_class = if class == "pool" {
            "POOL_AUTH_ENABLE_FAILED ["
        } else {
            "AUTH_ENABLE_FAILED [this host"
        };
        assert!(refused.starts_with(code_of_class), "{refused}");
        let mut disable = vec![object, Value::map([])];
        disable.extend((class == "host").then_some(Value::Bool(false)));
        let disabled = pool.call(&format!("{class}.disable_external_auth"), disable);
        assert_eq!(disabled, Ok(Value::Void));
        let dead = vec![Value::Ref(Ref::new("OpaqueRef:dead")), Value::map([]), false.into()];
        let refused = code(pool.call(&format!("{class}.disable_external_auth"), dead));
        assert_eq!(refused, format!("HANDLE_INVALID [{class}, OpaqueRef:dead]"));
    }
    let of_pool = vec![Value::Ref(pool.first("pool"))];
    assert_eq!(
        pool.call("pool.detect_nonhomogeneous_external_auth", of_pool),
        Ok(Value::Void)
    );
}

#[test]
fn roles_are_given_and_taken_away() {
    let mut pool = Pool::of_one();
    let subject = subject(&mut pool, "S-1", &[Role::ReadOnly]);
    let role = |role: Role| Value::Ref(reference(role));
    let own = Value::from(&subject);
    let mut change = |message: &str, role: Value| pool.call(&format!("subject.{message}"), vec![own.clone(), role]);
    assert_eq!(change("add_to_roles", role(Role::VmAdmin)), Ok(Value::Void));
    assert_eq!(code(change("add_to_roles", role(Role::VmAdmin))), "ROLE_ALREADY_EXISTS");
    // A permission, the role that nobody is given, and no role at all.
    let permission = crate::role::permission_reference("vm.start");
    for none in [
        Value::Ref(permission),
        role(Role::ClientCert),
        Value::Ref(Ref::new("OpaqueRef:x")),
    ] {
        assert_eq!(code(change("add_to_roles", none)), "ROLE_NOT_FOUND");
    }
    assert_eq!(change("remove_from_roles", role(Role::ReadOnly)), Ok(Value::Void));
    assert_eq!(
        code(change("remove_from_roles", role(Role::ReadOnly))),
        "ROLE_NOT_FOUND"
    );
    assert_eq!(pool.get("subject.roles", &subject), Value::set([role(Role::VmAdmin)]));
    let names = pool.call("subject.get_permissions_name_label", vec![own]).unwrap();
    let names: Vec<_> = names.as_set().unwrap().iter().filter_map(Value::as_text).collect();
    assert_eq!(names, permission_names(Role::VmAdmin));
    let dead = vec![Value::Ref(Ref::new("OpaqueRef:dead"))];
    let refused = code(pool.call("subject.get_permissions_name_label", dead));
    assert_eq!(refused, "HANDLE_INVALID [subject, OpaqueRef:dead]");
}

#[test]
fn sessions_end_with_their_subject() {
    let mut pool = Pool::of_one();
    let (gone, stays) = (subject(&mut pool, "S-1", &[]), subject(&mut pool, "S-2", &[]));
    for subject in [&gone, &stays] {
        let identity = Identity {
            subject: subject.clone(),
            is_local_superuser: false,
            role: Some(Role::VmAdmin),
            ..Identity::local("eva", "", Ref::null())
        };
        pool.context(|cx| plan_login(cx, &identity));
    }
    pool.call("subject.destroy", vec![Value::from(&gone)]).unwrap();
    let left = rows::all(&pool.view, "session").unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(rows::reference(&pool.view, "session", &left[0], "subject"), Ok(stays));
    assert_eq!(
        code(pool.call("subject.destroy", vec![Value::from(&gone)])),
        format!("HANDLE_INVALID [subject, {gone}]")
    );
}
