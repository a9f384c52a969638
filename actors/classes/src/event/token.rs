//! The event token: `%020d,%020d`, database generation and message generation (CORRECTNESS B6).

use xenith_datamodel::ApiError;
use xenith_pooldb::EventToken;

/// Sorts as text like its numbers.
pub fn format_token(token: EventToken) -> String {
    format!("{:020},{:020}", token.database, token.message)
}

/// Empty text is the start of all. Any two whole numbers will do; a negative one is the start too (seen on the wire).
pub fn parse_token(text: &str) -> Result<EventToken, ApiError> {
    if text.is_empty() {
        return Ok(EventToken::default());
    }
    let number = |part: &str| {
        part.parse::<i128>()
            .ok()
            .map(|number| u64::try_from(number.max(0)).unwrap_or(u64::MAX))
    };
    let parsed = text.split_once(',').and_then(|(database, message)| {
        Some(EventToken {
            database: number(database)?,
            message: number(message)?,
        })
    });
    parsed.ok_or_else(|| ApiError::new("EVENT_FROM_TOKEN_PARSE_FAILURE", [text]))
}
