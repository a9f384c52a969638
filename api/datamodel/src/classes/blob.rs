//! `blob`: see the class.

use crate::macros::words::*;

class! {
    blob "blob", Published "orlando" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        LAST_UPDATED last_updated [datetime], Constructor, Published "rio";
        MIME_TYPE mime_type [string], Constructor, Published "rio";
        PUBLIC public [bool] = flag(false), ReadWrite, Published "tampa";
        SIZE size [int], Runtime, Published "rio";
    }

    messages {
        create(mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando" { is_async: false };
        destroy(self [ref "blob"]) -> [void], PoolOperator, Published "orlando" { is_async: false };
    }
}
