//! The group "events": `event.from` without its waiting, and summaries of what a call told.

use super::{Play, Stop};
use crate::event::{Answer, Subscription, answer, empty_answer, parse_token};
use serde_json::Value as Json;
use xenith_datamodel::{ApiError, Value};

/// Placeholders that match anything: tokens and counts are new in each reply.
pub const ANYTHING: &[&str] = &["valid_ref_counts", "tok", "n"];

pub struct Exchange {
    pub name: String,
    pub params: Vec<Json>,
    pub result: Json,
    pub error: Json,
}

/// A call by JSON, in the short form or as a body. `None` for XML, which `api/wire` compares, and for a reply that was cut short.
pub fn exchange(step: &Json) -> Option<Exchange> {
    let (request, response) = (&step["request"], &step["response"]);
    if let Some(call) = request["json2"].as_array() {
        return Some(Exchange {
            name: call[0].as_str()?.to_owned(),
            params: call[1].as_array().cloned().unwrap_or_default(),
            result: response["result"].clone(),
            error: response["error"].clone(),
        });
    }
    if request["path"] != "/jsonrpc" || !response["body_truncated_of"].is_null() {
        return None;
    }
    let call: Json = serde_json::from_str(request["body"].as_str()?).ok()?;
    let body = response["body"]
        .as_str()?
        .replace(":${valid_ref_counts}", ":\"${valid_ref_counts}\"");
    let reply: Json = serde_json::from_str(&body).ok()?;
    Some(Exchange {
        name: call["method"].as_str()?.to_owned(),
        params: call["params"].as_array().cloned().unwrap_or_default(),
        result: reply["result"].clone(),
        error: Json::Null,
    })
}

/// Numbers of events, and what the lab's pool holds: of those the fields are compared, not their values.
pub fn is_of_the_lab(field: &str, expected: &Json, got: &Json) -> bool {
    if field == "id" {
        return true;
    }
    let (Some(wanted), Some(held)) = (expected.as_object(), got.as_object()) else {
        return false;
    };
    field == "snapshot" && wanted.contains_key("ha_enabled") && wanted.keys().eq(held.keys())
}

impl Play {
    pub fn event_from(&mut self, params: Vec<Json>) -> Result<Result<Value, ApiError>, Stop> {
        let params: Vec<Json> = params.into_iter().map(|param| self.filled(param)).collect();
        let [session, classes, token, timeout] = params.as_slice() else {
            return Err(Stop::NotOurs);
        };
        if timeout.as_str().is_some_and(|text| text.parse::<f64>().is_err()) {
            // The codec's matter.
            return Err(Stop::NotOurs);
        }
        if let Err(error) = crate::session::check(
            &self.pool.view,
            &xenith_datamodel::Ref::new(session.as_str().unwrap_or_default()),
        ) {
            return Ok(Err(error));
        }
        let since = match parse_token(token.as_str().unwrap_or_default()) {
            Ok(since) => since,
            Err(error) => return Ok(Err(error)),
        };
        let words = classes.as_array().into_iter().flatten().filter_map(Json::as_str);
        let view = &self.pool.view;
        let told = answer(view, since, &Subscription::parse(words)).unwrap_or_else(|| empty_answer(view));
        Ok(Ok(told.value(view)))
    }

    /// What `*` was told since the case's call, but of tasks: a synchronous call makes none here.
    pub fn summary(&mut self, expected: &[Json]) -> Result<(), Stop> {
        let view = &self.pool.view;
        let told = answer(view, self.start, &Subscription::parse(["*"]));
        let events = told.map(|Answer { events, .. }| events).unwrap_or_default();
        let got = events.iter().map(|event| {
            let class = event.class.name().to_lowercase();
            Json::from(vec![
                Json::from(class),
                event.operation.into(),
                event.object.as_str().into(),
            ])
        });
        let not_task = |event: &Json| event[0] != "task";
        let mut got: Vec<Json> = got.filter(not_task).collect();
        let text = Json::from(got.clone());
        for event in expected.iter().filter(|event| not_task(event)) {
            let Some(at) = got.iter().position(|have| self.matches(event, have, "")) else {
                return Err(Stop::Different(format!("xapi {event}, here {text}")));
            };
            got.remove(at);
        }
        if got.is_empty() {
            Ok(())
        } else {
            Err(Stop::Different(format!("xapi {}, here {text}", Json::from(expected))))
        }
    }
}
