//! openraft's answer to one proposal, as a function call.

use crate::types::TypeConfig;
use openraft::raft::responder::Responder;

/// Called once with the outcome, from openraft's tasks: must be short and must not block. Dropped uncalled when Raft stops.
pub struct Callback<T>(Box<dyn FnOnce(T) + Send>);

impl<T> Callback<T> {
    pub fn new(call: impl FnOnce(T) + Send + 'static) -> Callback<T> {
        Callback(Box::new(call))
    }
}

impl<T: Send + 'static> Responder<TypeConfig, T> for Callback<T> {
    fn on_complete(self, result: T) {
        (self.0)(result);
    }
}
