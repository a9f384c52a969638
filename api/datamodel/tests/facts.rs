//! The tables against the facts about the XenAPI in `facts/`: any difference fails.

#![allow(clippy::unwrap_used, reason = "a test")]

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel as datamodel;

fn read(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn facts() -> Json {
    read(include_str!("../../../tests/facts/datamodel.json"))
}

fn export() -> Json {
    read(&datamodel::export_json())
}

/// Our descriptions are not among the facts; a float that is whole is the same number as the int.
fn strip(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.remove("doc");
            members.values_mut().for_each(strip);
        }
        Json::Array(items) => items.iter_mut().for_each(strip),
        Json::Number(number) => *json = Json::from(number.as_f64().unwrap()),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

fn by<'a>(list: &'a Json, key: &str) -> BTreeMap<&'a str, &'a Json> {
    let items = list.as_array().unwrap();
    let map: BTreeMap<_, _> = items.iter().map(|item| (item[key].as_str().unwrap(), item)).collect();
    assert_eq!(map.len(), items.len(), "two with one {key}");
    map
}

fn compare(what: &str, ours: &Json, facts: &Json, key: &str) {
    let (mut ours, mut facts) = (ours.clone(), facts.clone());
    strip(&mut ours);
    strip(&mut facts);
    let (ours, facts) = (by(&ours, key), by(&facts, key));
    let names = |map: &BTreeMap<&str, &Json>| map.keys().map(|name| name.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(names(&ours), names(&facts), "{what}");
    for (name, fact) in facts {
        assert_eq!(ours[name], fact, "{what} {name}");
    }
}

#[test]
fn classes_fields_messages_and_enumerations() {
    let (ours, facts) = (export(), facts());
    let (ours, facts) = (by(&ours["classes"], "name"), by(&facts["classes"], "name"));
    assert_eq!(ours.keys().collect::<Vec<_>>(), facts.keys().collect::<Vec<_>>());
    for (name, fact) in facts {
        for part in ["fields", "messages", "enums"] {
            compare(&format!("{name} {part}"), &ours[name][part], &fact[part], "name");
        }
        let head = |class: &Json| {
            let mut class = class.clone();
            strip(&mut class);
            let members = class.as_object_mut().unwrap();
            members.retain(|member, _| !["fields", "messages", "enums"].contains(&member.as_str()));
            class
        };
        assert_eq!(head(ours[name]), head(fact), "{name}");
    }
}

#[test]
fn releases_and_version() {
    let (mut ours, mut facts) = (export(), facts());
    assert_eq!(ours["api_version"], facts["meta"]["api_version"]);
    strip(&mut ours);
    strip(&mut facts);
    assert_eq!(ours["releases"], facts["releases"]);
}

#[test]
fn error_codes() {
    compare(
        "errors",
        &export()["errors"],
        &read(include_str!("../../../tests/facts/errors.json"))["errors"],
        "code",
    );
}

#[test]
fn related_fields() {
    let mut facts = read(include_str!("../../../tests/facts/relations.json"));
    for relation in facts["relations"].as_array_mut().unwrap() {
        let members = relation.as_object_mut().unwrap();
        if members["cardinality"] == "many-to-many" {
            assert_eq!(
                (&members["primary"], &members["mirror"]),
                (&members["from"], &members["to"])
            );
        }
        if members["cardinality"] == "many-to-one" {
            assert_eq!(members["derived_inverse_set"][0], members["to"]);
        }
        members.retain(|member, _| ["from", "to", "cardinality"].contains(&member.as_str()));
    }
    compare("relations", &export()["relations"], &facts["relations"], "from");
}

#[test]
fn where_messages_run() {
    let mut facts = read(include_str!("../../../tests/facts/forwarding.json"));
    for message in facts["messages"].as_array_mut().unwrap() {
        message.as_object_mut().unwrap().remove("note");
    }
    compare("forwarding", &export()["forwarding"], &facts["messages"], "message");
}

#[test]
fn method_names_in_order() {
    let golden = read(include_str!("../../../tests/facts/golden/list_methods.json"));
    assert_eq!(export()["list_methods"], golden["names"]);
}

/// The order of the fields in a record seen on the wire, where one was seen.
#[test]
fn records_have_the_order_of_the_wire() {
    let golden = read(include_str!("../../../tests/facts/golden/record_shapes.json"));
    let mut seen = 0;
    for class in datamodel::api_classes() {
        let Some(fields) = golden[class.name]["fields"].as_array() else {
            continue;
        };
        let golden: Vec<&str> = fields.iter().map(|field| field[0].as_str().unwrap()).collect();
        let ours: Vec<&str> = class
            .fields
            .iter()
            .filter(|field| !field.internal)
            .map(|field| field.name)
            .collect();
        assert_eq!(ours, golden, "{}", class.name);
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn http_handlers() {
    let facts = read(include_str!("../../../tests/facts/http_handlers.json"));
    let facts = facts["handlers"].as_array().unwrap();
    assert_eq!(datamodel::http_handlers().len(), facts.len());
    for (ours, fact) in datamodel::http_handlers().iter().zip(facts) {
        let name = ours.name;
        let role = match (ours.floor.role.as_str(), ours.floor.or_client_cert) {
            (role, true) => format!("{role}+client-cert"),
            (role, false) => role.to_owned(),
        };
        let told = [ours.name, ours.method, ours.uri, &role].map(Json::from);
        assert_eq!(
            told,
            ["name", "method", "uri", "role"].map(|member| fact[member].clone())
        );
        assert_eq!(fact["rbac_checked"], ours.checked, "{name}");
        assert_eq!(
            fact["registered_on"] == "coordinator-only",
            ours.coordinator_only,
            "{name}"
        );
        let narrower = fact["sub_roles"].as_object().into_iter().flatten();
        let narrower: BTreeMap<_, _> = narrower
            .map(|(sub, role)| (sub.as_str(), role.as_str().unwrap()))
            .collect();
        let ours: BTreeMap<_, _> = ours.sub_roles.iter().map(|(sub, role)| (*sub, role.as_str())).collect();
        assert_eq!(ours, narrower, "{name}");
    }
}

#[test]
fn a_path_finds_the_longest_handler() {
    let name = |method, path| datamodel::http_handler(method, path).map(|handler| handler.name);
    assert_eq!(name("GET", "/services/xenops/x"), Some("get_services_xenops"));
    assert_eq!(name("GET", "/export_metadata"), Some("get_export_metadata"));
    assert_eq!(name("PUT", "/export"), None);
}
