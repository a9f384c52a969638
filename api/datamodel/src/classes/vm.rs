//! `VM`: see the class.

use crate::macros::words::*;

class! {
    vm "VM", Published "rio" {
        gen_constructor_destructor: true,
        writer: at(VmAdmin),
        constructor: at(VmAdmin),
        implicit: &[
            Implicit { name: "destroy", route: Route::Coordinator, runs_on: "", locks: &["VM:destroy"] },
            Implicit { name: "set_is_a_template", route: Route::Coordinator, runs_on: "", locks: &["VM:make_into_template"] },
            Implicit { name: "set_xenstore_data", route: Route::OwningHost, runs_on: "VM.resident_on", locks: &[] },
        ],
    }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        ALLOWED_OPERATIONS allowed_operations [set [enum VmOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum VmOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        POWER_STATE power_state [enum VmPowerState] = text("Halted"), Constructor, Published "rio";
        USER_VERSION user_version [int], ReadWrite, Published "rio";
        IS_A_TEMPLATE is_a_template [bool], ReadWrite, Published "rio" { setter_has_effect: true };
        IS_DEFAULT_TEMPLATE is_default_template [bool] = flag(false), Runtime, Published "falcon";
        SUSPEND_VDI suspend_VDI [ref "VDI"] = null(), Constructor, Published "rio";
        RESIDENT_ON resident_on [ref "host"], Runtime, Published "rio";
        SCHEDULED_TO_BE_RESIDENT_ON scheduled_to_be_resident_on [ref "host"] = null(), Runtime, Published "rio";
        AFFINITY affinity [ref "host"], ReadWrite, Published "rio" { writer: Some(at(VmPowerAdmin)) };
        MEMORY_OVERHEAD memory_overhead [int] = int(0), Runtime, Published "rio" { db: Some("memory__overhead") };
        MEMORY_TARGET memory_target [int] = int(0), Constructor, Deprecated "rio" { db: Some("memory__target") };
        MEMORY_STATIC_MAX memory_static_max [int], Constructor, Published "rio" { db: Some("memory__static_max") };
        MEMORY_DYNAMIC_MAX memory_dynamic_max [int], Constructor, Published "rio" { db: Some("memory__dynamic_max") };
        MEMORY_DYNAMIC_MIN memory_dynamic_min [int], Constructor, Published "rio" { db: Some("memory__dynamic_min") };
        MEMORY_STATIC_MIN memory_static_min [int], Constructor, Published "rio" { db: Some("memory__static_min") };
        VCPUS_PARAMS VCPUs_params [map [string] [string]], ReadWrite, Published "rio" { db: Some("VCPUs__params") };
        VCPUS_MAX VCPUs_max [int], Constructor, Published "rio" { db: Some("VCPUs__max") };
        VCPUS_AT_STARTUP VCPUs_at_startup [int], Constructor, Published "rio" { db: Some("VCPUs__at_startup") };
        ACTIONS_AFTER_SOFTREBOOT actions_after_softreboot [enum OnSoftrebootBehavior] = text("soft_reboot"), ReadWrite, Prototyped "23.1.0" { db: Some("actions__after_softreboot") };
        ACTIONS_AFTER_SHUTDOWN actions_after_shutdown [enum OnNormalExit], ReadWrite, Published "rio" { db: Some("actions__after_shutdown") };
        ACTIONS_AFTER_REBOOT actions_after_reboot [enum OnNormalExit], ReadWrite, Published "rio" { db: Some("actions__after_reboot") };
        ACTIONS_AFTER_CRASH actions_after_crash [enum OnCrashBehaviour], Constructor, Published "rio" { db: Some("actions__after_crash") };
        CONSOLES consoles [set [ref "console"]], Runtime, Published "rio";
        VIFS VIFs [set [ref "VIF"]], Runtime, Published "rio";
        VBDS VBDs [set [ref "VBD"]], Runtime, Published "rio";
        VUSBS VUSBs [set [ref "VUSB"]], Runtime, Published "rio";
        CRASH_DUMPS crash_dumps [set [ref "crashdump"]], Runtime, Published "rio";
        VTPMS VTPMs [set [ref "VTPM"]], Runtime, Published "rio";
        PV_BOOTLOADER PV_bootloader [string], ReadWrite, Published "rio" { db: Some("PV__bootloader") };
        PV_KERNEL PV_kernel [string], ReadWrite, Published "rio" { db: Some("PV__kernel") };
        PV_RAMDISK PV_ramdisk [string], ReadWrite, Published "rio" { db: Some("PV__ramdisk") };
        PV_ARGS PV_args [string], ReadWrite, Published "rio" { db: Some("PV__args") };
        PV_BOOTLOADER_ARGS PV_bootloader_args [string], ReadWrite, Published "rio" { db: Some("PV__bootloader_args") };
        PV_LEGACY_ARGS PV_legacy_args [string], ReadWrite, Published "rio" { db: Some("PV__legacy_args") };
        HVM_BOOT_POLICY HVM_boot_policy [string], Constructor, Deprecated "rio" { db: Some("HVM__boot_policy") };
        HVM_BOOT_PARAMS HVM_boot_params [map [string] [string]], ReadWrite, Published "rio" { db: Some("HVM__boot_params") };
        HVM_SHADOW_MULTIPLIER HVM_shadow_multiplier [float] = float(1.0), Constructor, Published "miami" { db: Some("HVM__shadow_multiplier") };
        PLATFORM platform [map [string] [string]], Constructor, Published "rio";
        PCI_BUS PCI_bus [string], ReadWrite, Deprecated "rio";
        OTHER_CONFIG other_config [map [string] [string]], Constructor, Published "rio";
        DOMID domid [int], Runtime, Published "rio";
        DOMARCH domarch [string], Runtime, Published "rio";
        LAST_BOOT_CPU_FLAGS last_boot_CPU_flags [map [string] [string]] = map(&[]), Constructor, Published "rio";
        IS_CONTROL_DOMAIN is_control_domain [bool], Runtime, Published "rio";
        METRICS metrics [ref "VM_metrics"], Runtime, Published "rio";
        GUEST_METRICS guest_metrics [ref "VM_guest_metrics"], Runtime, Published "rio";
        LAST_BOOTED_RECORD last_booted_record [string] = text(""), Constructor, Published "miami";
        RECOMMENDATIONS recommendations [string], ReadWrite, Published "rio";
        XENSTORE_DATA xenstore_data [map [string] [string]] = map(&[]), ReadWrite, Published "miami" { setter_has_effect: true };
        HA_ALWAYS_RUN ha_always_run [bool] = flag(false), Constructor, Deprecated "orlando";
        HA_RESTART_PRIORITY ha_restart_priority [string] = text(""), Constructor, Published "orlando";
        IS_A_SNAPSHOT is_a_snapshot [bool] = flag(false), Runtime, Published "orlando";
        SNAPSHOT_OF snapshot_of [ref "VM"] = reference(""), Runtime, Published "orlando";
        SNAPSHOTS snapshots [set [ref "VM"]], Runtime, Published "orlando";
        SNAPSHOT_TIME snapshot_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "orlando";
        TRANSPORTABLE_SNAPSHOT_ID transportable_snapshot_id [string] = text(""), Runtime, Published "orlando";
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        BLOCKED_OPERATIONS blocked_operations [map [enum VmOperations] [string]] = map(&[]), Constructor, Published "orlando";
        SNAPSHOT_INFO snapshot_info [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        SNAPSHOT_METADATA snapshot_metadata [string] = text(""), Runtime, Published "midnight-ride";
        PARENT parent [ref "VM"] = reference(""), Runtime, Published "midnight-ride";
        CHILDREN children [set [ref "VM"]], Runtime, Published "midnight-ride";
        BIOS_STRINGS bios_strings [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        PROTECTION_POLICY protection_policy [ref "VMPP"] = null(), Constructor, Deprecated "cowley";
        IS_SNAPSHOT_FROM_VMPP is_snapshot_from_vmpp [bool] = flag(false), Constructor, Removed "cowley";
        SNAPSHOT_SCHEDULE snapshot_schedule [ref "VMSS"] = null(), Constructor, Published "falcon";
        IS_VMSS_SNAPSHOT is_vmss_snapshot [bool] = flag(false), Constructor, Published "falcon";
        APPLIANCE appliance [ref "VM_appliance"] = null(), Constructor, Published "rio";
        START_DELAY start_delay [int] = int(0), Constructor, Published "boston";
        SHUTDOWN_DELAY shutdown_delay [int] = int(0), Constructor, Published "boston";
        ORDER order [int] = int(0), Constructor, Published "boston";
        VGPUS VGPUs [set [ref "VGPU"]], Runtime, Published "boston";
        ATTACHED_PCIS attached_PCIs [set [ref "PCI"]], Runtime, Published "boston";
        SUSPEND_SR suspend_SR [ref "SR"] = null(), ReadWrite, Published "boston";
        VERSION version [int] = int(0), Constructor, Published "boston";
        GENERATION_ID generation_id [string] = text("0:0"), Constructor, Published "clearwater";
        HARDWARE_PLATFORM_VERSION hardware_platform_version [int] = int(0), ReadWrite, Published "cream";
        HAS_VENDOR_DEVICE has_vendor_device [bool] = flag(true), Constructor, Published "dundee";
        REQUIRES_REBOOT requires_reboot [bool] = flag(false), Runtime, Published "ely";
        REFERENCE_LABEL reference_label [string] = text(""), Constructor, Published "ely";
        DOMAIN_TYPE domain_type [enum DomainType] = text("unspecified"), Constructor, Published "kolkata";
        NVRAM NVRAM [map [string] [string]] = map(&[]), Constructor, Published "naples";
        PENDING_GUIDANCES pending_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Published "1.303.0";
        PENDING_GUIDANCES_RECOMMENDED pending_guidances_recommended [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        PENDING_GUIDANCES_FULL pending_guidances_full [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        GROUPS groups [set [ref "VM_group"]], Runtime, Prototyped "24.19.1" { in_2024_dump: false };
        SECUREBOOT_CERTIFICATES_STATE secureboot_certificates_state [enum VmSecurebootCertificatesState] = text("ok"), Runtime, Prototyped "26.14.0" { in_2024_dump: false };
        RECOMMENDED_GUIDANCES recommended_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Removed "23.18.0" { internal: true };
    }

    messages {
        add_to_NVRAM(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "naples" { is_async: false, locks: &["VM:changing_NVRAM"] };
        add_to_VCPUs_params_live(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_VCPUs_live"] };
        add_to_blocked_operations(self [ref "VM"], key [enum VmOperations], value [string]) -> [void], VmAdmin, Published "orlando";
        add_to_other_config(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin)), ("pci", at(PoolAdmin)), ("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))], is_async: false };
        add_to_platform(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin))], is_async: false };
        assert_agile(self [ref "VM"]) -> [void], ReadOnly, Published "orlando";
        assert_can_be_recovered(self [ref "VM"], session_to [ref "session"]) -> [void], ReadOnly, Published "boston" { errors: &["VM_IS_PART_OF_AN_APPLIANCE", "VM_REQUIRES_SR"] };
        assert_can_boot_here(self [ref "VM"], host [ref "host"]) -> [void], ReadOnly, Published "rio" { errors: &["HOST_NOT_ENOUGH_FREE_MEMORY", "HOST_NOT_ENOUGH_PCPUS", "NETWORK_SRIOV_INSUFFICIENT_CAPACITY", "HOST_NOT_LIVE", "HOST_DISABLED", "HOST_CANNOT_ATTACH_NETWORK", "VM_HVM_REQUIRED", "VM_REQUIRES_GPU", "VM_REQUIRES_IOMMU", "VM_REQUIRES_NETWORK", "VM_REQUIRES_SR", "VM_REQUIRES_VGPU", "VM_HOST_INCOMPATIBLE_VERSION", "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION", "INVALID_VALUE", "MEMORY_CONSTRAINT_VIOLATION", "OPERATION_NOT_ALLOWED", "VALUE_NOT_SUPPORTED", "VM_INCOMPATIBLE_WITH_THIS_HOST"] };
        assert_can_migrate(vm [ref "VM"], dest [map [string] [string]], live [bool], vdi_map [map [ref "VDI"] [ref "SR"]], vif_map [map [ref "VIF"] [ref "network"]], options [map [string] [string]], vgpu_map [map [ref "VGPU"] [ref "GPU_group"]] = map(&[])) -> [void], VmPowerAdmin, Published "tampa" { errors: &["LICENCE_RESTRICTION"] };
        assert_can_migrate_sender(vm [ref "VM"], dest [map [string] [string]], live [bool], vdi_map [map [ref "VDI"] [ref "SR"]], vif_map [map [ref "VIF"] [ref "network"]], vgpu_map [map [ref "VGPU"] [ref "GPU_group"]], options [map [string] [string]]) -> [void], VmPowerAdmin, Published "inverness" { hidden: true, route: Route::OwningHost, runs_on: "VM.resident_on" };
        assert_operation_valid(self [ref "VM"], op [enum VmOperations]) -> [void], ReadOnly, Published "rio";
        atomic_set_resident_on(vm [ref "VM"], host [ref "host"]) -> [void], LocalRoot, Published "rio" { hidden: true, pool_internal: true };
        call_host_plugin(vm [ref "VM"], plugin [string], fn [string], args [map [string] [string]]) -> [string], VmOperator, Prototyped "25.22.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:call_plugin"] };
        call_plugin(vm [ref "VM"], plugin [string], fn [string], args [map [string] [string]]) -> [string], VmOperator, Published "cream" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:call_plugin"] };
        checkpoint(vm [ref "VM"], new_name [string]) -> [ref "VM"], VmPowerAdmin, Published "midnight-ride" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "VM_CHECKPOINT_SUSPEND_FAILED", "VM_CHECKPOINT_RESUME_FAILED"], route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:checkpoint"] };
        clean_reboot(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:clean_reboot", "all VBDs:attach", "all VIFs:attach"] };
        clean_shutdown(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:clean_shutdown"] };
        clone(vm [ref "VM"], new_name [string]) -> [ref "VM"], VmAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], route: Route::AnySuitableHost, runs_on: "a host that sees all SRs of the VM", locks: &["VM:clone"] };
        compute_memory_overhead(vm [ref "VM"]) -> [int], ReadOnly, Published "midnight-ride";
        copy(vm [ref "VM"], new_name [string], sr [ref "SR"]) -> [ref "VM"], VmAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], locks: &["VM:copy"] };
        copy_bios_strings(vm [ref "VM"], host [ref "host"]) -> [void], VmAdmin, Published "midnight-ride";
        create_new_blob(vm [ref "VM"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], VmPowerAdmin, Published "orlando";
        csvm(vm [ref "VM"]) -> [ref "VM"], VmAdmin, Deprecated "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], hidden: true, route: Route::AnySuitableHost, runs_on: "a host that sees the VM SRs and the suspend SR", locks: &["VM:csvm"] };
        forget_data_source_archives(self [ref "VM"], data_source [string]) -> [void], VmAdmin, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:data_source_op"] };
        get_SRs_required_for_recovery(self [ref "VM"], session_to [ref "session"]) -> [set [ref "SR"]], ReadOnly, Published "creedence";
        get_allowed_VBD_devices(vm [ref "VM"]) -> [set [string]], ReadOnly, Published "rio" { is_async: false, no_current_operations: true };
        get_allowed_VIF_devices(vm [ref "VM"]) -> [set [string]], ReadOnly, Published "rio" { is_async: false, no_current_operations: true };
        get_boot_record(self [ref "VM"]) -> [record "VM"], ReadOnly, Deprecated "rio" { is_async: false, locks: &["VM:get_boot_record"] };
        get_cooperative(self [ref "VM"]) -> [bool], ReadOnly, Deprecated "midnight-ride";
        get_data_sources(self [ref "VM"]) -> [set [record "data_source"]], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:data_source_op"] };
        get_possible_hosts(vm [ref "VM"]) -> [set [ref "host"]], ReadOnly, Published "rio";
        get_secureboot_readiness(self [ref "VM"]) -> [enum VmSecurebootReadiness], PoolAdmin, Prototyped "24.17.0" { in_2024_dump: false };
        hard_reboot(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:hard_reboot", "all VBDs:attach", "all VIFs:attach"] };
        hard_reboot_internal(vm [ref "VM"]) -> [void], LocalRoot, Deprecated "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["all VBDs:attach", "all VIFs:attach"] };
        hard_shutdown(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:hard_shutdown"] };
        import(url [string], sr [ref "SR"], full_restore [bool], force [bool]) -> [set [ref "VM"]], PoolOperator, Published "dundee" { route: Route::AnySuitableHost, runs_on: "host of a plugged PBD of the SR parameter" };
        import_convert(type [string], username [string], password [string], sr [ref "SR"], remote_config [map [string] [string]]) -> [void], VmAdmin, Published "tampa";
        maximise_memory(self [ref "VM"], total [int], approximate [bool]) -> [int], ReadOnly, Published "miami";
        migrate_send(vm [ref "VM"], dest [map [string] [string]], live [bool], vdi_map [map [ref "VDI"] [ref "SR"]], vif_map [map [ref "VIF"] [ref "network"]], options [map [string] [string]], vgpu_map [map [ref "VGPU"] [ref "GPU_group"]] = map(&[]), vdi_format_map [map [ref "VDI"] [string]] = map(&[])) -> [ref "VM"], VmPowerAdmin, Published "tampa" { errors: &["VM_BAD_POWER_STATE", "LICENCE_RESTRICTION"], route: Route::OwningHost, runs_on: "VM.resident_on (source) when live", locks: &["VM:migrate_send", "dest host:vm_migrate"] };
        pause(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:pause"] };
        pool_migrate(vm [ref "VM"], host [ref "host"], options [map [string] [string]]) -> [void], VmPowerAdmin + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "VM_IS_TEMPLATE", "OPERATION_NOT_ALLOWED", "VM_BAD_POWER_STATE"], route: Route::OwningHost, runs_on: "VM.resident_on (source)", locks: &["VM:pool_migrate", "dest host:vm_migrate"] };
        pool_migrate_complete(vm [ref "VM"], host [ref "host"]) -> [void], VmPowerAdmin + cert, Published "tampa" { hidden: true, route: Route::OwningHost, runs_on: "host parameter (destination)" };
        power_state_reset(vm [ref "VM"]) -> [void], PoolOperator, Published "rio";
        provision(vm [ref "VM"]) -> [void], VmAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], route: Route::AnySuitableHost, runs_on: "random host that sees the SRs named in the provision spec and admits host op provision", locks: &["VM:provision", "dest host:provision"] };
        query_data_source(self [ref "VM"], data_source [string]) -> [float], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on" };
        query_services(self [ref "VM"]) -> [map [string] [string]], PoolAdmin, Published "tampa" { locks: &["VM:query_services"] };
        record_data_source(self [ref "VM"], data_source [string]) -> [void], VmAdmin, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:data_source_op"] };
        recover(self [ref "VM"], session_to [ref "session"], force [bool]) -> [void], ReadOnly, Published "boston";
        remove_from_NVRAM(self [ref "VM"], key [string]) -> [void], VmAdmin, Published "naples" { is_async: false, locks: &["VM:changing_NVRAM"] };
        remove_from_blocked_operations(self [ref "VM"], key [enum VmOperations]) -> [void], VmAdmin, Published "orlando";
        remove_from_other_config(self [ref "VM"], key [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin)), ("pci", at(PoolAdmin)), ("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))], is_async: false };
        remove_from_platform(self [ref "VM"], key [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin))], is_async: false };
        restart_device_models(self [ref "VM"]) -> [void], VmPowerAdmin + cert, Prototyped "23.30.0" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "VM_IS_TEMPLATE", "OPERATION_NOT_ALLOWED", "VM_BAD_POWER_STATE"] };
        resume(vm [ref "VM"], start_paused [bool], force [bool]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::AnySuitableHost, runs_on: "placement chooses a host; host op vm_resume", locks: &["VM:resume", "all VBDs:attach", "dest host:vm_resume"] };
        resume_on(vm [ref "VM"], host [ref "host"], start_paused [bool], force [bool]) -> [void], VmPowerAdmin + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "host parameter", locks: &["VM:resume_on", "all VBDs:attach", "dest host:vm_resume"] };
        retrieve_wlb_recommendations(vm [ref "VM"]) -> [map [ref "host"] [set [string]]], ReadOnly, Published "george";
        revert(snapshot [ref "VM"]) -> [void], VmPowerAdmin, Published "midnight-ride" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "SR_FULL", "VM_REVERT_FAILED"], route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:revert", "VM:reverting"] };
        s3_resume(vm [ref "VM"]) -> [void], VmOperator, Published "midnight-ride" { hidden: true, route: Route::OwningHost, runs_on: "VM.resident_on" };
        s3_suspend(vm [ref "VM"]) -> [void], VmOperator, Published "midnight-ride" { hidden: true, route: Route::OwningHost, runs_on: "VM.resident_on" };
        send_sysrq(vm [ref "VM"], key [string]) -> [void], PoolAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:send_sysrq"] };
        send_trigger(vm [ref "VM"], trigger [string]) -> [void], PoolAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:send_trigger"] };
        set_HVM_boot_policy(self [ref "VM"], value [string]) -> [void], VmAdmin, Deprecated "rio" { is_async: false };
        set_HVM_shadow_multiplier(self [ref "VM"], value [float]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, locks: &["VM:changing_shadow_memory"] };
        set_NVRAM(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "naples" { is_async: false, locks: &["VM:changing_NVRAM"] };
        set_NVRAM_EFI_variables(self [ref "VM"], value [string], update [enum UpdateStatus] = text("unspecified")) -> [void], LocalRoot, Published "naples" { is_async: false, hidden: true };
        set_VCPUs_at_startup(self [ref "VM"], value [int]) -> [void], VmAdmin, Published "midnight-ride" { is_async: false };
        set_VCPUs_max(self [ref "VM"], value [int]) -> [void], VmAdmin, Published "midnight-ride" { is_async: false, locks: &["VM:changing_VCPUs"] };
        set_VCPUs_number_live(self [ref "VM"], nvcpu [int]) -> [void], VmAdmin, Published "rio" { errors: &["OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_VCPUs_live"] };
        set_actions_after_crash(self [ref "VM"], value [enum OnCrashBehaviour]) -> [void], VmAdmin, Published "rio";
        set_appliance(self [ref "VM"], value [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston";
        set_bios_strings(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "inverness" { errors: &["VM_BIOS_STRINGS_ALREADY_SET", "INVALID_VALUE"] };
        set_blocked_operations(self [ref "VM"], value [map [enum VmOperations] [string]]) -> [void], VmAdmin, Published "orlando";
        set_domain_type(self [ref "VM"], value [enum DomainType]) -> [void], VmAdmin, Published "kolkata" { is_async: false };
        set_groups(self [ref "VM"], value [set [ref "VM_group"]]) -> [void], VmAdmin, Prototyped "24.19.1" { errors: &["OPERATION_NOT_ALLOWED"], in_2024_dump: false };
        set_ha_always_run(self [ref "VM"], value [bool]) -> [void], PoolOperator, Deprecated "orlando" { is_async: false };
        set_ha_restart_priority(self [ref "VM"], value [string]) -> [void], PoolOperator, Published "orlando" { is_async: false };
        set_has_vendor_device(self [ref "VM"], value [bool]) -> [void], VmAdmin, Published "dundee";
        set_is_default_template(vm [ref "VM"], value [bool]) -> [void], PoolAdmin, Published "falcon" { hidden: true, locks: &["VM:make_into_template"] };
        set_memory(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "ely" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_memory_limits"] };
        set_memory_dynamic_max(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:changing_dynamic_range"] };
        set_memory_dynamic_min(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:changing_dynamic_range"] };
        set_memory_dynamic_range(self [ref "VM"], min [int], max [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:changing_dynamic_range"] };
        set_memory_limits(self [ref "VM"], static_min [int], static_max [int], dynamic_min [int], dynamic_max [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_memory_limits"] };
        set_memory_static_max(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "orlando" { errors: &["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"], is_async: false, locks: &["VM:changing_static_range"] };
        set_memory_static_min(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, locks: &["VM:changing_static_range"] };
        set_memory_static_range(self [ref "VM"], min [int], max [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { locks: &["VM:changing_static_range"] };
        set_memory_target_live(self [ref "VM"], target [int]) -> [void], VmPowerAdmin, Deprecated "rio" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_memory_live"] };
        set_order(self [ref "VM"], value [int]) -> [void], PoolOperator, Published "boston";
        set_other_config(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "rio" { is_async: false };
        set_platform(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "rio" { is_async: false };
        set_protection_policy(self [ref "VM"], value [ref "VMPP"]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        set_shadow_multiplier_live(self [ref "VM"], multiplier [float]) -> [void], VmPowerAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_shadow_memory_live"] };
        set_shutdown_delay(self [ref "VM"], value [int]) -> [void], PoolOperator, Published "boston";
        set_snapshot_schedule(self [ref "VM"], value [ref "VMSS"]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        set_start_delay(self [ref "VM"], value [int]) -> [void], PoolOperator, Published "boston";
        set_suspend_VDI(self [ref "VM"], value [ref "VDI"]) -> [void], PoolOperator, Published "boston";
        set_uefi_mode(self [ref "VM"], mode [enum VmUefiMode]) -> [string], PoolAdmin, Prototyped "24.17.0" { in_2024_dump: false };
        shutdown(vm [ref "VM"]) -> [void], VmOperator + cert, Published "clearwater" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:shutdown"] };
        snapshot(vm [ref "VM"], new_name [string], ignore_vdis [set [ref "VDI"]] = set(&[])) -> [ref "VM"], VmPowerAdmin, Published "orlando" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED"], route: Route::AnySuitableHost, runs_on: "a host that sees all SRs of the VM", locks: &["VM:snapshot"] };
        snapshot_with_quiesce(vm [ref "VM"], new_name [string]) -> [ref "VM"], VmPowerAdmin, Removed "orlando" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "VM_SNAPSHOT_WITH_QUIESCE_FAILED", "VM_SNAPSHOT_WITH_QUIESCE_TIMEOUT", "VM_SNAPSHOT_WITH_QUIESCE_PLUGIN_DEOS_NOT_RESPOND", "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED"], route: Route::Removed };
        start(vm [ref "VM"], start_paused [bool], force [bool]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "VM_HVM_REQUIRED", "VM_IS_TEMPLATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "BOOTLOADER_FAILED", "UNKNOWN_BOOTLOADER", "NO_HOSTS_AVAILABLE", "LICENCE_RESTRICTION"], route: Route::AnySuitableHost, runs_on: "placement chooses a host; reserves memory; host op vm_start", locks: &["VM:start", "all VBDs:attach", "all VIFs:attach", "dest host:vm_start"] };
        start_on(vm [ref "VM"], host [ref "host"], start_paused [bool], force [bool]) -> [void], VmPowerAdmin + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "VM_IS_TEMPLATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "BOOTLOADER_FAILED", "UNKNOWN_BOOTLOADER"], route: Route::OwningHost, runs_on: "host parameter", locks: &["VM:start_on", "all VBDs:attach", "all VIFs:attach", "dest host:vm_start"] };
        suspend(vm [ref "VM"]) -> [void], VmOperator + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:suspend"] };
        sysprep(self [ref "VM"], unattend [secretstring], timeout [float]) -> [void], VmAdmin, Prototyped "25.24.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:sysprep"] };
        unpause(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:unpause"] };
        update_allowed_operations(self [ref "VM"]) -> [void], PoolAdmin, Published "rio";
        update_secureboot_certificates_on_boot(self [ref "VM"], mark [bool]) -> [void], VmAdmin, Prototyped "26.14.0" { in_2024_dump: false };
        update_snapshot_metadata(vm [ref "VM"], snapshot_of [ref "VM"], snapshot_time [datetime], transportable_snapshot_id [string]) -> [void], PoolOperator, Deprecated "george" { hidden: true };
        wait_memory_target_live(self [ref "VM"]) -> [void], ReadOnly, Deprecated "orlando" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:awaiting_memory_live"] };
    }
}

enumeration! {
    DomainType "domain_type" { Hvm "hvm", Pv "pv", PvInPvh "pv_in_pvh", Pvh "pvh", Unspecified "unspecified" }
}

enumeration! {
    OnCrashBehaviour "on_crash_behaviour" {
        Destroy "destroy", CoredumpAndDestroy "coredump_and_destroy", Restart "restart",
        CoredumpAndRestart "coredump_and_restart", Preserve "preserve", RenameRestart "rename_restart",
    }
}

enumeration! {
    OnNormalExit "on_normal_exit" { Destroy "destroy", Restart "restart" }
}

enumeration! {
    OnSoftrebootBehavior "on_softreboot_behavior" { SoftReboot "soft_reboot", Destroy "destroy", Restart "restart", Preserve "preserve" }
}

enumeration! {
    UpdateGuidances "update_guidances" {
        RebootHost "reboot_host", RebootHostOnLivepatchFailure "reboot_host_on_livepatch_failure",
        RebootHostOnKernelLivepatchFailure "reboot_host_on_kernel_livepatch_failure",
        RebootHostOnXenLivepatchFailure "reboot_host_on_xen_livepatch_failure", RestartToolstack "restart_toolstack",
        RestartDeviceModel "restart_device_model", RestartVm "restart_vm",
    }
}

enumeration! {
    UpdateStatus "update_status" { Yes "yes", No "no", Unspecified "unspecified" }
}

enumeration! {
    VmOperations "vm_operations" {
        Snapshot "snapshot", Clone "clone", Copy "copy", CreateTemplate "create_template", Revert "revert",
        Checkpoint "checkpoint", SnapshotWithQuiesce "snapshot_with_quiesce", Provision "provision", Start "start",
        StartOn "start_on", Pause "pause", Unpause "unpause", CleanShutdown "clean_shutdown",
        CleanReboot "clean_reboot", HardShutdown "hard_shutdown", PowerStateReset "power_state_reset",
        HardReboot "hard_reboot", Suspend "suspend", Csvm "csvm", Resume "resume", ResumeOn "resume_on",
        PoolMigrate "pool_migrate", MigrateSend "migrate_send", GetBootRecord "get_boot_record",
        SendSysrq "send_sysrq", SendTrigger "send_trigger", QueryServices "query_services", Shutdown "shutdown",
        CallPlugin "call_plugin", ChangingMemoryLive "changing_memory_live",
        AwaitingMemoryLive "awaiting_memory_live", ChangingDynamicRange "changing_dynamic_range",
        ChangingStaticRange "changing_static_range", ChangingMemoryLimits "changing_memory_limits",
        ChangingShadowMemory "changing_shadow_memory", ChangingShadowMemoryLive "changing_shadow_memory_live",
        ChangingVCPUs "changing_VCPUs", ChangingVCPUsLive "changing_VCPUs_live", ChangingNvram "changing_NVRAM",
        AssertOperationValid "assert_operation_valid", DataSourceOp "data_source_op",
        UpdateAllowedOperations "update_allowed_operations", MakeIntoTemplate "make_into_template", Import "import",
        Export "export", MetadataExport "metadata_export", Reverting "reverting", Destroy "destroy",
        CreateVtpm "create_vtpm", Sysprep "sysprep",
    }
}

enumeration! {
    VmPowerState "vm_power_state" { Halted "Halted", Paused "Paused", Running "Running", Suspended "Suspended" }
}

enumeration! {
    VmSecurebootCertificatesState "vm_secureboot_certificates_state" { Ok "ok", UpdateAvailable "update_available", UpdateOnBoot "update_on_boot" }
}

enumeration! {
    VmSecurebootReadiness "vm_secureboot_readiness" {
        NotSupported "not_supported", Disabled "disabled", FirstBoot "first_boot", Ready "ready",
        ReadyNoDbx "ready_no_dbx", SetupMode "setup_mode", CertsIncomplete "certs_incomplete",
    }
}

enumeration! {
    VmUefiMode "vm_uefi_mode" { Setup "setup", User "user" }
}
