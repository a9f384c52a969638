//! Clients that rows of `Caller` know: what they asked for is counted, and waits when it is more than their `Rate_limit` allows.
//!
//! Counts and tokens are this host's, since it started; a call is counted on the host that its client came to. The local socket is never
//! limited: a limit that fits too much must not lock everybody out.
//! Invariants: while there are no rows, a call costs one look at a flag; a call waits for tokens in the order of arrival, and only so many
//! wait for one limit.

use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::warn;
use xenith_classes::caller::{self, Known};
use xenith_classes::rate_limit::{self, Limit};
use xenith_datamodel::{ApiError, ClassId, Method, Ref, Value, class};
use xenith_pooldb::{Touched, View};
use xenith_raft::Plan;
use xenith_wire::{Call, Origin};

/// Calls that wait for tokens of one limit; more are answered TOO_BUSY.
const MOST_WAITING: usize = 256;

#[derive(Default)]
pub(crate) struct Limits {
    /// Whether there are rows at all.
    is_needed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those that say most of a client first.
    known: Vec<Known>,
    used: BTreeMap<Ref, Used>,
    buckets: BTreeMap<Ref, Bucket>,
    /// Rows whose last use is not written yet.
    seen: BTreeSet<Ref>,
}

/// What a caller has used of this host.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Used {
    pub calls: i64,
    pub tokens: f64,
}

/// Tokens come back steadily, up to the burst. A call takes its tokens when it comes, also ones that are not there yet, and then waits until
/// they are: so calls go in the order they came.
#[derive(Debug)]
struct Bucket {
    limit: Limit,
    tokens: f64,
    at: Instant,
    waiting: Arc<()>,
}

impl Bucket {
    fn new(limit: Limit, now: Instant) -> Bucket {
        Bucket {
            limit,
            tokens: limit.burst_size,
            at: now,
            waiting: Arc::default(),
        }
    }

    fn fill(&mut self, now: Instant) {
        let back = now.saturating_duration_since(self.at).as_secs_f64() * self.limit.fill_rate;
        self.tokens = (self.tokens + back).min(self.limit.burst_size);
        self.at = now;
    }

    /// How long to wait, and the place among those that do.
    fn take(&mut self, cost: f64, now: Instant) -> Result<Option<(Duration, Arc<()>)>, ApiError> {
        self.fill(now);
        // Every place is a clone.
        if Arc::strong_count(&self.waiting) > MOST_WAITING {
            return Err(ApiError::plain("TOO_BUSY"));
        }
        self.tokens -= cost;
        if self.tokens >= 0.0 {
            return Ok(None);
        }
        let wait = Duration::try_from_secs_f64(-self.tokens / self.limit.fill_rate).unwrap_or(Duration::MAX);
        Ok(Some((wait, Arc::clone(&self.waiting))))
    }
}

impl Limits {
    /// A newer view.
    pub(crate) fn follow(&self, view: &View, touched: &Touched) {
        let ours = ["Caller", "Rate_limit"].map(class);
        let is_ours = |class: &ClassId| ours.contains(&Some(*class));
        let mut changed = touched.rows.iter().map(|(class, _)| class).chain(&touched.forgotten);
        if changed.any(is_ours) {
            self.load(view, Instant::now());
        }
    }

    fn load(&self, view: &View, now: Instant) {
        let known = match caller::known(view) {
            Ok(known) => known,
            Err(error) => return warn!(%error, "the rows of callers could not be read; those before go on"),
        };
        let mut state = self.state();
        let limited: BTreeSet<Ref> = known.iter().filter_map(|known| known.rate_limit.clone()).collect();
        state.buckets.retain(|row, _| limited.contains(row));
        for row in limited {
            match rate_limit::limit(view, &row) {
                Some(limit) => {
                    let bucket = state.buckets.entry(row).or_insert_with(|| Bucket::new(limit, now));
                    if bucket.limit != limit {
                        bucket.fill(now);
                        bucket.limit = limit;
                        bucket.fill(now);
                    }
                }
                None => drop(state.buckets.remove(&row)),
            }
        }
        let rows: BTreeSet<&Ref> = known.iter().map(|known| &known.row).collect();
        state.used.retain(|row, _| rows.contains(row));
        state.seen.retain(|row| rows.contains(row));
        self.is_needed.store(!known.is_empty(), Ordering::Relaxed);
        state.known = known;
    }

    /// Counts the call, and waits as long as its caller's limit says.
    pub(crate) async fn admit(&self, call: &Call, method: Option<&Method>) -> Result<(), ApiError> {
        let Origin::Tcp { peer, .. } = &call.origin else {
            return Ok(());
        };
        if !self.is_needed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let user_agent = call.user_agent.as_deref().unwrap_or_default();
        let client_ip = peer.ip().to_canonical().to_string();
        let waits = self.count((user_agent, &client_ip), caller::token_cost(method), Instant::now())?;
        if let Some((wait, _place)) = waits {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn count(
        &self,
        (user_agent, client_ip): (&str, &str),
        cost: f64,
        now: Instant,
    ) -> Result<Option<(Duration, Arc<()>)>, ApiError> {
        let mut state = self.state();
        let State {
            known,
            used,
            buckets,
            seen,
        } = &mut *state;
        let mut limited_by = None;
        for known in known.iter().filter(|known| known.is(user_agent, client_ip)) {
            let used = used.entry(known.row.clone()).or_default();
            used.calls = used.calls.saturating_add(1);
            used.tokens += cost;
            if !seen.contains(&known.row) {
                seen.insert(known.row.clone());
            }
            limited_by = limited_by.or(known.rate_limit.as_ref());
        }
        match limited_by.and_then(|row| buckets.get_mut(row)) {
            Some(bucket) => bucket.take(cost, now),
            None => Ok(None),
        }
    }

    pub(crate) fn used_by(&self, row: &Ref) -> Used {
        self.state().used.get(row).copied().unwrap_or_default()
    }

    /// Callers since the last time.
    fn take_seen(&self) -> Vec<Ref> {
        std::mem::take(&mut self.state().seen).into_iter().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When callers last called, for the background task.
pub(crate) fn accesses(node: &Arc<Node>) -> Plan {
    let node = Arc::clone(node);
    Box::new(move |view: &View| {
        let seen = node.limits.take_seen();
        let tx = caller::plan_access(view, &seen, Node::pool_now_ms(&*node.clock, view))?;
        crate::background::some_or_nothing(Some(tx))
    })
}

/// `Caller.query_*`. `params`: typed, without the session.
pub(crate) async fn query(node: &Node, message: &str, params: &[Value]) -> Result<Value, ApiError> {
    let view = node.linearizable().await?;
    if message == "query_all_usage" {
        return all_usage(node, &view);
    }
    let rows = match params.first() {
        Some(Value::Ref(row)) => {
            let is_there = class("Caller").is_some_and(|class| view.contains(class, row));
            is_there
                .then(|| vec![row.clone()])
                .ok_or_else(|| ApiError::handle_invalid("Caller", row))?
        }
        group => caller::of_group(&view, group.and_then(Value::as_text).unwrap_or_default())?,
    };
    let used: Vec<Used> = rows.iter().map(|row| node.limits.used_by(row)).collect();
    Ok(match message {
        "query_call_count" | "query_group_call_count" => Value::Int(used.iter().map(|used| used.calls).sum()),
        _ => Value::Float(used.iter().map(|used| used.tokens).sum()),
    })
}

/// uuid, name, tokens, calls of each, who used most first.
fn all_usage(node: &Node, view: &View) -> Result<Value, ApiError> {
    let Some(class) = class("Caller") else {
        return Err(ApiError::internal("no class Caller"));
    };
    let text = |row: &Ref, field| {
        let value = view.value(row, class.column(field)?)?;
        value.as_text().map(str::to_owned)
    };
    let mut all: Vec<(Used, &Ref)> = view.refs(class).map(|row| (node.limits.used_by(row), row)).collect();
    all.sort_by(|(a, _), (b, _)| b.tokens.total_cmp(&a.tokens));
    Ok(Value::set(all.into_iter().map(|(used, row)| {
        let names = ["uuid", "name_label"].map(|field| text(row, field).unwrap_or_default());
        let figures = [format!("{:.3}", used.tokens), used.calls.to_string()];
        Value::set(names.into_iter().chain(figures).map(Value::text))
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit {
        burst_size: 3.0,
        fill_rate: 2.0,
    };

    fn waits(bucket: &mut Bucket, cost: f64, now: Instant) -> f64 {
        bucket
            .take(cost, now)
            .unwrap()
            .map_or(0.0, |(wait, _)| wait.as_secs_f64())
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_rate_counts() {
        let now = Instant::now();
        let mut bucket = Bucket::new(LIMIT, now);
        let first: Vec<f64> = (0..6).map(|_| waits(&mut bucket, 1.0, now)).collect();
        assert_eq!(first, [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]);
        let later = now + Duration::from_secs(60);
        assert_eq!(
            waits(&mut bucket, 3.0, later),
            0.0,
            "no more is saved up than the burst"
        );
        assert_eq!(
            waits(&mut bucket, 4.0, later),
            2.0,
            "a call may cost more than the burst"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_wait_for_a_limit() {
        let now = Instant::now();
        let mut bucket = Bucket::new(LIMIT, now);
        let mut places = Vec::new();
        loop {
            match bucket.take(1.0, now) {
                Ok(place) => places.push(place),
                Err(error) => break assert_eq!(error.code, "TOO_BUSY"),
            }
        }
        assert_eq!(places.iter().flatten().count(), MOST_WAITING);
        drop(places);
        assert!(bucket.take(1.0, now).is_ok());
    }
}
