//! `VMPP`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A former policy for protecting VMs; removed, every call is refused.
    vmpp "VMPP", Removed "cowley" { gen_constructor_destructor: true }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Removed "cowley";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Removed "cowley" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Removed "cowley" { db: Some("name__description") };
        /// VMs it protected.
        VMS VMs [set [ref "VM"]], Runtime, Removed "cowley";
        /// How alarms were sent.
        ALARM_CONFIG alarm_config [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        /// How often backups were archived.
        ARCHIVE_FREQUENCY archive_frequency [enum VmppArchiveFrequency] = text("never"), Constructor, Removed "cowley";
        /// When the last archive ran.
        ARCHIVE_LAST_RUN_TIME archive_last_run_time [datetime] = date("19700101T00:00:00Z"), Runtime, Removed "cowley";
        /// When archives ran.
        ARCHIVE_SCHEDULE archive_schedule [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        /// Where archives went.
        ARCHIVE_TARGET_CONFIG archive_target_config [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        /// Kind of place for archives.
        ARCHIVE_TARGET_TYPE archive_target_type [enum VmppArchiveTargetType] = text("none"), Constructor, Removed "cowley";
        /// How often backups ran.
        BACKUP_FREQUENCY backup_frequency [enum VmppBackupFrequency] = text("daily"), Constructor, Removed "cowley";
        /// When the last backup ran.
        BACKUP_LAST_RUN_TIME backup_last_run_time [datetime] = date("19700101T00:00:00Z"), Runtime, Removed "cowley";
        /// Backups kept.
        BACKUP_RETENTION_VALUE backup_retention_value [int] = int(7), Constructor, Removed "cowley";
        /// When backups ran.
        BACKUP_SCHEDULE backup_schedule [map [string] [string]] = map(&[]), Constructor, Removed "cowley";
        /// Disks only, or disks and memory.
        BACKUP_TYPE backup_type [enum VmppBackupType] = text("snapshot"), ReadWrite, Removed "cowley";
        /// True if alarms were sent.
        IS_ALARM_ENABLED is_alarm_enabled [bool] = flag(false), Constructor, Removed "cowley";
        /// True while an archive ran.
        IS_ARCHIVE_RUNNING is_archive_running [bool], Runtime, Removed "cowley";
        /// True while a backup ran.
        IS_BACKUP_RUNNING is_backup_running [bool], Runtime, Removed "cowley";
        /// True if the policy was in force.
        IS_POLICY_ENABLED is_policy_enabled [bool] = flag(true), ReadWrite, Removed "cowley";
        /// Latest alerts.
        RECENT_ALERTS recent_alerts [set [string]] = set(&[]), Runtime, Removed "cowley";
    }

    messages {
        /// Formerly added a setting of alarms.
        add_to_alarm_config(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly added to the archive schedule.
        add_to_archive_schedule(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly added a setting of the archive place.
        add_to_archive_target_config(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly added to the backup schedule.
        add_to_backup_schedule(self [ref "VMPP"], key [string], value [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly archived a snapshot at once.
        archive_now(snapshot [ref "VM"]) -> [string], VmPowerAdmin, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly raised an alert.
        create_alert(vmpp [ref "VMPP"], name [string], priority [int], body [string], data [string]) -> [void], LocalRoot, Removed "cowley" { is_async: false, hidden: true, route: Route::Removed };
        /// Formerly answered the latest alerts.
        get_alerts(vmpp [ref "VMPP"], hours_from_now [int]) -> [set [string]], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly made a backup at once.
        protect_now(vmpp [ref "VMPP"]) -> [string], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly removed a setting of alarms.
        remove_from_alarm_config(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly removed from the archive schedule.
        remove_from_archive_schedule(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly removed a setting of the archive place.
        remove_from_archive_target_config(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly removed from the backup schedule.
        remove_from_backup_schedule(self [ref "VMPP"], key [string]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly replaced the settings of alarms.
        set_alarm_config(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly chose how often to archive.
        set_archive_frequency(self [ref "VMPP"], value [enum VmppArchiveFrequency]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly recorded the last archive.
        set_archive_last_run_time(self [ref "VMPP"], value [datetime]) -> [void], LocalRoot, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly replaced the archive schedule.
        set_archive_schedule(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly replaced the settings of the archive place.
        set_archive_target_config(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly chose the kind of archive place.
        set_archive_target_type(self [ref "VMPP"], value [enum VmppArchiveTargetType]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly chose how often to back up.
        set_backup_frequency(self [ref "VMPP"], value [enum VmppBackupFrequency]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly recorded the last backup.
        set_backup_last_run_time(self [ref "VMPP"], value [datetime]) -> [void], LocalRoot, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly chose how many backups to keep.
        set_backup_retention_value(self [ref "VMPP"], value [int]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly replaced the backup schedule.
        set_backup_schedule(self [ref "VMPP"], value [map [string] [string]]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly switched alarms.
        set_is_alarm_enabled(self [ref "VMPP"], value [bool]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Formerly recorded that an archive ran.
        set_is_archive_running(self [ref "VMPP"], value [bool]) -> [void], LocalRoot, Removed "cowley" { is_async: false, hidden: true, route: Route::Removed };
        /// Formerly recorded that a backup ran.
        set_is_backup_running(self [ref "VMPP"], value [bool]) -> [void], LocalRoot, Removed "cowley" { is_async: false, hidden: true, route: Route::Removed };
    }
}

enumeration! {
    /// How often a protection policy archived.
    VmppArchiveFrequency "vmpp_archive_frequency" { Never "never", AlwaysAfterBackup "always_after_backup", Daily "daily", Weekly "weekly" }
}

enumeration! {
    /// Kind of place for archives.
    VmppArchiveTargetType "vmpp_archive_target_type" { None "none", Cifs "cifs", Nfs "nfs" }
}

enumeration! {
    /// How often a protection policy backed up.
    VmppBackupFrequency "vmpp_backup_frequency" { Hourly "hourly", Daily "daily", Weekly "weekly" }
}

enumeration! {
    /// What a backup held.
    VmppBackupType "vmpp_backup_type" { Snapshot "snapshot", Checkpoint "checkpoint" }
}
