//! The one error a client ever sees: a code of the error table and its parameters.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A XenAPI error: `ErrorDescription = [code, params...]` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    pub code: Cow<'static, str>,
    pub params: Vec<String>,
}

impl ApiError {
    pub fn new(code: &'static str, params: impl IntoIterator<Item = impl Into<String>>) -> ApiError {
        ApiError {
            code: Cow::Borrowed(code),
            params: params.into_iter().map(Into::into).collect(),
        }
    }

    pub fn plain(code: &'static str) -> ApiError {
        ApiError {
            code: Cow::Borrowed(code),
            params: Vec::new(),
        }
    }

    pub fn internal(text: impl Into<String>) -> ApiError {
        ApiError::new("INTERNAL_ERROR", [text.into()])
    }

    pub fn handle_invalid(class: &str, reference: &crate::Ref) -> ApiError {
        ApiError::new("HANDLE_INVALID", [class, reference.as_str()])
    }

    pub fn uuid_invalid(class: &str, uuid: &str) -> ApiError {
        ApiError::new("UUID_INVALID", [class, uuid])
    }

    pub fn session_invalid(reference: &crate::Ref) -> ApiError {
        ApiError::new("SESSION_INVALID", [reference.as_str()])
    }

    pub fn host_is_slave(coordinator_address: &str) -> ApiError {
        ApiError::new("HOST_IS_SLAVE", [coordinator_address])
    }

    pub fn invalid_value(field: &str, value: &str) -> ApiError {
        ApiError::new("INVALID_VALUE", [field, value])
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.params.is_empty() {
            write!(f, " [{}]", self.params.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}
