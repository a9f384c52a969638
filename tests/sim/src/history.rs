//! What clients asked and were told: the checkers' evidence.

use std::collections::BTreeMap;

/// Values are unique in a run; 0 is "never written".
pub type Written = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Write(Written),
    /// Writes, and answers what was there: one atomic step.
    Swap(Written),
    Read,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Never answered, or answered that the outcome is not known: it may have happened, may happen still, or never.
    Unknown,
    /// Certain not to have happened, and never to happen.
    Refused,
    Done {
        seen: Written,
    },
}

/// One operation on one register. Times are sequence numbers of the run: all of them differ.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub register: usize,
    pub kind: Kind,
    pub called: u64,
    /// Without an answer it is open for ever.
    pub answered: Option<u64>,
    pub outcome: Outcome,
}

/// What a client knows of a row that it wanted to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    Unknown,
    Refused,
    Acked,
}

#[derive(Default)]
pub struct History {
    pub operations: Vec<Operation>,
    /// Rows that are made once and never destroyed, by name.
    pub rows: BTreeMap<String, Making>,
    /// Acked ones, in that order.
    pub acked: Vec<String>,
}

impl History {
    /// Gives the operation's place, for its answer.
    pub fn call(&mut self, register: usize, kind: Kind, called: u64) -> usize {
        self.operations.push(Operation {
            register,
            kind,
            called,
            answered: None,
            outcome: Outcome::Unknown,
        });
        self.operations.len() - 1
    }

    pub fn answer(&mut self, place: usize, at: u64, outcome: Outcome) {
        if let Some(operation) = self.operations.get_mut(place) {
            operation.outcome = outcome;
            operation.answered = match outcome {
                Outcome::Unknown => None,
                Outcome::Refused | Outcome::Done { .. } => Some(at),
            };
        }
    }

    pub fn make(&mut self, name: &str) {
        self.rows.insert(name.to_owned(), Making::Unknown);
    }

    pub fn made(&mut self, name: &str, making: Making) {
        self.rows.insert(name.to_owned(), making);
        if making == Making::Acked {
            self.acked.push(name.to_owned());
        }
    }
}
