//! What the toolstack can be told, and the bounds it keeps. Each bound carries its reason.

use std::time::Duration;

/// What a supporter does with a call that needs the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupporterCalls {
    /// HOST_IS_SLAVE with the coordinator's address, as XenAPI says.
    Redirect,
    /// Passed on; the client need not know the coordinator.
    Forward,
}

#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    pub supporter_calls: SupporterCalls,
    /// How long the old coordinator forwards calls of existing sessions after a hand-over (B4).
    pub hand_over_forward: Duration,
    /// Nothing new is asked of a host that was not heard for so long; after thrice this callers do not wait for it any more.
    pub silent_after: Duration,
    /// How long a call waits for a coordinator to be known (B3).
    pub hold: Duration,
    /// Replies of event.from to one watcher are at least this far apart, so that a burst is one reply.
    pub event_batch: Duration,
    /// event.from calls that may wait at a time; each costs about 2 KiB.
    pub max_event_waiters: usize,
    /// Encoded records kept for the next reader, bytes. 1,000 VMs take 7 MB in XML and 2 MB in JSON.
    pub encoded_bytes: usize,
    /// What a wrong password waits.
    pub login_failure_delay: Duration,
    /// Between two passes of the reapers (semantics.md §4).
    pub reap_every: Duration,
}

impl Default for RuntimeConfig {
    fn default() -> RuntimeConfig {
        RuntimeConfig {
            supporter_calls: SupporterCalls::Redirect,
            hand_over_forward: Duration::from_secs(60),
            silent_after: Duration::from_secs(20),
            hold: Duration::from_secs(3),
            event_batch: Duration::from_millis(50),
            max_event_waiters: 20_000,
            encoded_bytes: 16 << 20,
            login_failure_delay: crate::penalty::FAILURE_DELAY,
            reap_every: Duration::from_secs(30),
        }
    }
}
