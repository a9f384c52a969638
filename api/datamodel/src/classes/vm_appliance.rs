//! `VM_appliance`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// VMs that start and stop together, in order.
    vm_appliance "VM_appliance", Published "boston" { gen_constructor_destructor: true }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum VmApplianceOperation]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum VmApplianceOperation]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// VMs in it.
        VMS VMs [set [ref "VM"]], Runtime, Published "rio";
    }

    messages {
        /// Fail unless its storage is there for a recovery.
        assert_can_be_recovered(self [ref "VM_appliance"], session_to [ref "session"]) -> [void], ReadOnly, Published "boston" { errors: &["VM_REQUIRES_SR"] };
        /// Ask its VMs to shut down, in reverse order.
        clean_shutdown(self [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:clean_shutdown"] };
        /// Storage that a recovery of it needs.
        get_SRs_required_for_recovery(self [ref "VM_appliance"], session_to [ref "session"]) -> [set [ref "SR"]], ReadOnly, Published "creedence";
        /// Stop its VMs, in reverse order.
        hard_shutdown(self [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:hard_shutdown"] };
        /// Bring it from another pool's metadata into this pool.
        recover(self [ref "VM_appliance"], session_to [ref "session"], force [bool]) -> [void], ReadOnly, Published "boston" { errors: &["VM_REQUIRES_SR"] };
        /// Ask its VMs to shut down, and stop those that do not.
        shutdown(self [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:shutdown"] };
        /// Start its VMs in order.
        start(self [ref "VM_appliance"], paused [bool]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:start"] };
    }
}

enumeration! {
    /// Operations on an appliance.
    VmApplianceOperation "vm_appliance_operation" { Start "start", CleanShutdown "clean_shutdown", HardShutdown "hard_shutdown", Shutdown "shutdown" }
}
