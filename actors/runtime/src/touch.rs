//! When sessions were last used: noted here, written in batches by the background task.
//!
//! Invariant: a note is lost with the process, which costs a session at most the time since its last written use.

use crate::ids::Clock;
use crate::node::Node;
use crate::peers::Question;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use xenith_classes::Caller;
use xenith_classes::session::{self, plan_touch};
use xenith_datamodel::Ref;
use xenith_pooldb::View;
use xenith_raft::{NodeId, Role};
use xenith_wire::{Call, Origin, WireValue, typed};

/// Sessions waiting to be written; there are at most some thousands of sessions, and what does not fit is noted at its next call.
const MOST: usize = 4096;

#[derive(Default)]
pub(crate) struct Touches {
    rows: Mutex<BTreeSet<Ref>>,
    /// Of which the coordinator was told by a supporter, since the last [`Touches::take`].
    passed_on: Mutex<BTreeSet<Ref>>,
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

    /// Whether a supporter should tell the coordinator of this use: once in a while.
    fn should_pass_on(&self, view: &View, caller: &Caller, clock: &dyn Clock) -> bool {
        let Some(row) = &caller.session else { return false };
        if !matches!(plan_touch(view, row, clock.now_ms()), Ok(Some(_))) {
            return false;
        }
        let mut passed_on = self.passed_on.lock().unwrap_or_else(PoisonError::into_inner);
        passed_on.len() < MOST && passed_on.insert(row.clone())
    }

    pub(crate) fn take(&self) -> BTreeSet<Ref> {
        self.passed_on.lock().unwrap_or_else(PoisonError::into_inner).clear();
        std::mem::take(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Any read of a session is a use of it; this one's answer is small.
const TOUCHING_CALL: &str = "pool.get_all";

impl Node {
    /// Something that a session began outside of any call goes on: a transfer by an HTTP handler.
    pub(crate) fn session_in_use(self: &Arc<Node>, session: &Ref, origin: &Origin) {
        if self.local_sessions.user_of(session, Instant::now()).is_some() {
            return;
        }
        let role = self.log.watch_role().borrow().clone();
        match role {
            Role::Coordinator { .. } => {
                let view = self.log.applied();
                if let Ok(caller) = session::check(&view, session) {
                    self.touches.note(&view, &caller, &*self.clock);
                }
            }
            Role::Supporter { coordinator, .. } => {
                let param = WireValue::Text(session.as_str().to_owned());
                self.pass_touch_on(coordinator, Some(param), origin.clone());
            }
            // Somebody will lead again, and there will be more of the transfer.
            Role::NoCoordinator => {}
        }
    }

    /// The session was used on this supporter: the coordinator, which ends unused ones, is told by a small call of the session.
    pub(crate) fn pass_touch_on(self: &Arc<Node>, coordinator: NodeId, session: Option<WireValue>, origin: Origin) {
        let view = self.log.applied();
        let Some(param) = session else { return };
        let Ok(secret) = typed::session(param.clone()) else {
            return;
        };
        let Ok(caller) = session::check(&view, &secret) else {
            return;
        };
        if !self.touches.should_pass_on(&view, &caller, &*self.clock) {
            return;
        }
        let question = Question::Call(Box::new(Call {
            method: TOUCHING_CALL.to_owned(),
            params: vec![param],
            origin,
            task_id: None,
            subtask_of: None,
            task_other_config: Vec::new(),
            user_agent: None,
        }));
        let node = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = node.ask(coordinator, &question).await {
                tracing::debug!(%error, "the use of a session was not passed on; a later one will be");
            }
        });
    }
}
