//! `Feature`: its fields.

use crate::macros::words::*;

class! {
    /// A feature of a host that can be switched on.
    feature "Feature", Published "falcon" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "falcon";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        /// True if switched on.
        ENABLED enabled [bool] = flag(false), Runtime, Published "falcon";
        /// True if not fit for production.
        EXPERIMENTAL experimental [bool] = flag(false), Constructor, Published "falcon";
        /// The host it is a feature of.
        HOST host [ref "host"], Runtime, Published "falcon";
        /// Version of the feature.
        VERSION version [string] = text("1.0"), Constructor, Published "falcon";
    }

    messages {
    }
}
