//! `VMSS`: see the class.

use crate::macros::words::*;

class! {
    vmss "VMSS", Published "falcon" { gen_constructor_destructor: true }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        VMS VMs [set [ref "VM"]], Runtime, Published "rio";
        ENABLED enabled [bool] = flag(true), ReadWrite, Published "rio";
        FREQUENCY frequency [enum VmssFrequency], Constructor, Published "rio";
        LAST_RUN_TIME last_run_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "rio";
        RETAINED_SNAPSHOTS retained_snapshots [int] = int(7), Constructor, Published "rio";
        SCHEDULE schedule [map [string] [string]] = map(&[]), Constructor, Published "rio";
        TYPE type [enum VmssType], Constructor, Published "rio";
    }

    messages {
        add_to_schedule(self [ref "VMSS"], key [string], value [string]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        remove_from_schedule(self [ref "VMSS"], key [string]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        set_frequency(self [ref "VMSS"], value [enum VmssFrequency]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        set_last_run_time(self [ref "VMSS"], value [datetime]) -> [void], LocalRoot, Published "falcon" { is_async: false };
        set_retained_snapshots(self [ref "VMSS"], value [int]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        set_schedule(self [ref "VMSS"], value [map [string] [string]]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        set_type(self [ref "VMSS"], value [enum VmssType]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        snapshot_now(vmss [ref "VMSS"]) -> [string], PoolOperator, Published "falcon" { is_async: false };
    }
}

enumeration! {
    VmssFrequency "vmss_frequency" { Hourly "hourly", Daily "daily", Weekly "weekly" }
}

enumeration! {
    VmssType "vmss_type" { Snapshot "snapshot", Checkpoint "checkpoint", SnapshotWithQuiesce "snapshot_with_quiesce" }
}
