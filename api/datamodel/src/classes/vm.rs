//! `VM`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A virtual machine, a template, a snapshot or a control domain.
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
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum VmOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum VmOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// Whether it runs.
        POWER_STATE power_state [enum VmPowerState] = text("Halted"), Constructor, Published "rio";
        /// Version that users give it.
        USER_VERSION user_version [int], ReadWrite, Published "rio";
        /// True for a template; it cannot be started.
        IS_A_TEMPLATE is_a_template [bool], ReadWrite, Published "rio" { setter_has_effect: true };
        /// True for a template that came with the product.
        IS_DEFAULT_TEMPLATE is_default_template [bool] = flag(false), Runtime, Published "falcon";
        /// Disk that holds its memory while suspended.
        SUSPEND_VDI suspend_VDI [ref "VDI"] = null(), Constructor, Published "rio";
        /// The host it runs on; null if halted or suspended.
        RESIDENT_ON resident_on [ref "host"], Runtime, Published "rio";
        /// The host that has reserved memory for it.
        SCHEDULED_TO_BE_RESIDENT_ON scheduled_to_be_resident_on [ref "host"] = null(), Runtime, Published "rio";
        /// The host it prefers.
        AFFINITY affinity [ref "host"], ReadWrite, Published "rio" { writer: Some(at(VmPowerAdmin)) };
        /// Memory needed beside its own, in bytes.
        MEMORY_OVERHEAD memory_overhead [int] = int(0), Runtime, Published "rio" { db: Some("memory__overhead") };
        /// Memory it is to have now, in bytes; no longer written.
        MEMORY_TARGET memory_target [int] = int(0), Constructor, Deprecated "rio" { db: Some("memory__target") };
        /// Most memory it can ever have without a reboot, in bytes.
        MEMORY_STATIC_MAX memory_static_max [int], Constructor, Published "rio" { db: Some("memory__static_max") };
        /// Upper end of ballooning, in bytes.
        MEMORY_DYNAMIC_MAX memory_dynamic_max [int], Constructor, Published "rio" { db: Some("memory__dynamic_max") };
        /// Lower end of ballooning, in bytes.
        MEMORY_DYNAMIC_MIN memory_dynamic_min [int], Constructor, Published "rio" { db: Some("memory__dynamic_min") };
        /// Least memory it may be given, in bytes.
        MEMORY_STATIC_MIN memory_static_min [int], Constructor, Published "rio" { db: Some("memory__static_min") };
        /// Scheduling settings: weight, cap, mask.
        VCPUS_PARAMS VCPUs_params [map [string] [string]], ReadWrite, Published "rio" { db: Some("VCPUs__params") };
        /// Virtual CPUs it may have while running.
        VCPUS_MAX VCPUs_max [int], Constructor, Published "rio" { db: Some("VCPUs__max") };
        /// Virtual CPUs it starts with.
        VCPUS_AT_STARTUP VCPUs_at_startup [int], Constructor, Published "rio" { db: Some("VCPUs__at_startup") };
        /// What happens after a soft reboot.
        ACTIONS_AFTER_SOFTREBOOT actions_after_softreboot [enum OnSoftrebootBehavior] = text("soft_reboot"), ReadWrite, Prototyped "23.1.0" { db: Some("actions__after_softreboot") };
        /// What happens after the guest shuts down.
        ACTIONS_AFTER_SHUTDOWN actions_after_shutdown [enum OnNormalExit], ReadWrite, Published "rio" { db: Some("actions__after_shutdown") };
        /// What happens after the guest reboots.
        ACTIONS_AFTER_REBOOT actions_after_reboot [enum OnNormalExit], ReadWrite, Published "rio" { db: Some("actions__after_reboot") };
        /// What happens after the guest crashes.
        ACTIONS_AFTER_CRASH actions_after_crash [enum OnCrashBehaviour], Constructor, Published "rio" { db: Some("actions__after_crash") };
        /// Its consoles.
        CONSOLES consoles [set [ref "console"]], Runtime, Published "rio";
        /// Its network interfaces.
        VIFS VIFs [set [ref "VIF"]], Runtime, Published "rio";
        /// Its disks and drives.
        VBDS VBDs [set [ref "VBD"]], Runtime, Published "rio";
        /// Its USB devices.
        VUSBS VUSBs [set [ref "VUSB"]], Runtime, Published "rio";
        /// Crash dumps of it.
        CRASH_DUMPS crash_dumps [set [ref "crashdump"]], Runtime, Published "rio";
        /// Its virtual TPMs.
        VTPMS VTPMs [set [ref "VTPM"]], Runtime, Published "rio";
        /// Boot loader that finds the kernel of a paravirtual guest.
        PV_BOOTLOADER PV_bootloader [string], ReadWrite, Published "rio" { db: Some("PV__bootloader") };
        /// Kernel of a paravirtual guest, if no boot loader is named.
        PV_KERNEL PV_kernel [string], ReadWrite, Published "rio" { db: Some("PV__kernel") };
        /// Initial RAM disk of a paravirtual guest.
        PV_RAMDISK PV_ramdisk [string], ReadWrite, Published "rio" { db: Some("PV__ramdisk") };
        /// Kernel command line of a paravirtual guest.
        PV_ARGS PV_args [string], ReadWrite, Published "rio" { db: Some("PV__args") };
        /// Arguments of the boot loader.
        PV_BOOTLOADER_ARGS PV_bootloader_args [string], ReadWrite, Published "rio" { db: Some("PV__bootloader_args") };
        /// Kernel command line of old guests.
        PV_LEGACY_ARGS PV_legacy_args [string], ReadWrite, Published "rio" { db: Some("PV__legacy_args") };
        /// Non-empty for a hardware virtual guest; superseded by domain_type.
        HVM_BOOT_POLICY HVM_boot_policy [string], Constructor, Deprecated "rio" { db: Some("HVM__boot_policy") };
        /// Boot order and firmware.
        HVM_BOOT_PARAMS HVM_boot_params [map [string] [string]], ReadWrite, Published "rio" { db: Some("HVM__boot_params") };
        /// Factor on the shadow memory.
        HVM_SHADOW_MULTIPLIER HVM_shadow_multiplier [float] = float(1.0), Constructor, Published "miami" { db: Some("HVM__shadow_multiplier") };
        /// Settings of the virtual hardware.
        PLATFORM platform [map [string] [string]], Constructor, Published "rio";
        /// Old list of passed-through devices.
        PCI_BUS PCI_bus [string], ReadWrite, Deprecated "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], Constructor, Published "rio";
        /// Xen domain id while running; -1 otherwise.
        DOMID domid [int], Runtime, Published "rio";
        /// Architecture of the domain.
        DOMARCH domarch [string], Runtime, Published "rio";
        /// CPU features it saw at its last boot.
        LAST_BOOT_CPU_FLAGS last_boot_CPU_flags [map [string] [string]] = map(&[]), Constructor, Published "rio";
        /// True for the control domain of a host.
        IS_CONTROL_DOMAIN is_control_domain [bool], Runtime, Published "rio";
        /// Its figures.
        METRICS metrics [ref "VM_metrics"], Runtime, Published "rio";
        /// What the guest agent reports.
        GUEST_METRICS guest_metrics [ref "VM_guest_metrics"], Runtime, Published "rio";
        /// Its record as it was at the last boot.
        LAST_BOOTED_RECORD last_booted_record [string] = text(""), Constructor, Published "miami";
        /// Limits recommended for it, as XML.
        RECOMMENDATIONS recommendations [string], ReadWrite, Published "rio";
        /// Keys and values put into xenstore under vm-data.
        XENSTORE_DATA xenstore_data [map [string] [string]] = map(&[]), ReadWrite, Published "miami" { setter_has_effect: true };
        /// True to keep it running; superseded by ha_restart_priority.
        HA_ALWAYS_RUN ha_always_run [bool] = flag(false), Constructor, Deprecated "orlando";
        /// Whether HA restarts it: restart, best-effort or empty.
        HA_RESTART_PRIORITY ha_restart_priority [string] = text(""), Constructor, Published "orlando";
        /// True for a snapshot.
        IS_A_SNAPSHOT is_a_snapshot [bool] = flag(false), Runtime, Published "orlando";
        /// The VM it is a snapshot of.
        SNAPSHOT_OF snapshot_of [ref "VM"] = reference(""), Runtime, Published "orlando";
        /// Snapshots of it.
        SNAPSHOTS snapshots [set [ref "VM"]], Runtime, Published "orlando";
        /// When the snapshot was made.
        SNAPSHOT_TIME snapshot_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "orlando";
        /// Identifier of a quiesced snapshot; no longer written.
        TRANSPORTABLE_SNAPSHOT_ID transportable_snapshot_id [string] = text(""), Runtime, Published "orlando";
        /// Binary data kept with the object, by name.
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        /// Words given by users to find the object by.
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// Operations refused, with the error to answer.
        BLOCKED_OPERATIONS blocked_operations [map [enum VmOperations] [string]] = map(&[]), Constructor, Published "orlando";
        /// How the snapshot was made.
        SNAPSHOT_INFO snapshot_info [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        /// The record to go back to.
        SNAPSHOT_METADATA snapshot_metadata [string] = text(""), Runtime, Published "midnight-ride";
        /// The snapshot it was last made from or reverted to.
        PARENT parent [ref "VM"] = reference(""), Runtime, Published "midnight-ride";
        /// What was made from this snapshot.
        CHILDREN children [set [ref "VM"]], Runtime, Published "midnight-ride";
        /// Strings its firmware shows, such as the maker.
        BIOS_STRINGS bios_strings [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        /// Former protection policy.
        PROTECTION_POLICY protection_policy [ref "VMPP"] = null(), Constructor, Deprecated "cowley";
        /// True if a protection policy made the snapshot.
        IS_SNAPSHOT_FROM_VMPP is_snapshot_from_vmpp [bool] = flag(false), Constructor, Removed "cowley";
        /// The schedule it is snapshotted by.
        SNAPSHOT_SCHEDULE snapshot_schedule [ref "VMSS"] = null(), Constructor, Published "falcon";
        /// True if a schedule made the snapshot.
        IS_VMSS_SNAPSHOT is_vmss_snapshot [bool] = flag(false), Constructor, Published "falcon";
        /// The appliance it is part of.
        APPLIANCE appliance [ref "VM_appliance"] = null(), Constructor, Published "rio";
        /// Seconds to wait after its start before the next group starts.
        START_DELAY start_delay [int] = int(0), Constructor, Published "boston";
        /// Seconds to wait after its shutdown before the next group stops.
        SHUTDOWN_DELAY shutdown_delay [int] = int(0), Constructor, Published "boston";
        /// Group in which HA and appliances start it; lower first.
        ORDER order [int] = int(0), Constructor, Published "boston";
        /// Its virtual GPUs.
        VGPUS VGPUs [set [ref "VGPU"]], Runtime, Published "boston";
        /// PCI devices passed through to it.
        ATTACHED_PCIS attached_PCIs [set [ref "PCI"]], Runtime, Published "boston";
        /// Storage for its memory when suspended.
        SUSPEND_SR suspend_SR [ref "SR"] = null(), ReadWrite, Published "boston";
        /// Times it was recovered; disaster recovery compares it.
        VERSION version [int] = int(0), Constructor, Published "boston";
        /// Number that changes when the VM is rolled back or copied.
        GENERATION_ID generation_id [string] = text("0:0"), Constructor, Published "clearwater";
        /// Least version of virtual hardware it needs.
        HARDWARE_PLATFORM_VERSION hardware_platform_version [int] = int(0), ReadWrite, Published "cream";
        /// True if it has the PCI device by which updates bring drivers.
        HAS_VENDOR_DEVICE has_vendor_device [bool] = flag(true), Constructor, Published "dundee";
        /// True if a reboot would change how it runs.
        REQUIRES_REBOOT requires_reboot [bool] = flag(false), Runtime, Published "ely";
        /// Text that names the template it came from.
        REFERENCE_LABEL reference_label [string] = text(""), Constructor, Published "ely";
        /// Kind of virtualisation.
        DOMAIN_TYPE domain_type [enum DomainType] = text("unspecified"), Constructor, Published "kolkata";
        /// Firmware variables.
        NVRAM NVRAM [map [string] [string]] = map(&[]), Constructor, Published "naples";
        /// Actions it must take after a host update.
        PENDING_GUIDANCES pending_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Published "1.303.0";
        /// Actions it should take after a host update.
        PENDING_GUIDANCES_RECOMMENDED pending_guidances_recommended [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        /// Actions that would bring every change of a host update.
        PENDING_GUIDANCES_FULL pending_guidances_full [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        /// Placement groups it is in.
        GROUPS groups [set [ref "VM_group"]], Runtime, Prototyped "24.19.1" { in_2024_dump: false };
        /// Whether newer secure boot certificates wait for it.
        SECUREBOOT_CERTIFICATES_STATE secureboot_certificates_state [enum VmSecurebootCertificatesState] = text("ok"), Runtime, Prototyped "26.14.0" { in_2024_dump: false };
        /// Former list of actions it should take.
        RECOMMENDED_GUIDANCES recommended_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Removed "23.18.0" { internal: true };
    }

    messages {
        /// Add a firmware variable.
        add_to_NVRAM(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "naples" { is_async: false, locks: &["VM:changing_NVRAM"] };
        /// Change a scheduling setting of the running VM.
        add_to_VCPUs_params_live(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_VCPUs_live"] };
        /// Refuse an operation with an error of choice.
        add_to_blocked_operations(self [ref "VM"], key [enum VmOperations], value [string]) -> [void], VmAdmin, Published "orlando";
        /// Add a key; some keys need a higher role.
        add_to_other_config(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin)), ("pci", at(PoolAdmin)), ("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))], is_async: false };
        /// Add a setting of the virtual hardware.
        add_to_platform(self [ref "VM"], key [string], value [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin))], is_async: false };
        /// Fail unless it could run on any host of the pool.
        assert_agile(self [ref "VM"]) -> [void], ReadOnly, Published "orlando";
        /// Fail unless its storage is there for a recovery.
        assert_can_be_recovered(self [ref "VM"], session_to [ref "session"]) -> [void], ReadOnly, Published "boston" { errors: &["VM_IS_PART_OF_AN_APPLIANCE", "VM_REQUIRES_SR"] };
        /// Fail unless it could start on a host now.
        assert_can_boot_here(self [ref "VM"], host [ref "host"]) -> [void], ReadOnly, Published "rio" { errors: &["HOST_NOT_ENOUGH_FREE_MEMORY", "HOST_NOT_ENOUGH_PCPUS", "NETWORK_SRIOV_INSUFFICIENT_CAPACITY", "HOST_NOT_LIVE", "HOST_DISABLED", "HOST_CANNOT_ATTACH_NETWORK", "VM_HVM_REQUIRED", "VM_REQUIRES_GPU", "VM_REQUIRES_IOMMU", "VM_REQUIRES_NETWORK", "VM_REQUIRES_SR", "VM_REQUIRES_VGPU", "VM_HOST_INCOMPATIBLE_VERSION", "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION", "INVALID_VALUE", "MEMORY_CONSTRAINT_VIOLATION", "OPERATION_NOT_ALLOWED", "VALUE_NOT_SUPPORTED", "VM_INCOMPATIBLE_WITH_THIS_HOST"] };
        /// Fail unless it could migrate to the place given.
        assert_can_migrate(vm [ref "VM"], dest [map [string] [string]], live [bool], vdi_map [map [ref "VDI"] [ref "SR"]], vif_map [map [ref "VIF"] [ref "network"]], options [map [string] [string]], vgpu_map [map [ref "VGPU"] [ref "GPU_group"]] = map(&[])) -> [void], VmPowerAdmin, Published "tampa" { errors: &["LICENCE_RESTRICTION"] };
        /// The sender's half of assert_can_migrate.
        assert_can_migrate_sender(vm [ref "VM"], dest [map [string] [string]], live [bool], vdi_map [map [ref "VDI"] [ref "SR"]], vif_map [map [ref "VIF"] [ref "network"]], vgpu_map [map [ref "VGPU"] [ref "GPU_group"]], options [map [string] [string]]) -> [void], VmPowerAdmin, Published "inverness" { hidden: true, route: Route::OwningHost, runs_on: "VM.resident_on" };
        /// Fail unless an operation would be accepted now.
        assert_operation_valid(self [ref "VM"], op [enum VmOperations]) -> [void], ReadOnly, Published "rio";
        /// Record that it runs on a host and free the reservation.
        atomic_set_resident_on(vm [ref "VM"], host [ref "host"]) -> [void], LocalRoot, Published "rio" { hidden: true, pool_internal: true };
        /// Call a plugin of the host it runs on.
        call_host_plugin(vm [ref "VM"], plugin [string], fn [string], args [map [string] [string]]) -> [string], VmOperator, Prototyped "25.22.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:call_plugin"] };
        /// Call a plugin of the host on its behalf, at a limited rate.
        call_plugin(vm [ref "VM"], plugin [string], fn [string], args [map [string] [string]]) -> [string], VmOperator, Published "cream" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:call_plugin"] };
        /// Snapshot with disks and memory.
        checkpoint(vm [ref "VM"], new_name [string]) -> [ref "VM"], VmPowerAdmin, Published "midnight-ride" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "VM_CHECKPOINT_SUSPEND_FAILED", "VM_CHECKPOINT_RESUME_FAILED"], route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:checkpoint"] };
        /// Ask the guest to reboot.
        clean_reboot(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:clean_reboot", "all VBDs:attach", "all VIFs:attach"] };
        /// Ask the guest to shut down.
        clean_shutdown(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:clean_shutdown"] };
        /// Make a fast copy.
        clone(vm [ref "VM"], new_name [string]) -> [ref "VM"], VmAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], route: Route::AnySuitableHost, runs_on: "a host that sees all SRs of the VM", locks: &["VM:clone"] };
        /// Memory needed beside its own, in bytes.
        compute_memory_overhead(vm [ref "VM"]) -> [int], ReadOnly, Published "midnight-ride";
        /// Make a full copy, in any SR.
        copy(vm [ref "VM"], new_name [string], sr [ref "SR"]) -> [ref "VM"], VmAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], locks: &["VM:copy"] };
        /// Take the firmware strings from a host.
        copy_bios_strings(vm [ref "VM"], host [ref "host"]) -> [void], VmAdmin, Published "midnight-ride";
        /// Attach an empty blob under a name.
        create_new_blob(vm [ref "VM"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], VmPowerAdmin, Published "orlando";
        /// Older name of a copy.
        csvm(vm [ref "VM"]) -> [ref "VM"], VmAdmin, Deprecated "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], hidden: true, route: Route::AnySuitableHost, runs_on: "a host that sees the VM SRs and the suspend SR", locks: &["VM:csvm"] };
        /// Drop the recorded history of a performance figure.
        forget_data_source_archives(self [ref "VM"], data_source [string]) -> [void], VmAdmin, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:data_source_op"] };
        /// Storage that a recovery of it needs.
        get_SRs_required_for_recovery(self [ref "VM"], session_to [ref "session"]) -> [set [ref "SR"]], ReadOnly, Published "creedence";
        /// Disk positions still free.
        get_allowed_VBD_devices(vm [ref "VM"]) -> [set [string]], ReadOnly, Published "rio" { is_async: false, no_current_operations: true };
        /// Interface positions still free.
        get_allowed_VIF_devices(vm [ref "VM"]) -> [set [string]], ReadOnly, Published "rio" { is_async: false, no_current_operations: true };
        /// The record it booted with.
        get_boot_record(self [ref "VM"]) -> [record "VM"], ReadOnly, Deprecated "rio" { is_async: false, locks: &["VM:get_boot_record"] };
        /// Whether it follows its memory target.
        get_cooperative(self [ref "VM"]) -> [bool], ReadOnly, Deprecated "midnight-ride";
        /// Performance figures there are, recorded or not.
        get_data_sources(self [ref "VM"]) -> [set [record "data_source"]], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:data_source_op"] };
        /// Hosts it could run on.
        get_possible_hosts(vm [ref "VM"]) -> [set [ref "host"]], ReadOnly, Published "rio";
        /// Whether it could boot securely.
        get_secureboot_readiness(self [ref "VM"]) -> [enum VmSecurebootReadiness], PoolAdmin, Prototyped "24.17.0" { in_2024_dump: false };
        /// Reboot without asking the guest.
        hard_reboot(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:hard_reboot", "all VBDs:attach", "all VIFs:attach"] };
        /// Reboot from inside another operation.
        hard_reboot_internal(vm [ref "VM"]) -> [void], LocalRoot, Deprecated "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["all VBDs:attach", "all VIFs:attach"] };
        /// Stop without asking the guest.
        hard_shutdown(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:hard_shutdown"] };
        /// Fetch VMs from a URL in export format.
        import(url [string], sr [ref "SR"], full_restore [bool], force [bool]) -> [set [ref "VM"]], PoolOperator, Published "dundee" { route: Route::AnySuitableHost, runs_on: "host of a plugged PBD of the SR parameter" };
        /// Fetch VMs from another hypervisor by the conversion service.
        import_convert(type [string], username [string], password [string], sr [ref "SR"], remote_config [map [string] [string]]) -> [void], VmAdmin, Published "tampa";
        /// Largest memory that fits into a total with its overhead.
        maximise_memory(self [ref "VM"], total [int], approximate [bool]) -> [int], ReadOnly, Published "miami";
        /// Move to another host or pool, with its disks.
        migrate_send(vm [ref "VM"], dest [map [string] [string]], live [bool], vdi_map [map [ref "VDI"] [ref "SR"]], vif_map [map [ref "VIF"] [ref "network"]], options [map [string] [string]], vgpu_map [map [ref "VGPU"] [ref "GPU_group"]] = map(&[]), vdi_format_map [map [ref "VDI"] [string]] = map(&[])) -> [ref "VM"], VmPowerAdmin, Published "tampa" { errors: &["VM_BAD_POWER_STATE", "LICENCE_RESTRICTION"], route: Route::OwningHost, runs_on: "VM.resident_on (source) when live", locks: &["VM:migrate_send", "dest host:vm_migrate"] };
        /// Stop its CPUs.
        pause(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:pause"] };
        /// Move to another host of the pool while running.
        pool_migrate(vm [ref "VM"], host [ref "host"], options [map [string] [string]]) -> [void], VmPowerAdmin + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "VM_IS_TEMPLATE", "OPERATION_NOT_ALLOWED", "VM_BAD_POWER_STATE"], route: Route::OwningHost, runs_on: "VM.resident_on (source)", locks: &["VM:pool_migrate", "dest host:vm_migrate"] };
        /// Finish a migration on the receiving host.
        pool_migrate_complete(vm [ref "VM"], host [ref "host"]) -> [void], VmPowerAdmin + cert, Published "tampa" { hidden: true, route: Route::OwningHost, runs_on: "host parameter (destination)" };
        /// Record that it is halted, whatever is true; dangerous.
        power_state_reset(vm [ref "VM"]) -> [void], PoolOperator, Published "rio";
        /// Make the disks that a template prescribes.
        provision(vm [ref "VM"]) -> [void], VmAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], route: Route::AnySuitableHost, runs_on: "random host that sees the SRs named in the provision spec and admits host op provision", locks: &["VM:provision", "dest host:provision"] };
        /// Latest value of a performance figure.
        query_data_source(self [ref "VM"], data_source [string]) -> [float], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on" };
        /// Which service domains it provides.
        query_services(self [ref "VM"]) -> [map [string] [string]], PoolAdmin, Published "tampa" { locks: &["VM:query_services"] };
        /// Start to record a performance figure.
        record_data_source(self [ref "VM"], data_source [string]) -> [void], VmAdmin, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:data_source_op"] };
        /// Bring it from another pool's metadata into this pool.
        recover(self [ref "VM"], session_to [ref "session"], force [bool]) -> [void], ReadOnly, Published "boston";
        /// Remove a firmware variable.
        remove_from_NVRAM(self [ref "VM"], key [string]) -> [void], VmAdmin, Published "naples" { is_async: false, locks: &["VM:changing_NVRAM"] };
        /// Refuse an operation no longer.
        remove_from_blocked_operations(self [ref "VM"], key [enum VmOperations]) -> [void], VmAdmin, Published "orlando";
        /// Remove a key; some keys need a higher role.
        remove_from_other_config(self [ref "VM"], key [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin)), ("pci", at(PoolAdmin)), ("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))], is_async: false };
        /// Remove a setting of the virtual hardware.
        remove_from_platform(self [ref "VM"], key [string]) -> [void], VmAdmin, Published "rio" { key_roles: &[("hvm_serial", at(PoolAdmin))], is_async: false };
        /// Replace its device model while it runs.
        restart_device_models(self [ref "VM"]) -> [void], VmPowerAdmin + cert, Prototyped "23.30.0" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "VM_IS_TEMPLATE", "OPERATION_NOT_ALLOWED", "VM_BAD_POWER_STATE"] };
        /// Bring a suspended VM back.
        resume(vm [ref "VM"], start_paused [bool], force [bool]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::AnySuitableHost, runs_on: "placement chooses a host; host op vm_resume", locks: &["VM:resume", "all VBDs:attach", "dest host:vm_resume"] };
        /// Bring a suspended VM back on a host.
        resume_on(vm [ref "VM"], host [ref "host"], start_paused [bool], force [bool]) -> [void], VmPowerAdmin + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "host parameter", locks: &["VM:resume_on", "all VBDs:attach", "dest host:vm_resume"] };
        /// How well each host would suit it.
        retrieve_wlb_recommendations(vm [ref "VM"]) -> [map [ref "host"] [set [string]]], ReadOnly, Published "george";
        /// Put a VM back to its snapshot.
        revert(snapshot [ref "VM"]) -> [void], VmPowerAdmin, Published "midnight-ride" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "SR_FULL", "VM_REVERT_FAILED"], route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:revert", "VM:reverting"] };
        /// Wake the guest from S3 sleep.
        s3_resume(vm [ref "VM"]) -> [void], VmOperator, Published "midnight-ride" { hidden: true, route: Route::OwningHost, runs_on: "VM.resident_on" };
        /// Put the guest into S3 sleep.
        s3_suspend(vm [ref "VM"]) -> [void], VmOperator, Published "midnight-ride" { hidden: true, route: Route::OwningHost, runs_on: "VM.resident_on" };
        /// Send a SysRq key.
        send_sysrq(vm [ref "VM"], key [string]) -> [void], PoolAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:send_sysrq"] };
        /// Send an event such as a power button.
        send_trigger(vm [ref "VM"], trigger [string]) -> [void], PoolAdmin, Published "rio" { errors: &["VM_BAD_POWER_STATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:send_trigger"] };
        /// Choose hardware virtualisation or not.
        set_HVM_boot_policy(self [ref "VM"], value [string]) -> [void], VmAdmin, Deprecated "rio" { is_async: false };
        /// Change the factor on the shadow memory.
        set_HVM_shadow_multiplier(self [ref "VM"], value [float]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, locks: &["VM:changing_shadow_memory"] };
        /// Replace the firmware variables.
        set_NVRAM(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "naples" { is_async: false, locks: &["VM:changing_NVRAM"] };
        /// Replace the EFI variables, as its own firmware does.
        set_NVRAM_EFI_variables(self [ref "VM"], value [string], update [enum UpdateStatus] = text("unspecified")) -> [void], LocalRoot, Published "naples" { is_async: false, hidden: true };
        /// Change how many virtual CPUs it starts with.
        set_VCPUs_at_startup(self [ref "VM"], value [int]) -> [void], VmAdmin, Published "midnight-ride" { is_async: false };
        /// Change how many virtual CPUs it may have.
        set_VCPUs_max(self [ref "VM"], value [int]) -> [void], VmAdmin, Published "midnight-ride" { is_async: false, locks: &["VM:changing_VCPUs"] };
        /// Change the virtual CPUs of the running VM.
        set_VCPUs_number_live(self [ref "VM"], nvcpu [int]) -> [void], VmAdmin, Published "rio" { errors: &["OPERATION_NOT_ALLOWED", "LICENCE_RESTRICTION"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_VCPUs_live"] };
        /// Choose what happens after a crash.
        set_actions_after_crash(self [ref "VM"], value [enum OnCrashBehaviour]) -> [void], VmAdmin, Published "rio";
        /// Put it into an appliance.
        set_appliance(self [ref "VM"], value [ref "VM_appliance"]) -> [void], PoolOperator, Published "boston";
        /// Choose the firmware strings, once.
        set_bios_strings(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "inverness" { errors: &["VM_BIOS_STRINGS_ALREADY_SET", "INVALID_VALUE"] };
        /// Replace the operations refused.
        set_blocked_operations(self [ref "VM"], value [map [enum VmOperations] [string]]) -> [void], VmAdmin, Published "orlando";
        /// Choose the kind of virtualisation.
        set_domain_type(self [ref "VM"], value [enum DomainType]) -> [void], VmAdmin, Published "kolkata" { is_async: false };
        /// Replace the placement groups it is in.
        set_groups(self [ref "VM"], value [set [ref "VM_group"]]) -> [void], VmAdmin, Prototyped "24.19.1" { errors: &["OPERATION_NOT_ALLOWED"], in_2024_dump: false };
        /// Have HA keep it running or not.
        set_ha_always_run(self [ref "VM"], value [bool]) -> [void], PoolOperator, Deprecated "orlando" { is_async: false };
        /// Choose whether HA restarts it.
        set_ha_restart_priority(self [ref "VM"], value [string]) -> [void], PoolOperator, Published "orlando" { is_async: false };
        /// Give it or take from it the vendor device.
        set_has_vendor_device(self [ref "VM"], value [bool]) -> [void], VmAdmin, Published "dundee";
        /// Record whether it came with the product.
        set_is_default_template(vm [ref "VM"], value [bool]) -> [void], PoolAdmin, Published "falcon" { hidden: true, locks: &["VM:make_into_template"] };
        /// Set all four memory limits to one value.
        set_memory(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "ely" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_memory_limits"] };
        /// Change the upper end of ballooning.
        set_memory_dynamic_max(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:changing_dynamic_range"] };
        /// Change the lower end of ballooning.
        set_memory_dynamic_min(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:changing_dynamic_range"] };
        /// Change both ends of ballooning.
        set_memory_dynamic_range(self [ref "VM"], min [int], max [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { route: Route::OwningHost, runs_on: "VM.resident_on when Running", locks: &["VM:changing_dynamic_range"] };
        /// Change all four memory limits at once.
        set_memory_limits(self [ref "VM"], static_min [int], static_max [int], dynamic_min [int], dynamic_max [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_memory_limits"] };
        /// Change the most memory it can ever have.
        set_memory_static_max(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "orlando" { errors: &["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN"], is_async: false, locks: &["VM:changing_static_range"] };
        /// Change the least memory it may be given.
        set_memory_static_min(self [ref "VM"], value [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { is_async: false, locks: &["VM:changing_static_range"] };
        /// Change both static limits.
        set_memory_static_range(self [ref "VM"], min [int], max [int]) -> [void], VmPowerAdmin, Published "midnight-ride" { locks: &["VM:changing_static_range"] };
        /// Change the memory target of the running VM.
        set_memory_target_live(self [ref "VM"], target [int]) -> [void], VmPowerAdmin, Deprecated "rio" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_memory_live"] };
        /// Choose its start group.
        set_order(self [ref "VM"], value [int]) -> [void], PoolOperator, Published "boston";
        /// Replace the map; some keys need a higher role.
        set_other_config(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "rio" { is_async: false };
        /// Replace the settings of the virtual hardware.
        set_platform(self [ref "VM"], value [map [string] [string]]) -> [void], VmAdmin, Published "rio" { is_async: false };
        /// Formerly chose a protection policy.
        set_protection_policy(self [ref "VM"], value [ref "VMPP"]) -> [void], PoolOperator, Removed "cowley" { is_async: false, route: Route::Removed };
        /// Change the shadow memory of the running VM.
        set_shadow_multiplier_live(self [ref "VM"], multiplier [float]) -> [void], VmPowerAdmin, Published "rio" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:changing_shadow_memory_live"] };
        /// Change the wait after its shutdown.
        set_shutdown_delay(self [ref "VM"], value [int]) -> [void], PoolOperator, Published "boston";
        /// Choose the schedule it is snapshotted by.
        set_snapshot_schedule(self [ref "VM"], value [ref "VMSS"]) -> [void], PoolOperator, Published "falcon" { is_async: false };
        /// Change the wait after its start.
        set_start_delay(self [ref "VM"], value [int]) -> [void], PoolOperator, Published "boston";
        /// Put a copy in place of its suspend disk.
        set_suspend_VDI(self [ref "VM"], value [ref "VDI"]) -> [void], PoolOperator, Published "boston";
        /// Put its secure boot keys into setup or user mode.
        set_uefi_mode(self [ref "VM"], mode [enum VmUefiMode]) -> [string], PoolAdmin, Prototyped "24.17.0" { in_2024_dump: false };
        /// Ask the guest to shut down, and stop it if it does not.
        shutdown(vm [ref "VM"]) -> [void], VmOperator + cert, Published "clearwater" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:shutdown"] };
        /// Snapshot its disks.
        snapshot(vm [ref "VM"], new_name [string], ignore_vdis [set [ref "VDI"]] = set(&[])) -> [ref "VM"], VmPowerAdmin, Published "orlando" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED"], route: Route::AnySuitableHost, runs_on: "a host that sees all SRs of the VM", locks: &["VM:snapshot"] };
        /// Formerly snapshotted with the guest's help.
        snapshot_with_quiesce(vm [ref "VM"], new_name [string]) -> [ref "VM"], VmPowerAdmin, Removed "orlando" { errors: &["VM_BAD_POWER_STATE", "SR_FULL", "OPERATION_NOT_ALLOWED", "VM_SNAPSHOT_WITH_QUIESCE_FAILED", "VM_SNAPSHOT_WITH_QUIESCE_TIMEOUT", "VM_SNAPSHOT_WITH_QUIESCE_PLUGIN_DEOS_NOT_RESPOND", "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED"], route: Route::Removed };
        /// Start it on a host the server chooses.
        start(vm [ref "VM"], start_paused [bool], force [bool]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "VM_HVM_REQUIRED", "VM_IS_TEMPLATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "BOOTLOADER_FAILED", "UNKNOWN_BOOTLOADER", "NO_HOSTS_AVAILABLE", "LICENCE_RESTRICTION"], route: Route::AnySuitableHost, runs_on: "placement chooses a host; reserves memory; host op vm_start", locks: &["VM:start", "all VBDs:attach", "all VIFs:attach", "dest host:vm_start"] };
        /// Start it on a host.
        start_on(vm [ref "VM"], host [ref "host"], start_paused [bool], force [bool]) -> [void], VmPowerAdmin + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "VM_IS_TEMPLATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "BOOTLOADER_FAILED", "UNKNOWN_BOOTLOADER"], route: Route::OwningHost, runs_on: "host parameter", locks: &["VM:start_on", "all VBDs:attach", "all VIFs:attach", "dest host:vm_start"] };
        /// Write its memory to a disk and stop it.
        suspend(vm [ref "VM"]) -> [void], VmOperator + cert, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OTHER_OPERATION_IN_PROGRESS", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:suspend"] };
        /// Have a Windows guest prepare itself for cloning.
        sysprep(self [ref "VM"], unattend [secretstring], timeout [float]) -> [void], VmAdmin, Prototyped "25.24.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:sysprep"] };
        /// Let its CPUs run again.
        unpause(vm [ref "VM"]) -> [void], VmOperator, Published "rio" { errors: &["VM_BAD_POWER_STATE", "OPERATION_NOT_ALLOWED", "VM_IS_TEMPLATE"], route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:unpause"] };
        /// Recompute allowed_operations.
        update_allowed_operations(self [ref "VM"]) -> [void], PoolAdmin, Published "rio";
        /// Mark whether the next boot updates its secure boot certificates.
        update_secureboot_certificates_on_boot(self [ref "VM"], mark [bool]) -> [void], VmAdmin, Prototyped "26.14.0" { in_2024_dump: false };
        /// Record where a snapshot comes from.
        update_snapshot_metadata(vm [ref "VM"], snapshot_of [ref "VM"], snapshot_time [datetime], transportable_snapshot_id [string]) -> [void], PoolOperator, Deprecated "george" { hidden: true };
        /// Wait until it has reached its memory target.
        wait_memory_target_live(self [ref "VM"]) -> [void], ReadOnly, Deprecated "orlando" { route: Route::OwningHost, runs_on: "VM.resident_on", locks: &["VM:awaiting_memory_live"] };
    }
}

enumeration! {
    /// Kinds of virtualisation.
    DomainType "domain_type" { Hvm "hvm", Pv "pv", PvInPvh "pv_in_pvh", Pvh "pvh", Unspecified "unspecified" }
}

enumeration! {
    /// What happens after a crash.
    OnCrashBehaviour "on_crash_behaviour" {
        Destroy "destroy", CoredumpAndDestroy "coredump_and_destroy", Restart "restart",
        CoredumpAndRestart "coredump_and_restart", Preserve "preserve", RenameRestart "rename_restart",
    }
}

enumeration! {
    /// What happens after a shutdown or reboot from inside.
    OnNormalExit "on_normal_exit" { Destroy "destroy", Restart "restart" }
}

enumeration! {
    /// What happens after a soft reboot.
    OnSoftrebootBehavior "on_softreboot_behavior" { SoftReboot "soft_reboot", Destroy "destroy", Restart "restart", Preserve "preserve" }
}

enumeration! {
    /// Actions that bring an update into effect.
    UpdateGuidances "update_guidances" {
        RebootHost "reboot_host", RebootHostOnLivepatchFailure "reboot_host_on_livepatch_failure",
        RebootHostOnKernelLivepatchFailure "reboot_host_on_kernel_livepatch_failure",
        RebootHostOnXenLivepatchFailure "reboot_host_on_xen_livepatch_failure", RestartToolstack "restart_toolstack",
        RestartDeviceModel "restart_device_model", RestartVm "restart_vm",
    }
}

enumeration! {
    /// Whether an update is there; unspecified if not known.
    UpdateStatus "update_status" { Yes "yes", No "no", Unspecified "unspecified" }
}

enumeration! {
    /// Operations on a VM.
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
    /// Whether a VM runs.
    VmPowerState "vm_power_state" { Halted "Halted", Paused "Paused", Running "Running", Suspended "Suspended" }
}

enumeration! {
    /// Whether newer secure boot certificates wait for a VM.
    VmSecurebootCertificatesState "vm_secureboot_certificates_state" { Ok "ok", UpdateAvailable "update_available", UpdateOnBoot "update_on_boot" }
}

enumeration! {
    /// Whether a VM could boot securely.
    VmSecurebootReadiness "vm_secureboot_readiness" {
        NotSupported "not_supported", Disabled "disabled", FirstBoot "first_boot", Ready "ready",
        ReadyNoDbx "ready_no_dbx", SetupMode "setup_mode", CertsIncomplete "certs_incomplete",
    }
}

enumeration! {
    /// Mode of the secure boot keys.
    VmUefiMode "vm_uefi_mode" { Setup "setup", User "user" }
}
