//! Which cases may wait: those whose request or set-up names a message that is not built yet.

use crate::Case;
use crate::case::fixtures;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Messages without behaviour: the list that the planners' own test holds to the truth.
const NOT_BUILT: &str = include_str!("../../../actors/classes/tests/not_built.txt");

pub struct Waiting {
    not_built: BTreeSet<String>,
    fixtures: Json,
}

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting {
            not_built: NOT_BUILT.lines().map(str::to_owned).collect(),
            fixtures: fixtures(),
        }
    }
}

impl Waiting {
    /// A message that the case names and that is not built.
    pub fn message(&self, case: &Case) -> Option<String> {
        let mut named = Vec::new();
        self.given(&case.json["given"], &mut named);
        named.extend(case.steps().filter_map(|step| method(&step["request"])));
        named
            .into_iter()
            .map(|name| plain(&name))
            .find(|name| self.not_built.contains(name))
    }

    fn given(&self, given: &Json, named: &mut Vec<String>) {
        for step in given.as_array().into_iter().flatten() {
            match step.as_str() {
                Some(fixture) => self.given(&self.fixtures[fixture], named),
                None => named.extend(step["call"].as_str().map(str::to_owned)),
            }
        }
    }
}

/// The method that a request calls, if it is a call.
pub fn method(request: &Json) -> Option<String> {
    if let Some(call) = request["json2"].as_array() {
        return call[0].as_str().map(str::to_owned);
    }
    let body = request["body"].as_str()?;
    if let Some((_, rest)) = body.split_once("<methodName>") {
        return Some(rest.split_once('<')?.0.to_owned());
    }
    let (_, rest) = body.split_once("\"method\"")?;
    rest.split('"').nth(1).map(str::to_owned)
}

/// `Class.message` without prefix and in the dotted form.
fn plain(name: &str) -> String {
    let name = name.rsplit_once("sync.").map_or(name, |(_, name)| name);
    if name.contains('.') {
        return name.to_owned();
    }
    match xenith_datamodel::method(name) {
        Some(method) => format!("{}.{}", method.class.name(), method.message.name),
        None => name.to_owned(),
    }
}
