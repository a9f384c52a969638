//! Old tasks go (semantics.md §4).

use super::is_pending;
use crate::rows;
use std::collections::BTreeMap;
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::{Transaction, View};

/// A finished task is kept this long so that its client can read the result.
const FINISHED_SECONDS: i64 = 65 * 60;
/// A pending task this old that makes no progress between two passes is given up.
const PENDING_SECONDS: i64 = 24 * 60 * 60;
/// Above this many tasks the oldest finished ones go at once.
const MOST_TASKS: usize = 200;

/// What a pass found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reaped {
    /// What to commit, if anything.
    pub transaction: Option<Transaction>,
    /// Progress of the old pending tasks, for the next pass.
    pub progress: BTreeMap<Ref, String>,
}

/// One pass, every 30 s. `before` is what the last pass returned as `progress`.
pub fn reap_tasks(view: &View, now_ms: i64, before: &BTreeMap<Ref, String>) -> Result<Reaped, ApiError> {
    let now = now_ms.div_euclid(1000);
    let mut tx = Transaction::new(now_ms);
    let mut finished = Vec::new();
    let mut progress = BTreeMap::new();
    let tasks = rows::all(view, "task")?;
    let mut left = tasks.len();
    for task in tasks {
        let created = rows::date_time(view, "task", &task, "created")?.wall_seconds;
        if crate::operation::Record::exists(view, &task)? {
            // Its operation ends it, however long that takes.
            continue;
        }
        if !is_pending(view, &task)? {
            // A client's own task never gets a time of finishing: it counts from its creation.
            let ended = rows::date_time(view, "task", &task, "finished")?
                .wall_seconds
                .max(created);
            finished.push((ended, task));
        } else if now - created > PENDING_SECONDS {
            let seen = progress_text(view, &task)?;
            if before.get(&task) == Some(&seen) {
                rows::destroy(&mut tx, "task", &task)?;
                left -= 1;
            } else {
                progress.insert(task, seen);
            }
        }
    }
    finished.sort();
    for (ended, task) in finished {
        if now - ended > FINISHED_SECONDS || left > MOST_TASKS {
            rows::destroy(&mut tx, "task", &task)?;
            left -= 1;
        }
    }
    let transaction = (!tx.changes.is_empty()).then_some(tx);
    Ok(Reaped { transaction, progress })
}

fn progress_text(view: &View, task: &Ref) -> Result<String, ApiError> {
    let value = rows::value(view, "task", task, "progress")?;
    Ok(value.as_float().unwrap_or_default().to_string())
}
