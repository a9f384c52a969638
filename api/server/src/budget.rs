//! What the replies that are not sent yet may hold of memory, all together.
//!
//! Invariants: the bytes given out are never more than the budget; who waits is served in order, for a bounded time, and only so many
//! wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The budget is counted in units, so that a large one fits the semaphore's counters.
const UNIT_BYTES: usize = 1024;
/// Calls that wait for their share. Each holds the first bytes of its reply meanwhile.
const MOST_WAITING: usize = 256;

/// See the module.
#[derive(Debug)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    units: usize,
    waiting: AtomicUsize,
    refused: AtomicUsize,
    wait: Duration,
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    _units: OwnedSemaphorePermit,
}

/// The budget did not become free in time.
#[derive(Debug)]
pub(crate) struct TooBusy;

impl Budget {
    pub(crate) fn new(bytes: usize, wait: Duration) -> Budget {
        let most = usize::try_from(u32::MAX)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS);
        let units = (bytes / UNIT_BYTES).clamp(1, most);
        Budget {
            free: Arc::new(Semaphore::new(units)),
            units,
            waiting: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            wait,
        }
    }

    /// A share of that size. What is larger than the whole budget gets all of it.
    pub(crate) async fn share(&self, bytes: usize) -> Result<Share, TooBusy> {
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES).clamp(1, self.units)).unwrap_or(u32::MAX);
        if let Ok(units) = Arc::clone(&self.free).try_acquire_many_owned(units) {
            return Ok(Share { _units: units });
        }
        let _waiting = match Waiting::begin(&self.waiting) {
            Some(waiting) => waiting,
            None => return Err(self.refuse()),
        };
        match tokio::time::timeout(self.wait, Arc::clone(&self.free).acquire_many_owned(units)).await {
            Ok(Ok(units)) => Ok(Share { _units: units }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(self.refuse()),
        }
    }

    fn refuse(&self) -> TooBusy {
        self.refused.fetch_add(1, Ordering::Relaxed);
        TooBusy
    }

    /// What is given out, bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        (self.units - self.free.available_permits()) * UNIT_BYTES
    }

    /// How many calls did not get their share.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

/// One place among those that wait; the wait may be dropped at any time.
struct Waiting<'a>(&'a AtomicUsize);

impl Waiting<'_> {
    fn begin(count: &AtomicUsize) -> Option<Waiting<'_>> {
        let waiting = Waiting(count);
        (count.fetch_add(1, Ordering::AcqRel) < MOST_WAITING).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_than_the_budget_is_given_out() {
        let budget = Budget::new(10 * UNIT_BYTES, Duration::from_millis(10));
        let first = budget.share(6 * UNIT_BYTES).await.unwrap();
        let second = budget.share(1).await.unwrap();
        assert_eq!(budget.held_bytes(), 7 * UNIT_BYTES);
        assert!(budget.share(4 * UNIT_BYTES).await.is_err());
        assert_eq!(budget.refused(), 1);
        drop((first, second));
        assert_eq!(budget.held_bytes(), 0);
        let all = budget.share(100 * UNIT_BYTES).await.unwrap();
        assert_eq!(budget.held_bytes(), 10 * UNIT_BYTES);
        drop(all);
    }

    #[tokio::test]
    async fn who_waits_gets_what_is_given_back() {
        let budget = Arc::new(Budget::new(UNIT_BYTES, Duration::from_secs(60)));
        let share = budget.share(1).await.unwrap();
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.share(1).await.is_ok() }
        });
        while budget.waiting.load(Ordering::Acquire) == 0 {
            tokio::task::yield_now().await;
        }
        drop(share);
        assert!(waiting.await.unwrap());
        assert_eq!(budget.waiting.load(Ordering::Acquire), 0);
    }

    #[tokio::test]
    async fn only_so_many_wait() {
        let budget = Arc::new(Budget::new(UNIT_BYTES, Duration::from_secs(60)));
        let share = budget.share(1).await.unwrap();
        let waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                let budget = Arc::clone(&budget);
                tokio::spawn(async move { budget.share(1).await.is_ok() })
            })
            .collect();
        while budget.waiting.load(Ordering::Acquire) < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        assert!(budget.share(1).await.is_err());
        drop(share);
        for waiter in waiting {
            assert!(waiter.await.unwrap());
        }
    }
}
