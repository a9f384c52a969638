//! `data_source`: its fields.

use crate::macros::words::*;

class! {
    /// A performance figure that can be recorded.
    data_source "data_source", Published "orlando" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        /// Its name.
        NAME_LABEL name_label [string] = text(""), Runtime, Published "rio" { db: Some("name__label") };
        /// What it measures.
        NAME_DESCRIPTION name_description [string] = text(""), Runtime, Published "rio" { db: Some("name__description") };
        /// True while recorded.
        ENABLED enabled [bool], Runtime, Published "rio";
        /// Largest value it can take.
        MAX max [float], Runtime, Published "rio";
        /// Smallest value it can take.
        MIN min [float], Runtime, Published "rio";
        /// True if recorded without being asked for.
        STANDARD standard [bool], Runtime, Published "rio";
        /// Its unit.
        UNITS units [string], Runtime, Published "rio";
        /// Latest value.
        VALUE value [float], Runtime, Published "rio";
    }

    messages {
    }
}
