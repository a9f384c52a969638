//! `Driver_variant`: see the class.

use crate::macros::words::*;

class! {
    driver_variant "Driver_variant", Prototyped "25.2.0" { in_2024_dump: false }

    fields {
        UUID uuid [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        DRIVER driver [ref "Host_driver"], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        HARDWARE_PRESENT hardware_present [bool], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        NAME name [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        PRIORITY priority [float], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        STATUS status [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        VERSION version [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
    }

    messages {
        select(self [ref "Driver_variant"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "Driver_variant.driver.host" };
    }
}
