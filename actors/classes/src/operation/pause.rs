//! Orders that wait for a while before they are given: what failed is tried again, but not at once. A pause is in the record, so it goes on
//! over a change of coordinator.

use crate::rows;
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::{Transaction, View};

const CLASS: &str = "xenith_operation";

/// Longer with each failure, to a minute.
pub(crate) fn pause_ms(failures: u32) -> i64 {
    const FIRST_MS: i64 = 1_000;
    const MOST_MS: i64 = 60_000;
    // A shift that is too far would lose the bits that say how much.
    const DOUBLINGS_MAX: u32 = 6;
    (FIRST_MS << failures.min(DOUBLINGS_MAX)).min(MOST_MS)
}

/// The next operation whose pause is over: its order may be given.
pub(super) fn wake_next(view: &View, now_ms: i64) -> Result<Option<Transaction>, ApiError> {
    let (later, deadline) = (rows::column(CLASS, "later_host")?, rows::column(CLASS, "deadline_ms")?);
    for (host, operation) in view.valued(later) {
        let due = view
            .value(operation, deadline)
            .and_then(|due| due.as_int())
            .unwrap_or_default();
        if due <= now_ms {
            let mut tx = Transaction::new(now_ms);
            rows::set(&mut tx, CLASS, operation, "host", Ref::new(host))?;
            rows::set(&mut tx, CLASS, operation, "later_host", Ref::null())?;
            return Ok(Some(tx));
        }
    }
    Ok(None)
}
