//! `event.from`: waits on the applied view until something wanted happened, the time is over or the role is lost.
//!
//! Invariants: a waiter costs nothing while nothing changes; after a change its cost grows with the changes, not with the
//! database; it goes when its client goes (the future is dropped), when its session ends, and when this host stops being
//! coordinator, then with its own token and no events (B4).

use crate::node::Node;
use crate::role::no_coordinator;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use xenith_classes::event::{Subscription, answer, empty_answer, parse_token};
use xenith_classes::session;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{EventToken, View};
use xenith_raft::Role;

/// An impossible timeout means this (semantics.md §11).
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// After a look that found nothing wanted, the next one is not sooner: many unwanted changes must not cost a look each.
const LOOK_SPACING: Duration = Duration::from_millis(5);

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

/// One call of event.from, its parameters read.
struct Request {
    wanted: Subscription,
    since: EventToken,
    /// When to give up.
    until: Instant,
    /// No reply before this.
    not_before: Instant,
}

impl Request {
    /// `params`: classes, token, timeout in seconds.
    fn new(params: &[Value], batch: Duration) -> Result<Request, ApiError> {
        let [classes, token, timeout] = params else {
            return Err(ApiError::internal("event.from takes three parameters"));
        };
        let words: Vec<&str> = classes
            .as_set()
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_text)
            .collect();
        let since = parse_token(token.as_text().unwrap_or_default())?;
        let now = Instant::now();
        let is_first = since == EventToken::default();
        let not_before = if is_first || is_task_only(&words) {
            now
        } else {
            now + batch
        };
        Ok(Request {
            wanted: Subscription::parse(words),
            since,
            until: now + wait_of(timeout.as_float().unwrap_or(f64::NAN)),
            not_before,
        })
    }
}

/// Seconds as the client gave them; 0 answers at once, what is no time blocks.
fn wait_of(seconds: f64) -> Duration {
    if !seconds.is_finite() || seconds < 0.0 {
        return LONGEST_WAIT;
    }
    Duration::try_from_secs_f64(seconds)
        .unwrap_or(LONGEST_WAIT)
        .min(LONGEST_WAIT)
}

/// Clients that wait for their own tasks want no batching.
fn is_task_only(words: &[&str]) -> bool {
    let of_task = |word: &&str| {
        word.split('/')
            .next()
            .is_some_and(|class| class.eq_ignore_ascii_case("task"))
    };
    !words.is_empty() && words.iter().all(of_task)
}

impl Node {
    pub(crate) async fn event_from(&self, session: &Ref, params: &[Value]) -> Result<Value, ApiError> {
        // Subscribed before the first look, so that nothing falls between.
        let mut applied = self.log.watch_applied();
        let mut role = self.log.watch_role();
        let began_as_coordinator = is_coordinator(&role.borrow_and_update());
        let mut view = self.linearizable().await?;
        let caller = session::check(&view, session)?;
        self.touches.note(&view, &caller, &*self.clock);
        let mut request = Request::new(params, self.config.event_batch)?;
        let _place = self.waiters.enter()?;
        if Instant::now() < request.not_before {
            // Nothing may be said yet, so nothing is looked for: an answer made now would be made again then.
            drop(view);
            tokio::time::sleep_until(request.not_before.min(request.until)).await;
            view = applied.borrow_and_update().clone();
        }
        loop {
            session::check(&view, session)?;
            match answer(&view, request.since, &request.wanted)? {
                Some(found) => return Ok(found),
                None => {
                    request.since = token_of(&view);
                    drop(view);
                    if let Some(ended) = self
                        .wait(&request, &mut applied, &mut role, began_as_coordinator)
                        .await?
                    {
                        session::check(&ended, session)?;
                        // What happened in the last moment is told: the new token must not step over it.
                        let found = answer(&ended, request.since, &request.wanted)?;
                        return found.map_or_else(|| empty_answer(&ended), Ok);
                    }
                }
            }
            view = applied.borrow_and_update().clone();
        }
    }

    /// Until there is something new to look at (`None`), or the call is over (the view to answer with).
    async fn wait(
        &self,
        request: &Request,
        applied: &mut tokio::sync::watch::Receiver<Arc<View>>,
        role: &mut tokio::sync::watch::Receiver<Role>,
        began_as_coordinator: bool,
    ) -> Result<Option<Arc<View>>, ApiError> {
        let looked = Instant::now();
        tokio::select! {
            biased;
            // Waits for ever while this host is what it was.
            _lost = lost(role, began_as_coordinator) => return Ok(Some(self.log.applied())),
            _over = tokio::time::sleep_until(request.until) => return Ok(Some(self.log.applied())),
            changed = applied.changed() => changed.map_err(|_| no_coordinator())?,
        }
        tokio::time::sleep_until(request.until.min(looked + LOOK_SPACING)).await;
        Ok(None)
    }
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

fn token_of(view: &View) -> EventToken {
    EventToken {
        database: view.generation(),
        message: view.message_generation(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_as_xapi_takes_them() {
        assert_eq!(wait_of(0.0), Duration::ZERO);
        assert_eq!(wait_of(1.5), Duration::from_millis(1500));
        for odd in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(wait_of(odd), LONGEST_WAIT);
        }
    }

    #[test]
    fn only_subscriptions_to_tasks_alone_are_not_batched() {
        assert!(is_task_only(&["task/OpaqueRef:x", "Task"]));
        assert!(!is_task_only(&["task", "vm"]));
        assert!(!is_task_only(&[]));
    }
}
