//! `auth`: see the class.
class! {
    auth "auth", Published "george" { in_database: false, events: false, persist: false, get_all: false }

    fields {
    }

    messages {
        get_group_membership(subject_identifier [string]) -> [set [string]], ReadOnly, Published "george" { is_async: false };
        get_subject_identifier(subject_name [string]) -> [string], ReadOnly, Published "george" { is_async: false };
        get_subject_information_from_identifier(subject_identifier [string]) -> [map [string] [string]], ReadOnly, Published "george" { is_async: false };
    }
}
