//! The cache of the log's tail: bounded by bytes, but never without what is not durable yet.

use super::StoredEntry;
use super::queue::Queued;
use std::collections::VecDeque;

/// The last entries, contiguous up to the log's end.
pub(super) struct Tail {
    pub entries: VecDeque<StoredEntry>,
    pub bytes: usize,
    pub bytes_max: usize,
    /// Up to here entries are durable and may be forgotten.
    pub durable: Option<u64>,
}

impl Tail {
    pub fn push(&mut self, entry: StoredEntry) {
        self.bytes += entry.bytes.len() + Queued::ENTRY_OVERHEAD;
        self.entries.push_back(entry);
    }

    pub fn truncate(&mut self, index: u64) {
        while self.entries.back().is_some_and(|entry| entry.index >= index) {
            if let Some(entry) = self.entries.pop_back() {
                self.bytes -= entry.bytes.len() + Queued::ENTRY_OVERHEAD;
            }
        }
        self.durable = match (self.durable, index.checked_sub(1)) {
            (Some(durable), Some(end)) => Some(durable.min(end)),
            _ => None,
        };
    }

    pub fn purge(&mut self, index: u64) {
        while self.entries.front().is_some_and(|entry| entry.index <= index) {
            self.pop_front();
        }
    }

    pub fn evict(&mut self) {
        while self.bytes > self.bytes_max
            && self
                .entries
                .front()
                .is_some_and(|entry| Some(entry.index) <= self.durable)
        {
            self.pop_front();
        }
    }

    fn pop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.bytes.len() + Queued::ENTRY_OVERHEAD;
        }
    }
}
