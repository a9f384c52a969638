//! `VDI`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A virtual disk.
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
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum VdiOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum VdiOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// The storage that holds it.
        SR SR [ref "SR"], Constructor, Published "rio";
        /// Its connections to VMs.
        VBDS VBDs [set [ref "VBD"]], Runtime, Published "rio";
        /// True if hosts may cache it locally.
        ALLOW_CACHING allow_caching [bool] = flag(false), Runtime, Published "cowley";
        /// True while changed blocks are recorded.
        CBT_ENABLED cbt_enabled [bool] = flag(false), Runtime, Published "inverness";
        /// Crash dumps it holds.
        CRASH_DUMPS crash_dumps [set [ref "crashdump"]], Runtime, Published "rio";
        /// True for a snapshot.
        IS_A_SNAPSHOT is_a_snapshot [bool] = flag(false), Runtime, Published "orlando";
        /// True for the guest tools image.
        IS_TOOLS_ISO is_tools_iso [bool] = flag(false), Runtime, Published "dundee";
        /// Name of the disk inside its SR, chosen by the driver.
        LOCATION location [string] = text(""), Runtime, Published "miami";
        /// False if hidden from users, as a base copy is.
        MANAGED managed [bool], Runtime, Published "rio";
        /// True if it holds the newest metadata of its pool.
        METADATA_LATEST metadata_latest [bool] = flag(false), Runtime, Published "boston";
        /// The pool whose metadata it holds.
        METADATA_OF_POOL metadata_of_pool [ref "pool"] = null(), Runtime, Published "boston";
        /// True if the last scan did not find it.
        MISSING missing [bool], Runtime, Published "rio";
        /// Whether changes survive a boot of the VM.
        ON_BOOT on_boot [enum OnBoot] = text("persist"), Runtime, Published "cowley";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))] };
        /// The disk it is a copy-on-write child of; no longer written.
        PARENT parent [ref "VDI"], Runtime, Deprecated "rio";
        /// Space it takes up, in bytes.
        PHYSICAL_UTILISATION physical_utilisation [int], Runtime, Published "rio";
        /// True if it cannot be written.
        READ_ONLY read_only [bool], Constructor, Published "rio";
        /// True if more than one VM may write to it.
        SHARABLE sharable [bool], Constructor, Published "rio";
        /// Data of the storage driver.
        SM_CONFIG sm_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// The disk it is a snapshot of.
        SNAPSHOT_OF snapshot_of [ref "VDI"] = reference(""), Runtime, Published "orlando";
        /// When the snapshot was made.
        SNAPSHOT_TIME snapshot_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "orlando";
        /// Snapshots of it.
        SNAPSHOTS snapshots [set [ref "VDI"]], Runtime, Published "orlando";
        /// True while the storage lock is held.
        STORAGE_LOCK storage_lock [bool], Runtime, Published "rio";
        /// Words given by users to find the object by.
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// What it is used for.
        TYPE type [enum VdiType], Constructor, Published "rio";
        /// Size the guest sees, in bytes.
        VIRTUAL_SIZE virtual_size [int], Constructor, Published "rio";
        /// Keys and values put into xenstore when it is attached.
        XENSTORE_DATA xenstore_data [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
    }

    messages {
        /// Digest of its whole content.
        checksum(self [ref "VDI"]) -> [string], VmAdmin, Published "boston" { hidden: true, route: Route::AnySuitableHost, runs_on: "a host that sees the SR" };
        /// Make a fast copy in the same SR.
        clone(vdi [ref "VDI"], driver_params [map [string] [string]] = map(&[])) -> [ref "VDI"], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_clone", "VDI:clone"] };
        /// Make a full copy, in any SR.
        copy(vdi [ref "VDI"], sr [ref "SR"] = null(), base_vdi [ref "VDI"] = null(), into_vdi [ref "VDI"] = null()) -> [ref "VDI"], VmAdmin, Published "rio" { errors: &["VDI_READONLY", "VDI_TOO_SMALL", "VDI_NOT_SPARSE"], route: Route::AnySuitableHost, runs_on: "supporter preferred; a host that sees both SRs, else one that sees the source SR", locks: &["VDI:copy"] };
        /// Erase the data of a snapshot and keep its changed blocks.
        data_destroy(self [ref "VDI"]) -> [void], VmAdmin, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "OPERATION_NOT_ALLOWED", "VDI_INCOMPATIBLE_TYPE", "VDI_NO_CBT_METADATA", "VDI_IN_USE", "VDI_IS_A_PHYSICAL_DEVICE"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_data_destroy", "VDI:data_destroy"] };
        /// Remove the record only.
        db_forget(vdi [ref "VDI"]) -> [void], LocalRoot, Published "miami" { hidden: true };
        /// Make the record only.
        db_introduce(uuid [string], name_label [string], name_description [string], SR [ref "SR"], type [enum VdiType], sharable [bool], read_only [bool], other_config [map [string] [string]], location [string], xenstore_data [map [string] [string]] = map(&[]), sm_config [map [string] [string]] = map(&[]), managed [bool] = flag(true), virtual_size [int] = int(0), physical_utilisation [int] = int(0), metadata_of_pool [ref "pool"] = reference(""), is_a_snapshot [bool] = flag(false), snapshot_time [datetime] = date("19700101T00:00:00Z"), snapshot_of [ref "VDI"] = reference(""), cbt_enabled [bool] = flag(false)) -> [ref "VDI"], LocalRoot, Published "rio" { hidden: true };
        /// Stop to record changed blocks.
        disable_cbt(self [ref "VDI"]) -> [void], VmAdmin, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "OPERATION_NOT_ALLOWED", "VDI_INCOMPATIBLE_TYPE", "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_disable_cbt", "VDI:disable_cbt"] };
        /// Start to record changed blocks.
        enable_cbt(self [ref "VDI"]) -> [void], VmAdmin, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "OPERATION_NOT_ALLOWED", "VDI_INCOMPATIBLE_TYPE", "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_enable_cbt", "VDI:enable_cbt"] };
        /// Break the storage lock.
        force_unlock(vdi [ref "VDI"]) -> [void], VmAdmin, Deprecated "rio" { hidden: true, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["VDI:force_unlock"] };
        /// Drop the record and leave the disk as it is.
        forget(vdi [ref "VDI"]) -> [void], VmAdmin, Published "rio" { locks: &["VDI:forget"] };
        /// Ask the driver how to attach it without a database.
        generate_config(host [ref "host"], vdi [ref "VDI"]) -> [string], VmAdmin, Published "orlando" { hidden: true, route: Route::OwningHost, runs_on: "host parameter", locks: &["VDI:generate_config"] };
        /// Where and how it can be read over NBD.
        get_nbd_info(self [ref "VDI"]) -> [set [record "vdi_nbd_server_info"]], VmAdmin, Published "inverness" { errors: &["VDI_INCOMPATIBLE_TYPE"], is_async: false };
        /// Take note of a disk that exists.
        introduce(uuid [string], name_label [string], name_description [string], SR [ref "SR"], type [enum VdiType], sharable [bool], read_only [bool], other_config [map [string] [string]], location [string], xenstore_data [map [string] [string]] = map(&[]), sm_config [map [string] [string]] = map(&[]), managed [bool] = flag(true), virtual_size [int] = int(0), physical_utilisation [int] = int(0), metadata_of_pool [ref "pool"] = reference(""), is_a_snapshot [bool] = flag(false), snapshot_time [datetime] = date("19700101T00:00:00Z"), snapshot_of [ref "VDI"] = reference("")) -> [ref "VDI"], VmAdmin, Published "miami" { errors: &["SR_OPERATION_NOT_SUPPORTED"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_introduce"] };
        /// Blocks that differ between two disks, as a base64 bitmap.
        list_changed_blocks(vdi_from [ref "VDI"], vdi_to [ref "VDI"]) -> [string], VmOperator, Published "inverness" { errors: &["SR_OPERATION_NOT_SUPPORTED", "VDI_MISSING", "SR_NOT_ATTACHED", "SR_HAS_NO_PBDS", "VDI_IN_USE"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_list_changed_blocks", "VDI:list_changed_blocks"] };
        /// Open the database it holds and log in to it.
        open_database(self [ref "VDI"]) -> [ref "session"], PoolOperator, Published "boston";
        /// Make the record for a host that joins the pool.
        pool_introduce(uuid [string], name_label [string], name_description [string], SR [ref "SR"], type [enum VdiType], sharable [bool], read_only [bool], other_config [map [string] [string]], location [string], xenstore_data [map [string] [string]] = map(&[]), sm_config [map [string] [string]] = map(&[]), managed [bool] = flag(true), virtual_size [int] = int(0), physical_utilisation [int] = int(0), metadata_of_pool [ref "pool"] = reference(""), is_a_snapshot [bool] = flag(false), snapshot_time [datetime] = date("19700101T00:00:00Z"), snapshot_of [ref "VDI"] = reference(""), cbt_enabled [bool] = flag(false)) -> [ref "VDI"], VmAdmin, Published "rio" { hidden: true };
        /// Move the disk of a running VM to another SR.
        pool_migrate(vdi [ref "VDI"], sr [ref "SR"], options [map [string] [string]]) -> [ref "VDI"], VmPowerAdmin, Published "tampa" { route: Route::OwningHost, runs_on: "VM.resident_on of the VM using the VDI, else a host that can boot the VM and sees the target SR", locks: &["VM:migrate_send", "VDI:mirror", "dest host:vm_migrate"] };
        /// Pool whose database it holds.
        read_database_pool_uuid(self [ref "VDI"]) -> [string], ReadOnly, Published "boston";
        /// Change the size of a disk that is not in use.
        resize(vdi [ref "VDI"], size [int]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_resize", "VDI:resize"] };
        /// Change the size of a disk that may be in use.
        resize_online(vdi [ref "VDI"], size [int]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_resize", "VDI:resize_online"] };
        /// Give a disk the content of its snapshot.
        revert(snapshot [ref "VDI"]) -> [void], VmPowerAdmin, Prototyped "26.16.0" { errors: &["UNIMPLEMENTED_IN_SM_BACKEND"], in_2024_dump: false, route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_revert", "VDI:revert_to", "VDI:revert_from"] };
        /// Allow or forbid local caches.
        set_allow_caching(self [ref "VDI"], value [bool]) -> [void], VmAdmin, Published "cowley";
        /// Record whether changed blocks are recorded.
        set_cbt_enabled(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "inverness" { hidden: true };
        /// Record whether it is a snapshot.
        set_is_a_snapshot(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        /// Show or hide it.
        set_managed(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "rio" { is_async: false, hidden: true };
        /// Record the pool whose metadata it holds.
        set_metadata_of_pool(self [ref "VDI"], value [ref "pool"]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        /// Record whether a scan found it.
        set_missing(self [ref "VDI"], value [bool]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        /// Change its description.
        set_name_description(self [ref "VDI"], value [string]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Rename it.
        set_name_label(self [ref "VDI"], value [string]) -> [void], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD" };
        /// Choose whether changes survive a boot.
        set_on_boot(self [ref "VDI"], value [enum OnBoot]) -> [void], VmAdmin, Published "cowley" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_set_on_boot", "VDI:set_on_boot"] };
        /// Record the space it takes up.
        set_physical_utilisation(self [ref "VDI"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        /// Record whether it cannot be written.
        set_read_only(self [ref "VDI"], value [bool]) -> [void], VmAdmin, Published "rio" { is_async: false };
        /// Say whether more than one VM may write to it.
        set_sharable(self [ref "VDI"], value [bool]) -> [void], VmAdmin, Published "george" { is_async: false };
        /// Record the disk it is a snapshot of.
        set_snapshot_of(self [ref "VDI"], value [ref "VDI"]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        /// Record when the snapshot was made.
        set_snapshot_time(self [ref "VDI"], value [datetime]) -> [void], LocalRoot, Published "boston" { is_async: false, hidden: true };
        /// Record its size.
        set_virtual_size(self [ref "VDI"], value [int]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true };
        /// Make a read-only snapshot in the same SR.
        snapshot(vdi [ref "VDI"], driver_params [map [string] [string]] = map(&[])) -> [ref "VDI"], VmAdmin, Published "rio" { route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["SR:vdi_snapshot", "VDI:snapshot"] };
        /// Read its figures from the driver again.
        update(vdi [ref "VDI"]) -> [void], VmAdmin, Published "symc" { errors: &["SR_OPERATION_NOT_SUPPORTED"], route: Route::AnySuitableHost, runs_on: "SR host: coordinator when SR.shared (its PBD must be plugged), else host of a plugged PBD", locks: &["VDI:update"] };
    }
}

enumeration! {
    /// Whether changes to a disk survive a boot.
    OnBoot "on_boot" { Reset "reset", Persist "persist" }
}

enumeration! {
    /// Operations on a virtual disk.
    VdiOperations "vdi_operations" {
        Clone "clone", Copy "copy", Resize "resize", ResizeOnline "resize_online", Snapshot "snapshot",
        Mirror "mirror", Destroy "destroy", Forget "forget", Update "update", ForceUnlock "force_unlock",
        GenerateConfig "generate_config", EnableCbt "enable_cbt", DisableCbt "disable_cbt",
        DataDestroy "data_destroy", ListChangedBlocks "list_changed_blocks", SetOnBoot "set_on_boot",
        Blocked "blocked", RevertTo "revert_to", RevertFrom "revert_from",
    }
}

enumeration! {
    /// What a virtual disk is used for.
    VdiType "vdi_type" {
        System "system", User "user", Ephemeral "ephemeral", Suspend "suspend", Crashdump "crashdump",
        HaStatefile "ha_statefile", Metadata "metadata", RedoLog "redo_log", Rrd "rrd", PvsCache "pvs_cache",
        CbtMetadata "cbt_metadata",
    }
}
