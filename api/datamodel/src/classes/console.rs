//! `console`: see the class.

use crate::macros::words::*;

class! {
    console "console", Published "rio" { gen_constructor_destructor: true, writer: at(VmAdmin), constructor: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        PROTOCOL protocol [enum ConsoleProtocol], Runtime, Published "rio";
        LOCATION location [string], Runtime, Published "rio";
        VM VM [ref "VM"], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio";
        PORT port [int], ReadWrite, Published "rio" { internal: true };
    }

    messages {
    }
}

enumeration! {
    ConsoleProtocol "console_protocol" { Vt100 "vt100", Rfb "rfb", Rdp "rdp" }
}
