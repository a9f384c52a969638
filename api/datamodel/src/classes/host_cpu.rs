//! `host_cpu`: its fields.

use crate::macros::words::*;

class! {
    /// A physical CPU of a host.
    host_cpu "host_cpu", Deprecated "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// The host.
        HOST host [ref "host"], Runtime, Published "rio";
        /// Number of the CPU on its host.
        NUMBER number [int], Runtime, Published "rio";
        /// Who made it.
        VENDOR vendor [string], Runtime, Published "rio";
        /// Clock rate, in MHz.
        SPEED speed [int], Runtime, Published "rio";
        /// Name of the model.
        MODELNAME modelname [string], Runtime, Published "rio";
        /// Family number.
        FAMILY family [int], Runtime, Published "rio";
        /// Model number.
        MODEL model [int], Runtime, Published "rio";
        /// Stepping number.
        STEPPING stepping [string], Runtime, Published "rio";
        /// Feature flags, as text.
        FLAGS flags [string], Runtime, Published "rio";
        /// Feature bits, in hexadecimal.
        FEATURES features [string], Runtime, Published "rio";
        /// Former use, 0 to 1.
        UTILISATION utilisation [float], Runtime, Published "rio" { persist: false };
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
    }

    messages {
    }
}
