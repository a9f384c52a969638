//! What must stand in no log of a pool, at any level: sessions, passwords, tokens, keys (CORRECTNESS A9).
//!
//! Every pool of this binary logs at debug level, notes the secrets that its test was given, and looks for them when it is over.

use super::PASSWORD;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use xenith_datamodel::Ref;
use xenith_runtime::JoinToken;

/// `root:` and the password, as HTTP Basic carries them.
const BASIC: &str = "cm9vdDpjb3JyZWN0IGhvcnNl";
/// Of every pool: its password, private keys, and hashes that could be searched for a weak password.
const ALWAYS: [&str; 4] = [PASSWORD, BASIC, "PRIVATE KEY", "$argon2"];

/// Secrets that a test was given. Clones are one.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    pub fn session(&self, session: &Ref) {
        // The part that is secret: logs may write it without what is before.
        let text = session.as_str();
        self.add(text.strip_prefix("OpaqueRef:").unwrap_or(text));
    }

    pub fn token(&self, text: &str) {
        self.add(text);
        if let Ok(token) = JoinToken::parse(text) {
            self.add(&token.secret_hex());
        }
    }

    pub fn add(&self, secret: &str) {
        // Too short a text is found everywhere.
        assert!(secret.len() >= 4, "no secret: {secret:?}");
        self.0.lock().unwrap().insert(secret.to_owned());
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// `file:line` of every line of a log below `dir` that holds a secret.
    pub fn leaks(&self, dir: &Path) -> Vec<String> {
        let given = self.0.lock().unwrap();
        let wanted: Vec<&[u8]> = ALWAYS
            .iter()
            .copied()
            .chain(given.iter().map(String::as_str))
            .map(str::as_bytes)
            .collect();
        let mut found = Vec::new();
        for log in logs(dir) {
            let Ok(bytes) = std::fs::read(&log) else { continue };
            for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
                if wanted.iter().any(|secret| holds(line, secret)) {
                    found.push(format!("{}:{}", log.display(), number + 1));
                }
            }
        }
        found
    }
}

fn holds(line: &[u8], secret: &[u8]) -> bool {
    let starts = line.iter().enumerate().filter(|(_, byte)| **byte == secret[0]);
    starts.into_iter().any(|(at, _)| line[at..].starts_with(secret))
}

/// Every log below `dir`: of daemons, of machines, of audits.
pub fn logs(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else {
        return found;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if path.is_dir() {
            found.extend(logs(&path));
        } else if name.is_some_and(|name| name.contains(".log")) {
            found.push(path);
        }
    }
    found
}
