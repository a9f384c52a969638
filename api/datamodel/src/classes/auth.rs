//! `auth`: its fields, messages.
class! {
    /// Questions to the directory that users come from.
    auth "auth", Published "george" { in_database: false, events: false, persist: false, get_all: false }

    fields {
    }

    messages {
        /// Groups that a subject is in.
        get_group_membership(subject_identifier [string]) -> [set [string]], ReadOnly, Published "george" { is_async: false };
        /// Identifier of a subject by name.
        get_subject_identifier(subject_name [string]) -> [string], ReadOnly, Published "george" { is_async: false };
        /// What the directory knows of a subject.
        get_subject_information_from_identifier(subject_identifier [string]) -> [map [string] [string]], ReadOnly, Published "george" { is_async: false };
    }
}
