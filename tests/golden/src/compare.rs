//! Is an answer the recorded one? Placeholders are bound at first sight; what is the lab's own is not compared.

use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use xenith_wire::{WireValue, xmlrpc};

/// Fields whose values are the lab's: traces of its processes, addresses of its network, texts in its own words.
const LAB_FIELDS: &[&str] = &["backtrace", "bridge", "MAC", "name_description", "id", "timestamp"];

/// Placeholders that match whatever stands in their place.
const ANYTHING: &[&str] = &["valid_ref_counts", "n", "text", "epoch_float"];

/// What placeholders stand for in one case.
pub struct Names(pub BTreeMap<String, Json>);

impl Names {
    /// A text with its placeholders put in; one that nothing is known of is sent as it stands.
    pub fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            match self.0.get(name).and_then(Json::as_str) {
                Some(known) => out.push_str(known),
                None => out.push_str(&format!("${{{name}}}")),
            }
            rest = after;
        }
        out + rest
    }

    pub fn filled_json(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => {
                let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                let known = whole.and_then(|name| self.0.get(name)).cloned();
                known.unwrap_or_else(|| Json::from(self.filled(text)))
            }
            Json::Array(items) => items.iter().map(|item| self.filled_json(item)).collect(),
            Json::Object(fields) => fields
                .iter()
                .map(|(name, value)| (self.filled(name), self.filled_json(value)))
                .collect(),
            Json::Null | Json::Bool(_) | Json::Number(_) => json.clone(),
        }
    }

    pub fn bind(&mut self, name: &str, value: &Json) {
        self.0.insert(name.to_owned(), value.clone());
    }

    /// Members of structs and of sets of text are unordered.
    pub fn equal(&mut self, wanted: &Json, got: &Json, field: &str) -> bool {
        if LAB_FIELDS.contains(&field) {
            return true;
        }
        match (wanted, got) {
            (Json::String(wanted), got) => self.equal_text(wanted, got),
            // How many there are is the lab's; of which classes they are is not.
            (Json::Object(wanted), Json::Object(got)) if field == "valid_ref_counts" => wanted.keys().eq(got.keys()),
            (Json::Array(wanted), Json::Array(got)) => {
                wanted.len() == got.len() && self.equal_arrays(wanted, got, field)
            }
            (Json::Object(wanted), Json::Object(got)) if is_of_the_lab(wanted) => same_shape(wanted, got),
            // The text of an internal error is the server's own.
            (Json::Object(wanted), Json::Object(got))
                if wanted.get("message") == Some(&Json::from("INTERNAL_ERROR")) =>
            {
                got.get("message") == wanted.get("message") && got.get("code") == wanted.get("code")
            }
            (Json::Object(wanted), Json::Object(got)) => {
                wanted.len() == got.len()
                    && wanted.iter().all(|(name, wanted)| {
                        let name = self.filled(name);
                        let found = got.get(&name).or_else(|| {
                            let alike = |have: &&String| alike(&name, have);
                            got.keys().find(alike).and_then(|have| got.get(have))
                        });
                        found.is_some_and(|value| self.equal(wanted, value, &name))
                    })
            }
            (Json::Number(wanted), Json::Number(got)) => {
                wanted.as_f64() == got.as_f64() && wanted.is_f64() == got.is_f64()
            }
            (wanted, got) => wanted == got,
        }
    }

    fn equal_arrays(&mut self, wanted: &[Json], got: &[Json], field: &str) -> bool {
        if is_error(wanted) {
            if wanted[0] == "INTERNAL_ERROR" {
                return got[0] == wanted[0];
            }
            return wanted
                .iter()
                .zip(got)
                .all(|(wanted, got)| self.equal(wanted, got, "of an error"));
        }
        if field == "events" {
            return self.equal_events(wanted, got);
        }
        let texts = |items: &[Json]| items.iter().all(Json::is_string);
        if !texts(wanted) || !texts(got) {
            return wanted
                .iter()
                .zip(got)
                .all(|(wanted, got)| self.equal(wanted, got, "a member"));
        }
        // What is known must be there; the rest binds in any order.
        let mut left: BTreeSet<String> = got.iter().filter_map(Json::as_str).map(str::to_owned).collect();
        let (known, new): (Vec<String>, Vec<String>) = wanted
            .iter()
            .filter_map(Json::as_str)
            .map(|text| self.filled(text))
            .partition(|text| !text.contains("${"));
        known
            .iter()
            .all(|text| left.remove(text) || got.iter().filter(|item| *item == text.as_str()).count() > 1)
            && new.iter().all(|text| {
                let found = left.iter().find(|have| alike(text, have)).cloned();
                found.is_some_and(|have| {
                    left.remove(&have);
                    self.equal_text(text, &Json::from(have))
                })
            })
    }

    /// Events of one answer: any order, told apart by class, operation and ref.
    fn equal_events(&mut self, wanted: &[Json], got: &[Json]) -> bool {
        let mut left: Vec<&Json> = got.iter().collect();
        wanted.iter().all(|event| {
            let reference = self.filled_json(&event["ref"]);
            let same = |have: &&Json| {
                have["class"] == event["class"]
                    && have["operation"] == event["operation"]
                    && alike(
                        reference.as_str().unwrap_or_default(),
                        have["ref"].as_str().unwrap_or_default(),
                    )
            };
            let Some(at) = left.iter().position(same) else {
                return false;
            };
            let have = left.remove(at);
            self.equal(event, have, "an event")
        })
    }

    fn equal_text(&mut self, wanted: &str, got: &Json) -> bool {
        let whole = wanted.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = whole.filter(|name| !name.contains("${")) {
            return match self.0.get(name) {
                _ if ANYTHING.contains(&name) => true,
                // The present moves on, and so do event tokens.
                Some(_) if name.starts_with("date_") || name.starts_with("tok") => got.is_string(),
                Some(known) => known == got,
                None => {
                    self.bind(name, got);
                    true
                }
            };
        }
        let Some(got) = got.as_str() else { return false };
        alike(&self.filled(wanted), got)
    }
}

/// The record of the lab's own pool, host or control domain: its values are those of the lab.
fn is_of_the_lab(record: &Map<String, Json>) -> bool {
    let own = ["${pool_uuid}", "${host_uuid}", "${dom0_uuid}"];
    record
        .get("uuid")
        .and_then(Json::as_str)
        .is_some_and(|uuid| own.contains(&uuid))
}

/// The same members, each of the same type.
fn same_shape(wanted: &Map<String, Json>, got: &Map<String, Json>) -> bool {
    let like = |(name, value): (&String, &Json)| {
        got.get(name)
            .is_some_and(|have| std::mem::discriminant(have) == std::mem::discriminant(value))
    };
    wanted.len() == got.len() && wanted.iter().all(like)
}

/// True if the text is equal, where `${...}` inside it stands for anything.
pub fn alike(wanted: &str, got: &str) -> bool {
    let Some((before, rest)) = wanted.split_once("${") else {
        return wanted == got;
    };
    let Some(mut left) = got.strip_prefix(before) else {
        return false;
    };
    let mut rest = rest.split_once('}').map_or("", |(_, after)| after);
    while let Some((piece, more)) = rest.split_once("${") {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
        rest = more.split_once('}').map_or("", |(_, after)| after);
    }
    left.ends_with(rest)
}

fn is_error(items: &[Json]) -> bool {
    let is_code = |text: &str| text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    items.first().and_then(Json::as_str).is_some_and(is_code)
}

/// A reply's body as one comparable value: JSON as it is, XML with its types kept. `None`: neither.
pub fn decoded(body: &str) -> Option<Json> {
    if body.starts_with("<?xml") {
        return match xmlrpc::decode_reply(body.as_bytes()).ok()? {
            Ok(value) => Some(tagged(value)),
            Err(error) => Some(error_json(&error.code, &error.params)),
        };
    }
    serde_json::from_str(&crate::case::words_quoted(body)).ok()
}

fn error_json(code: &str, params: &[String]) -> Json {
    let list: Vec<&str> = std::iter::once(code).chain(params.iter().map(String::as_str)).collect();
    Json::from(list)
}

/// Types that JSON has no word for stand in a struct of one member.
fn tagged(value: WireValue) -> Json {
    let tag = |name: &str, value: Json| Json::from_iter([(name.to_owned(), value)]);
    match value {
        WireValue::Text(text) => Json::from(text),
        WireValue::Int(int) => tag("int", Json::from(int)),
        WireValue::Float(float) => tag("double", Json::from(float.to_string())),
        WireValue::Bool(flag) => Json::from(flag),
        WireValue::DateTime(text) => tag("dateTime", Json::from(text)),
        WireValue::Nil => Json::Null,
        WireValue::Base64(text) => tag("base64", Json::from(text)),
        WireValue::Array(items) => items.into_iter().map(tagged).collect(),
        WireValue::Struct(members) => members.into_iter().map(|(name, value)| (name, tagged(value))).collect(),
    }
}
