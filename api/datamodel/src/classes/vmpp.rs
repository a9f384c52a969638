//! `VMPP`: see the class.

use crate::macros::words::*;

class! {
    vmpp "VMPP", Removed "cowley" { gen_constructor_destructor: true }

    fields {
        UUID uuid [string], Runtime, Removed "cowley";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Removed "cowley" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Removed "cowley" { db: Some("name__description") };
        VMS VMs [set [ref "VM"]], Runtime, Removed "cowley";
        ALARM_CONFIG alarm_config [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        ARCHIVE_FREQUENCY archive_frequency [enum VmppArchiveFrequency] = text("never"), Constructor, Removed "cowley";
        ARCHIVE_LAST_RUN_TIME archive_last_run_time [datetime] = date("19700101T00:00:00Z"), Runtime, Removed "cowley";
        ARCHIVE_SCHEDULE archive_schedule [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        ARCHIVE_TARGET_CONFIG archive_target_config [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        ARCHIVE_TARGET_TYPE archive_target_type [enum VmppArchiveTargetType] = text("none"), Constructor, Removed "cowley";
        BACKUP_FREQUENCY backup_frequency [enum VmppBackupFrequency] = text("daily"), Constructor, Removed "cowley";
        BACKUP_LAST_RUN_TIME backup_last_run_time [datetime] = date("19700101T00:00:00Z"), Runtime, Removed "cowley";
        BACKUP_RETENTION_VALUE backup_retention_value [int] = int(7), Constructor, Removed "cowley";
        BACKUP_SCHEDULE backup_schedule [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        BACKUP_TYPE backup_type [enum VmppBackupType] = text("snapshot"), ReadWrite, Removed "cowley";
        IS_ALARM_ENABLED is_alarm_enabled [bool] = flag(false), Constructor, Removed "cowley";
        IS_ARCHIVE_RUNNING is_archive_running [bool], Runtime, Removed "cowley";
        IS_BACKUP_RUNNING is_backup_running [bool], Runtime, Removed "cowley";
        IS_POLICY_ENABLED is_policy_enabled [bool] = flag(true), ReadWrite, Removed "cowley";
        RECENT_ALERTS recent_alerts [set [string]] = set(&[]), Runtime, Removed "cowley";
    }

    messages {
        add_to_alarm_config(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        add_to_archive_schedule(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        add_to_archive_target_config(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        add_to_backup_schedule(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        archive_now(snapshot [ref "VM"]) -> [string], VmPowerAdmin, Removed "cowley" { is_async: false, route: Route::Removed };
        create_alert(vmpp [ref "VMPP"], name [string], priority [int], body [string], data [string]) -> [void], LocalRoot, Removed "cowley" { is_async: false, hidden: true, route: Route::Removed };
        get_alerts(vmpp [ref "VMPP"], hours_from_now [int]) -> [set [string]], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        protect_now(vmpp [ref "VMPP"]) -> [string], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        remove_from_alarm_config(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        remove_from_archive_schedule(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        remove_from_archive_target_config(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        remove_from_backup_schedule(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_alarm_config(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_archive_frequency(self [ref "VMPP"], value [enum VmppArchiveFrequency]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_archive_last_run_time(self [ref "VMPP"], value [datetime]) -> [void], LocalRoot, Removed "cowley" { is_async: false, route: Route::Removed };
        set_archive_schedule(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_archive_target_config(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_archive_target_type(self [ref "VMPP"], value [enum VmppArchiveTargetType]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_backup_frequency(self [ref "VMPP"], value [enum VmppBackupFrequency]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_backup_last_run_time(self [ref "VMPP"], value [datetime]) -> [void], LocalRoot, Removed "cowley" { is_async: false, route: Route::Removed };
        set_backup_retention_value(self [ref "VMPP"], value [int]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_backup_schedule(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_is_alarm_enabled(self [ref "VMPP"], value [bool]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_is_archive_running(self [ref "VMPP"], value [bool]) -> [void], LocalRoot, Removed "cowley" { is_async: false, hidden: true, route: Route::Removed };
        set_is_backup_running(self [ref "VMPP"], value [bool]) -> [void], LocalRoot, Removed "cowley" { is_async: false, hidden: true, route: Route::Removed };
    }
}

enumeration! {
    VmppArchiveFrequency "vmpp_archive_frequency" { Never "never", AlwaysAfterBackup "always_after_backup", Daily "daily", Weekly "weekly" }
}

enumeration! {
    VmppArchiveTargetType "vmpp_archive_target_type" { None "none", Cifs "cifs", Nfs "nfs" }
}

enumeration! {
    VmppBackupFrequency "vmpp_backup_frequency" { Hourly "hourly", Daily "daily", Weekly "weekly" }
}

enumeration! {
    VmppBackupType "vmpp_backup_type" { Snapshot "snapshot", Checkpoint "checkpoint" }
}
