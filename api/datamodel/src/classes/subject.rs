//! `subject`: see the class.

use crate::macros::words::*;

class! {
    subject "subject", Published "george" { gen_constructor_destructor: true, constructor: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), Constructor, Published "george";
        ROLES roles [set [ref "role"]] = set(&[reference("OpaqueRef:0165f154-ba3e-034e-6b27-5d271af109ba")]), Runtime, Published "midnight-ride" { ignore_foreign_key: true };
        SUBJECT_IDENTIFIER subject_identifier [string] = text(""), Constructor, Published "george";
    }

    messages {
        add_to_roles(self [ref "subject"], role [ref "role"]) -> [void], PoolAdmin, Published "midnight-ride" { is_async: false };
        get_permissions_name_label(self [ref "subject"]) -> [set [string]], ReadOnly, Published "midnight-ride" { is_async: false };
        remove_from_roles(self [ref "subject"], role [ref "role"]) -> [void], PoolAdmin, Published "midnight-ride" { is_async: false };
    }
}
