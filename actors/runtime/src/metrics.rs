//! Counters of the toolstack, in Prometheus' text form. Those of the log come from the log.

use crate::events::Waiters;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tracing::warn;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

pub(crate) struct Metrics {
    registry: Registry,
    success: Counter,
    failure: Counter,
    forwarded: Counter,
    logins_failed: Counter,
    logins_refused: Counter,
    event_waiters: Gauge,
}

impl Metrics {
    /// `audit_lost`: lines that the audit log could not keep.
    pub(crate) fn new(audit_lost: Counter) -> Metrics {
        let mut registry = Registry::with_prefix("xenith");
        let calls = Family::<ResultLabel, Counter>::default();
        // One statement each: the guard that `get_or_create` returns lives to its end.
        let success = calls.get_or_create(&ResultLabel { result: "success" }).clone();
        let failure = calls.get_or_create(&ResultLabel { result: "failure" }).clone();
        let metrics = Metrics {
            success,
            failure,
            forwarded: Counter::default(),
            logins_failed: Counter::default(),
            logins_refused: Counter::default(),
            event_waiters: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("calls", "XenAPI calls answered", calls);
        registry.register(
            "calls_forwarded",
            "Calls passed on to the coordinator",
            metrics.forwarded.clone(),
        );
        registry.register(
            "logins_failed",
            "Logins with a wrong name or password",
            metrics.logins_failed.clone(),
        );
        registry.register(
            "logins_refused",
            "Logins refused unheard because their source guessed wrong too often",
            metrics.logins_refused.clone(),
        );
        registry.register(
            "event_waiters",
            "Calls of event.from that wait",
            metrics.event_waiters.clone(),
        );
        registry.register(
            "audit_lines_lost",
            "Lines that the audit log could not keep",
            audit_lost,
        );
        Metrics { registry, ..metrics }
    }

    pub(crate) fn called(&self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.success.inc(),
            Outcome::Failure => self.failure.inc(),
        };
    }

    pub(crate) fn forwarded(&self) {
        self.forwarded.inc();
    }

    pub(crate) fn login_failed(&self) {
        self.logins_failed.inc();
    }

    pub(crate) fn login_refused(&self) {
        self.logins_refused.inc();
    }

    /// Appends to the log's text; the end mark stays last.
    pub(crate) fn write(&self, text: &mut String, waiters: &Waiters) {
        self.event_waiters
            .set(i64::try_from(waiters.count()).unwrap_or(i64::MAX));
        if let Some(end) = text.rfind("# EOF") {
            text.truncate(end);
        }
        if let Err(error) = encode(text, &self.registry) {
            warn!(%error, "metrics could not be written");
        }
    }
}
