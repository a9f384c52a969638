//! Words that must not stand in pure crates: clocks, randomness, hash order (CORRECTNESS A7).

use crate::run::{Failure, output_of, program, root};

const PURE_FOLDERS: &[&str] = &[
    "api/datamodel/src",
    "api/wire/src",
    "consensus/pooldb/src",
    "actors/classes/src",
    "xen/port/src",
];

/// (word, why not)
const BANNED: &[(&str, &str)] = &[
    ("SystemTime::now", "time comes from outside"),
    ("Instant::now", "time comes from outside"),
    ("new_v4", "ids come from outside"),
    (
        "HashSet",
        "its order is not the same on every host; use BTreeSet or imbl::OrdSet",
    ),
    ("std::fs", "no I/O"),
    ("std::net::Tcp", "no I/O"),
];
/// A HashMap is allowed where nothing iterates it: tables that are only looked up.
const HASH_MAP_ALLOWED: &[&str] = &["api/datamodel/src/lookup.rs"];

pub fn check() -> Result<Vec<String>, Failure> {
    let mut faults = Vec::new();
    for path in rust_files()? {
        if !PURE_FOLDERS.iter().any(|folder| path.starts_with(folder)) || path.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(root().join(&path))?;
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (word, why) in BANNED {
            if code
                .lines()
                .any(|line| line.contains(word) && !line.trim_start().starts_with("//"))
            {
                faults.push(format!("{path}: `{word}` in a pure crate: {why}"));
            }
        }
        if code.contains("HashMap") && !HASH_MAP_ALLOWED.contains(&path.as_str()) {
            faults.push(format!(
                "{path}: `HashMap` in a pure crate: its order differs between hosts"
            ));
        }
    }
    Ok(faults)
}

/// Every Rust file of the repository, by path from the root.
pub fn rust_files() -> Result<Vec<String>, Failure> {
    let listed = output_of(program("git").args(["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"]))?;
    let text = String::from_utf8_lossy(&listed);
    Ok(text
        .lines()
        .filter(|path| root().join(path).exists())
        .map(str::to_owned)
        .collect())
}
