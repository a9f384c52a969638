//! Role floors, key roles, roles as objects.

use super::{Pool, method};
use crate::rbac::{self, ROLES};
use crate::{Caller, Rights};
use expect_test::expect;
use xenith_datamodel::{Ref, Role, Value};

fn caller(role: Role) -> Caller {
    Caller {
        rights: Rights::Role(role),
        user_sid: "S-1".to_owned(),
        ..Caller::root()
    }
}

/// The roles that may call, by their names.
fn who(name: &str, params: &[Value]) -> String {
    let method = method(name);
    let may = ROLES
        .into_iter()
        .filter(|role| rbac::check(&caller(*role), &method, params).is_ok());
    let may: Vec<&str> = may.map(rbac::role_name).collect();
    let root = rbac::check(&Caller::root(), &method, params).is_ok();
    format!(
        "{name}: {}{}\n",
        if root { "" } else { "not even root; " },
        may.join(" ")
    )
}

#[test]
fn a_sample_of_the_matrix() {
    let vm = || Value::Ref(Ref::new("OpaqueRef:vm"));
    let key = |key: &str| vec![vm(), Value::text(key), Value::text("v")];
    let mut text = String::new();
    for name in [
        "VM.get_all",
        "VM.start",
        "VM.create",
        "VM.set_memory",
        "pool.set_default_SR",
        "secret.get_value",
    ] {
        text += &who(name, &[]);
    }
    for name in [
        "VM.shutdown",
        "session.change_password",
        "host.get_uncooperative_domains",
        "task.create",
    ] {
        text += &who(name, &[]);
    }
    for of in ["anything", "folder", "XenCenter.CustomFields.x", "pci"] {
        text += &format!("{of}: {}", who("VM.add_to_other_config", &key(of)));
    }
    expect![[r#"
        VM.get_all: pool-admin pool-operator vm-power-admin vm-admin vm-operator client-cert read-only
        VM.start: pool-admin pool-operator vm-power-admin vm-admin vm-operator
        VM.create: pool-admin pool-operator vm-power-admin vm-admin
        VM.set_memory: pool-admin pool-operator vm-power-admin
        pool.set_default_SR: pool-admin pool-operator
        secret.get_value: pool-admin pool-operator
        VM.shutdown: pool-admin pool-operator vm-power-admin vm-admin vm-operator client-cert
        session.change_password: 
        host.get_uncooperative_domains: 
        task.create: pool-admin pool-operator vm-power-admin vm-admin vm-operator client-cert read-only
        anything: VM.add_to_other_config: pool-admin pool-operator vm-power-admin vm-admin
        folder: VM.add_to_other_config: pool-admin pool-operator vm-power-admin vm-admin vm-operator
        XenCenter.CustomFields.x: VM.add_to_other_config: pool-admin pool-operator vm-power-admin vm-admin vm-operator
        pci: VM.add_to_other_config: pool-admin
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_refusal_names_the_permission_and_who_has_it() {
    let error = rbac::check(&caller(Role::ReadOnly), &method("VM.start"), &[]).unwrap_err();
    expect![[r#"RBAC_PERMISSION_DENIED [vm.start, No permission in user session. (Roles with this permission: pool-admin, pool-operator, vm-power-admin, vm-admin, vm-operator)]"#]]
        .assert_eq(&error.to_string());
}

#[test]
fn a_role_is_read_back_from_its_permissions() {
    for role in ROLES {
        let names: Vec<Value> = rbac::permission_names(role).into_iter().map(Value::text).collect();
        assert_eq!(rbac::role_of_permissions(&names), Some(role));
    }
    assert_eq!(rbac::role_of_permissions(&[]), None);
}

#[test]
fn whole_maps_apply_the_roles_of_the_keys_that_change() {
    let mut pool = Pool::of_one();
    let vm = super::vms::create(&mut pool, &[]);
    pool.caller = caller(Role::VmAdmin);
    let set = |pool: &mut Pool, pairs: Value| pool.call("VM.set_other_config", vec![Value::from(&vm), pairs]);
    assert_eq!(set(&mut pool, Value::text_map([("a", "b")])), Ok(Value::Void));
    let error = set(&mut pool, Value::text_map([("a", "b"), ("pci", "0")])).unwrap_err();
    assert_eq!(
        (&*error.code, error.params[0].as_str()),
        ("RBAC_PERMISSION_DENIED", "vm.add_to_other_config/key:pci")
    );
    pool.caller = Caller::root();
    set(&mut pool, Value::text_map([("pci", "0")])).unwrap();
    pool.caller = caller(Role::VmAdmin);
    assert_eq!(
        set(&mut pool, Value::text_map([("pci", "0"), ("c", "d")])),
        Ok(Value::Void),
        "kept as it was"
    );
    assert!(set(&mut pool, Value::text_map([("c", "d")])).is_err(), "taken away");
}

#[test]
fn roles_are_objects_with_stable_ids() {
    let mut pool = Pool::empty();
    let admin = pool
        .call("role.get_by_uuid", vec!["0165f154-ba3e-034e-6b27-5d271af109ba".into()])
        .unwrap();
    let name = pool.call("role.get_name_label", vec![admin.clone()]).unwrap();
    assert_eq!(name, Value::text("pool-admin"));
    let found = pool.call("role.get_by_name_label", vec!["vm.start".into()]).unwrap();
    assert_eq!(
        found,
        Value::set([Value::Ref(Ref::from_uuid_text("edd7434e-81e9-1462-460a-4502b8bb5dee"))])
    );
    let found = pool
        .call("role.get_by_permission_name_label", vec!["vm.start".into()])
        .unwrap();
    assert_eq!(found.as_set().unwrap().len(), 5);
    let all = pool.call("role.get_all_records", vec![]).unwrap();
    let subroles = pool.call("role.get_subroles", vec![admin]).unwrap();
    let known: Vec<&Value> = all.as_map().unwrap().iter().map(|(role, _)| role).collect();
    assert!(subroles.as_set().unwrap().iter().all(|role| known.contains(&role)));
    let error = super::code(pool.call("role.get_uuid", vec![Value::Ref(Ref::null())]));
    assert_eq!(error, "HANDLE_INVALID [role, OpaqueRef:NULL]");
}

/// Every message and every key with a floor of its own, for every role, against the facts.
#[test]
fn the_whole_matrix() {
    let facts: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/facts/datamodel.json")).unwrap();
    let (mut seen, mut wrong) = (0, Vec::new());
    for class in facts["classes"].as_array().unwrap() {
        for message in class["messages"].as_array().unwrap() {
            let name = format!(
                "{}.{}",
                class["name"].as_str().unwrap(),
                message["name"].as_str().unwrap()
            );
            let method = method(&name);
            if message["lifecycle"] == "removed" || !method.message.session {
                continue;
            }
            let internal = message["pool_internal"] == true;
            let params = |key: &str| -> Vec<Value> {
                let declared = message["params"].as_array().unwrap().iter();
                declared
                    .map(|param| Value::text(if param["name"] == "key" { key } else { "OpaqueRef:x" }))
                    .collect()
            };
            let mut cases = vec![("no such key", message["role"].as_str().unwrap_or("local-root"))];
            for (key, role) in message["key_roles"].as_object().into_iter().flatten() {
                cases.push((key, role.as_str().unwrap()));
            }
            for (key, floor) in cases {
                for role in ROLES {
                    let given = rbac::check(&caller(role), &method, &params(&key.replace('*', "some"))).is_ok();
                    let wanted = !internal && admitted(floor, role);
                    seen += 1;
                    if given != wanted {
                        wrong.push(format!("{name} {key} {}: {given}", rbac::role_name(role)));
                    }
                }
                assert!(
                    rbac::check(&Caller::root(), &method, &params(key)).is_ok(),
                    "root: {name}"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 13_000, "only {seen}");
}

/// The ladder, written out: `x+client-cert` also admits the certificate's role.
fn admitted(floor: &str, role: Role) -> bool {
    let ladder = [
        "read-only",
        "client-cert",
        "vm-operator",
        "vm-admin",
        "vm-power-admin",
        "pool-operator",
        "pool-admin",
        "local-root",
    ];
    let step = |name: &str| ladder.iter().position(|rung| *rung == name).unwrap();
    let (floor, or_certificate) = match floor.strip_suffix("+client-cert") {
        Some(floor) => (floor, true),
        None => (floor, false),
    };
    step(rbac::role_name(role)) >= step(floor) || (or_certificate && role == Role::ClientCert)
}
