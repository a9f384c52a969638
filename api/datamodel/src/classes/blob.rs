//! `blob`: its fields, messages.

use crate::macros::words::*;

class! {
    /// Binary data kept with an object, read and written over HTTP.
    blob "blob", Published "orlando" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// When these figures were last written.
        LAST_UPDATED last_updated [datetime], Constructor, Published "rio";
        /// Its MIME type.
        MIME_TYPE mime_type [string], Constructor, Published "rio";
        /// True if it can be read without login.
        PUBLIC public [bool] = flag(false), ReadWrite, Published "tampa";
        /// Its size, in bytes.
        SIZE size [int], Runtime, Published "rio";
    }

    messages {
        /// Make an empty blob.
        create(mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando" { is_async: false };
        /// Remove it and its data.
        destroy(self [ref "blob"]) -> [void], PoolOperator, Published "orlando" { is_async: false };
    }
}
