//! `event.from`: waits until something wanted happened, the time is over or the role is lost.
//!
//! Invariants: a waiter costs nothing while nothing it wants changes; after a change its cost grows with the changes, not with the
//! database; it goes when its client goes (the future is dropped), when its session ends, and when this host stops being
//! coordinator, then with its own token and no events (B4). What is told could be acknowledged: the views are those of
//! [`xenith_raft::PoolLog::watch_applied`].

mod hub;
mod registered;
mod request;
mod told;

pub(crate) use hub::{Entry, Hub, follow};
pub(crate) use registered::Registered;
pub(crate) use told::Answers;

use crate::node::Node;
use crate::role::no_coordinator;
use request::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::Instant;
use xenith_classes::event::empty_answer;
use xenith_datamodel::{ApiError, ClassId, Ref, Value};
use xenith_pooldb::{EventToken, View};
use xenith_raft::Role;
use xenith_wire::Piece;

/// Counts and bounds the calls that wait.
#[derive(Clone, Debug)]
pub(crate) struct Waiters {
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// One place among the waiters; given back on drop.
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Waiters {
    pub(crate) fn new(most: usize) -> Waiters {
        Waiters {
            waiting: Arc::default(),
            most,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Result<Waiting, ApiError> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Waiting(Arc::clone(&self.waiting));
        if before >= self.most {
            Err(ApiError::plain("TOO_BUSY"))
        } else {
            Ok(place)
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a wait is over.
enum Woken {
    /// Something may have happened.
    Change,
    /// The time, or this host's part in the pool.
    Over,
}

impl Node {
    pub(crate) async fn event_from(&self, session: &Ref, params: &[Value]) -> Result<Piece, ApiError> {
        let mut role = self.log.watch_role();
        let began_as_coordinator = is_coordinator(&role.borrow_and_update());
        let view = self.linearizable().await?;
        let caller = self.sessions.check(&view, session)?;
        self.touches.note(&view, &caller, &*self.clock);
        let row = session_row(&caller)?;
        let request = Request::new(params, self.config.event_batch)?;
        let _place = self.waiters.enter()?;
        let (mut view, mut since) = self.reach(view, &request).await;
        if Instant::now() < request.not_before {
            // Nothing may be said yet, so nothing is looked for: an answer made now would be made again then.
            tokio::time::sleep_until(request.not_before.min(request.until)).await;
        }
        // Entered before the first look, so that nothing falls between.
        let entry = self.hub.enter(&request.wanted, &row);
        view = newer(view, self.shown());
        loop {
            if !view.contains(row.0, &row.1) {
                return Err(ApiError::session_invalid(session));
            }
            if let Some(found) = self.answers.answer(&self.fragments, &view, since, &request.wanted) {
                return Ok(found);
            }
            since = since.newest(view.token());
            drop(view);
            let woken = tokio::select! {
                biased;
                // Waits for ever while this host is what it was.
                _lost = lost(&mut role, began_as_coordinator) => Woken::Over,
                _over = tokio::time::sleep_until(request.until) => Woken::Over,
                _change = entry.woken() => Woken::Change,
            };
            let look = entry.look();
            if look.ended {
                return Err(no_coordinator());
            }
            since = since.newest(look.quiet_until);
            view = match woken {
                Woken::Change => look.view,
                Woken::Over => return self.last_answer(session, &row, since, &request),
            };
        }
    }

    /// What happened in the last moment is told: the new token must not step over it.
    fn last_answer(
        &self,
        session: &Ref,
        row: &(ClassId, Ref),
        since: EventToken,
        request: &Request,
    ) -> Result<Piece, ApiError> {
        let view = self.shown();
        if !view.contains(row.0, &row.1) {
            return Err(ApiError::session_invalid(session));
        }
        if let Some(found) = self.answers.answer(&self.fragments, &view, since, &request.wanted) {
            return Ok(found);
        }
        let nothing = xenith_classes::event::Answer {
            // The view may be older than the one that was looked at first.
            token: since.newest(view.token()),
            ..empty_answer(&view)
        };
        Ok(told::piece(&self.fragments, &view, &nothing))
    }

    /// The view to look at first, and the token to tell from. A token of a newer state than this host's makes the call wait for
    /// that state: whatever is told before, a deletion could be missed. A token that no state comes to is of another history (a
    /// restored or recovered pool): everything is told anew (B6).
    async fn reach(&self, view: Arc<View>, request: &Request) -> (Arc<View>, EventToken) {
        if view.token().covers(request.since) {
            return (view, request.since);
        }
        let patience = request.until.min(Instant::now() + self.config.hold);
        let mut shown = self.log.watch_applied();
        let reached = shown.wait_for(|view| view.token().covers(request.since));
        match tokio::time::timeout_at(patience, reached).await {
            Ok(Ok(there)) => (there.clone(), request.since),
            Ok(Err(_)) | Err(_) => (view, EventToken::default()),
        }
    }

    /// The newest view that may be told.
    fn shown(&self) -> Arc<View> {
        self.log.watch_applied().borrow().clone()
    }
}

fn newer(one: Arc<View>, other: Arc<View>) -> Arc<View> {
    if other.token().covers(one.token()) { other } else { one }
}

/// The row whose end ends the call.
fn session_row(caller: &xenith_classes::Caller) -> Result<(ClassId, Ref), ApiError> {
    let class = xenith_datamodel::class("session").ok_or_else(|| ApiError::internal("no class session"))?;
    let row = caller.session.clone();
    row.map(|row| (class, row))
        .ok_or_else(|| ApiError::internal("a caller without a session"))
}

/// Resolves when a host that began as coordinator is none any more, or a supporter no longer knows one.
async fn lost(role: &mut tokio::sync::watch::Receiver<Role>, began_as_coordinator: bool) {
    let ended = role
        .wait_for(|role| is_coordinator(role) != began_as_coordinator)
        .await
        .is_err();
    if ended {
        // The log ended: the applied watch tells that too.
        std::future::pending::<()>().await;
    }
}

fn is_coordinator(role: &Role) -> bool {
    match role {
        Role::Coordinator { .. } => true,
        Role::Supporter { .. } | Role::NoCoordinator => false,
    }
}
