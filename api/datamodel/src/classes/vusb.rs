//! `VUSB`: see the class.

use crate::macros::words::*;

class! {
    vusb "VUSB", Published "inverness" { writer: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "inverness";
        ALLOWED_OPERATIONS allowed_operations [set [enum VusbOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum VusbOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        USB_GROUP USB_group [ref "USB_group"], Runtime, Published "inverness";
        VM VM [ref "VM"], Runtime, Published "inverness";
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
    }

    messages {
        create(VM [ref "VM"], USB_group [ref "USB_group"], other_config [map [string] [string]] = map(&[])) -> [ref "VUSB"], PoolAdmin, Published "inverness";
        destroy(self [ref "VUSB"]) -> [void], PoolAdmin, Published "inverness";
        unplug(self [ref "VUSB"]) -> [void], PoolAdmin, Published "inverness" { route: Route::OwningHost, runs_on: "VUSB.VM.resident_on (coordinator if null)", locks: &["VUSB:unplug"] };
    }
}

enumeration! {
    VusbOperations "vusb_operations" { Attach "attach", Plug "plug", Unplug "unplug" }
}
