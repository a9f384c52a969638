//! `role`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A role that users can have, or a permission.
    role "role", Published "midnight-ride" { getters_run_code: true }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "midnight-ride" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "midnight-ride" { db: Some("name__description") };
        /// Roles and permissions it holds.
        SUBROLES subroles [set [ref "role"]] = set(&[]), Constructor, Published "midnight-ride" { ignore_foreign_key: true };
        /// True if it cannot be given to users.
        IS_INTERNAL is_internal [bool] = flag(false), Runtime, Published "22.5.0";
    }

    messages {
        /// Roles that hold a permission.
        get_by_permission(permission [ref "role"]) -> [set [ref "role"]], ReadOnly, Published "midnight-ride" { is_async: false };
        /// Roles that hold a permission, by its name.
        get_by_permission_name_label(label [string]) -> [set [ref "role"]], ReadOnly, Published "midnight-ride" { is_async: false };
        /// Permissions it holds, also by other roles.
        get_permissions(self [ref "role"]) -> [set [ref "role"]], ReadOnly, Published "midnight-ride" { is_async: false };
        /// Names of those permissions.
        get_permissions_name_label(self [ref "role"]) -> [set [string]], ReadOnly, Published "midnight-ride" { is_async: false };
    }
}
