//! `PUSB`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A USB device plugged into a host.
    pusb "PUSB", Published "inverness" { writer: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "inverness";
        /// The group it is in.
        USB_GROUP USB_group [ref "USB_group"] = null(), Constructor, Published "inverness";
        /// What the device is.
        DESCRIPTION description [string] = text(""), Constructor, Published "inverness";
        /// The host it is plugged into.
        HOST host [ref "host"] = null(), Constructor, Published "inverness";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
        /// True if VMs may have it.
        PASSTHROUGH_ENABLED passthrough_enabled [bool] = flag(false), Runtime, Published "inverness";
        /// Port path on the host.
        PATH path [string] = text(""), Constructor, Published "inverness";
        /// Name of the product.
        PRODUCT_DESC product_desc [string] = text(""), Constructor, Published "inverness";
        /// Product, in hexadecimal.
        PRODUCT_ID product_id [string] = text(""), Constructor, Published "inverness";
        /// Serial number.
        SERIAL serial [string] = text(""), Constructor, Published "inverness";
        /// USB speed, in Mbit/s.
        SPEED speed [float] = float(-1.0), Constructor, Published "stockholm";
        /// Name of the vendor.
        VENDOR_DESC vendor_desc [string] = text(""), Constructor, Published "inverness";
        /// Vendor, in hexadecimal.
        VENDOR_ID vendor_id [string] = text(""), Constructor, Published "inverness";
        /// USB version.
        VERSION version [string] = text(""), Constructor, Published "inverness";
    }

    messages {
        /// Look at the USB devices of a host again.
        scan(host [ref "host"]) -> [void], PoolAdmin, Published "inverness" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Allow or forbid VMs to have it.
        set_passthrough_enabled(self [ref "PUSB"], value [bool]) -> [void], PoolAdmin, Published "inverness";
    }
}
