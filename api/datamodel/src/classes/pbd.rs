//! `PBD`: see the class.

use crate::macros::words::*;

class! {
    pbd "PBD", Published "rio" {
        gen_constructor_destructor: true,
        implicit: &[
            Implicit { name: "create", route: Route::Coordinator, runs_on: "", locks: &["SR:pbd_create"] },
            Implicit { name: "destroy", route: Route::Coordinator, runs_on: "", locks: &["SR:pbd_destroy"] },
        ],
    }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        SR SR [ref "SR"], Constructor, Published "rio";
        CURRENTLY_ATTACHED currently_attached [bool], Runtime, Published "rio";
        DEVICE_CONFIG device_config [map [string] [string]], Constructor, Published "rio";
        HOST host [ref "host"], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
    }

    messages {
        plug(self [ref "PBD"]) -> [void], PoolOperator, Published "rio" { errors: &["SR_UNKNOWN_DRIVER"], route: Route::OwningHost, runs_on: "PBD.host", locks: &["SR:plug"] };
        set_device_config(self [ref "PBD"], value [map [string] [string]]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "PBD.host" };
        unplug(self [ref "PBD"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "PBD.host", locks: &["SR:unplug"] };
    }
}
