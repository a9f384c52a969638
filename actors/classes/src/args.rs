//! The typed parameters of a call, by position. They were decoded by the message's row of the table, so a wrong kind here
//! is a fault of ours and is told as INTERNAL_ERROR.

use std::sync::Arc;
use xenith_datamodel::{ApiError, DateTime, Ref, Value};

/// Parameters without the session.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a>(pub &'a [Value]);

impl<'a> Args<'a> {
    pub fn value(self, at: usize) -> Result<&'a Value, ApiError> {
        self.0
            .get(at)
            .ok_or_else(|| ApiError::internal(format!("parameter {at} is missing")))
    }

    pub fn reference(self, at: usize) -> Result<&'a Ref, ApiError> {
        self.value(at)?.as_ref().ok_or_else(|| wrong(at, "ref"))
    }

    pub fn text(self, at: usize) -> Result<&'a str, ApiError> {
        self.value(at)?.as_text().ok_or_else(|| wrong(at, "string"))
    }

    pub fn int(self, at: usize) -> Result<i64, ApiError> {
        self.value(at)?.as_int().ok_or_else(|| wrong(at, "int"))
    }

    pub fn float(self, at: usize) -> Result<f64, ApiError> {
        self.value(at)?.as_float().ok_or_else(|| wrong(at, "float"))
    }

    pub fn boolean(self, at: usize) -> Result<bool, ApiError> {
        self.value(at)?.as_bool().ok_or_else(|| wrong(at, "bool"))
    }

    pub fn date_time(self, at: usize) -> Result<DateTime, ApiError> {
        self.value(at)?.as_date_time().ok_or_else(|| wrong(at, "datetime"))
    }

    pub fn set(self, at: usize) -> Result<&'a [Value], ApiError> {
        self.value(at)?.as_set().ok_or_else(|| wrong(at, "set"))
    }

    pub fn map(self, at: usize) -> Result<&'a [(Value, Value)], ApiError> {
        self.value(at)?.as_map().ok_or_else(|| wrong(at, "map"))
    }

    pub fn record(self, at: usize) -> Result<&'a [(Arc<str>, Value)], ApiError> {
        self.value(at)?.as_record().ok_or_else(|| wrong(at, "record"))
    }
}

fn wrong(at: usize, kind: &str) -> ApiError {
    ApiError::internal(format!("parameter {at} is not a {kind}"))
}
