//! `Driver_variant`: its fields, messages.

use crate::macros::words::*;

class! {
    /// One version of a host driver that can be chosen.
    driver_variant "Driver_variant", Prototyped "25.2.0" { in_2024_dump: false }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// The driver it is a version of.
        DRIVER driver [ref "Host_driver"], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// True if the host has hardware for it.
        HARDWARE_PRESENT hardware_present [bool], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Name of the variant.
        NAME name [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Order of preference; higher first.
        PRIORITY priority [float], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Maturity, such as production or testing.
        STATUS status [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        /// Version of the driver.
        VERSION version [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
    }

    messages {
        /// Use this variant from the next boot.
        select(self [ref "Driver_variant"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "Driver_variant.driver.host" };
    }
}
