//! `SR`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A storage repository: a place that holds virtual disks.
    sr "SR", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum StorageOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum StorageOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Its connections to hosts.
        PBDS PBDs [set [ref "PBD"]], Runtime, Published "rio";
        /// Its disks.
        VDIS VDIs [set [ref "VDI"]], Runtime, Published "rio";
        /// Binary data kept with the object, by name.
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        /// True if it needs a running cluster.
        CLUSTERED clustered [bool] = flag(false), Runtime, Published "dundee";
        /// What it holds, such as iso; empty for disks.
        CONTENT_TYPE content_type [string], Constructor, Published "rio";
        /// Whether scans show disks found.
        DEFAULT_VDI_VISIBILITY default_vdi_visibility [bool], Runtime, Published "rio" { internal: true };
        /// The disaster recovery that attached it.
        INTRODUCED_BY introduced_by [ref "DR_task"] = null(), Runtime, Published "boston";
        /// True if it holds the guest tools image.
        IS_TOOLS_SR is_tools_sr [bool] = flag(false), Runtime, Published "dundee";
        /// True if hosts keep read caches in it.
        LOCAL_CACHE_ENABLED local_cache_enabled [bool] = flag(false), Runtime, Published "cowley";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))] };
        /// Total space, in bytes.
        PHYSICAL_SIZE physical_size [int], Constructor, Published "rio";
        /// Space in use, in bytes.
        PHYSICAL_UTILISATION physical_utilisation [int], Runtime, Published "rio";
        /// True if more than one host may use it.
        SHARED shared [bool], Runtime, Published "rio";
        /// Data of the storage driver.
        SM_CONFIG sm_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// Words given by users to find the object by.
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// Its storage driver.
        TYPE type [string], Constructor, Published "rio";
        /// Sum of the sizes of its disks, in bytes.
        VIRTUAL_ALLOCATION virtual_allocation [int], Runtime, Published "rio";
    }

    messages {
        /// Fail unless it could hold the HA state file.
        assert_can_host_ha_statefile(sr [ref "SR"]) -> [void], PoolOperator, Published "orlando";
        /// Fail unless it could hold a copy of the database.
        assert_supports_database_replication(sr [ref "SR"]) -> [void], PoolOperator, Published "boston";
        /// Format storage, and connect every host to it if shared.
        create(host [ref "host"], device_config [map [string] [string]], physical_size [int], name_label [string], name_description [string], type [string], content_type [string], shared [bool], sm_config [map [string] [string]] = map(&[])) -> [ref "SR"], PoolOperator, Published "rio" { errors: &["SR_UNKNOWN_DRIVER"], route: Route::OwningHost, runs_on: "host parameter" };
        /// Attach an empty blob under a name.
        create_new_blob(sr [ref "SR"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        /// Erase the storage and drop the record; it must be unplugged.
        destroy(sr [ref "SR"]) -> [void], PoolOperator, Published "rio" { errors: &["SR_HAS_PBD"], route: Route::FanOut, runs_on: "destroy on the SR host (unplugged PBDs count), then forget on every host with a PBD", locks: &["SR:destroy"] };
        /// Stop to keep a copy of the database in it.
        disable_database_replication(sr [ref "SR"]) -> [void], PoolOperator, Published "boston";
        /// Keep a copy of the database in it.
        enable_database_replication(sr [ref "SR"]) -> [void], PoolOperator, Published "boston";
        /// Drop the record and leave the storage as it is.
        forget(sr [ref "SR"]) -> [void], PoolOperator, Published "rio" { errors: &["SR_HAS_PBD"], route: Route::FanOut, runs_on: "every host with a PBD, offline hosts skipped; then DB removal on the coordinator", locks: &["SR:forget"] };
        /// Drop the recorded history of a performance figure.
        forget_data_source_archives(sr [ref "SR"], data_source [string]) -> [void], PoolOperator, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Performance figures there are, recorded or not.
        get_data_sources(sr [ref "SR"]) -> [set [record "data_source"]], ReadOnly, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Live hosts that are connected to it.
        get_live_hosts(sr [ref "SR"]) -> [set [ref "host"]], PoolOperator, Published "stockholm" { hidden: true };
        /// SR types that the pool has drivers for.
        get_supported_types() -> [set [string]], ReadOnly, Published "rio" { is_async: false };
        /// Take note of storage that exists.
        introduce(uuid [string], name_label [string], name_description [string], type [string], content_type [string], shared [bool], sm_config [map [string] [string]] = map(&[])) -> [ref "SR"], PoolOperator, Published "rio";
        /// Older form of create that leaves no connection.
        make(host [ref "host"], device_config [map [string] [string]], physical_size [int], name_label [string], name_description [string], type [string], content_type [string], sm_config [map [string] [string]] = map(&[])) -> [string], PoolOperator, Deprecated "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Ask a driver what it finds at a place; answers XML.
        probe(host [ref "host"], device_config [map [string] [string]], type [string], sm_config [map [string] [string]] = map(&[])) -> [string], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Ask a driver what it finds at a place; answers records.
        probe_ext(host [ref "host"], device_config [map [string] [string]], type [string], sm_config [map [string] [string]] = map(&[])) -> [set [record "probe_result"]], PoolOperator, Published "lima" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Latest value of a performance figure.
        query_data_source(sr [ref "SR"], data_source [string]) -> [float], ReadOnly, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Start to record a performance figure.
        record_data_source(sr [ref "SR"], data_source [string]) -> [void], PoolOperator, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Bring the records of its disks in line with the storage.
        scan(sr [ref "SR"]) -> [void], VmPowerAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:scan"] };
        /// Change its description.
        set_name_description(sr [ref "SR"], value [string]) -> [void], PoolOperator, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Rename it.
        set_name_label(sr [ref "SR"], value [string]) -> [void], PoolOperator, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Record the total space.
        set_physical_size(self [ref "SR"], value [int]) -> [void], PoolOperator, Published "miami" { is_async: false };
        /// Record the space in use.
        set_physical_utilisation(self [ref "SR"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        /// Say whether more than one host may use it.
        set_shared(sr [ref "SR"], value [bool]) -> [void], PoolOperator, Published "rio";
        /// Record the sum of the sizes of its disks.
        set_virtual_allocation(self [ref "SR"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        /// Read space figures from the driver again.
        update(sr [ref "SR"]) -> [void], PoolOperator, Published "symc" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
    }
}

enumeration! {
    /// Operations on a storage repository.
    StorageOperations "storage_operations" {
        Scan "scan", Destroy "destroy", Forget "forget", Plug "plug", Unplug "unplug", Update "update",
        VdiCreate "vdi_create", VdiIntroduce "vdi_introduce", VdiDestroy "vdi_destroy", VdiResize "vdi_resize",
        VdiClone "vdi_clone", VdiSnapshot "vdi_snapshot", VdiMirror "vdi_mirror", VdiEnableCbt "vdi_enable_cbt",
        VdiDisableCbt "vdi_disable_cbt", VdiDataDestroy "vdi_data_destroy",
        VdiListChangedBlocks "vdi_list_changed_blocks", VdiSetOnBoot "vdi_set_on_boot", VdiBlocked "vdi_blocked",
        VdiCopy "vdi_copy", VdiForceUnlock "vdi_force_unlock", VdiForget "vdi_forget",
        VdiGenerateConfig "vdi_generate_config", VdiResizeOnline "vdi_resize_online", VdiUpdate "vdi_update",
        VdiRevert "vdi_revert", PbdCreate "pbd_create", PbdDestroy "pbd_destroy",
    }
}
