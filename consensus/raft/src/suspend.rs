//! Suspend of the machine (CORRECTNESS A8): the clock that leases are counted on stands still meanwhile, so a lease may look valid long
//! after it has ended.
//!
//! Invariant: asked right after a lease was found valid, [`SuspendGuard::lease_holds`] says no when the machine was suspended since the
//! acknowledgements that the lease rests on: from the moment a suspend is noticed, for as long as a lease lasts.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A jump of more than this counts: far below any lease, far above what reading two clocks takes.
const TOLERANCE: Duration = Duration::from_millis(1);

/// Readings taken before a jump is believed: a task that was put aside between the two clocks sees one that never was.
const READINGS: u32 = 3;

/// How long this machine has been suspended since it was started. Only differences count.
#[derive(Clone)]
pub struct SuspendClock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl SuspendClock {
    pub fn new(suspended: impl Fn() -> Duration + Send + Sync + 'static) -> SuspendClock {
        SuspendClock(Arc::new(suspended))
    }

    /// CLOCK_BOOTTIME, which goes on in suspend, less CLOCK_MONOTONIC, which does not.
    pub fn system() -> SuspendClock {
        use rustix::time::{ClockId, Timespec, clock_gettime};
        let since_boot = |time: Timespec| {
            let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
            Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
        };
        SuspendClock::new(move || {
            let monotonic = since_boot(clock_gettime(ClockId::Monotonic));
            since_boot(clock_gettime(ClockId::Boottime)).saturating_sub(monotonic)
        })
    }

    /// For simulations, whose machines are never suspended.
    pub fn never() -> SuspendClock {
        SuspendClock::new(|| Duration::ZERO)
    }

    fn read(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for SuspendClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SuspendClock")
    }
}

pub struct SuspendGuard {
    clock: SuspendClock,
    lease: Duration,
    state: Mutex<State>,
}

struct State {
    /// The least seen since the last jump: a reading is never too small.
    suspended: Duration,
    distrust_until: Option<Instant>,
    jumps: u64,
}

impl SuspendGuard {
    pub fn new(clock: SuspendClock, lease: Duration) -> Arc<SuspendGuard> {
        let state = State {
            suspended: least(&clock),
            distrust_until: None,
            jumps: 0,
        };
        Arc::new(SuspendGuard {
            clock,
            lease,
            state: Mutex::new(state),
        })
    }

    /// To be asked after the lease was looked at, not before.
    pub fn lease_holds(&self) -> bool {
        let mut state = self.look();
        match state.distrust_until {
            Some(until) if Instant::now() <= until => false,
            Some(_) | None => {
                state.distrust_until = None;
                true
            }
        }
    }

    /// Suspends noticed since the start.
    pub fn jumps(&self) -> u64 {
        self.look().jumps
    }

    fn look(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = state.suspended.saturating_add(TOLERANCE);
        let mut suspended = self.clock.read();
        if suspended > limit {
            suspended = suspended.min(least(&self.clock));
        }
        if suspended > limit {
            let jump = suspended.saturating_sub(state.suspended);
            tracing::warn!(?jump, "this machine was suspended: leases are not trusted for a while");
            state.jumps += 1;
            state.suspended = suspended;
            // After the clock was read: what was acknowledged before the suspend counts no longer than this.
            state.distrust_until = Some(Instant::now() + self.lease);
        } else {
            state.suspended = state.suspended.min(suspended);
        }
        state
    }
}

fn least(clock: &SuspendClock) -> Duration {
    (0..READINGS).map(|_| clock.read()).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn guard(lease: Duration) -> (Arc<SuspendGuard>, Arc<AtomicU64>) {
        let suspended = Arc::new(AtomicU64::new(5_000));
        let of = suspended.clone();
        let clock = SuspendClock::new(move || Duration::from_micros(of.load(Ordering::SeqCst)));
        (SuspendGuard::new(clock, lease), suspended)
    }

    /// A lease that lasts as long as the test.
    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn after_a_suspend_the_lease_is_not_trusted() {
        let (guard, suspended) = guard(LONG);
        assert!(guard.lease_holds());
        suspended.fetch_add(1_001, Ordering::SeqCst);
        assert!(!guard.lease_holds());
        assert!(!guard.lease_holds());
        assert_eq!(guard.jumps(), 1);
    }

    #[test]
    fn small_differences_are_no_suspend_but_add_up() {
        let (guard, suspended) = guard(LONG);
        suspended.fetch_add(1_000, Ordering::SeqCst);
        assert!(guard.lease_holds());
        suspended.fetch_add(1, Ordering::SeqCst);
        assert!(!guard.lease_holds());
    }

    #[test]
    fn it_is_trusted_again_later_and_a_reading_that_was_too_large_hides_no_later_suspend() {
        let (guard, suspended) = guard(Duration::ZERO);
        suspended.fetch_add(5_000, Ordering::SeqCst);
        assert_eq!(guard.jumps(), 1);
        suspended.fetch_sub(5_000, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        assert!(guard.lease_holds());
        suspended.fetch_add(2_000, Ordering::SeqCst);
        assert_eq!(guard.jumps(), 2);
    }

    #[test]
    fn the_systems_clocks_are_read() {
        let clock = SuspendClock::system();
        assert!(least(&clock) <= clock.read().saturating_add(Duration::from_secs(1)));
    }
}
