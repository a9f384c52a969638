//! What the replies that are not sent yet may hold of memory, all together.
//!
//! Invariants: the bytes given out are never more than the budget, and no source has more of it than is left for the others; sources that
//! wait are served round robin, for a bounded time, and only so many wait.

use crate::fair::{Amount, Part, Source};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The budget is counted in units.
const UNIT_BYTES: usize = 1024;
/// Calls that wait for their share. Each holds the first bytes of its reply meanwhile.
const MOST_WAITING: usize = 256;

/// See the module.
#[derive(Debug)]
pub(crate) struct Budget {
    amount: Amount,
    units: usize,
    refused: AtomicUsize,
    wait: Duration,
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    _part: Part,
}

/// The budget did not become free in time.
#[derive(Debug)]
pub(crate) struct TooBusy;

impl Budget {
    pub(crate) fn new(bytes: usize, wait: Duration) -> Budget {
        let units = (bytes / UNIT_BYTES).max(1);
        Budget {
            amount: Amount::new(units),
            units,
            refused: AtomicUsize::new(0),
            wait,
        }
    }

    /// A share of that size. What is larger than the whole budget gets all of it.
    pub(crate) async fn share(&self, source: Source, bytes: usize) -> Result<Share, TooBusy> {
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, self.units);
        if let Some(part) = self.amount.try_take(source, units) {
            return Ok(Share { _part: part });
        }
        let Ok(waiting) = self.amount.line_up(source, units, MOST_WAITING) else {
            return Err(self.refuse());
        };
        match tokio::time::timeout(self.wait, waiting).await {
            Ok(Ok(part)) => Ok(Share { _part: part }),
            // Nobody but the amount itself drops what wakes.
            Ok(Err(_)) | Err(_) => Err(self.refuse()),
        }
    }

    fn refuse(&self) -> TooBusy {
        self.refused.fetch_add(1, Ordering::Relaxed);
        TooBusy
    }

    /// What is given out, bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        (self.units - self.amount.free()) * UNIT_BYTES
    }

    /// How many calls did not get their share.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use std::sync::Arc;

    const A: Source = None;
    const B: Source = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));

    #[tokio::test]
    async fn no_more_than_the_budget_is_given_out() {
        let budget = Budget::new(10 * UNIT_BYTES, Duration::from_millis(10));
        let first = budget.share(A, 6 * UNIT_BYTES).await.unwrap();
        let second = budget.share(B, 1).await.unwrap();
        assert_eq!(budget.held_bytes(), 7 * UNIT_BYTES);
        assert!(budget.share(A, 4 * UNIT_BYTES).await.is_err());
        assert_eq!(budget.refused(), 1);
        drop((first, second));
        assert_eq!(budget.held_bytes(), 0);
        let all = budget.share(A, 100 * UNIT_BYTES).await.unwrap();
        assert_eq!(budget.held_bytes(), 10 * UNIT_BYTES);
        drop(all);
    }

    #[tokio::test]
    async fn who_waits_gets_what_is_given_back() {
        let budget = Arc::new(Budget::new(UNIT_BYTES, Duration::from_secs(60)));
        let share = budget.share(A, 1).await.unwrap();
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.share(A, 1).await.is_ok() }
        });
        while budget.amount.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        drop(share);
        assert!(waiting.await.unwrap());
        assert_eq!(budget.held_bytes(), 0);
    }

    #[tokio::test]
    async fn a_greedy_source_leaves_a_share_to_the_others() {
        let budget = Budget::new(100 * UNIT_BYTES, Duration::from_millis(1));
        let mut held = Vec::new();
        while let Ok(share) = budget.share(A, UNIT_BYTES).await {
            held.push(share);
        }
        assert_eq!(budget.held_bytes(), 50 * UNIT_BYTES);
        assert!(budget.share(B, UNIT_BYTES).await.is_ok());
    }
}
