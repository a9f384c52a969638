//! `PUSB`: see the class.

use crate::macros::words::*;

class! {
    pusb "PUSB", Published "inverness" { writer: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "inverness";
        USB_GROUP USB_group [ref "USB_group"] = null(), Constructor, Published "inverness";
        DESCRIPTION description [string] = text(""), Constructor, Published "inverness";
        HOST host [ref "host"] = null(), Constructor, Published "inverness";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
        PASSTHROUGH_ENABLED passthrough_enabled [bool] = flag(false), Runtime, Published "inverness";
        PATH path [string] = text(""), Constructor, Published "inverness";
        PRODUCT_DESC product_desc [string] = text(""), Constructor, Published "inverness";
        PRODUCT_ID product_id [string] = text(""), Constructor, Published "inverness";
        SERIAL serial [string] = text(""), Constructor, Published "inverness";
        SPEED speed [float] = float(-1.0), Constructor, Published "stockholm";
        VENDOR_DESC vendor_desc [string] = text(""), Constructor, Published "inverness";
        VENDOR_ID vendor_id [string] = text(""), Constructor, Published "inverness";
        VERSION version [string] = text(""), Constructor, Published "inverness";
    }

    messages {
        scan(host [ref "host"]) -> [void], PoolAdmin, Published "inverness" { route: Route::OwningHost, runs_on: "host parameter" };
        set_passthrough_enabled(self [ref "PUSB"], value [bool]) -> [void], PoolAdmin, Published "inverness";
    }
}
