//! Every value survives the way out and in again, in both encodings.

use proptest::prelude::*;
use xenith_datamodel::{DateTime, Ref, Type, Value, Zone};
use xenith_wire::typed::from_wire;
use xenith_wire::{Call, Origin, Reply, WireValue, jsonrpc, xmlrpc};

/// One of each kind of type, and some inside each other.
static TYPES: [Type; 12] = [
    Type::String,
    Type::Secret,
    Type::Int,
    Type::Float,
    Type::Bool,
    Type::DateTime,
    Type::Ref("VM"),
    Type::Set(&Type::Ref("VM")),
    Type::Map(&Type::String, &Type::String),
    Type::Map(&Type::Int, &Type::Set(&Type::Float)),
    Type::Map(&Type::Ref("VM"), &Type::Map(&Type::String, &Type::Int)),
    Type::Option(&Type::DateTime),
];

/// What XML can say: no control characters, and floats of at most 16 digits.
fn xml_text() -> impl Strategy<Value = String> {
    "[\\PC\t\n\r<>&\"' ]{0,12}".prop_map(|t| t.replace(['\u{fffe}', '\u{ffff}'], ""))
}

fn value_of(ty: Type, xml: bool) -> BoxedStrategy<Value> {
    let text = if xml {
        xml_text().boxed()
    } else {
        any::<String>().boxed()
    };
    match ty {
        Type::String | Type::Secret => text.prop_map(Value::from).boxed(),
        Type::Int => any::<i64>().prop_map(Value::Int).boxed(),
        Type::Float if xml => any::<i32>().prop_map(|n| Value::Float(f64::from(n) / 64.0)).boxed(),
        Type::Float => prop_oneof![any::<f64>(), Just(f64::INFINITY), Just(0.1)]
            .prop_map(Value::Float)
            .boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::DateTime => (-62_135_596_800i64..250_000_000_000, prop::option::of(-719i16..720))
            .prop_map(|(wall_seconds, offset)| {
                Value::DateTime(DateTime {
                    wall_seconds,
                    zone: offset.map_or(Zone::Utc, Zone::Offset),
                })
            })
            .boxed(),
        Type::Ref(_) => text.prop_map(|t| Value::Ref(Ref::new(t))).boxed(),
        Type::Set(of) => prop::collection::vec(value_of(*of, xml), 0..4)
            .prop_map(Value::set)
            .boxed(),
        Type::Map(key, of) => {
            let key = value_of(*key, xml).prop_filter("xapi refuses empty names", |k| {
                k.as_text().or(k.as_ref().map(Ref::as_str)) != Some("")
            });
            prop::collection::vec((key, value_of(*of, xml)), 0..4)
                .prop_map(Value::map)
                .boxed()
        }
        Type::Option(of) => value_of(*of, xml),
        Type::Enum(_) | Type::Record(_) | Type::Void => unreachable!("not in TYPES"),
    }
}

fn typed_value(xml: bool) -> impl Strategy<Value = (Type, Value)> {
    (0..TYPES.len()).prop_flat_map(move |i| value_of(TYPES[i], xml).prop_map(move |value| (TYPES[i], value)))
}

proptest! {
    #[test]
    fn xml_call_and_back((ty, value) in typed_value(true)) {
        let (method, params) = xmlrpc::decode_call(&xmlrpc::encode_call("a.b", std::slice::from_ref(&value))).unwrap();
        prop_assert_eq!(method, "a.b");
        let [param]: [WireValue; 1] = params.try_into().unwrap();
        prop_assert_eq!(from_wire(ty, param).unwrap(), value);
    }

    #[test]
    fn json_call_and_back((ty, value) in typed_value(false)) {
        let call = jsonrpc::decode_call(&jsonrpc::encode_call(1, "a.b", std::slice::from_ref(&value))).unwrap();
        let [param]: [WireValue; 1] = call.params.try_into().unwrap();
        prop_assert_eq!(format!("{:?}", from_wire(ty, param).unwrap()), format!("{value:?}"));
        let reply = jsonrpc::encode_reply(&call.envelope, &Reply::Success(value.clone()));
        let result = jsonrpc::decode_reply(&reply).unwrap().unwrap();
        prop_assert_eq!(format!("{:?}", from_wire(ty, result).unwrap()), format!("{value:?}"));
    }

    /// Everything strict JSON allows is read, and alike, but for numbers that do not fit.
    #[test]
    fn json_reader_agrees_with_serde_json(text in "[\\[\\]{}\",:\\\\u0-9a-f.eE+\\- tnrlsNI]{0,24}") {
        let ours = jsonrpc::decode_reply(format!("{{\"result\":{text}}}").as_bytes());
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (ours, theirs) {
            (Ok(Ok(ours)), Ok(theirs)) => prop_assert!(alike(&ours, &theirs), "{:?} {:?}", ours, theirs),
            (Err(_), Ok(theirs)) => prop_assert!(theirs.to_string().contains(|c: char| c.is_ascii_digit())),
            (_, Err(_)) => {}
            (Ok(Err(error)), Ok(_)) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn calls_and_replies_can_be_forwarded((_, value) in typed_value(true), text in any::<String>()) {
        let call = Call {
            method: text.clone(),
            params: vec![WireValue::Struct(vec![(text.clone(), WireValue::Nil)])],
            origin: Origin::Member { node: u128::MAX },
            task_id: Some(text.clone()),
            subtask_of: None,
            task_other_config: vec![(text.clone(), text.clone())],
            user_agent: None,
        };
        let sent = serde_json::to_string(&call).unwrap();
        prop_assert_eq!(serde_json::from_str::<Call>(&sent).unwrap(), call);
        for reply in [Reply::Success(value), Reply::Failure(xenith_datamodel::ApiError::new("X", [text]))] {
            let sent = serde_json::to_string(&reply).unwrap();
            prop_assert_eq!(serde_json::from_str::<Reply>(&sent).unwrap(), reply);
        }
    }
}

fn alike(ours: &WireValue, theirs: &serde_json::Value) -> bool {
    match ours {
        WireValue::Text(text) => theirs.as_str() == Some(text),
        WireValue::Int(int) => theirs.as_f64() == Some(*int as f64),
        WireValue::Float(float) => theirs.as_f64() == Some(*float),
        WireValue::Bool(flag) => theirs.as_bool() == Some(*flag),
        WireValue::Nil => theirs.is_null(),
        WireValue::Array(items) => theirs
            .as_array()
            .is_some_and(|t| t.len() == items.len() && items.iter().zip(t).all(|(ours, theirs)| alike(ours, theirs))),
        WireValue::Struct(members) => {
            theirs.is_object()
                && members
                    .iter()
                    .all(|(name, _)| ours.member(name).is_some_and(|v| alike(v, &theirs[name.as_str()])))
        }
        WireValue::DateTime(_) | WireValue::Base64(_) => false,
    }
}
