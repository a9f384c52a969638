//! The parameters of `event.from`.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use xenith_classes::event::{Subscription, parse_token};
use xenith_datamodel::{ApiError, Value};
use xenith_pooldb::EventToken;

/// An impossible timeout means this (semantics.md §11).
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// One call of event.from, its parameters read.
pub(super) struct Request {
    pub wanted: Arc<Subscription>,
    pub since: EventToken,
    /// When to give up.
    pub until: Instant,
    /// No reply before this.
    pub not_before: Instant,
}

impl Request {
    /// `params`: classes, token, timeout in seconds.
    pub fn new(params: &[Value], batch: Duration) -> Result<Request, ApiError> {
        let [classes, token, timeout] = params else {
            return Err(ApiError::internal("event.from takes three parameters"));
        };
        let words = words(classes);
        let since = parse_token(token.as_text().unwrap_or_default())?;
        let now = Instant::now();
        let is_first = since == EventToken::default();
        let not_before = if is_first || is_task_only(&words) {
            now
        } else {
            now + batch
        };
        Ok(Request {
            wanted: Arc::new(Subscription::parse(words)),
            since,
            until: now + wait_of(timeout.as_float().unwrap_or(f64::NAN)),
            not_before,
        })
    }
}

/// The texts of a set of strings.
pub(super) fn words(classes: &Value) -> Vec<&str> {
    let items = classes.as_set().unwrap_or_default();
    items.iter().filter_map(Value::as_text).collect()
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
