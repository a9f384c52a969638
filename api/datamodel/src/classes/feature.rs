//! `Feature`: see the class.

use crate::macros::words::*;

class! {
    feature "Feature", Published "falcon" {}

    fields {
        UUID uuid [string], Runtime, Published "falcon";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        ENABLED enabled [bool] = flag(false), Runtime, Published "falcon";
        EXPERIMENTAL experimental [bool] = flag(false), Constructor, Published "falcon";
        HOST host [ref "host"], Runtime, Published "falcon";
        VERSION version [string] = text("1.0"), Constructor, Published "falcon";
    }

    messages {
    }
}
