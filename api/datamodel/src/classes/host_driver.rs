//! `Host_driver`: see the class.

use crate::macros::words::*;

class! {
    host_driver "Host_driver", Prototyped "25.2.0" { in_2024_dump: false }

    fields {
        UUID uuid [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        ACTIVE_VARIANT active_variant [ref "Driver_variant"], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        DESCRIPTION description [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        FRIENDLY_NAME friendly_name [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        HOST host [ref "host"] = reference(""), Constructor, Prototyped "25.2.0" { in_2024_dump: false };
        INFO info [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        NAME name [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        SELECTED_VARIANT selected_variant [ref "Driver_variant"], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        TYPE type [string], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
        VARIANTS variants [set [ref "Driver_variant"]], Runtime, Prototyped "25.2.0" { in_2024_dump: false };
    }

    messages {
        deselect(self [ref "Host_driver"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "Host_driver.host" };
        rescan(host [ref "host"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "host parameter" };
        select(self [ref "Host_driver"], variant [ref "Driver_variant"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "Host_driver.host" };
    }
}
