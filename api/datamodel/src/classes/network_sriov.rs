//! `network_sriov`: see the class.

use crate::macros::words::*;

class! {
    network_sriov "network_sriov", Published "kolkata" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        CONFIGURATION_MODE configuration_mode [enum SriovConfigurationMode] = text("unknown"), Runtime, Published "kolkata";
        LOGICAL_PIF logical_PIF [ref "PIF"] = reference(""), Constructor, Published "kolkata";
        PHYSICAL_PIF physical_PIF [ref "PIF"] = reference(""), Constructor, Published "kolkata";
        REQUIRES_REBOOT requires_reboot [bool] = flag(false), Runtime, Published "kolkata";
    }

    messages {
        create(pif [ref "PIF"], network [ref "network"]) -> [ref "network_sriov"], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "pif parameter.host" };
        destroy(self [ref "network_sriov"]) -> [void], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "network_sriov.physical_PIF.host" };
        get_remaining_capacity(self [ref "network_sriov"]) -> [int], ReadOnly, Published "kolkata";
    }
}

enumeration! {
    SriovConfigurationMode "sriov_configuration_mode" { Sysfs "sysfs", Modprobe "modprobe", Manual "manual", Unknown "unknown" }
}
