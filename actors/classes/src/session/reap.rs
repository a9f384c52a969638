//! Use and expiry of sessions.

use crate::cx::date_time;
use crate::rows;
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::{Transaction, View};

/// A session unused for this long ends (semantics.md §5).
const EXPIRY_SECONDS: i64 = 24 * 60 * 60;
/// `last_active` is written at most this often: it would otherwise be a write for every call.
const TOUCH_SECONDS: i64 = 10 * 60;
/// Sessions of sessions: a chain longer than this is a loop.
const MOST_PARENTS: usize = 16;

/// The write of `last_active` that a use of the session needs now, if any.
pub fn plan_touch(view: &View, row: &Ref, now_ms: i64) -> Result<Option<Transaction>, ApiError> {
    let now = date_time(now_ms);
    let last = rows::date_time(view, "session", row, "last_active")?;
    if now.wall_seconds - last.wall_seconds < TOUCH_SECONDS {
        return Ok(None);
    }
    let mut tx = Transaction::new(now_ms);
    rows::set(&mut tx, "session", row, "last_active", now)?;
    Ok(Some(tx))
}

/// The end of the sessions that nobody used for a day and that no task runs for.
pub fn reap_sessions(view: &View, now_ms: i64) -> Result<Option<Transaction>, ApiError> {
    let oldest = date_time(now_ms).wall_seconds - EXPIRY_SECONDS;
    let mut tx = Transaction::new(now_ms);
    for row in rows::all(view, "session")? {
        let last = rows::date_time(view, "session", &row, "last_active")?.wall_seconds;
        if last < oldest && !has_running_task(view, &row)? {
            rows::destroy(&mut tx, "session", &row)?;
        }
    }
    Ok((!tx.changes.is_empty()).then_some(tx))
}

/// For the session or one of its parents.
fn has_running_task(view: &View, row: &Ref) -> Result<bool, ApiError> {
    let session = rows::class("session")?;
    let mut at = row.clone();
    for _ in 0..MOST_PARENTS {
        if !view.contains(session, &at) {
            return Ok(false);
        }
        for task in rows::references(view, "session", &at, "tasks")? {
            if crate::task::is_pending(view, &task)? {
                return Ok(true);
            }
        }
        at = rows::reference(view, "session", &at, "parent")?;
    }
    Ok(false)
}
