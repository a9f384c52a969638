//! How fast guests that stop by themselves are started again: the limits of xapi.

use serde::{Deserialize, Serialize};

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// A guest that crashes sooner is not started again (`minimum_time_between_bounces`).
    pub crash_within_ms: u64,
    /// A guest that reboots sooner waits (`minimum_time_between_reboot_with_no_added_delay`) …
    pub reboot_within_ms: u64,
    /// … for so long (`artificial_reboot_delay`).
    pub reboot_delay_ms: u64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            crash_within_ms: 120_000,
            reboot_within_ms: 60_000,
            reboot_delay_ms: 30_000,
        }
    }
}

impl Pace {
    pub(super) fn is_a_loop(&self, ran_ms: Option<u64>) -> bool {
        ran_ms.is_some_and(|ran_ms| ran_ms < self.crash_within_ms)
    }

    pub(super) fn delay_ms(&self, ran_ms: Option<u64>) -> u64 {
        match ran_ms.is_some_and(|ran_ms| ran_ms < self.reboot_within_ms) {
            true => self.reboot_delay_ms,
            false => 0,
        }
    }
}
