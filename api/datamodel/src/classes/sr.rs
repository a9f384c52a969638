//! `SR`: see the class.

use crate::macros::words::*;

class! {
    sr "SR", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        ALLOWED_OPERATIONS allowed_operations [set [enum StorageOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum StorageOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        PBDS PBDs [set [ref "PBD"]], Runtime, Published "rio";
        VDIS VDIs [set [ref "VDI"]], Runtime, Published "rio";
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        CLUSTERED clustered [bool] = flag(false), Runtime, Published "dundee";
        CONTENT_TYPE content_type [string], Constructor, Published "rio";
        DEFAULT_VDI_VISIBILITY default_vdi_visibility [bool], Runtime, Published "rio" { internal: true };
        INTRODUCED_BY introduced_by [ref "DR_task"] = null(), Runtime, Published "boston";
        IS_TOOLS_SR is_tools_sr [bool] = flag(false), Runtime, Published "dundee";
        LOCAL_CACHE_ENABLED local_cache_enabled [bool] = flag(false), Runtime, Published "cowley";
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))] };
        PHYSICAL_SIZE physical_size [int], Constructor, Published "rio";
        PHYSICAL_UTILISATION physical_utilisation [int], Runtime, Published "rio";
        SHARED shared [bool], Runtime, Published "rio";
        SM_CONFIG sm_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        TYPE type [string], Constructor, Published "rio";
        VIRTUAL_ALLOCATION virtual_allocation [int], Runtime, Published "rio";
    }

    messages {
        assert_can_host_ha_statefile(sr [ref "SR"]) -> [void], PoolOperator, Published "orlando";
        assert_supports_database_replication(sr [ref "SR"]) -> [void], PoolOperator, Published "boston";
        create(host [ref "host"], device_config [map [string] [string]], physical_size [int], name_label [string], name_description [string], type [string], content_type [string], shared [bool], sm_config [map [string] [string]] = map(&[])) -> [ref "SR"], PoolOperator, Published "rio" { errors: &["SR_UNKNOWN_DRIVER"], route: Route::OwningHost, runs_on: "host parameter" };
        create_new_blob(sr [ref "SR"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        destroy(sr [ref "SR"]) -> [void], PoolOperator, Published "rio" { errors: &["SR_HAS_PBD"], route: Route::FanOut, runs_on: "destroy on the SR host (unplugged PBDs count), then forget on every host with a PBD", locks: &["SR:destroy"] };
        disable_database_replication(sr [ref "SR"]) -> [void], PoolOperator, Published "boston";
        enable_database_replication(sr [ref "SR"]) -> [void], PoolOperator, Published "boston";
        forget(sr [ref "SR"]) -> [void], PoolOperator, Published "rio" { errors: &["SR_HAS_PBD"], route: Route::FanOut, runs_on: "every host with a PBD, offline hosts skipped; then DB removal on the coordinator", locks: &["SR:forget"] };
        forget_data_source_archives(sr [ref "SR"], data_source [string]) -> [void], PoolOperator, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        get_data_sources(sr [ref "SR"]) -> [set [record "data_source"]], ReadOnly, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        get_live_hosts(sr [ref "SR"]) -> [set [ref "host"]], PoolOperator, Published "stockholm" { hidden: true };
        get_supported_types() -> [set [string]], ReadOnly, Published "rio" { is_async: false };
        introduce(uuid [string], name_label [string], name_description [string], type [string], content_type [string], shared [bool], sm_config [map [string] [string]] = map(&[])) -> [ref "SR"], PoolOperator, Published "rio";
        make(host [ref "host"], device_config [map [string] [string]], physical_size [int], name_label [string], name_description [string], type [string], content_type [string], sm_config [map [string] [string]] = map(&[])) -> [string], PoolOperator, Deprecated "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        probe(host [ref "host"], device_config [map [string] [string]], type [string], sm_config [map [string] [string]] = map(&[])) -> [string], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        probe_ext(host [ref "host"], device_config [map [string] [string]], type [string], sm_config [map [string] [string]] = map(&[])) -> [set [record "probe_result"]], PoolOperator, Published "lima" { route: Route::OwningHost, runs_on: "host parameter" };
        query_data_source(sr [ref "SR"], data_source [string]) -> [float], ReadOnly, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        record_data_source(sr [ref "SR"], data_source [string]) -> [void], PoolOperator, Published "dundee" { is_async: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        scan(sr [ref "SR"]) -> [void], VmPowerAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:scan"] };
        set_name_description(sr [ref "SR"], value [string]) -> [void], PoolOperator, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        set_name_label(sr [ref "SR"], value [string]) -> [void], PoolOperator, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        set_physical_size(self [ref "SR"], value [int]) -> [void], PoolOperator, Published "miami" { is_async: false };
        set_physical_utilisation(self [ref "SR"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        set_shared(sr [ref "SR"], value [bool]) -> [void], PoolOperator, Published "rio";
        set_virtual_allocation(self [ref "SR"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        update(sr [ref "SR"]) -> [void], PoolOperator, Published "symc" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
    }
}

enumeration! {
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
