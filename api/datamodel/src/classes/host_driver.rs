//! `Host_driver`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A kernel driver of a host that comes in several variants.
    host_driver "Host_driver", Prototyped "25.2.0" { in_2024_dump: false }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// The variant in use since boot.
        ACTIVE_VARIANT active_variant [ref "Driver_variant"], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// What the driver is for.
        DESCRIPTION description [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Name for people.
        FRIENDLY_NAME friendly_name [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// The host.
        HOST host [ref "host"] = reference(""), Constructor, Prototyped "25.2.0" { in_2024_dump: false };
        /// Further text about the driver.
        INFO info [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Name of the kernel module.
        NAME name [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// The variant chosen for the next boot.
        SELECTED_VARIANT selected_variant [ref "Driver_variant"], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Kind of device, such as network or storage.
        TYPE type [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// The variants to choose from.
        VARIANTS variants [set [ref "Driver_variant"]], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
    }

    messages {
        /// Go back to the default variant from the next boot.
        deselect(self [ref "Host_driver"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "Host_driver.host" };
        /// Look for drivers and variants on a host again.
        rescan(host [ref "host"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Choose a variant for the next boot.
        select(self [ref "Host_driver"], variant [ref "Driver_variant"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "Host_driver.host" };
    }
}
