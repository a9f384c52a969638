//! `subject`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A user or group of the directory who may log in.
    subject "subject", Published "george" { gen_constructor_destructor: true, constructor: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), Constructor, Published "george";
        /// Roles given.
        ROLES roles [set [ref "role"]] = set(&[reference("OpaqueRef:0165f154-ba3e-034e-6b27-5d271af109ba")]), Runtime, Published "midnight-ride" { ignore_foreign_key: true };
        /// Identifier in the directory.
        SUBJECT_IDENTIFIER subject_identifier [string] = text(""), Constructor, Published "george";
    }

    messages {
        /// Give a role.
        add_to_roles(self [ref "subject"], role [ref "role"]) -> [void], PoolAdmin, Published "midnight-ride" { is_async: false };
        /// Names of all permissions it has.
        get_permissions_name_label(self [ref "subject"]) -> [set [string]], ReadOnly, Published "midnight-ride" { is_async: false };
        /// Take a role away.
        remove_from_roles(self [ref "subject"], role [ref "role"]) -> [void], PoolAdmin, Published "midnight-ride" { is_async: false };
    }
}
