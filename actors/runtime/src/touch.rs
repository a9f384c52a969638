//! When sessions were last used: noted here, written in batches by the background task.
//!
//! Invariant: a note is lost with the process, which costs a session at most the time since its last written use.

use crate::ids::Clock;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use xenith_classes::Caller;
use xenith_classes::session::plan_touch;
use xenith_datamodel::Ref;
use xenith_pooldb::View;

/// Sessions waiting to be written; there are at most some thousands of sessions, and what does not fit is noted at its next call.
const MOST: usize = 4096;

#[derive(Default)]
pub(crate) struct Touches {
    rows: Mutex<BTreeSet<Ref>>,
}

impl Touches {
    /// Notes a use, if the session's row needs a newer time by now.
    pub(crate) fn note(&self, view: &View, caller: &Caller, clock: &dyn Clock) {
        let Some(row) = &caller.session else { return };
        if !matches!(plan_touch(view, row, clock.now_ms()), Ok(Some(_))) {
            return;
        }
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() < MOST {
            rows.insert(row.clone());
        }
    }

    pub(crate) fn take(&self) -> BTreeSet<Ref> {
        std::mem::take(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
