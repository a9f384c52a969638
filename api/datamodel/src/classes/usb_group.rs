//! `USB_group`: its fields, messages.

use crate::macros::words::*;

class! {
    /// USB devices that can stand in for one another across the pool.
    usb_group "USB_group", Published "inverness" { writer: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "inverness";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "inverness" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "inverness" { db: Some("name__description") };
        /// Devices in the group.
        PUSBS PUSBs [set [ref "PUSB"]], Runtime, Published "inverness";
        /// Virtual devices that draw on it.
        VUSBS VUSBs [set [ref "VUSB"]], Runtime, Published "inverness";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
    }

    messages {
        /// Make an empty group.
        create(name_label [string] = text(""), name_description [string] = text(""), other_config [map [string] [string]] = map(&[])) -> [ref "USB_group"], PoolAdmin, Published "inverness";
        /// Remove an empty group.
        destroy(self [ref "USB_group"]) -> [void], PoolAdmin, Published "inverness";
    }
}
