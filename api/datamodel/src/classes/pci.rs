//! `PCI`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A PCI device of a host.
    pci "PCI", Published "boston" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "boston";
        /// PCI class, in hexadecimal.
        CLASS_ID class_id [string] = text(""), Constructor, Published "boston" { in_2024_dump: false };
        /// Name of the PCI class.
        CLASS_NAME class_name [string] = text(""), Constructor, Published "boston";
        /// Vendor, in hexadecimal.
        VENDOR_ID vendor_id [string] = text(""), Constructor, Published "boston" { in_2024_dump: false };
        /// Name of the vendor.
        VENDOR_NAME vendor_name [string] = text(""), Constructor, Published "boston";
        /// Device, in hexadecimal.
        DEVICE_ID device_id [string] = text(""), Constructor, Published "boston" { in_2024_dump: false };
        /// Name of the device.
        DEVICE_NAME device_name [string] = text(""), Constructor, Published "boston";
        /// The host it is in.
        HOST host [ref "host"] = null(), Constructor, Published "boston";
        /// Address on the bus: domain, bus, device, function.
        PCI_ID pci_id [string] = text(""), Constructor, Published "boston";
        /// Devices that must go to the same VM.
        DEPENDENCIES dependencies [set [ref "PCI"]], Runtime, Published "boston" { ignore_foreign_key: true };
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        /// Vendor of the board, in hexadecimal.
        SUBSYSTEM_VENDOR_ID subsystem_vendor_id [string] = text(""), Constructor, Published "clearwater-whetstone" { in_2024_dump: false };
        /// Name of the board's vendor.
        SUBSYSTEM_VENDOR_NAME subsystem_vendor_name [string] = text(""), Constructor, Published "clearwater-whetstone";
        /// Board, in hexadecimal.
        SUBSYSTEM_DEVICE_ID subsystem_device_id [string] = text(""), Constructor, Published "clearwater-whetstone" { in_2024_dump: false };
        /// Name of the board.
        SUBSYSTEM_DEVICE_NAME subsystem_device_name [string] = text(""), Constructor, Published "clearwater-whetstone";
        /// Kernel driver bound to it.
        DRIVER_NAME driver_name [string] = text(""), Constructor, Published "kolkata";
        /// VMs it is passed through to.
        ATTACHED_VMS attached_VMs [set [ref "VM"]], Runtime, Published "boston" { internal: true };
        /// Number of functions of the device.
        FUNCTIONS functions [int] = int(1), Runtime, Published "boston" { internal: true };
        /// For a virtual function, the device that provides it.
        PHYSICAL_FUNCTION physical_function [ref "PCI"] = null(), Constructor, Published "falcon" { internal: true };
        /// VM it is promised to.
        SCHEDULED_TO_BE_ATTACHED_TO scheduled_to_be_attached_to [ref "VM"] = null(), Runtime, Published "falcon" { internal: true };
        /// Virtual functions it provides.
        VIRTUAL_FUNCTIONS virtual_functions [set [ref "PCI"]], Runtime, Published "falcon" { internal: true };
    }

    messages {
        /// Hide the device from the control domain from the next boot.
        disable_dom0_access(self [ref "PCI"]) -> [enum PciDom0Access], PoolOperator, Prototyped "24.14.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "PCI.host" };
        /// Give the device back to the control domain from the next boot.
        enable_dom0_access(self [ref "PCI"]) -> [enum PciDom0Access], PoolOperator, Prototyped "24.14.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "PCI.host" };
        /// Whether the control domain has the device now and after the next boot.
        get_dom0_access_status(self [ref "PCI"]) -> [enum PciDom0Access], PoolOperator, Prototyped "24.14.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "PCI.host" };
    }
}

enumeration! {
    /// Whether the control domain has a device, now and after the next boot.
    PciDom0Access "pci_dom0_access" { Enabled "enabled", DisableOnReboot "disable_on_reboot", Disabled "disabled", EnableOnReboot "enable_on_reboot" }
}
