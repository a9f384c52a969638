//! Latencies of one run, all kept: exact quantiles, 4 bytes each.

use std::time::Duration;

#[derive(Clone, Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub fn merge(&mut self, other: Latencies) {
        self.0.extend(other.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In µs; 0 when nothing was measured.
    pub fn quantile(&mut self, quantile: f64) -> u64 {
        self.0.sort_unstable();
        let at = (self.0.len() as f64 * quantile).ceil() as usize;
        self.0.get(at.saturating_sub(1)).copied().unwrap_or(0).into()
    }

    pub fn max(&mut self) -> u64 {
        self.quantile(1.0)
    }
}
