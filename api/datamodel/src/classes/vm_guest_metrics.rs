//! `VM_guest_metrics`: see the class.

use crate::macros::words::*;

class! {
    vm_guest_metrics "VM_guest_metrics", Published "rio" { writer: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        PV_DRIVERS_DETECTED PV_drivers_detected [bool] = flag(false), Runtime, Published "dundee";
        PV_DRIVERS_UP_TO_DATE PV_drivers_up_to_date [bool], Runtime, Deprecated "rio";
        PV_DRIVERS_VERSION PV_drivers_version [map [string] [string]], Runtime, Published "rio";
        CAN_USE_HOTPLUG_VBD can_use_hotplug_vbd [enum TristateType] = text("unspecified"), Runtime, Published "dundee";
        CAN_USE_HOTPLUG_VIF can_use_hotplug_vif [enum TristateType] = text("unspecified"), Runtime, Published "dundee";
        DISKS disks [map [string] [string]] = map(&[]), Runtime, Removed "rio";
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        LIVE live [bool] = flag(false), Runtime, Published "orlando";
        MEMORY memory [map [string] [string]] = map(&[]), Runtime, Removed "rio";
        NETBIOS_NAME netbios_name [map [string] [string]] = map(&[]), Runtime, Prototyped "24.28.0" { in_2024_dump: false };
        NETWORKS networks [map [string] [string]], Runtime, Published "rio";
        OS_VERSION os_version [map [string] [string]], Runtime, Published "rio";
        OTHER other [map [string] [string]], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
        SERVICES services [map [string] [string]] = map(&[]), Runtime, Prototyped "25.15.0" { in_2024_dump: false };
    }

    messages {
    }
}

enumeration! {
    TristateType "tristate_type" { Yes "yes", No "no", Unspecified "unspecified" }
}
