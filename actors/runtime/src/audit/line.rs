//! One line of the audit log, and the time at its start.

use serde::Serialize;
use xenith_classes::audit::{Object, Touched, Verdict, Who};
use xenith_datamodel::DateTime;

/// Every line begins so, and goes on with [`TIME_LENGTH`] characters of time: readers need no JSON to find it.
pub(super) const TIME_PREFIX: &str = "{\"time\":\"";
/// `20261126T15:00:00.123Z`
pub(super) const TIME_LENGTH: usize = 22;

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Api,
    Http,
    /// A request of the local socket that is no XenAPI.
    Local,
    /// Of a host that wants in.
    Join,
}

/// What happened. Names of members are those of XenAPI where it has them.
pub(super) struct Entry<'a> {
    pub time_ms: i64,
    pub kind: Kind,
    pub client: &'a str,
    pub who: &'a Who,
    pub message: &'a str,
    pub verdict: Verdict,
    /// The code alone: its parameters may hold anything.
    pub error: &'a str,
    pub task: &'a str,
    pub touched: &'a Touched,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    session: &'a str,
    user: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    sid: &'a str,
    role: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    originator: &'a str,
    client: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    task: &'a str,
    message: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    keys: &'a [String],
}

#[derive(Serialize)]
struct Shown<'a> {
    param: &'a str,
    class: &'a str,
    #[serde(rename = "ref")]
    reference: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uuid: &'a str,
}

/// Lines that are missing, in their place.
#[derive(Serialize)]
struct Gap<'a> {
    time: String,
    missing: u64,
    why: &'a str,
}

impl Entry<'_> {
    pub(super) fn to_json(&self) -> String {
        let line = Line {
            time: time_text(self.time_ms),
            kind: match self.kind {
                Kind::Api => "api",
                Kind::Http => "http",
                Kind::Local => "local",
                Kind::Join => "join",
            },
            session: &self.who.session,
            user: &self.who.user,
            sid: &self.who.sid,
            role: self.who.role,
            originator: &self.who.originator,
            client: self.client,
            task: self.task,
            message: self.message,
            verdict: self.verdict.as_str(),
            error: self.error,
            objects: self.touched.objects.iter().map(shown).collect(),
            keys: &self.touched.keys,
        };
        json(&line)
    }
}

/// A line that says that others are missing.
pub(super) fn gap(time_ms: i64, missing: u64, why: &str) -> String {
    json(&Gap {
        time: time_text(time_ms),
        missing,
        why,
    })
}

fn shown(object: &Object) -> Shown<'_> {
    Shown {
        param: &object.param,
        class: object.class,
        reference: &object.reference,
        uuid: &object.uuid,
    }
}

fn json(line: &impl Serialize) -> String {
    // Structs of texts and numbers: there is nothing that JSON cannot carry.
    serde_json::to_string(line).unwrap_or_default()
}

/// As `since` is compared with it: xapi's own form, always as long.
pub(super) fn time_text(time_ms: i64) -> String {
    let seconds = DateTime::from_unix(time_ms.div_euclid(1000)).to_string();
    let seconds = seconds.trim_end_matches('Z');
    format!("{seconds}.{:03}Z", time_ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_its_time_and_leaves_out_what_is_not_there() {
        let who = Who::unproven("ro\"ot\n", "");
        let touched = Touched::default();
        let line = Entry {
            time_ms: 1_787_277_600_007,
            kind: Kind::Api,
            client: "192.0.2.1:5",
            who: &who,
            message: "VM.start",
            verdict: Verdict::Denied,
            error: "SESSION_INVALID",
            task: "",
            touched: &touched,
        }
        .to_json();
        assert_eq!(
            line,
            "{\"time\":\"20260821T02:00:00.007Z\",\"kind\":\"api\",\"user\":\"ro\\\"ot\\n\",\"role\":\"\",\
             \"client\":\"192.0.2.1:5\",\"message\":\"VM.start\",\"verdict\":\"denied\",\"error\":\"SESSION_INVALID\"}"
        );
        assert!(line.starts_with(TIME_PREFIX));
        assert_eq!(time_text(0).len(), TIME_LENGTH);
        assert!(gap(0, 3, "full").starts_with(TIME_PREFIX));
    }
}
