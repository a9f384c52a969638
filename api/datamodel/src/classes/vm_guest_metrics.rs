//! `VM_guest_metrics`: its fields and enumerations.

use crate::macros::words::*;

class! {
    /// What the guest agent of a VM reports.
    vm_guest_metrics "VM_guest_metrics", Published "rio" { writer: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// True if the guest has paravirtual drivers.
        PV_DRIVERS_DETECTED PV_drivers_detected [bool] = flag(false), Runtime, Published "dundee";
        /// True if its drivers are current; same as PV_drivers_detected.
        PV_DRIVERS_UP_TO_DATE PV_drivers_up_to_date [bool], Runtime, Deprecated "rio";
        /// Version of its drivers.
        PV_DRIVERS_VERSION PV_drivers_version [map [string] [string]], Runtime, Published "rio";
        /// Whether disks can be plugged while it runs.
        CAN_USE_HOTPLUG_VBD can_use_hotplug_vbd [enum TristateType] = text("unspecified"), Runtime, Published "dundee";
        /// Whether interfaces can be plugged while it runs.
        CAN_USE_HOTPLUG_VIF can_use_hotplug_vif [enum TristateType] = text("unspecified"), Runtime, Published "dundee";
        /// Former disk figures.
        DISKS disks [map [string] [string]] = map(&[]), Runtime, Removed "rio";
        /// When these figures were last written.
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio";
        /// True while the agent reports.
        LIVE live [bool] = flag(false), Runtime, Published "orlando";
        /// Former memory figures.
        MEMORY memory [map [string] [string]] = map(&[]), Runtime, Removed "rio";
        /// NetBIOS names of a Windows guest.
        NETBIOS_NAME netbios_name [map [string] [string]] = map(&[]), Runtime, Prototyped "24.28.0" { in_2024_dump: false };
        /// IP addresses by interface.
        NETWORKS networks [map [string] [string]], Runtime, Published "rio";
        /// Name and version of the guest system.
        OS_VERSION os_version [map [string] [string]], Runtime, Published "rio";
        /// Whatever else the agent reports.
        OTHER other [map [string] [string]], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando";
        /// Versions of services in the guest.
        SERVICES services [map [string] [string]] = map(&[]), Runtime, Prototyped "25.15.0" { in_2024_dump: false };
    }

    messages {
    }
}

enumeration! {
    /// Yes, no or not known.
    TristateType "tristate_type" { Yes "yes", No "no", Unspecified "unspecified" }
}
