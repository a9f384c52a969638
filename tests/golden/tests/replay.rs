//! Every recorded case: equal, or waiting for a message that is not built, or in the list of differences with its reason.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::BTreeMap;
use xenith_golden::{Lab, Outcome, Waiting, load, play};

/// `case reason`, a line each. May only shrink: a case that has become equal must leave it.
const DIFFERENCES: &str = include_str!("differences.txt");

/// Group, and whether it is of the edge's own groups, of which at most a tenth may wait.
const GROUPS: &[(&str, bool)] = &[
    ("encoding", true),
    ("dispatch", true),
    ("session", true),
    ("generic", true),
    ("events", true),
    ("tasks", true),
    ("vm", false),
    ("devices", false),
    ("hostpool", false),
    ("network", false),
    ("http", false),
    ("licensed", false),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_exchanges() {
    let known: BTreeMap<&str, &str> = DIFFERENCES.lines().filter_map(|line| line.split_once(' ')).collect();
    let (lab, waiting) = (Lab::start().await, Waiting::default());
    let only = std::env::var("XENITH_GOLDEN").unwrap_or_default();
    let (mut unexplained, mut stale) = (Vec::new(), Vec::new());
    let (mut edge, mut edge_waits) = (0, 0);
    for (group, of_the_edge) in GROUPS {
        let (mut equal, mut explained, mut waits) = (0, 0, 0);
        for case in load(group).iter().filter(|case| case.id.starts_with(&only)) {
            edge += usize::from(*of_the_edge);
            match (play(&lab, case).await, known.get(case.id.as_str())) {
                (Outcome::Equal, None) => equal += 1,
                (Outcome::Equal, Some(_)) => stale.push(case.id.clone()),
                (Outcome::Different(_), Some(_)) => explained += 1,
                (Outcome::Different(_), None) if waiting.message(case).is_some() => {
                    waits += 1;
                    edge_waits += usize::from(*of_the_edge);
                }
                (Outcome::Different(text), None) => unexplained.push(format!("{} {text}", case.id)),
            }
        }
        println!("{group}: {equal} equal, {explained} differ and are explained, {waits} wait");
    }
    assert!(
        unexplained.is_empty(),
        "{} differ:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    assert!(stale.is_empty(), "take these from differences.txt: {stale:?}");
    if only.is_empty() {
        assert!(edge_waits * 10 <= edge, "{edge_waits} of {edge} cases of the edge wait");
    }
}
