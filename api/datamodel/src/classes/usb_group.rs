//! `USB_group`: see the class.

use crate::macros::words::*;

class! {
    usb_group "USB_group", Published "inverness" { writer: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "inverness";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "inverness" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "inverness" { db: Some("name__description") };
        PUSBS PUSBs [set [ref "PUSB"]], Runtime, Published "inverness";
        VUSBS VUSBs [set [ref "VUSB"]], Runtime, Published "inverness";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
    }

    messages {
        create(name_label [string] = text(""), name_description [string] = text(""), other_config [map [string] [string]] = map(&[])) -> [ref "USB_group"], PoolAdmin, Published "inverness";
        destroy(self [ref "USB_group"]) -> [void], PoolAdmin, Published "inverness";
    }
}
