//! `host_cpu`: see the class.

use crate::macros::words::*;

class! {
    host_cpu "host_cpu", Deprecated "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        HOST host [ref "host"], Runtime, Published "rio";
        NUMBER number [int], Runtime, Published "rio";
        VENDOR vendor [string], Runtime, Published "rio";
        SPEED speed [int], Runtime, Published "rio";
        MODELNAME modelname [string], Runtime, Published "rio";
        FAMILY family [int], Runtime, Published "rio";
        MODEL model [int], Runtime, Published "rio";
        STEPPING stepping [string], Runtime, Published "rio";
        FLAGS flags [string], Runtime, Published "rio";
        FEATURES features [string], Runtime, Published "rio";
        UTILISATION utilisation [float], Runtime, Published "rio" { persist: false };
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
    }

    messages {
    }
}
