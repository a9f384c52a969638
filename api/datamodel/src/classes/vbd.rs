//! `VBD`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// The connection of one virtual disk to one VM.
    vbd "VBD", Published "rio" { gen_constructor_destructor: true, writer: at(VmAdmin), constructor: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum VbdOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum VbdOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// The disk; null for an empty drive.
        VDI VDI [ref "VDI"], Constructor, Published "rio";
        /// The VM.
        VM VM [ref "VM"], Constructor, Published "rio";
        /// True if a paravirtual VM boots from it.
        BOOTABLE bootable [bool], ReadWrite, Published "rio";
        /// True while plugged in.
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Constructor, Published "rio";
        /// Device name in the guest, once known.
        DEVICE device [string] = text(""), Constructor, Published "rio";
        /// True for a drive with nothing in it.
        EMPTY empty [bool], Constructor, Published "rio";
        /// Its figures; no longer written.
        METRICS metrics [ref "VBD_metrics"] = null(), Runtime, Removed "rio";
        /// Read-only or read-write.
        MODE mode [enum VbdMode], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio";
        /// Settings of that rate limiting.
        QOS_ALGORITHM_PARAMS qos_algorithm_params [map [string] [string]], ReadWrite, Published "rio" { db: Some("qos__algorithm_params") };
        /// Name of the rate limiting in use; empty for none.
        QOS_ALGORITHM_TYPE qos_algorithm_type [string], ReadWrite, Published "rio" { db: Some("qos__algorithm_type") };
        /// Rate limitings that this device could use.
        QOS_SUPPORTED_ALGORITHMS qos_supported_algorithms [set [string]], Runtime, Published "rio" { db: Some("qos__supported_algorithms") };
        /// True while set aside for the server's own use.
        RESERVED reserved [bool] = flag(false), Runtime, Published "rio" { internal: true };
        /// What the device reports while plugged in.
        RUNTIME_PROPERTIES runtime_properties [map [string] [string]], Runtime, Published "rio";
        /// Error code of the last attach; 0 is success.
        STATUS_CODE status_code [int], Runtime, Published "rio";
        /// Text to go with the status code.
        STATUS_DETAIL status_detail [string], Runtime, Published "rio";
        /// True while the storage lock is held.
        STORAGE_LOCK storage_lock [bool], Runtime, Published "rio";
        /// Disk, CD or floppy.
        TYPE type [enum VbdType], ReadWrite, Published "rio";
        /// False if a running guest is not to lose it.
        UNPLUGGABLE unpluggable [bool] = flag(true), ReadWrite, Published "miami";
        /// Position in the guest: a number or a name such as xvda.
        USERDEVICE userdevice [string], ReadWrite, Published "rio";
    }

    messages {
        /// Fail unless it could be plugged now.
        assert_attachable(self [ref "VBD"]) -> [void], VmAdmin, Published "rio";
        /// Take the medium out of a CD drive.
        eject(vbd [ref "VBD"]) -> [void], VmOperator, Published "rio" { errors: &["VBD_NOT_REMOVABLE_MEDIA", "VBD_IS_EMPTY"], route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:eject"] };
        /// Put a medium into an empty CD drive.
        insert(vbd [ref "VBD"], vdi [ref "VDI"]) -> [void], VmOperator, Published "rio" { errors: &["VBD_NOT_REMOVABLE_MEDIA", "VBD_NOT_EMPTY"], route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:insert"] };
        /// Stop I/O and close the backend; answers a token.
        pause(self [ref "VBD"]) -> [string], VmAdmin, Published "symc" { hidden: true, route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:pause"] };
        /// Attach to the running VM.
        plug(self [ref "VBD"]) -> [void], VmAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:plug"] };
        /// Change between read-only and read-write; only while unplugged.
        set_mode(self [ref "VBD"], value [enum VbdMode]) -> [void], VmAdmin, Published "rio";
        /// Reopen the backend and let I/O go on.
        unpause(self [ref "VBD"], token [string] = text("")) -> [void], VmAdmin, Published "symc" { hidden: true, route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unpause"] };
        /// Detach from the running VM, with its agreement.
        unplug(self [ref "VBD"]) -> [void], VmAdmin, Published "rio" { errors: &["DEVICE_DETACH_REJECTED", "DEVICE_ALREADY_DETACHED"], route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unplug"] };
        /// Detach from the running VM without waiting for its agreement.
        unplug_force(self [ref "VBD"]) -> [void], VmAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unplug_force"] };
        /// As unplug_force, without looking at unpluggable.
        unplug_force_no_safety_check(self [ref "VBD"]) -> [void], VmAdmin, Deprecated "symc" { hidden: true, route: Route::OwningHost, runs_on: "VBD.VM.resident_on (coordinator if null)", locks: &["VBD:unplug_force"] };
    }
}

enumeration! {
    /// Whether the guest may write.
    VbdMode "vbd_mode" { Ro "RO", Rw "RW" }
}

enumeration! {
    /// Operations on a VBD.
    VbdOperations "vbd_operations" {
        Attach "attach", Eject "eject", Insert "insert", Plug "plug", Unplug "unplug", UnplugForce "unplug_force",
        Pause "pause", Unpause "unpause",
    }
}

enumeration! {
    /// How the guest sees a VBD.
    VbdType "vbd_type" { Cd "CD", Disk "Disk", Floppy "Floppy" }
}
