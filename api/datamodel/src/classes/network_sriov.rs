//! `network_sriov`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// SR-IOV on a network: a physical interface that provides virtual functions.
    network_sriov "network_sriov", Published "kolkata" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// How virtual functions are made.
        CONFIGURATION_MODE configuration_mode [enum SriovConfigurationMode] = text("unknown"), Runtime, Published "kolkata";
        /// The interface made for it.
        LOGICAL_PIF logical_PIF [ref "PIF"] = reference(""), Constructor, Published "kolkata";
        /// The interface that provides virtual functions.
        PHYSICAL_PIF physical_PIF [ref "PIF"] = reference(""), Constructor, Published "kolkata";
        /// True if the host must reboot first.
        REQUIRES_REBOOT requires_reboot [bool] = flag(false), Runtime, Published "kolkata";
    }

    messages {
        /// Turn SR-IOV on for an interface and put it on a network.
        create(pif [ref "PIF"], network [ref "network"]) -> [ref "network_sriov"], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "pif parameter.host" };
        /// Turn SR-IOV off.
        destroy(self [ref "network_sriov"]) -> [void], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "network_sriov.physical_PIF.host" };
        /// Virtual functions still free.
        get_remaining_capacity(self [ref "network_sriov"]) -> [int], ReadOnly, Published "kolkata";
    }
}

enumeration! {
    /// How virtual functions are made.
    SriovConfigurationMode "sriov_configuration_mode" { Sysfs "sysfs", Modprobe "modprobe", Manual "manual", Unknown "unknown" }
}
