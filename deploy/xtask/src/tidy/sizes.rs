//! Files that grew too long. Functions and parameters are clippy's to count (clippy.toml).
//! Invariant: the ratchet names today's offenders with their size; it may only go down.

use super::purity::rust_files;
use crate::run::{Failure, root};
use std::collections::BTreeMap;

const LINES_MAX: usize = 500;
const TABLE_LINES_MAX: usize = 700;
const TABLES: &[&str] = &["api/datamodel/src/classes/", "api/datamodel/src/errors.rs"];
const RATCHET: &str = "deploy/xtask/ratchet.txt";

pub fn check() -> Result<Vec<String>, Failure> {
    let ratchet = read_ratchet()?;
    let mut faults = Vec::new();
    for path in rust_files()? {
        let lines = std::fs::read_to_string(root().join(&path))?.lines().count();
        let limit = if TABLES.iter().any(|table| path.starts_with(table)) {
            TABLE_LINES_MAX
        } else {
            LINES_MAX
        };
        match ratchet.get(&path) {
            Some(&allowed) if lines > allowed => {
                faults.push(format!("{path}: {lines} lines, the ratchet allows {allowed}"));
            }
            Some(_) if lines <= limit => {
                faults.push(format!("{path}: now within {limit} lines; take it off {RATCHET}"))
            }
            Some(&allowed) if lines < allowed => faults.push(format!("{path}: lower it to {lines} in {RATCHET}")),
            None if lines > limit => faults.push(format!("{path}: {lines} lines, at most {limit}")),
            Some(_) | None => {}
        }
    }
    Ok(faults)
}

/// Lines of `path number`.
fn read_ratchet() -> Result<BTreeMap<String, usize>, Failure> {
    let text = std::fs::read_to_string(root().join(RATCHET)).unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let parsed = line
                .split_once(' ')
                .and_then(|(path, size)| Some((path.to_owned(), size.trim().parse().ok()?)));
            parsed.ok_or_else(|| Failure(format!("{RATCHET}: `{line}` is not `path lines`")))
        })
        .collect()
}
