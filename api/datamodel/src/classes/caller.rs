//! `Caller`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A client of the API, told apart to count and limit its calls.
    caller "Caller", Prototyped "26.17.0" { gen_constructor_destructor: true, in_2024_dump: false, writer: at(PoolAdmin), constructor: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__label"), in_2024_dump: false };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__description"), in_2024_dump: false };
        /// True if the server made the record when the client first called.
        AUTO_REGISTERED auto_registered [bool] = flag(false), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// Address the client calls from; empty matches any.
        CLIENT_IP client_ip [string] = text(""), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
        /// Groups whose usage is counted together.
        GROUPS groups [set [string]] = set(&[]), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// When it last called.
        LAST_ACCESS last_access [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// The limit that applies to it.
        RATE_LIMIT rate_limit [ref "Rate_limit"] = null(), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        /// User-Agent the client sends; empty matches any.
        USER_AGENT user_agent [string] = text(""), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
    }

    messages {
        /// Put a client into a group.
        add_group(self [ref "Caller"], group [string]) -> [void], PoolOperator, Prototyped "26.17.0" { in_2024_dump: false };
        /// Usage of every client.
        query_all_usage() -> [set [set [string]]], PoolOperator, Prototyped "26.17.0" { in_2024_dump: false };
        /// Calls that a client has made.
        query_call_count(self [ref "Caller"]) -> [int], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        /// Calls that a group has made.
        query_group_call_count(group [string]) -> [int], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        /// Rate-limit tokens that a group has used.
        query_group_token_usage(group [string]) -> [float], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        /// Rate-limit tokens that a client has used.
        query_token_usage(self [ref "Caller"]) -> [float], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        /// Take a client out of a group.
        remove_group(self [ref "Caller"], group [string]) -> [void], PoolOperator, Prototyped "26.17.0" { in_2024_dump: false };
    }
}
