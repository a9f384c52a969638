//! `PCI`: see the class.

use crate::macros::words::*;

class! {
    pci "PCI", Published "boston" {}

    fields {
        UUID uuid [string], Runtime, Published "boston";
        CLASS_ID class_id [string] = text(""), Constructor, Published "boston" { in_2024_dump: false };
        CLASS_NAME class_name [string] = text(""), Constructor, Published "boston";
        VENDOR_ID vendor_id [string] = text(""), Constructor, Published "boston" { in_2024_dump: false };
        VENDOR_NAME vendor_name [string] = text(""), Constructor, Published "boston";
        DEVICE_ID device_id [string] = text(""), Constructor, Published "boston" { in_2024_dump: false };
        DEVICE_NAME device_name [string] = text(""), Constructor, Published "boston";
        HOST host [ref "host"] = null(), Constructor, Published "boston";
        PCI_ID pci_id [string] = text(""), Constructor, Published "boston";
        DEPENDENCIES dependencies [set [ref "PCI"]], Runtime, Published "boston" { ignore_foreign_key: true };
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        SUBSYSTEM_VENDOR_ID subsystem_vendor_id [string] = text(""), Constructor, Published "clearwater-whetstone" { in_2024_dump: false };
        SUBSYSTEM_VENDOR_NAME subsystem_vendor_name [string] = text(""), Constructor, Published "clearwater-whetstone";
        SUBSYSTEM_DEVICE_ID subsystem_device_id [string] = text(""), Constructor, Published "clearwater-whetstone" { in_2024_dump: false };
        SUBSYSTEM_DEVICE_NAME subsystem_device_name [string] = text(""), Constructor, Published "clearwater-whetstone";
        DRIVER_NAME driver_name [string] = text(""), Constructor, Published "kolkata";
        ATTACHED_VMS attached_VMs [set [ref "VM"]], Runtime, Published "boston" { internal: true };
        FUNCTIONS functions [int] = int(1), Runtime, Published "boston" { internal: true };
        PHYSICAL_FUNCTION physical_function [ref "PCI"] = null(), Constructor, Published "falcon" { internal: true };
        SCHEDULED_TO_BE_ATTACHED_TO scheduled_to_be_attached_to [ref "VM"] = null(), Runtime, Published "falcon" { internal: true };
        VIRTUAL_FUNCTIONS virtual_functions [set [ref "PCI"]], Runtime, Published "falcon" { internal: true };
    }

    messages {
        disable_dom0_access(self [ref "PCI"]) -> [enum PciDom0Access], PoolOperator, Prototyped "24.14.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "PCI.host" };
        enable_dom0_access(self [ref "PCI"]) -> [enum PciDom0Access], PoolOperator, Prototyped "24.14.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "PCI.host" };
        get_dom0_access_status(self [ref "PCI"]) -> [enum PciDom0Access], PoolOperator, Prototyped "24.14.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "PCI.host" };
    }
}

enumeration! {
    PciDom0Access "pci_dom0_access" { Enabled "enabled", DisableOnReboot "disable_on_reboot", Disabled "disabled", EnableOnReboot "enable_on_reboot" }
}
