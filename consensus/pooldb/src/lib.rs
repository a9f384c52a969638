//! The pool database: typed rows, relations kept both ways, one generation counter, pure and deterministic.
//!
//! A [`View`] is a whole state, immutable and cheap to clone; [`View::apply`] makes the next one of a [`Transaction`].
//! [`codec`] is the form of transactions in the log; snapshots are the form of a state on disk and between hosts.
//!
//! Invariants:
//! - `apply` is total and deterministic: no clock, no randomness, no hash-map order (CORRECTNESS A7).
//! - A failed transaction leaves no trace; one without effect leaves the generation as it was.
//! - For existing rows both ends of a relation agree; a dead ref stays where it was written.
//! - What a newer member wrote (fields, classes) is kept verbatim (A6).
//!
//! Must not: know what a field means, compute `allowed_operations`, or check who may do what.

mod apply;
pub mod codec;
mod delta;
mod draft;
mod edit;
mod filter;
mod foreign;
#[doc(hidden)]
pub mod fuzz;
mod hash;
mod history;
mod relations;
mod row;
mod schema;
mod snapshot;
mod table;
mod text;
mod transaction;
mod view;

pub use delta::{Delta, Touched};
pub use text::{database_text, fields_of_database_text, from_database_text};
pub use transaction::{Change, ChangeKind, Expect, Name, Transaction};
pub use view::{Stored, View};

use xenith_datamodel::{ApiError, ClassId, Ref};

/// Why a transaction was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// `expect` did not hold: the plan was made against another state; plan again.
    #[error("the plan was made against another state of {class} {reference}")]
    Conflict { class: Name, reference: Ref },
    /// A change that this state cannot take, in the client's words (HANDLE_INVALID, MAP_DUPLICATE_KEY, ...).
    #[error("{0}")]
    Api(ApiError),
}

/// Rows a transaction touched, for watchers. Generations are those of the new view.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    pub rows: Vec<(ClassId, Ref)>,
}

/// The two counters of an event token: `%020d,%020d` on the wire (B6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventToken {
    pub database: u64,
    pub message: u64,
}

impl EventToken {
    /// True if a state of this token holds everything that one of the other holds.
    pub fn covers(self, other: EventToken) -> bool {
        self.database >= other.database && self.message >= other.message
    }

    /// The token of both together.
    pub fn newest(self, other: EventToken) -> EventToken {
        EventToken {
            database: self.database.max(other.database),
            message: self.message.max(other.message),
        }
    }
}

/// A `*_where` expression that does not parse, or that asks for a field there is not.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// In xapi's words.
    #[error("bad filter: {0}")]
    Syntax(String),
    #[error("no field {0}")]
    MissingField(String),
}

impl FilterError {
    /// What the client gets who sent `expression`.
    pub fn to_api_error(&self, expression: &str) -> ApiError {
        match self {
            FilterError::Syntax(text) => ApiError::invalid_value(expression, text),
            FilterError::MissingField(name) => ApiError::new("INTERNAL_ERROR", ["missing field", name, ""]),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("snapshot could not be read or written")]
    Io(#[from] std::io::Error),
    #[error("snapshot is damaged: {0}")]
    Damaged(String),
    #[error("snapshot has version {0}, newer than this program knows")]
    TooNew(u16),
}

#[cfg(test)]
mod tests;
