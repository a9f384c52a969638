//! What a run did to the log, step by step, and which contents the log may have after a crash.

use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use xenith_raft::store::{DurableLog, LogPos, StoredEntry, StoredVote};

/// A call on the log.
#[derive(Clone, Debug)]
pub enum Call {
    Append(Vec<StoredEntry>),
    Vote(Vec<u8>),
    Truncate(u64),
    Purge(LogPos),
}

/// What must be there again after a crash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    pub entries: BTreeMap<u64, StoredEntry>,
    pub purged: Option<LogPos>,
    pub vote: Option<Vec<u8>>,
}

/// The contents after each step; a step is a call, or one entry of an append or a truncation.
#[derive(Clone, Debug)]
pub struct History {
    pub steps: Vec<Content>,
}

impl History {
    pub fn starting_at(content: Content) -> Self {
        Self { steps: vec![content] }
    }

    pub fn now(&self) -> &Content {
        self.steps.last().expect("it starts with one")
    }

    /// Number of steps so far.
    pub fn count(&self) -> usize {
        self.steps.len() - 1
    }

    pub fn push(&mut self, call: &Call) {
        match call {
            Call::Append(entries) => {
                for entry in entries {
                    let mut next = self.now().clone();
                    next.entries.insert(entry.index, entry.clone());
                    self.steps.push(next);
                }
            }
            Call::Vote(vote) => {
                let next = Content {
                    vote: Some(vote.clone()),
                    ..self.now().clone()
                };
                self.steps.push(next);
            }
            Call::Truncate(index) => {
                // A long one is done in steps, from the end.
                while self.now().entries.keys().next_back().is_some_and(|last| last >= index) {
                    let mut next = self.now().clone();
                    next.entries.pop_last();
                    self.steps.push(next);
                }
            }
            Call::Purge(pos) => {
                let mut next = self.now().clone();
                next.entries = next.entries.split_off(&(pos.index + 1));
                next.purged = Some(*pos);
                self.steps.push(next);
            }
        }
    }

    /// Whether `found` is the content after one of the steps from `acknowledged` to `accepted`.
    pub fn admits(&self, found: &Content, acknowledged: usize, accepted: usize) -> bool {
        self.steps[acknowledged..=accepted].contains(found)
    }
}

impl Content {
    /// A random call that fits.
    pub fn next_call(&self, random: &mut StdRng) -> Call {
        let first = self.entries.keys().next().copied();
        let last = self.entries.keys().next_back().copied();
        match (random.random_range(0..100), first, last) {
            (0..12, ..) => {
                let len = random.random_range(1..40);
                Call::Vote((0..len).map(|_| random.random()).collect())
            }
            (12..20, Some(first), Some(last)) => {
                Call::Truncate(random.random_range(first.max(last.saturating_sub(6))..=last))
            }
            (20..30, Some(first), Some(last)) => {
                let index = random.random_range(first..=last);
                Call::Purge(self.entries[&index].pos())
            }
            (30, _, Some(last)) => {
                let index = last + random.random_range(1..5);
                Call::Purge(LogPos {
                    term: 99,
                    leader: 9,
                    index,
                })
            }
            _ => {
                let start = last.or(self.purged.map(|pos| pos.index)).map_or(0, |last| last + 1);
                let term = random.random_range(1..9);
                let entries = (start..start + random.random_range(1..5)).map(|index| {
                    let len = match random.random_range(0..60) {
                        0 => random.random_range(8_000..40_000),
                        1..20 => random.random_range(0..3_000),
                        _ => random.random_range(0..300),
                    };
                    let mut bytes = vec![0; len];
                    random.fill(&mut bytes[..]);
                    StoredEntry {
                        index,
                        term,
                        leader: term.into(),
                        bytes: bytes.into(),
                    }
                });
                Call::Append(entries.collect())
            }
        }
    }

    /// What the log shows.
    pub fn of(log: &dyn DurableLog) -> Result<Self, String> {
        let state = log.state().map_err(|error| error.to_string())?;
        let start = match state.purged {
            Some(pos) => pos.index + 1,
            None => 0,
        };
        let entries = log
            .read(start..u64::MAX, usize::MAX)
            .map_err(|error| error.to_string())?;
        let last = entries.last().map(StoredEntry::pos).or(state.purged);
        if last != state.last {
            return Err(format!("the log's end is {:?}, its state says {:?}", last, state.last));
        }
        Ok(Self {
            entries: entries.into_iter().map(|entry| (entry.index, entry)).collect(),
            purged: state.purged,
            vote: state.vote.map(|StoredVote { bytes }| bytes),
        })
    }
}
