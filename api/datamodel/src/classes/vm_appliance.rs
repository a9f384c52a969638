//! `VM_appliance`: see the class.

use crate::macros::words::*;

class! {
    vm_appliance "VM_appliance", Published "boston" { gen_constructor_destructor: true }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        ALLOWED_OPERATIONS allowed_operations [set [enum VmApplianceOperation]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum VmApplianceOperation]] = map(&[]), Runtime, Published "rio" { persist: false };
        VMS VMs [set [ref "VM"]], Runtime, Published "rio";
    }

    messages {
        assert_can_be_recovered(self [ref "VM_appliance"], session_to [ref "session"]) -> [void], ReadOnly, Published "boston" { errors: &["VM_REQUIRES_SR"] };
        clean_shutdown(self [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:clean_shutdown"] };
        get_SRs_required_for_recovery(self [ref "VM_appliance"], session_to [ref "session"]) -> [set [ref "SR"]], ReadOnly, Published "creedence";
        hard_shutdown(self [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:hard_shutdown"] };
        recover(self [ref "VM_appliance"], session_to [ref "session"], force [bool]) -> [void], ReadOnly, Published "boston" { errors: &["VM_REQUIRES_SR"] };
        shutdown(self [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:shutdown"] };
        start(self [ref "VM_appliance"], paused [bool]) -> [void], PoolOperator, Published "boston" { errors: &["OPERATION_PARTIALLY_FAILED"], locks: &["VM_appliance:start"] };
    }
}

enumeration! {
    VmApplianceOperation "vm_appliance_operation" { Start "start", CleanShutdown "clean_shutdown", HardShutdown "hard_shutdown", Shutdown "shutdown" }
}
