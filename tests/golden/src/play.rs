//! One case: its set-up, its exchanges, and where the first difference is.

use crate::case::{Case, fixtures};
use crate::compare::{Names, alike, decoded};
use crate::http::{self, Answer, Reply};
use crate::lab::Lab;
use crate::waiting;
use serde_json::{Map, Value as Json, json};
use std::time::Duration;

/// The longest that a case may ask to wait.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub enum Outcome {
    Equal,
    /// What was wanted and what came.
    Different(String),
}

pub async fn play(lab: &Lab, case: &Case) -> Outcome {
    lab.reset();
    let mut play = Play {
        lab,
        names: Names(lab.names()),
        fixtures: fixtures(),
        fill: fill(&case.id),
    };
    match play.run(case).await {
        Ok(()) => Outcome::Equal,
        Err(difference) => Outcome::Different(difference),
    }
}

struct Play<'a> {
    lab: &'a Lab,
    names: Names,
    fixtures: Json,
    /// What `@FILL@` stands for.
    fill: String,
}

/// Of a case named `body_290k`: so many KiB.
fn fill(id: &str) -> String {
    let digits: String = id
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    "a".repeat(1024 * digits.parse().unwrap_or(0))
}

impl Play<'_> {
    async fn run(&mut self, case: &Case) -> Result<(), String> {
        let given = case.json["given"].clone();
        self.give(&given).await?;
        let since = self.token(case).await?;
        for step in case.steps() {
            if step["response"].get("summary").is_some() {
                self.summary(step, &since).await?;
                continue;
            }
            self.exchange(step).await?;
        }
        Ok(())
    }

    async fn give(&mut self, given: &Json) -> Result<(), String> {
        for step in given.as_array().into_iter().flatten() {
            if let Some(fixture) = step.as_str() {
                let steps = self.fixtures[fixture].clone();
                Box::pin(self.give(&steps)).await?;
            } else if let Some(seconds) = step["sleep"].as_f64() {
                tokio::time::sleep(Duration::from_secs_f64(seconds).min(LONGEST_SLEEP)).await;
            } else {
                let answer = self.call(&step["call"], &step["params"]).await?;
                if answer.get("error").is_some() {
                    return Err(format!("set-up {}: {answer}", step["call"]));
                }
                if let Some(name) = step["bind"].as_str() {
                    self.names.bind(name, &answer["result"]);
                }
            }
        }
        Ok(())
    }

    /// A JSON-RPC 2.0 call; the whole answer.
    async fn call(&mut self, method: &Json, params: &Json) -> Result<Json, String> {
        let params = self.names.filled_json(params);
        let body = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).to_string();
        let head = format!(
            "POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = (head + &body).into_bytes();
        match http::exchange(&self.lab.place(false), &request, false).await {
            Answer::Reply(reply) => {
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                decoded(&text).ok_or_else(|| format!("{method}: HTTP {} {text}", reply.status))
            }
            Answer::Closed => Err(format!("{method}: the connection was closed")),
            Answer::Silence => Err(format!("{method}: no answer")),
        }
    }

    async fn exchange(&mut self, step: &Json) -> Result<(), String> {
        let (request, wanted) = (&step["request"], &step["response"]);
        for name in step["bind"].as_object().into_iter().flat_map(Map::keys) {
            if !request.to_string().contains(&format!("${{{name}}}")) {
                self.names.0.remove(name);
            }
        }
        let got = if let Some(call) = request["json2"].as_array() {
            let answer = self.call(&call[0], &call[1]).await?;
            let (expected, got) = match wanted.get("error") {
                Some(error) => (error.clone(), error_of(&answer)),
                None => (wanted["result"].clone(), answer.get("result").cloned()),
            };
            match &got {
                Some(value) if self.names.equal(&expected, value, "") => {}
                _ => return Err(format!("{}: wanted {expected}, got {answer}", call[0])),
            }
            answer.get("result").cloned()
        } else {
            self.verbatim(request, wanted).await?
        };
        for (name, from) in step["bind"].as_object().into_iter().flatten() {
            let result = got.clone().unwrap_or(Json::Null);
            let value = match from.as_str().and_then(|path| path.strip_prefix("result.")) {
                Some(member) => result[member].clone(),
                None => result,
            };
            self.names.bind(name, &value);
        }
        Ok(())
    }

    /// A request given as HTTP; the result of a call, if it is one.
    async fn verbatim(&mut self, request: &Json, wanted: &Json) -> Result<Option<Json>, String> {
        let bytes = self.bytes(request);
        let place = self.lab.place(request["transport"] == "unix");
        let answer = http::exchange(&place, &bytes, request["method"] == "HEAD").await;
        let shown = |what: &str| {
            let asked = waiting::method(request).unwrap_or_else(|| {
                let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
                String::from_utf8_lossy(line).into_owned()
            });
            format!("{asked}: {what}; wanted {}", shortly(wanted))
        };
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Closed | Answer::Silence if wanted.get("connection").is_some() => return Ok(None),
            Answer::Closed => return Err(shown("the connection was closed")),
            Answer::Silence => return Err(shown("no answer")),
        };
        let status = wanted["http_status"].as_u64().unwrap_or(200);
        if u64::from(reply.status) != status {
            return Err(shown(&format!(
                "HTTP {} {}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
                    .chars()
                    .take(300)
                    .collect::<String>()
            )));
        }
        self.headers(request, wanted, &reply).map_err(|what| shown(&what))?;
        if status != 200 {
            return Ok(None);
        }
        self.body(wanted, &reply).map_err(|what| shown(&what))
    }

    fn body(&mut self, wanted: &Json, reply: &Reply) -> Result<Option<Json>, String> {
        let got = String::from_utf8_lossy(&reply.body).into_owned();
        let Some(text) = wanted["body"].as_str() else {
            return Ok(None);
        };
        if wanted.get("body_truncated_of").is_some() {
            // A prefix: one line is enough to see that it is the same kind of answer.
            let start: String = text.chars().take(120).collect();
            let whole = start.rsplit_once("${").map_or(start.as_str(), |(before, _)| before);
            let filled = self.names.filled(whole);
            let have: String = got.chars().take(filled.chars().count()).collect();
            return if alike(&filled, &have) {
                Ok(None)
            } else {
                Err(got.chars().take(300).collect())
            };
        }
        // A number that may be any is no number to a reader.
        let readable = text.replace("<i4>${n}</i4>", "<i4>0</i4>");
        match (decoded(&readable), decoded(&got)) {
            (Some(wanted), Some(value)) if self.names.equal(&wanted, &value, "") => {
                // A JSON reply has its result in a member, an XML reply is it.
                Ok(Some(value.get("result").cloned().unwrap_or(value)))
            }
            (None, _) if alike(&self.names.filled(text), &got) => Ok(None),
            (_, Some(value)) => Err(value.to_string()),
            _ => Err(got),
        }
    }

    fn headers(&self, request: &Json, wanted: &Json, reply: &Reply) -> Result<(), String> {
        let listed = wanted["headers"].as_object().cloned().unwrap_or_default();
        let absent: Vec<&str> = listed
            .get("-absent")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        let is_json = request["path"]
            .as_str()
            .is_some_and(|path| path.starts_with("/jsonrpc"));
        let mut all = vec![
            ("content-type", if is_json { "application/json" } else { "text/xml" }),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-headers", "X-Requested-With"),
            ("cache-control", "no-cache, no-store"),
        ];
        for (name, value) in &listed {
            all.retain(|(default, _)| default != name);
            // Of the connection only "close" says something: HTTP/1.1 keeps alive by itself. The rest is the lab's.
            let compared = matches!(
                name.as_str(),
                "content-type" | "www-authenticate" | "access-control-allow-headers"
            ) || (name == "connection" && value == "close");
            if let (true, Some(value)) = (compared, value.as_str()) {
                all.push((name, value));
            }
        }
        for (name, value) in all {
            if absent.contains(&name) {
                continue;
            }
            match reply.headers.get(name) {
                Some(have) if alike(&self.names.filled(value), have) => {}
                have => return Err(format!("header {name}: {have:?}, wanted {value}")),
            }
        }
        match absent.iter().find(|name| reply.headers.contains_key(**name)) {
            Some(name) => Err(format!("header {name} should not be there")),
            None => Ok(()),
        }
    }

    fn bytes(&self, request: &Json) -> Vec<u8> {
        let of = |name: &str| request[name].as_str();
        if let Some(raw) = of("raw") {
            return self.names.filled(raw).into_bytes();
        }
        let body = match (of("body"), of("body_latin1"), of("body_hex")) {
            (Some(text), _, _) => self.names.filled(text).replace("@FILL@", &self.fill).into_bytes(),
            (_, Some(latin1), _) => self.names.filled(latin1).chars().map(|c| c as u8).collect(),
            (_, _, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            _ => Vec::new(),
        };
        let path = self.names.filled(of("path").unwrap_or("/"));
        let is_json = path.starts_with("/jsonrpc");
        let mut head = format!(
            "{} {path} HTTP/{}\r\nHost: x\r\n",
            of("method").unwrap_or("POST"),
            of("http_version").unwrap_or("1.1")
        );
        let given = request["headers"].as_object().cloned().unwrap_or_default();
        let names: Vec<String> = given.keys().map(|name| name.to_lowercase()).collect();
        if !names.contains(&"content-type".to_owned()) {
            head += if is_json {
                "Content-Type: application/json\r\n"
            } else {
                "Content-Type: text/xml\r\n"
            };
        }
        for (name, value) in &given {
            head += &format!("{name}: {}\r\n", self.names.filled(value.as_str().unwrap_or_default()));
        }
        if !names.contains(&"content-length".to_owned()) && (of("method").is_none() || !body.is_empty()) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        [head.into_bytes(), body].concat()
    }

    /// Where a case that tells what a call changed begins to look.
    async fn token(&mut self, case: &Case) -> Result<Json, String> {
        if !case.steps().any(|step| step["response"].get("summary").is_some()) {
            return Ok(Json::Null);
        }
        let params = json!(["${session}", ["*"], "", 0.0]);
        Ok(self.call(&Json::from("event.from"), &params).await?["result"]["token"].clone())
    }

    /// All events since the token as (class, operation, ref). Rows of tasks are left out: a synchronous call makes none here
    /// (docs/compatibility.md).
    async fn summary(&mut self, step: &Json, since: &Json) -> Result<(), String> {
        let params = json!(["${session}", ["*"], since, 0.0]);
        let answer = self.call(&Json::from("event.from"), &params).await?;
        let kept = |event: &Json| event[0] != "task";
        let got: Vec<Json> = answer["result"]["events"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|event| json!([event["class"], event["operation"], event["ref"]]))
            .filter(kept)
            .collect();
        let wanted: Vec<Json> = step["response"]["summary"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|e| kept(e))
            .cloned()
            .collect();
        let mut left = got.clone();
        for event in &wanted {
            let event = self.names.filled_json(event);
            let same = |have: &Json| {
                have[0] == event[0]
                    && have[1] == event[1]
                    && alike(
                        event[2].as_str().unwrap_or_default(),
                        have[2].as_str().unwrap_or_default(),
                    )
            };
            match left.iter().position(same) {
                Some(at) => drop(left.remove(at)),
                None => return Err(format!("no event {event} among {got:?}")),
            }
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("events too many: {left:?}"))
        }
    }
}

/// What of a recorded response tells most.
fn shortly(wanted: &Json) -> String {
    match wanted["body"].as_str().and_then(decoded) {
        Some(value) => value.to_string(),
        None => wanted.to_string(),
    }
}

/// `[code, params...]` of a 2.0 answer.
fn error_of(answer: &Json) -> Option<Json> {
    let error = answer.get("error")?;
    let code = std::iter::once(error["message"].clone());
    Some(
        code.chain(error["data"].as_array().into_iter().flatten().cloned())
            .collect(),
    )
}
