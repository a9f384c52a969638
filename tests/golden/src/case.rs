//! The recorded cases as they stand in tests/facts/golden (its format: README.md of the fact tables).

use serde_json::Value as Json;

/// One case, or one named fixture's steps.
pub struct Case {
    pub id: String,
    pub json: Json,
}

impl Case {
    /// The first exchange and what follows on the same state.
    pub fn steps(&self) -> impl Iterator<Item = &Json> {
        std::iter::once(&self.json).chain(self.json["then"].as_array().into_iter().flatten())
    }
}

/// The cases of one group. The recording has the bare words that xapi writes for odd floats, which are no JSON.
pub fn load(group: &str) -> Vec<Case> {
    let cases: Vec<Json> = serde_json::from_str(&words_quoted(&read(group))).unwrap();
    cases
        .into_iter()
        .map(|json| Case {
            id: json["id"].as_str().unwrap().to_owned(),
            json,
        })
        .collect()
}

pub fn fixtures() -> Json {
    serde_json::from_str(&read("fixtures")).unwrap()
}

fn read(name: &str) -> String {
    let path = format!("{}/../facts/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// `NaN`, `Infinity` and placeholders outside of texts, as texts, so that a JSON reader takes them.
pub fn words_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_text, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if !in_text && let Some((word, quoted)) = ODD_FLOATS.iter().find(|(word, _)| rest.starts_with(word)) {
            out.push_str(quoted);
            rest = &rest[word.len()..];
            continue;
        }
        if !in_text
            && rest.starts_with("${")
            && let Some(end) = rest.find('}')
        {
            out.push_str(&format!("\"{}\"", &rest[..=end]));
            rest = &rest[end + 1..];
            continue;
        }
        in_text ^= next == '"' && !escaped;
        escaped = in_text && next == '\\' && !escaped;
        out.push(next);
        rest = &rest[next.len_utf8()..];
    }
    out
}

const ODD_FLOATS: [(&str, &str); 3] = [("-Infinity", "\"-inf\""), ("Infinity", "\"inf\""), ("NaN", "\"NaN\"")];
