//! `VUSB`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A virtual USB device of a VM.
    vusb "VUSB", Published "inverness" { writer: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "inverness";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum VusbOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum VusbOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// The group it draws on.
        USB_GROUP USB_group [ref "USB_group"], Runtime, Published "inverness";
        /// The VM.
        VM VM [ref "VM"], Runtime, Published "inverness";
        /// True while plugged in.
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
    }

    messages {
        /// Give a VM a USB device.
        create(VM [ref "VM"], USB_group [ref "USB_group"], other_config [map [string] [string]] = map(&[])) -> [ref "VUSB"], PoolAdmin, Published "inverness";
        /// Take it away.
        destroy(self [ref "VUSB"]) -> [void], PoolAdmin, Published "inverness";
        /// Detach from the running VM.
        unplug(self [ref "VUSB"]) -> [void], PoolAdmin, Published "inverness" { route: Route::OwningHost, runs_on: "VUSB.VM.resident_on (coordinator if null)", locks: &["VUSB:unplug"] };
    }
}

enumeration! {
    /// Operations on a virtual USB device.
    VusbOperations "vusb_operations" { Attach "attach", Plug "plug", Unplug "unplug" }
}
