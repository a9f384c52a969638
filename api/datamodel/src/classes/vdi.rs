//! `VDI`: see the class.

use crate::macros::words::*;

class! {
    vdi "VDI", Published "rio" {
        gen_constructor_destructor: true,
        writer: at(VmAdmin),
        constructor: at(VmAdmin),
        implicit: &[
            Implicit { name: "create", route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_create"] },
            Implicit { name: "destroy", route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_destroy", "VDI:destroy"] },
        ],
    }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        ALLOWED_OPERATIONS allowed_operations [set [enum VdiOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum VdiOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        SR SR [ref "SR"], Constructor, Published "rio";
        VBDS VBDs [set [ref "VBD"]], Runtime, Published "rio";
        ALLOW_CACHING allow_caching [bool] = flag(false), Runtime, Published "cowley";
        CBT_ENABLED cbt_enabled [bool] = flag(false), Runtime, Published "inverness";
        CRASH_DUMPS crash_dumps [set [ref "crashdump"]], Runtime, Published "rio";
        IS_A_SNAPSHOT is_a_snapshot [bool] = flag(false), Runtime, Published "orlando";
        IS_TOOLS_ISO is_tools_iso [bool] = flag(false), Runtime, Published "dundee";
        LOCATION location [string] = text(""), Runtime, Published "miami";
        MANAGED managed [bool], Runtime, Published "rio";
        METADATA_LATEST metadata_latest [bool] = flag(false), Runtime, Published "boston";
        METADATA_OF_POOL metadata_of_pool [ref "pool"] = null(), Runtime, Published "boston";
        MISSING missing [bool], Runtime, Published "rio";
        ON_BOOT on_boot [enum OnBoot] = text("persist"), Runtime, Published "cowley";
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))] };
        PARENT parent [ref "VDI"], Runtime, Deprecated "rio";
        PHYSICAL_UTILISATION physical_utilisation [int], Runtime, Published "rio";
        READ_ONLY read_only [bool], Constructor, Published "rio";
        SHARABLE sharable [bool], Constructor, Published "rio";
        SM_CONFIG sm_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        SNAPSHOT_OF snapshot_of [ref "VDI"] = reference(""), Runtime, Published "orlando";
        SNAPSHOT_TIME snapshot_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "orlando";
        SNAPSHOTS snapshots [set [ref "VDI"]], Runtime, Published "orlando";
        STORAGE_LOCK storage_lock [bool], Runtime, Published "rio";
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        TYPE type [enum VdiType], Constructor, Published "rio";
        VIRTUAL_SIZE virtual_size [int], Constructor, Published "rio";
        XENSTORE_DATA xenstore_data [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
    }

    messages {
        checksum(self [ref "VDI"]) -> [string], VmAdmin, Published "boston" { hidden: true, route: Route::AnySuitableHost, runs_on: "a host that sees the SR" };
        clone(vdi [ref "VDI"], driver_params [map [string] [string]] = map(&[])) -> [ref "VDI"], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_clone", "VDI:clone"] };
        copy(vdi [ref "VDI"], sr [ref "SR"] = null(), base_vdi [ref "VDI"] = null(), into_vdi [ref "VDI"] = null()) -> [ref "VDI"], VmAdmin, Published "rio" { errors: &["VDI_READONLY", "VDI_TOO_SMALL", "VDI_NOT_SPARSE"], route: Route::AnySuitableHost, runs_on: "supporter preferred; a host that sees both SRs, else one that sees the source SR", locks: &["VDI:copy"] };
        data_destroy(self [ref "VDI"]) -> [void], VmAdmin, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "OPERATION_NOT_ALLOWED", "VDI_INCOMPATIBLE_TYPE", "VDI_NO_CBT_METADATA", "VDI_IN_USE", "VDI_IS_A_PHYSICAL_DEVICE"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_data_destroy", "VDI:data_destroy"] };
        db_forget(vdi [ref "VDI"]) -> [void], LocalRoot, Published "miami" { hidden: true };
        db_introduce(uuid [string], name_label [string], name_description [string], SR [ref "SR"], type [enum VdiType], sharable [bool], read_only [bool], other_config [map [string] [string]], location [string], xenstore_data [map [string] [string]] = map(&[]), sm_config [map [string] [string]] = map(&[]), managed [bool] = flag(true), virtual_size [int] = int(0), physical_utilisation [int] = int(0), metadata_of_pool [ref "pool"] = reference(""), is_a_snapshot [bool] = flag(false), snapshot_time [datetime] = date("19700101T00:00:00Z"), snapshot_of [ref "VDI"] = reference(""), cbt_enabled [bool] = flag(false)) -> [ref "VDI"], LocalRoot, Published "rio" { hidden: true };
        disable_cbt(self [ref "VDI"]) -> [void], VmAdmin, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "OPERATION_NOT_ALLOWED", "VDI_INCOMPATIBLE_TYPE", "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_disable_cbt", "VDI:disable_cbt"] };
        enable_cbt(self [ref "VDI"]) -> [void], VmAdmin, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "OPERATION_NOT_ALLOWED", "VDI_INCOMPATIBLE_TYPE", "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_enable_cbt", "VDI:enable_cbt"] };
        force_unlock(vdi [ref "VDI"]) -> [void], VmAdmin, Deprecated "rio" { hidden: true, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["VDI:force_unlock"] };
        forget(vdi [ref "VDI"]) -> [void], VmAdmin, Published "rio" { locks: &["VDI:forget"] };
        generate_config(host [ref "host"], vdi [ref "VDI"]) -> [string], VmAdmin, Published "orlando" { hidden: true, route: Route::OwningHost, runs_on: "host parameter", locks: &["VDI:generate_config"] };
        get_nbd_info(self [ref "VDI"]) -> [set [record "vdi_nbd_server_info"]], VmAdmin, Published "inverness" { errors: &["VDI_INCOMPATIBLE_TYPE"], is_async: false };
        introduce(uuid [string], name_label [string], name_description [string], SR [ref "SR"], type [enum VdiType], sharable [bool], read_only [bool], other_config [map [string] [string]], location [string], xenstore_data [map [string] [string]] = map(&[]), sm_config [map [string] [string]] = map(&[]), managed [bool] = flag(true), virtual_size [int] = int(0), physical_utilisation [int] = int(0), metadata_of_pool [ref "pool"] = reference(""), is_a_snapshot [bool] = flag(false), snapshot_time [datetime] = date("19700101T00:00:00Z"), snapshot_of [ref "VDI"] = reference("")) -> [ref "VDI"], VmAdmin, Published "miami" { errors: &["SR_OPERATION_NOT_SUPPORTED"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_introduce"] };
        list_changed_blocks(vdi_from [ref "VDI"], vdi_to [ref "VDI"]) -> [string], VmOperator, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "VDI_IN_USE"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_list_changed_blocks", "VDI:list_changed_blocks"] };
        open_database(self [ref "VDI"]) -> [ref "session"], PoolOperator, Published "boston";
        pool_introduce(uuid [string], name_label [string], name_description [string], SR [ref "SR"], type [enum VdiType], sharable [bool], read_only [bool], other_config [map [string] [string]], location [string], xenstore_data [map [string] [string]] = map(&[]), sm_config [map [string] [string]] = map(&[]), managed [bool] = flag(true), virtual_size [int] = int(0), physical_utilisation [int] = int(0), metadata_of_pool [ref "pool"] = reference(""), is_a_snapshot [bool] = flag(false), snapshot_time [datetime] = date("19700101T00:00:00Z"), snapshot_of [ref "VDI"] = reference(""), cbt_enabled [bool] = flag(false)) -> [ref "VDI"], VmAdmin, Published "rio" { hidden: true };
        pool_migrate(vdi [ref "VDI"], sr [ref "SR"], options [map [string] [string]]) -> [ref "VDI"], VmPowerAdmin, Published "tampa" { route: Route::OwningHost, runs_on: "VM.resident_on of the VM using the VDI, else a host that can boot the VM and sees the target SR", locks: &["VM:migrate_send", "VDI:mirror", "dest host:vm_migrate"] };
        read_database_pool_uuid(self [ref "VDI"]) -> [string], ReadOnly, Published "boston";
        resize(vdi [ref "VDI"], size [int]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_resize", "VDI:resize"] };
        resize_online(vdi [ref "VDI"], size [int]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_resize", "VDI:resize_online"] };
        revert(snapshot [ref "VDI"]) -> [void], VmPowerAdmin, Prototyped "26.16.0" { errors: &["UNIMPLEMENTED_IN_SM_BACKEND"], in_2024_dump: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_revert", "VDI:revert_to", "VDI:revert_from"] };
        set_allow_caching(self [ref "VDI"], value [bool]) -> [void], VmAdmin, Published "cowley";
        set_cbt_enabled(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "inverness" { hidden: true };
        set_is_a_snapshot(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        set_managed(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "rio" { is_async: false, hidden: true };
        set_metadata_of_pool(self [ref "VDI"], value [ref "pool"]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        set_missing(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        set_name_description(self [ref "VDI"], value [string]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        set_name_label(self [ref "VDI"], value [string]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        set_on_boot(self [ref "VDI"], value [enum OnBoot]) -> [void], VmAdmin, Published "cowley" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_set_on_boot", "VDI:set_on_boot"] };
        set_physical_utilisation(self [ref "VDI"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        set_read_only(self [ref "VDI"], value [bool]) -> [void], VmAdmin, Published "rio" { is_async: false };
        set_sharable(self [ref "VDI"], value [bool]) -> [void], VmAdmin, Published "george" { is_async: false };
        set_snapshot_of(self [ref "VDI"], value [ref "VDI"]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        set_snapshot_time(self [ref "VDI"], value [datetime]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        set_virtual_size(self [ref "VDI"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        snapshot(vdi [ref "VDI"], driver_params [map [string] [string]] = map(&[])) -> [ref "VDI"], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_snapshot", "VDI:snapshot"] };
        update(vdi [ref "VDI"]) -> [void], VmAdmin, Published "symc" { errors: &["SR_OPERATION_NOT_SUPPORTED"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["VDI:update"] };
    }
}

enumeration! {
    OnBoot "on_boot" { Reset "reset", Persist "persist" }
}

enumeration! {
    VdiOperations "vdi_operations" {
        Clone "clone", Copy "copy", Resize "resize", ResizeOnline "resize_online", Snapshot "snapshot",
        Mirror "mirror", Destroy "destroy", Forget "forget", Update "update", ForceUnlock "force_unlock",
        GenerateConfig "generate_config", EnableCbt "enable_cbt", DisableCbt "disable_cbt",
        DataDestroy "data_destroy", ListChangedBlocks "list_changed_blocks", SetOnBoot "set_on_boot",
        Blocked "blocked", RevertTo "revert_to", RevertFrom "revert_from",
    }
}

enumeration! {
    VdiType "vdi_type" {
        System "system", User "user", Ephemeral "ephemeral", Suspend "suspend", Crashdump "crashdump",
        HaStatefile "ha_statefile", Metadata "metadata", RedoLog "redo_log", Rrd "rrd", PvsCache "pvs_cache",
        CbtMetadata "cbt_metadata",
    }
}
