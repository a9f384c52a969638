//! Recorded exchanges of a real xapi, played against the planners: every case of a group whose calls are all planned here.
//!
//! Cases that differ are listed in tests/golden_differences.txt with the reason; the list may only shrink.

mod events;

use super::Pool;
use crate::session::{Identity, check, plan_login};
use crate::{How, how};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::{ApiError, Const, DateTime, Ref, Type, Value};

const GROUPS: &[(&str, &str)] = &[
    ("tasks", include_str!("../../../../tests/facts/golden/tasks.json")),
    ("session", include_str!("../../../../tests/facts/golden/session.json")),
    ("generic", include_str!("../../../../tests/facts/golden/generic.json")),
    ("devices", include_str!("../../../../tests/facts/golden/devices.json")),
    ("vm", include_str!("../../../../tests/facts/golden/vm.json")),
    ("events", include_str!("../../../../tests/facts/golden/events.json")),
];
const FIXTURES: &str = include_str!("../../../../tests/facts/golden/fixtures.json");
const DIFFERENT: &str = include_str!("../../tests/golden_differences.txt");

/// Fields whose values are the lab's.
const LAB_FIELDS: &[&str] = &["backtrace", "bridge", "MAC", "name_description"];

#[derive(Debug)]
enum Stop {
    /// The case has a call that is not planned here.
    NotOurs,
    Different(String),
}

struct Play {
    pool: Pool,
    names: BTreeMap<String, Json>,
    fixtures: Json,
    /// Before the case's own call.
    start: xenith_pooldb::EventToken,
}

impl Play {
    fn new() -> Play {
        let mut pool = Pool::of_one();
        let mut names = BTreeMap::new();
        let host = pool.first("host");
        let dom0 = pool.get("host.control_domain", &host).as_ref().unwrap().clone();
        let row = pool.first("pool");
        let networks = pool
            .call(
                "network.get_by_name_label",
                vec!["Host internal management network".into()],
            )
            .unwrap();
        let hin = networks.as_set().unwrap()[0].as_ref().unwrap().clone();
        for (name, class, reference) in [
            ("host", "host", &host),
            ("dom0", "VM", &dom0),
            ("pool", "pool", &row),
            ("hin", "network", &hin),
        ] {
            let uuid = pool.get(&format!("{class}.uuid"), reference);
            names.insert(name.to_owned(), Json::from(reference.as_str()));
            names.insert(format!("{name}_uuid"), Json::from(uuid.as_text().unwrap()));
        }
        let identity = Identity::local("root", "golden", host);
        let secret = pool.context(|cx| plan_login(cx, &identity));
        names.insert("session".to_owned(), to_json(&secret));
        Play {
            start: pool.view.token(),
            pool,
            names,
            fixtures: serde_json::from_str(FIXTURES).unwrap(),
        }
    }

    fn case(&mut self, case: &Json) -> Result<(), Stop> {
        for given in case["given"].as_array().into_iter().flatten() {
            self.give(given)?;
        }
        self.start = self.pool.view.token();
        self.exchange(case)?;
        for then in case["then"].as_array().into_iter().flatten() {
            self.exchange(then)?;
        }
        Ok(())
    }

    fn give(&mut self, given: &Json) -> Result<(), Stop> {
        if let Some(name) = given.as_str() {
            if name == "session" {
                return Ok(());
            }
            for step in self.fixtures[name].as_array().cloned().unwrap_or_default() {
                self.give(&step)?;
            }
            return Ok(());
        }
        let Some(call) = given["call"].as_str() else {
            return Ok(());
        };
        let params = given["params"].as_array().cloned().unwrap_or_default();
        let answer = self
            .call(call, params)?
            .map_err(|error| Stop::Different(format!("{call}: {error}")))?;
        if let Some(name) = given["bind"].as_str() {
            self.names.insert(name.to_owned(), to_json(&answer));
        }
        Ok(())
    }

    fn exchange(&mut self, step: &Json) -> Result<(), Stop> {
        if let Some(expected) = step["response"]["summary"].as_array() {
            return self.summary(expected);
        }
        let Some(events::Exchange {
            name,
            params,
            result,
            error,
        }) = events::exchange(step)
        else {
            return Err(Stop::NotOurs);
        };
        let answer = self.call(&name, params)?;
        let (expected, got) = match (&result, &error) {
            (Json::Null, Json::Array(error)) if error[0] == "INTERNAL_ERROR" => (
                Json::from(vec![error[0].clone()]),
                answer.map_or_else(|error| Json::from(vec![&*error.code]), |value| to_json(&value)),
            ),
            (Json::Null, error) => (error.clone(), answer.map_or_else(error_json, |value| to_json(&value))),
            (result, _) => (result.clone(), answer.map_or_else(error_json, |value| to_json(&value))),
        };
        let at = format!("{name}: xapi {expected}, here {got}");
        if self.matches(&expected, &got, "") {
            Ok(())
        } else {
            Err(Stop::Different(at))
        }
    }

    fn call(&mut self, name: &str, params: Vec<Json>) -> Result<Result<Value, ApiError>, Stop> {
        if name == "event.from" {
            return self.event_from(params);
        }
        let Some(method) = xenith_datamodel::method(name) else {
            return Err(Stop::NotOurs);
        };
        let is_sync = method.mode == xenith_datamodel::CallMode::Sync;
        if !is_sync || !matches!(how(&method), How::Read | How::Write | How::Removed) {
            return Err(Stop::NotOurs);
        }
        let mut given = params.into_iter().map(|param| self.filled(param));
        let session = if method.message.session { given.next() } else { None };
        let given: Vec<Json> = given.collect();
        let declared = method.message.params;
        if given.len() > declared.len() {
            return Err(Stop::NotOurs);
        }
        let mut values = Vec::new();
        for (at, param) in declared.iter().enumerate() {
            let value = match (given.get(at), &param.default) {
                (Some(json), _) => typed(param.ty, json),
                (None, Some(default)) => Some(Const::to_value(default)),
                (None, None) => None,
            };
            values.push(value.ok_or(Stop::NotOurs)?);
        }
        if let Some(session) = session.as_ref().and_then(Json::as_str) {
            match check(&self.pool.view, &Ref::new(session)) {
                Ok(caller) => self.pool.caller = caller,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(self.pool.call(name, values))
    }

    /// Placeholders put in.
    fn filled(&self, json: Json) -> Json {
        match json {
            Json::String(text) => {
                let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                name.and_then(|name| self.names.get(name))
                    .cloned()
                    .unwrap_or(Json::String(text))
            }
            Json::Array(items) => items.into_iter().map(|item| self.filled(item)).collect(),
            Json::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (name, self.filled(value)))
                .collect(),
            other => other,
        }
    }

    /// The first sight of a placeholder binds it; sets are unordered.
    fn matches(&mut self, expected: &Json, got: &Json, field: &str) -> bool {
        if LAB_FIELDS.contains(&field) || events::is_of_the_lab(field, expected, got) {
            return true;
        }
        match (expected, got) {
            (Json::String(wanted), got) => self.matches_text(wanted, got),
            (Json::Array(wanted), Json::Array(items)) => {
                if wanted.len() != items.len() {
                    return false;
                }
                let texts = |items: &[Json]| items.iter().all(Json::is_string);
                let is_error =
                    field.is_empty() && wanted.first().is_some_and(|code| code.as_str().is_some_and(is_code));
                if texts(wanted) && texts(items) && !is_error {
                    let wanted: BTreeSet<String> = wanted.iter().map(|w| self.filled(w.clone()).to_string()).collect();
                    let known = wanted
                        .iter()
                        .filter(|text| !text.contains("${"))
                        .cloned()
                        .collect::<BTreeSet<_>>();
                    let items: BTreeSet<String> = items.iter().map(Json::to_string).collect();
                    return known.is_subset(&items);
                }
                wanted
                    .iter()
                    .zip(items)
                    .all(|(wanted, item)| self.matches(wanted, item, "in"))
            }
            (Json::Object(wanted), Json::Object(held)) => {
                wanted.len() == held.len()
                    && wanted.iter().all(|(name, wanted)| {
                        let key = self.filled(Json::from(name.as_str()));
                        let key = key.as_str().unwrap_or_default();
                        let like = || held.iter().find(|(have, _)| like(key, have)).map(|(_, value)| value);
                        match held.get(key).or_else(like).cloned() {
                            Some(value) => self.matches(wanted, &value, name),
                            None => false,
                        }
                    })
            }
            (Json::Number(wanted), Json::Number(got)) => wanted.as_f64() == got.as_f64(),
            (expected, got) => expected == got,
        }
    }

    fn matches_text(&mut self, wanted: &str, got: &Json) -> bool {
        let Some(name) = wanted.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
            return got.as_str().is_some_and(|got| like(wanted, got));
        };
        match self.names.get(name).filter(|_| !events::ANYTHING.contains(&name)) {
            Some(known) => known == got,
            None => {
                self.names.insert(name.to_owned(), got.clone());
                true
            }
        }
    }
}

/// True if the text is equal, where `${...}` inside it stands for anything.
fn like(wanted: &str, got: &str) -> bool {
    match wanted.split_once("${") {
        None => wanted == got,
        Some((before, rest)) => {
            let after = rest.split_once('}').map(|(_, after)| after).unwrap_or_default();
            got.starts_with(before) && got.ends_with(after)
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn error_json(error: ApiError) -> Json {
    std::iter::once(error.code.into_owned()).chain(error.params).collect()
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Void => Json::from(""),
        Value::Text(text) => Json::from(&**text),
        Value::Int(int) => Json::from(*int),
        Value::Float(float) if !float.is_finite() => Json::from(float.to_string()),
        Value::Float(float) => Json::from(*float),
        Value::Bool(flag) => Json::from(*flag),
        Value::DateTime(time) => Json::from(time.to_string()),
        Value::Ref(reference) => Json::from(reference.as_str()),
        Value::Set(items) => items.iter().map(to_json).collect(),
        Value::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| (key_text(key), to_json(value)))
            .collect(),
        Value::Record(fields) => fields
            .iter()
            .map(|(name, value)| (name.to_string(), to_json(value)))
            .collect(),
    }
}

fn key_text(key: &Value) -> String {
    to_json(key)
        .as_str()
        .map_or_else(|| to_json(key).to_string(), str::to_owned)
}

/// `None` for what the codec would have refused.
fn typed(ty: Type, json: &Json) -> Option<Value> {
    Some(match ty {
        Type::String | Type::Secret => Value::text(json.as_str()?),
        Type::Int => Value::Int(json.as_i64()?),
        Type::Float => Value::Float(json.as_f64().or_else(|| json.as_str()?.parse().ok())?),
        Type::Bool => Value::Bool(json.as_bool()?),
        Type::DateTime => Value::DateTime(DateTime::parse(json.as_str()?)?),
        Type::Ref(_) => Value::Ref(Ref::new(json.as_str()?)),
        Type::Enum(name) => {
            let known = xenith_datamodel::enumeration(name)?.values;
            Value::text(
                known
                    .iter()
                    .find(|value| value.eq_ignore_ascii_case(json.as_str().unwrap_or_default()))?,
            )
        }
        Type::Set(of) => Value::set(
            json.as_array()?
                .iter()
                .map(|item| typed(*of, item))
                .collect::<Option<Vec<_>>>()?,
        ),
        Type::Map(key, of) => {
            let pair = |(k, v): (&String, &Json)| Some((typed(*key, &Json::from(k.as_str()))?, typed(*of, v)?));
            Value::map(json.as_object()?.iter().map(pair).collect::<Option<Vec<_>>>()?)
        }
        Type::Record(class) => {
            let class = xenith_datamodel::class(class)?;
            let field = |(name, value): (&String, &Json)| match class.column(name) {
                Some(column) => typed(column.desc().ty, value).map(|value| (name.clone(), value)),
                None => Some((name.clone(), Value::Void)),
            };
            Value::record(json.as_object()?.iter().map(field).collect::<Option<Vec<_>>>()?)
        }
        Type::Option(of) => typed(*of, json)?,
        Type::Void => Value::Void,
    })
}

#[test]
fn recorded_exchanges() {
    let known: BTreeSet<&str> = DIFFERENT
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let (mut played, mut wrong, mut right) = (0, Vec::new(), Vec::new());
    for (group, text) in GROUPS {
        // Bare words that are no JSON, as xapi writes them.
        let text = text.replace(":NaN", ":\"NaN\"").replace(":Infinity", ":\"inf\"");
        let cases: Vec<Json> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{group}: {error}"));
        for case in cases {
            let id = case["id"].as_str().unwrap().to_owned();
            match Play::new().case(&case) {
                Err(Stop::NotOurs) => continue,
                Err(Stop::Different(text)) if !known.contains(id.as_str()) => wrong.push(format!("{id} {text}")),
                Err(Stop::Different(_)) => (),
                Ok(()) if known.contains(id.as_str()) => right.push(id),
                Ok(()) => (),
            }
            played += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {played} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        right.is_empty(),
        "take these from tests/golden_differences.txt: {right:?}"
    );
    assert!(played > 150, "{played}");
}
