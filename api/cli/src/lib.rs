//! `xe`, thin: the commands that follow from the datamodel (`<class>-list`, `<class>-param-*`) and a table of direct
//! ones. Grammar ([`args`]), names ([`table`]), values ([`columns`]) and layout ([`render`]) are pure; [`commands`] asks
//! the server.

pub mod args;
pub mod columns;
pub mod commands;
mod connect;
pub mod render;
pub mod table;

pub use connect::run;

use xenith_client::CallError;
use xenith_datamodel::ApiError;

/// What xe says on stderr before it exits with 1.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Args(args::ArgsError),
    #[error("Unknown command: {0}\nFor usage run: 'xe help'")]
    UnknownCommand(String),
    #[error("Required parameter not found: {0}\nFor usage run: 'xe help'")]
    Required(&'static str),
    #[error("Error: Unknown field '{0}'")]
    UnknownField(String),
    #[error("Error code: Missing parameter\nError parameters: {0}")]
    MissingParameter(String),
    #[error("Error: Field '{0}' is read-only.")]
    ReadOnly(String),
    #[error("Error: Field '{0}' is a map or set. use the 'name:key=value' syntax.")]
    NeedsKey(String),
    #[error("Error: Field '{0}' is not a set or map")]
    NoKeys(String),
    #[error("Error: Key {0} not found in map")]
    KeyNotFound(String),
    #[error("Error: Key {0} is not in map")]
    KeyAbsent(String),
    #[error("Error: Can only add to parameters of type Set or Map")]
    AddOnlyToCollections,
    #[error("Error: Can only remove from parameters of type Set or Map")]
    RemoveOnlyFromCollections,
    #[error("Error: Can only clear RW parameters")]
    ClearReadOnly,
    #[error("Error: '{0}' is neither true nor false")]
    Bool(String),
    #[error("{}", api_error(.0))]
    Api(ApiError),
    #[error("Error: {}", chain(.0))]
    Call(CallError),
    #[error("Error: cannot read {path}: {cause}")]
    File { path: String, cause: std::io::Error },
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> CliError {
        match error.api() {
            Some(api) => CliError::Api(api.clone()),
            None => CliError::Call(error),
        }
    }
}

/// The error's description (its code if it has none), then its parameters by name; codes that the datamodel does not
/// know as they are.
fn api_error(error: &ApiError) -> String {
    let Some(known) = xenith_datamodel::error(&error.code) else {
        return format!(
            "Error code: {}\nError parameters: {}",
            error.code,
            error.params.join(", ")
        );
    };
    let mut text = if known.doc.is_empty() { known.code } else { known.doc }.to_owned();
    for (i, value) in error.params.iter().enumerate() {
        let name = known.params.get(i).copied().unwrap_or("<extra>");
        text.push_str(&format!("\n{name}: {value}"));
    }
    text
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
