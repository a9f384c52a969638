//! `console`: its fields and enumerations.

use crate::macros::words::*;

class! {
    /// A console of a VM.
    console "console", Published "rio" { gen_constructor_destructor: true, writer: at(VmAdmin), constructor: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// How to talk to it.
        PROTOCOL protocol [enum ConsoleProtocol], Runtime, Published "rio";
        /// URL where it can be reached.
        LOCATION location [string], Runtime, Published "rio";
        /// The VM.
        VM VM [ref "VM"], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio";
        /// Port on its host.
        PORT port [int], ReadWrite, Published "rio" { internal: true };
    }

    messages {
    }
}

enumeration! {
    /// How to talk to a console.
    ConsoleProtocol "console_protocol" { Vt100 "vt100", Rfb "rfb", Rdp "rdp" }
}
