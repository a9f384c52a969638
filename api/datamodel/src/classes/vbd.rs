//! `VBD`: see the class.

use crate::macros::words::*;

class! {
    vbd "VBD", Published "rio" { gen_constructor_destructor: true, writer: at(VmAdmin), constructor: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        ALLOWED_OPERATIONS allowed_operations [set [enum VbdOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum VbdOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        VDI VDI [ref "VDI"], Constructor, Published "rio";
        VM VM [ref "VM"], Constructor, Published "rio";
        BOOTABLE bootable [bool], ReadWrite, Published "rio";
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Constructor, Published "rio";
        DEVICE device [string] = text(""), Constructor, Published "rio";
        EMPTY empty [bool], Constructor, Published "rio";
        METRICS metrics [ref "VBD_metrics"] = null(), Runtime, Removed "rio";
        MODE mode [enum VbdMode], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio";
        QOS_ALGORITHM_PARAMS qos_algorithm_params [map [string] [string]], ReadWrite, Published "rio" { db: Some("qos__algorithm_params") };
        QOS_ALGORITHM_TYPE qos_algorithm_type [string], ReadWrite, Published "rio" { db: Some("qos__algorithm_type") };
        QOS_SUPPORTED_ALGORITHMS qos_supported_algorithms [set [string]], Runtime, Published "rio" { db: Some("qos__supported_algorithms") };
        RESERVED reserved [bool] = flag(false), Runtime, Published "rio" { internal: true };
        RUNTIME_PROPERTIES runtime_properties [map [string] [string]], Runtime, Published "rio";
        STATUS_CODE status_code [int], Runtime, Published "rio";
        STATUS_DETAIL status_detail [string], Runtime, Published "rio";
        STORAGE_LOCK storage_lock [bool], Runtime, Published "rio";
        TYPE type [enum VbdType], ReadWrite, Published "rio";
        UNPLUGGABLE unpluggable [bool] = flag(true), ReadWrite, Published "miami";
        USERDEVICE userdevice [string], ReadWrite, Published "rio";
    }

    messages {
        assert_attachable(self [ref "VBD"]) -> [void], VmAdmin, Published "rio";
        eject(vbd [ref "VBD"]) -> [void], VmOperator, Published "rio" { errors: &["VBD_NOT_REMOVABLE_MEDIA", "VBD_IS_EMPTY"], route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:eject"] };
        insert(vbd [ref "VBD"], vdi [ref "VDI"]) -> [void], VmOperator, Published "rio" { errors: &["VBD_NOT_REMOVABLE_MEDIA", "VBD_NOT_EMPTY"], route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:insert"] };
        pause(self [ref "VBD"]) -> [string], VmAdmin, Published "symc" { hidden: true, route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:pause"] };
        plug(self [ref "VBD"]) -> [void], VmAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:plug"] };
        set_mode(self [ref "VBD"], value [enum VbdMode]) -> [void], VmAdmin, Published "rio";
        unpause(self [ref "VBD"], token [string] = text("")) -> [void], VmAdmin, Published "symc" { hidden: true, route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unpause"] };
        unplug(self [ref "VBD"]) -> [void], VmAdmin, Published "rio" { errors: &["DEVICE_DETACH_REJECTED", "DEVICE_ALREADY_DETACHED"], route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unplug"] };
        unplug_force(self [ref "VBD"]) -> [void], VmAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unplug_force"] };
        unplug_force_no_safety_check(self [ref "VBD"]) -> [void], VmAdmin, Deprecated "symc" { hidden: true, route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unplug_force"] };
    }
}

enumeration! {
    VbdMode "vbd_mode" { Ro "RO", Rw "RW" }
}

enumeration! {
    VbdOperations "vbd_operations" {
        Attach "attach", Eject "eject", Insert "insert", Plug "plug", Unplug "unplug", UnplugForce "unplug_force",
        Pause "pause", Unpause "unpause",
    }
}

enumeration! {
    VbdType "vbd_type" { Cd "CD", Disk "Disk", Floppy "Floppy" }
}
