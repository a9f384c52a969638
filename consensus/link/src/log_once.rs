//! Faults of strangers, logged at most once a minute per address, whatever they send.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(60);
/// Addresses remembered; beyond, nothing new is logged until old ones have run out.
const ADDRESSES_MAX: usize = 256;

#[derive(Default)]
pub(crate) struct LogOnce(Mutex<BTreeMap<String, Instant>>);

impl LogOnce {
    pub fn warn(&self, address: &str, what: &str) {
        if self.is_due(address, Instant::now()) {
            tracing::warn!(address, what, "link handshake failed");
        }
    }

    fn is_due(&self, address: &str, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.get(address).is_some_and(|at| now.duration_since(*at) < PAUSE) {
            return false;
        }
        if last.len() >= ADDRESSES_MAX {
            last.retain(|_, at| now.duration_since(*at) < PAUSE);
        }
        let room = last.len() < ADDRESSES_MAX;
        if room {
            last.insert(address.to_owned(), now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute_per_address_and_bounded() {
        let log = LogOnce::default();
        let now = Instant::now();
        assert!(log.is_due("a", now));
        assert!(!log.is_due("a", now));
        assert!(log.is_due("b", now));
        assert!(log.is_due("a", now + PAUSE));
        for address in 0..10_000 {
            log.is_due(&address.to_string(), now + PAUSE);
        }
        assert!(log.0.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
