//! Rows that are there from the start.

/// What `host.edition` says: everything is there, nothing is licensed.
pub const EDITION: &str = "xenith";
