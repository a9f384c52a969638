//! `Caller`: see the class.

use crate::macros::words::*;

class! {
    caller "Caller", Prototyped "26.17.0" { gen_constructor_destructor: true, in_2024_dump: false, writer: at(PoolAdmin), constructor: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        NAME_LABEL name_label [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__label"), in_2024_dump: false };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Prototyped "26.17.0" { db: Some("name__description"), in_2024_dump: false };
        AUTO_REGISTERED auto_registered [bool] = flag(false), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        CLIENT_IP client_ip [string] = text(""), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
        GROUPS groups [set [string]] = set(&[]), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        LAST_ACCESS last_access [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        RATE_LIMIT rate_limit [ref "Rate_limit"] = null(), Runtime, Prototyped "26.17.0" { in_2024_dump: false };
        USER_AGENT user_agent [string] = text(""), Constructor, Prototyped "26.17.0" { in_2024_dump: false };
    }

    messages {
        add_group(self [ref "Caller"], group [string]) -> [void], PoolOperator, Prototyped "26.17.0" { in_2024_dump: false };
        query_all_usage() -> [set [set [string]]], PoolOperator, Prototyped "26.17.0" { in_2024_dump: false };
        query_call_count(self [ref "Caller"]) -> [int], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        query_group_call_count(group [string]) -> [int], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        query_group_token_usage(group [string]) -> [float], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        query_token_usage(self [ref "Caller"]) -> [float], PoolOperator, Prototyped "26.15.0" { in_2024_dump: false };
        remove_group(self [ref "Caller"], group [string]) -> [void], PoolOperator, Prototyped "26.17.0" { in_2024_dump: false };
    }
}
