//! Slows down whoever guesses passwords: a failure waits, and only a few failures of one source may wait at a time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use xenith_raft::NodeId;

/// What xapi waits after a wrong password.
pub(crate) const FAILURE_DELAY: Duration = Duration::from_secs(5);
/// Failures of one source that may be waiting: its further attempts are refused unheard until one has waited.
const MAX_WAITING_PER_SOURCE: u32 = 4;
/// Sources the table holds; when it is full, new sources share one entry.
const MAX_SOURCES: usize = 1024;

/// Who guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// Of the client, also when a member forwarded its call.
    Address(IpAddr),
    /// A member's call without its client's address.
    Member(NodeId),
    /// Hosts that want to join through this member.
    Joins(NodeId),
    /// All without a place of their own.
    Other,
}

/// Cloning gives another handle of the same table.
#[derive(Clone, Default)]
pub(crate) struct Penalties {
    waiting: Arc<Mutex<BTreeMap<Source, u32>>>,
}

impl Penalties {
    /// False: this source has enough failures waiting, do not even look at its password.
    pub(crate) fn may_try(&self, source: Source) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(&waiting, source);
        waiting.get(&key).is_none_or(|count| *count < MAX_WAITING_PER_SOURCE)
    }

    /// Waits out a failure; the entry stays for the whole delay even when the client hangs up.
    pub(crate) async fn wait(&self, source: Source, delay: Duration) {
        let key = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let key = key(&waiting, source);
            *waiting.entry(key).or_default() += 1;
            key
        };
        let penalties = self.clone();
        // A task of its own: a guesser that hangs up after each attempt must not shorten its wait.
        let waited = tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            penalties.release(key);
        });
        // The task cannot fail but by the runtime's end, which ends this call too.
        let _ = waited.await;
    }

    fn release(&self, key: Source) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.remove(&key);
            }
        }
    }
}

fn key(waiting: &BTreeMap<Source, u32>, source: Source) -> Source {
    if waiting.contains_key(&source) || waiting.len() < MAX_SOURCES {
        source
    } else {
        Source::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_source_is_shut_out_while_its_failures_wait_and_others_are_not() {
        let penalties = Penalties::default();
        let bad = Source::Address(IpAddr::from([10, 0, 0, 1]));
        let mut waits = Vec::new();
        for _ in 0..MAX_WAITING_PER_SOURCE {
            assert!(penalties.may_try(bad));
            let penalties = penalties.clone();
            waits.push(tokio::spawn(async move { penalties.wait(bad, FAILURE_DELAY).await }));
            tokio::task::yield_now().await;
        }
        assert!(!penalties.may_try(bad));
        assert!(penalties.may_try(Source::Address(IpAddr::from([10, 0, 0, 2]))));
        waits.iter().for_each(|wait| wait.abort());
        tokio::task::yield_now().await;
        assert!(!penalties.may_try(bad), "hanging up does not shorten the wait");
        tokio::time::sleep(FAILURE_DELAY * 2).await;
        assert!(penalties.may_try(bad));
    }
}
