//! `PBD`: its fields, messages.

use crate::macros::words::*;

class! {
    /// The connection of one host to one storage repository.
    pbd "PBD", Published "rio" {
        gen_constructor_destructor: true,
        implicit: &[
            Implicit { name: "create", route: Route::Coordinator, runs_on: "", locks: &["SR:pbd_create"] },
            Implicit { name: "destroy", route: Route::Coordinator, runs_on: "", locks: &["SR:pbd_destroy"] },
        ],
    }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// The storage repository.
        SR SR [ref "SR"], Constructor, Published "rio";
        /// True while plugged in.
        CURRENTLY_ATTACHED currently_attached [bool], Runtime, Published "rio";
        /// What the storage driver needs to connect, such as server and path.
        DEVICE_CONFIG device_config [map [string] [string]], Constructor, Published "rio";
        /// The host.
        HOST host [ref "host"], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
    }

    messages {
        /// Connect, so that the host can use the storage.
        plug(self [ref "PBD"]) -> [void], PoolOperator, Published "rio" { errors: &["SR_UNKNOWN_DRIVER"], route: Route::OwningHost, runs_on: "PBD.host", locks: &["SR:plug"] };
        /// Change the connection settings; only while unplugged.
        set_device_config(self [ref "PBD"], value [map [string] [string]]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "PBD.host" };
        /// Disconnect; no disk of the storage may be in use on the host.
        unplug(self [ref "PBD"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "PBD.host", locks: &["SR:unplug"] };
    }
}
