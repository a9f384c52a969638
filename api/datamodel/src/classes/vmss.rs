//! `VMSS`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A schedule by which VMs are snapshotted.
    vmss "VMSS", Published "falcon" { gen_constructor_destructor: true }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// VMs it snapshots.
        VMS VMs [set [ref "VM"]], Runtime, Published "rio";
        /// True if in force.
        ENABLED enabled [bool] = flag(true), ReadWrite, Published "rio";
        /// How often it runs.
        FREQUENCY frequency [enum VmssFrequency], Constructor, Published "rio";
        /// When it last ran.
        LAST_RUN_TIME last_run_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "rio";
        /// Snapshots kept for each VM; older ones go.
        RETAINED_SNAPSHOTS retained_snapshots [int] = int(7), Constructor, Published "rio";
        /// Minute, hour and days of its runs.
        SCHEDULE schedule [map [string] [string]] = map(&[]), Constructor, Published "rio";
        /// Kind of snapshot.
        TYPE type [enum VmssType], Constructor, Published "rio";
    }

    messages {
        /// Add to the times of its runs.
        add_to_schedule(self [ref "VMSS"], key [string], value [string]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Remove from the times of its runs.
        remove_from_schedule(self [ref "VMSS"], key [string]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Choose how often it runs.
        set_frequency(self [ref "VMSS"], value [enum VmssFrequency]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Record when it last ran.
        set_last_run_time(self [ref "VMSS"], value [datetime]) -> [void], LocalRoot, Published "falcon" { is_async: false };
        /// Choose how many snapshots to keep.
        set_retained_snapshots(self [ref "VMSS"], value [int]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Replace the times of its runs.
        set_schedule(self [ref "VMSS"], value [map [string] [string]]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Choose the kind of snapshot.
        set_type(self [ref "VMSS"], value [enum VmssType]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Run it at once.
        snapshot_now(vmss [ref "VMSS"]) -> [string], PoolOperator, Published "falcon" { is_async: false };
    }
}

enumeration! {
    /// How often a schedule runs.
    VmssFrequency "vmss_frequency" { Hourly "hourly", Daily "daily", Weekly "weekly" }
}

enumeration! {
    /// Kind of snapshot a schedule makes.
    VmssType "vmss_type" { Snapshot "snapshot", Checkpoint "checkpoint", SnapshotWithQuiesce "snapshot_with_quiesce" }
}
