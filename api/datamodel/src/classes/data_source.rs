//! `data_source`: see the class.

use crate::macros::words::*;

class! {
    data_source "data_source", Published "orlando" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        NAME_LABEL name_label [string] = text(""), Runtime, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Runtime, Published "rio" { db: Some("name__description") };
        ENABLED enabled [bool], Runtime, Published "rio";
        MAX max [float], Runtime, Published "rio";
        MIN min [float], Runtime, Published "rio";
        STANDARD standard [bool], Runtime, Published "rio";
        UNITS units [string], Runtime, Published "rio";
        VALUE value [float], Runtime, Published "rio";
    }

    messages {
    }
}
