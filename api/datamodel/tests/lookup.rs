//! Every name is found, and the lookups agree with the tables.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use xenith_datamodel::classes::{event, host, vbd, vm};
use xenith_datamodel::*;

#[test]
fn sizes() {
    assert_eq!((api_classes().len(), all_classes().count()), (73, 79));
    let fields = || api_classes().iter().flat_map(|class| class.fields);
    assert_eq!(fields().filter(|field| !field.internal).count(), 922);
    assert_eq!(fields().filter(|field| field.internal).count(), 29);
    let shown = |message: &&&Message| !message.hidden;
    let messages = || all_classes().flat_map(|class| class.messages());
    assert_eq!(messages().filter(shown).count(), 2007);
    assert_eq!(messages().filter(|message| message.hidden).count(), 251);
    assert_eq!(
        messages()
            .filter(shown)
            .filter(|message| !message.is_implicit())
            .count(),
        551
    );
    assert_eq!(
        messages().filter(shown).filter(|message| message.is_implicit()).count(),
        1456
    );
    assert_eq!((errors().len(), enumerations().len(), relations().len()), (634, 75, 64));
}

#[test]
fn implicit_patterns() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for message in all_classes().flat_map(|class| class.messages()) {
        let pattern = match message.kind {
            MessageKind::Explicit => continue,
            MessageKind::GetAll => "get_all",
            MessageKind::GetAllRecords => "get_all_records",
            MessageKind::GetAllWhere => "get_all_where",
            MessageKind::GetAllRecordsWhere => "get_all_records_where",
            MessageKind::GetByUuid => "get_by_uuid",
            MessageKind::GetByNameLabel => "get_by_name_label",
            MessageKind::GetRecord => "get_record",
            MessageKind::Create => "create",
            MessageKind::Destroy => "destroy",
            MessageKind::GetField(_) => "get_",
            MessageKind::SetField(_) => "set_",
            MessageKind::AddTo(_) => "add_",
            MessageKind::RemoveFrom(_) => "remove_",
        };
        *counts.entry(pattern).or_default() += 1;
    }
    expect_test::expect![[r#"
        {
            "add_": 58,
            "create": 18,
            "destroy": 18,
            "get_": 884,
            "get_all": 62,
            "get_all_records": 62,
            "get_all_records_where": 62,
            "get_all_where": 62,
            "get_by_name_label": 24,
            "get_by_uuid": 65,
            "get_record": 65,
            "remove_": 58,
            "set_": 142,
        }
    "#]]
    .assert_debug_eq(&counts);
}

#[test]
fn classes_by_name() {
    for id in all_classes() {
        let name = id.name();
        assert_eq!(class(name), Some(id));
        for spelling in [name.to_lowercase(), name.to_uppercase()] {
            assert_eq!(class_any_case(&spelling), Some(id));
        }
    }
    assert_eq!(class("vm"), None);
    assert_eq!(class_any_case("nothing"), None);
    assert_eq!(class("VM"), Some(vm::CLASS));
}

#[test]
fn every_method_in_every_form() {
    for name in list_methods() {
        let (class_name, message) = name.split_once('.').unwrap();
        let expected = class(class_name).unwrap().message(message).unwrap();
        for (prefix, mode) in [
            ("", CallMode::Sync),
            ("Async.", CallMode::Async),
            ("InternalAsync.", CallMode::InternalAsync),
        ] {
            for form in [format!("{prefix}{name}"), format!("{prefix}{class_name}_{message}")] {
                let found = method(&form).unwrap();
                assert_eq!((found.class.name(), found.mode), (class_name, mode), "{form}");
                assert!(std::ptr::eq(found.message, expected), "{form}");
            }
        }
    }
}

#[test]
fn unknown_methods() {
    for name in [
        "",
        ".",
        "VM",
        "VM.",
        "VM.nothing",
        "vm.start",
        "VM.Start",
        "_",
        "VM_",
        "Async.",
        "Async.Async.VM.start",
    ] {
        assert!(method(name).is_none(), "{name}");
    }
    assert!(method("xenith_account.get_all").is_none());
    assert!(method("xenith_account_get_all").is_none());
}

#[test]
fn columns_by_both_names() {
    for id in all_classes() {
        for column in id.columns() {
            let desc = column.desc();
            assert_eq!(id.column(desc.name), Some(column));
            assert_eq!(id.column_by_db_name(desc.db.unwrap_or(desc.name)), Some(column));
        }
    }
    assert_eq!(vm::CLASS.column("name__label"), None);
    assert_eq!(vm::CLASS.column_by_db_name("name__label"), Some(vm::NAME_LABEL.column));
}

#[test]
fn tokens_name_their_columns() {
    assert_eq!(vm::NAME_LABEL.column.desc().name, "name_label");
    assert_eq!(vm::POWER_STATE.column.desc().name, "power_state");
    assert_eq!(host::ADDRESS.column.desc().name, "address");
    assert_eq!(event::CLASS_NAME.column.desc().name, "class");
    let label: Field<Text> = vm::NAME_LABEL;
    assert_eq!(label.column.class.name(), "VM");
    let state: Field<vm::VmPowerState> = vm::POWER_STATE;
    assert_eq!(state.column.desc().ty, Type::Enum("vm_power_state"));
    let disks: Field<Vec<Ref>> = vm::VBDS;
    assert!(disks.column.is_computed());
}

#[test]
fn related_fields_are_there() {
    let column = |(class_name, field): (&str, &str)| class(class_name).unwrap().column(field).unwrap();
    let mut computed = 0;
    for relation in relations() {
        let (from, to) = (column(relation.from), column(relation.to));
        let refers = |column: Column, to: Column| match column.desc().ty {
            Type::Ref(name) | Type::Set(&Type::Ref(name)) => name == to.class.name(),
            _ => false,
        };
        assert!(!from.is_computed());
        match relation.cardinality {
            Cardinality::ManyToOne => {
                assert!(matches!(from.desc().ty, Type::Ref(_)) && refers(from, to) && refers(to, from));
                assert!(to.is_computed());
                computed += 1;
            }
            Cardinality::ManyToMany => {
                assert!(refers(from, to) && refers(to, from) && !to.is_computed())
            }
            Cardinality::SelfPaired => assert_eq!(from, to),
        }
    }
    assert_eq!(computed, 55);
    assert!(vm::VBDS.column.is_computed() && !vbd::VM.column.is_computed());
}

/// A default has the shape of its field's type.
#[test]
fn defaults_fit_their_types() {
    fn fits(value: &Value, ty: &Type) -> bool {
        match (value, ty) {
            (Value::Text(_), Type::String | Type::Secret) => true,
            (Value::Text(text), Type::Enum(name)) => enumeration(name).unwrap().values.contains(&&**text),
            (Value::Int(_), Type::Int) | (Value::Float(_), Type::Float) | (Value::Bool(_), Type::Bool) => true,
            (Value::DateTime(_), Type::DateTime)
            | (Value::Ref(_), Type::Ref(_))
            | (Value::Record(_), Type::Record(_)) => true,
            (Value::Set(items), Type::Set(of) | Type::Option(of)) => items.iter().all(|item| fits(item, of)),
            (Value::Map(pairs), Type::Map(key, value)) => pairs.iter().all(|(k, v)| fits(k, key) && fits(v, value)),
            _ => false,
        }
    }
    for column in all_classes().flat_map(|class| class.columns()) {
        let desc = column.desc();
        assert!(
            fits(&column.default_value(), &desc.ty),
            "{}.{}",
            column.class.name(),
            desc.name
        );
    }
    assert_eq!(vm::POWER_STATE.column.default_value(), Value::text("Halted"));
    assert_eq!(vm::SUSPEND_VDI.column.default_value(), Value::Ref(Ref::null()));
}

/// Class names in types, and enumerations, are names of tables.
#[test]
fn types_name_what_exists() {
    fn check(ty: &Type) {
        match ty {
            Type::Enum(name) => assert!(enumeration(name).is_some(), "{name}"),
            Type::Ref(name) | Type::Record(name) => {
                assert!(*name == "<class>" || class(name).is_some(), "{name}")
            }
            Type::Set(of) | Type::Option(of) => check(of),
            Type::Map(key, value) => {
                check(key);
                check(value);
            }
            _ => {}
        }
    }
    for id in all_classes() {
        id.class().fields.iter().for_each(|field| check(&field.ty));
        for message in id.messages() {
            check(&message.result);
            message.params.iter().for_each(|param| check(&param.ty));
            for code in message.errors {
                assert!(error(code).is_some(), "{code}");
            }
        }
    }
}

#[test]
fn enumerations_are_sorted_and_typed() {
    assert!(enumerations().is_sorted_by_key(|enumeration| enumeration.name));
    assert_eq!(
        enumeration("vm_power_state").unwrap().values,
        ["Halted", "Paused", "Running", "Suspended"]
    );
    assert!(enumeration("nothing").is_none());
    assert_eq!("running".parse(), Ok(vm::VmPowerState::Running));
    assert_eq!(vm::VmPowerState::from_text("walking"), None);
    assert_eq!(
        vm::VmPowerState::ALL.map_text(),
        ["Halted", "Paused", "Running", "Suspended"]
    );
    let value = vm::VmPowerState::Paused.into_value();
    assert_eq!(
        (value.as_text(), vm::VmPowerState::from_value(&value)),
        (Some("Paused"), Some(vm::VmPowerState::Paused))
    );
}

trait MapText {
    fn map_text(&self) -> Vec<&'static str>;
}
impl MapText for [vm::VmPowerState] {
    fn map_text(&self) -> Vec<&'static str> {
        self.iter().map(|state| state.as_str()).collect()
    }
}

#[test]
fn error_codes_by_name() {
    assert_eq!(error("HANDLE_INVALID").unwrap().params, ["class", "handle"]);
    assert!(
        errors()
            .iter()
            .all(|desc| std::ptr::eq(error(desc.code).unwrap(), desc))
    );
    assert!(error("NOTHING").is_none());
}

/// One line for everything, in the voice of the rest: a capital first, a full stop last, short.
#[test]
fn everything_is_described() {
    let check = |what: String, doc: &str| {
        assert!(
            doc.ends_with('.') && !doc.contains('\n') && (6..=150).contains(&doc.len()),
            "{what}: {doc}"
        );
        assert!(
            doc.starts_with(|first: char| first.is_uppercase() || first.is_ascii_digit()),
            "{what}: {doc}"
        );
    };
    for id in all_classes() {
        let class = id.class();
        check(class.name.to_string(), class.doc);
        class
            .fields
            .iter()
            .for_each(|field| check(format!("{}.{}", class.name, field.name), field.doc));
        id.messages()
            .iter()
            .for_each(|message| check(format!("{}.{}", class.name, message.name), message.doc));
    }
    errors()
        .iter()
        .for_each(|error| check(error.code.to_string(), error.doc));
    enumerations()
        .iter()
        .for_each(|enumeration| check(enumeration.name.to_string(), enumeration.doc));
}

#[test]
fn roles_are_a_ladder() {
    assert!(Role::ALL.is_sorted());
    for role in Role::ALL {
        assert_eq!(Role::from_text(role.as_str()), Some(role));
        let floor = RoleFloor {
            role,
            or_client_cert: false,
        };
        assert_eq!(
            Role::ALL.iter().filter(|other| floor.admits(**other)).count(),
            8 - role as usize
        );
    }
    let floor = RoleFloor {
        role: Role::PoolOperator,
        or_client_cert: true,
    };
    assert!(floor.admits(Role::ClientCert) && !floor.admits(Role::VmPowerAdmin) && floor.admits(Role::PoolAdmin));
}

#[test]
fn keys_of_maps_have_their_own_roles() {
    let add = method("VM.add_to_other_config").unwrap();
    assert_eq!(add.permission(), "vm.add_to_other_config");
    let role = |key: &str| {
        let (floor, pattern) = add.message.role_for_key(key);
        (floor.role, pattern)
    };
    assert_eq!(role("folder"), (Role::VmOperator, Some("folder")));
    assert_eq!(role("pci"), (Role::PoolAdmin, Some("pci")));
    assert_eq!(
        role("XenCenter.CustomFields.x"),
        (Role::VmOperator, Some("XenCenter.CustomFields.*"))
    );
    assert_eq!(role("XenCenter"), (Role::VmAdmin, None));
}
