//! What a message's planner asks for: the objects to hold and the state machine to run.

use super::record::to_json;
use super::{Lock, Operation};
use xenith_datamodel::ApiError;

/// Made by a planner from its parameters alone, so that it can be made again when the objects come free.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub(super) kind: &'static str,
    pub(super) state: String,
    pub(super) locks: Vec<Lock>,
    /// Operations on the same objects that are given up for this one, by what they hold them for.
    pub(super) gives_up: &'static [&'static str],
}

impl Request {
    pub fn new<S: Operation>(state: &S, locks: Vec<Lock>) -> Result<Request, ApiError> {
        Ok(Request {
            kind: S::KIND,
            state: to_json(state)?,
            locks,
            gives_up: &[],
        })
    }

    /// Asks the named operations on the first object to give up; the request waits until they have.
    pub fn giving_up(self, operations: &'static [&'static str]) -> Request {
        Request {
            gives_up: operations,
            ..self
        }
    }
}
