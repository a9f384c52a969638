//! The implicit messages of every class against a naive model: a row is what was last written to it.

use super::{NOW_MS, Pool};
use crate::{How, how};
use xenith_datamodel::{CallMode, ClassId, Column, DateTime, MessageKind, Method, Qualifier, Ref, Type, Value, Zone};
use xenith_pooldb::Transaction;

/// True if the value is one of the type.
pub fn fits(ty: Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::String | Type::Secret, Value::Text(_))
        | (Type::Int, Value::Int(_))
        | (Type::Float, Value::Float(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::DateTime, Value::DateTime(_))
        | (Type::Ref(_), Value::Ref(_))
        | (Type::Record(_), Value::Record(_))
        | (Type::Void, Value::Void) => true,
        (Type::Enum(name), Value::Text(text)) => {
            xenith_datamodel::enumeration(name).is_some_and(|known| known.values.contains(&&**text))
        }
        (Type::Set(of), Value::Set(items)) => items.iter().all(|item| fits(*of, item)),
        (Type::Map(key, of), Value::Map(pairs)) => pairs.iter().all(|(k, v)| fits(*key, k) && fits(*of, v)),
        (Type::Option(of), value) => fits(*of, value),
        _ => false,
    }
}

/// Some value of the type; another one for another seed, where the type has two.
fn sample(ty: Type, seed: i64) -> Value {
    match ty {
        Type::String | Type::Secret => Value::from(format!("text {seed}")),
        Type::Int => Value::Int(seed),
        Type::Float => Value::Float(seed as f64),
        Type::Bool => Value::Bool(seed % 2 == 0),
        Type::DateTime => Value::DateTime(DateTime {
            wall_seconds: seed,
            zone: Zone::Utc,
        }),
        Type::Enum(name) => {
            let values = xenith_datamodel::enumeration(name).unwrap().values;
            Value::text(values[usize::try_from(seed).unwrap() % values.len()])
        }
        Type::Ref(_) => Value::Ref(Ref::new(format!("OpaqueRef:dead-{seed}"))),
        Type::Set(of) => Value::set([sample(*of, seed)]),
        Type::Map(key, of) => Value::map([(sample(*key, seed), sample(*of, seed))]),
        Type::Record(_) => Value::record::<&str>([]),
        Type::Option(of) => sample(*of, seed),
        Type::Void => Value::Void,
    }
}

/// A class with rows and without a room for its implicit messages.
fn is_plain(class: ClassId) -> bool {
    let desc = class.class();
    desc.in_database
        && !desc.internal
        && desc.get_all
        && class.column("uuid").is_some()
        && class.name() != "role"
        && xenith_datamodel::method(&format!("{}.get_all_records", class.name())).is_some_and(|m| how(&m) == How::Read)
}

fn row(pool: &mut Pool, class: ClassId) -> Ref {
    let row = Ref::new(format!("OpaqueRef:{}-1", class.name()));
    let mut fields = vec![(
        class.column("uuid").unwrap(),
        Value::from(format!("{}-uuid", class.name())),
    )];
    if let Some(name) = class.column("name_label") {
        fields.push((name, Value::text("its name")));
    }
    let mut tx = Transaction::new(NOW_MS);
    tx.create(class, &row, fields);
    pool.commit(&tx).unwrap();
    row
}

fn run(pool: &mut Pool, class: ClassId, name: &str, params: Vec<Value>) -> Result<Value, xenith_datamodel::ApiError> {
    pool.call(&format!("{}.{name}", class.name()), params)
}

#[test]
fn getters_of_every_class() {
    for class in xenith_datamodel::all_classes().filter(|class| is_plain(*class)) {
        let mut pool = Pool::empty();
        let at = class.name();
        let row = row(&mut pool, class);
        let uuid = Value::from(format!("{at}-uuid"));
        assert_eq!(
            run(&mut pool, class, "get_all", vec![]),
            Ok(Value::set([Value::from(&row)])),
            "{at}"
        );
        assert_eq!(
            run(&mut pool, class, "get_by_uuid", vec![uuid]),
            Ok(Value::from(&row)),
            "{at}"
        );
        let wrong = run(&mut pool, class, "get_by_uuid", vec!["no".into()]).unwrap_err();
        assert_eq!(wrong.to_string(), format!("UUID_INVALID [{at}, no]"));
        let record = run(&mut pool, class, "get_record", vec![Value::from(&row)]).unwrap();
        let records = run(&mut pool, class, "get_all_records", vec![]).unwrap();
        assert_eq!(records, Value::map([(Value::from(&row), record.clone())]), "{at}");
        let dead = Ref::new("OpaqueRef:dead");
        let wrong = run(&mut pool, class, "get_record", vec![Value::from(&dead)]).unwrap_err();
        assert_eq!(wrong.to_string(), format!("HANDLE_INVALID [{at}, OpaqueRef:dead]"));
        for column in class.columns().filter(|column| !column.desc().internal) {
            let name = column.desc().name;
            let held = record.member(name).unwrap_or_else(|| panic!("{at}.{name}")).clone();
            assert!(fits(column.desc().ty, &held), "{at}.{name} {held:?}");
            let removed = xenith_datamodel::method(&format!("{at}.get_{name}")).is_none_or(|m| how(&m) != How::Read);
            if !removed {
                let got = run(&mut pool, class, &format!("get_{name}"), vec![Value::from(&row)]);
                assert_eq!(got, Ok(held), "{at}.{name}");
            }
        }
    }
}

#[test]
fn filters_of_every_class() {
    for class in xenith_datamodel::all_classes().filter(|class| is_plain(*class)) {
        let mut pool = Pool::empty();
        let row = row(&mut pool, class);
        let expression = format!("field \"uuid\" = \"{}-uuid\"", class.name());
        let found = run(&mut pool, class, "get_all_where", vec![expression.into()]);
        assert_eq!(found, Ok(Value::set([Value::from(&row)])));
        assert_eq!(
            run(&mut pool, class, "get_all_where", vec!["false".into()]),
            Ok(Value::set([]))
        );
        let bad = run(&mut pool, class, "get_all_records_where", vec!["garbage".into()]).unwrap_err();
        assert_eq!((&*bad.code, bad.params[0].as_str()), ("INVALID_VALUE", "garbage"));
    }
}

/// The implicit setters, adders and removers of a field do what a map of fields would do.
#[test]
fn setters_of_every_class() {
    let mut seen = 0;
    for class in xenith_datamodel::all_classes().filter(|class| is_plain(*class)) {
        for column in class.columns() {
            let name = column.desc().name;
            let kind = |message: &str| {
                let method = xenith_datamodel::method(&format!("{}.{message}", class.name()))?;
                (method.message.is_implicit() && how(&method) == How::Write).then_some(method)
            };
            let Some(_) = kind(&format!("set_{name}")) else {
                continue;
            };
            if column.desc().qualifier != Qualifier::ReadWrite || class.name() == "VM" && name == "is_a_template" {
                continue;
            }
            seen += 1;
            set_and_change(class, column);
        }
    }
    assert!(seen > 120, "{seen}");
}

fn set_and_change(class: ClassId, column: Column) {
    let mut pool = Pool::empty();
    let row = row(&mut pool, class);
    let (at, name, ty) = (class.name(), column.desc().name, column.desc().ty);
    let this = || Value::from(&row);
    if at == "VM" && name == "xenstore_data" {
        return;
    }
    let first = sample(ty, 1);
    assert_eq!(
        run(&mut pool, class, &format!("set_{name}"), vec![this(), first.clone()]),
        Ok(Value::Void),
        "{at}.{name}"
    );
    assert_eq!(pool.view.value(&row, column), Some(first), "{at}.{name}");
    let dead = Value::Ref(Ref::new("OpaqueRef:dead"));
    let wrong = run(&mut pool, class, &format!("set_{name}"), vec![dead, sample(ty, 1)]).unwrap_err();
    assert_eq!(wrong.to_string(), format!("HANDLE_INVALID [{at}, OpaqueRef:dead]"));
    match ty {
        Type::Map(key, of) => {
            let add = |seed| vec![this(), sample(*key, seed), sample(*of, seed)];
            run(&mut pool, class, &format!("add_to_{name}"), add(2)).unwrap();
            let twice = run(&mut pool, class, &format!("add_to_{name}"), add(2)).unwrap_err();
            assert_eq!(&*twice.code, "MAP_DUPLICATE_KEY", "{at}.{name}");
            run(
                &mut pool,
                class,
                &format!("remove_from_{name}"),
                vec![this(), sample(*key, 1)],
            )
            .unwrap();
            let left = Value::map([(sample(*key, 2), sample(*of, 2))]);
            assert_eq!(pool.view.value(&row, column), Some(left), "{at}.{name}");
        }
        Type::Set(of) => {
            for _ in 0..2 {
                run(&mut pool, class, &format!("add_{name}"), vec![this(), sample(*of, 2)]).unwrap();
            }
            run(
                &mut pool,
                class,
                &format!("remove_{name}"),
                vec![this(), sample(*of, 1)],
            )
            .unwrap();
            let left = Value::set([sample(*of, 2)]);
            assert_eq!(pool.view.value(&row, column), Some(left), "{at}.{name}");
        }
        _ => (),
    }
}

#[test]
fn constructors_ask_for_what_has_no_default() {
    let mut pool = Pool::empty();
    let error = super::code(pool.call("secret.create", vec![super::record(&[])]));
    assert_eq!(
        error,
        "INTERNAL_ERROR [Server_helpers.Dispatcher_FieldNotFound(\"value\")]"
    );
    let given = super::record(&[("value", "v".into())]);
    let secret = pool.call("secret.create", vec![given]).unwrap();
    let secret = secret.as_ref().unwrap().clone();
    assert_eq!(pool.get("secret.value", &secret), Value::text("v"));
    assert_eq!(pool.call("secret.destroy", vec![Value::from(&secret)]), Ok(Value::Void));
    let error = super::code(pool.call("secret.get_value", vec![Value::from(&secret)]));
    assert_eq!(error, format!("HANDLE_INVALID [secret, {secret}]"));
}

/// `how` and what `plan` does agree, for every message there is.
#[test]
fn reads_make_no_transaction() {
    for class in xenith_datamodel::all_classes().filter(|class| !class.class().internal) {
        for message in class.messages() {
            let method = Method {
                class,
                message,
                mode: CallMode::Sync,
            };
            if message.kind == MessageKind::Explicit || how(&method) != How::Read {
                continue;
            }
            let mut pool = Pool::empty();
            let params = message.params.iter().map(|param| sample(param.ty, 1)).collect();
            let plan = pool.plan(&format!("{}.{}", class.name(), message.name), params);
            assert!(
                !matches!(plan, Ok(crate::Plan::Commit(_, _))),
                "{}.{}",
                class.name(),
                message.name
            );
        }
    }
}
