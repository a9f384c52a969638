//! Lines of callers that nobody knows are few a second: else anybody could turn the log over by asking, and with it what was there.

use std::sync::{Mutex, PoisonError};

/// Of all such callers together. Logins are slowed down as well (see `penalty`); an operator still sees that there is a flood.
const UNPROVEN_PER_SECOND: u32 = 20;

#[derive(Default)]
pub(super) struct Flood(Mutex<Window>);

#[derive(Default)]
struct Window {
    second: i64,
    lines: u32,
    left_out: u64,
}

/// What to do with a line of such a caller.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Leave,
    /// Write it, after a line that tells how many were left out, if any were.
    Write {
        left_out: u64,
    },
}

impl Flood {
    pub(super) fn unproven(&self, now_ms: i64) -> Verdict {
        // No code panics while it holds the lock half-changed.
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now_ms.div_euclid(1000);
        if window.second != second {
            (window.second, window.lines) = (second, 0);
        }
        if window.lines >= UNPROVEN_PER_SECOND {
            window.left_out += 1;
            return Verdict::Leave;
        }
        window.lines += 1;
        Verdict::Write {
            left_out: std::mem::take(&mut window.left_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_a_second_and_the_rest_is_counted() {
        let flood = Flood::default();
        let written = (0..1_000).filter(|_| flood.unproven(5_000) != Verdict::Leave).count();
        assert_eq!(written, 20);
        assert_eq!(flood.unproven(6_000), Verdict::Write { left_out: 980 });
        assert_eq!(flood.unproven(6_001), Verdict::Write { left_out: 0 });
    }
}
