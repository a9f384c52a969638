//! `role`: see the class.

use crate::macros::words::*;

class! {
    role "role", Published "midnight-ride" { getters_run_code: true }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "midnight-ride" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "midnight-ride" { db: Some("name__description") };
        SUBROLES subroles [set [ref "role"]] = set(&[]), Constructor, Published "midnight-ride" { ignore_foreign_key: true };
        IS_INTERNAL is_internal [bool] = flag(false), Runtime, Published "22.5.0";
    }

    messages {
        get_by_permission(permission [ref "role"]) -> [set [ref "role"]], ReadOnly, Published "midnight-ride" { is_async: false };
        get_by_permission_name_label(label [string]) -> [set [ref "role"]], ReadOnly, Published "midnight-ride" { is_async: false };
        get_permissions(self [ref "role"]) -> [set [ref "role"]], ReadOnly, Published "midnight-ride" { is_async: false };
        get_permissions_name_label(self [ref "role"]) -> [set [string]], ReadOnly, Published "midnight-ride" { is_async: false };
    }
}
