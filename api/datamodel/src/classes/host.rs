//! `host`: see the class.

use super::vm::UpdateGuidances;
use crate::macros::words::*;

class! {
    host "host", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        MEMORY_OVERHEAD memory_overhead [int] = int(0), Runtime, Published "rio" { db: Some("memory__overhead") };
        ALLOWED_OPERATIONS allowed_operations [set [enum HostAllowedOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum HostAllowedOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        API_VERSION_MAJOR API_version_major [int], Runtime, Published "rio" { db: Some("API_version__major") };
        API_VERSION_MINOR API_version_minor [int], Runtime, Published "rio" { db: Some("API_version__minor") };
        API_VERSION_VENDOR API_version_vendor [string], Runtime, Published "rio" { db: Some("API_version__vendor") };
        API_VERSION_VENDOR_IMPLEMENTATION API_version_vendor_implementation [map [string] [string]], Runtime, Published "rio" { db: Some("API_version__vendor_implementation") };
        ENABLED enabled [bool], Runtime, Published "rio";
        SOFTWARE_VERSION software_version [map [string] [string]], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))] };
        CAPABILITIES capabilities [set [string]], Constructor, Published "rio";
        CPU_CONFIGURATION cpu_configuration [map [string] [string]], Runtime, Published "rio";
        SCHED_POLICY sched_policy [string], Runtime, Published "rio";
        SUPPORTED_BOOTLOADERS supported_bootloaders [set [string]], Runtime, Published "rio";
        RESIDENT_VMS resident_VMs [set [ref "VM"]], Runtime, Published "rio";
        LOGGING logging [map [string] [string]], ReadWrite, Published "rio";
        PIFS PIFs [set [ref "PIF"]], Runtime, Published "rio";
        SUSPEND_IMAGE_SR suspend_image_sr [ref "SR"], ReadWrite, Published "rio";
        CRASH_DUMP_SR crash_dump_sr [ref "SR"], ReadWrite, Published "rio";
        CRASHDUMPS crashdumps [set [ref "host_crashdump"]], Runtime, Published "rio";
        PATCHES patches [set [ref "host_patch"]], Runtime, Deprecated "rio";
        UPDATES updates [set [ref "pool_update"]], Runtime, Published "ely";
        PBDS PBDs [set [ref "PBD"]], Runtime, Published "rio";
        HOST_CPUS host_CPUs [set [ref "host_cpu"]], Runtime, Published "rio";
        CPU_INFO cpu_info [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        HOSTNAME hostname [string], ReadWrite, Published "rio";
        ADDRESS address [string], ReadWrite, Published "rio";
        METRICS metrics [ref "host_metrics"], Runtime, Published "rio";
        LICENSE_PARAMS license_params [map [string] [string]], Runtime, Published "rio";
        HA_STATEFILES ha_statefiles [set [string]] = set(&[]), Runtime, Published "orlando";
        HA_NETWORK_PEERS ha_network_peers [set [string]] = set(&[]), Runtime, Published "orlando";
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        EXTERNAL_AUTH_TYPE external_auth_type [string] = text(""), Runtime, Published "george";
        EXTERNAL_AUTH_SERVICE_NAME external_auth_service_name [string] = text(""), Runtime, Published "george";
        EXTERNAL_AUTH_CONFIGURATION external_auth_configuration [map [string] [string]] = map(&[]), Runtime, Published "george";
        EDITION edition [string] = text(""), Runtime, Published "midnight-ride";
        LICENSE_SERVER license_server [map [string] [string]] = map(&[(text("address"), text("localhost")), (text("port"), text("27000"))]), ReadWrite, Published "midnight-ride";
        BIOS_STRINGS bios_strings [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        POWER_ON_MODE power_on_mode [string] = text(""), Runtime, Published "midnight-ride";
        POWER_ON_CONFIG power_on_config [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        LOCAL_CACHE_SR local_cache_sr [ref "SR"] = null(), Constructor, Published "cowley";
        CHIPSET_INFO chipset_info [map [string] [string]] = map(&[]), Runtime, Published "boston";
        PCIS PCIs [set [ref "PCI"]], Runtime, Published "boston";
        PGPUS PGPUs [set [ref "PGPU"]], Runtime, Published "boston";
        PUSBS PUSBs [set [ref "PUSB"]], Runtime, Published "inverness";
        SSL_LEGACY ssl_legacy [bool] = flag(true), Constructor, Deprecated "dundee";
        GUEST_VCPUS_PARAMS guest_VCPUs_params [map [string] [string]] = map(&[]), ReadWrite, Published "tampa";
        DISPLAY display [enum HostDisplay] = text("enabled"), ReadWrite, Published "cream";
        VIRTUAL_HARDWARE_PLATFORM_VERSIONS virtual_hardware_platform_versions [set [int]] = set(&[int(0)]), Runtime, Published "cream";
        CONTROL_DOMAIN control_domain [ref "VM"] = null(), Runtime, Published "ely";
        UPDATES_REQUIRING_REBOOT updates_requiring_reboot [set [ref "pool_update"]], Runtime, Published "ely" { ignore_foreign_key: true };
        FEATURES features [set [ref "Feature"]], Runtime, Published "falcon";
        ISCSI_IQN iscsi_iqn [string] = text(""), Constructor, Published "kolkata";
        MULTIPATHING multipathing [bool] = flag(false), Constructor, Published "kolkata";
        UEFI_CERTIFICATES uefi_certificates [string] = text(""), Constructor, Deprecated "quebec";
        CERTIFICATES certificates [set [ref "Certificate"]], Runtime, Published "stockholm";
        EDITIONS editions [set [string]] = set(&[]), Runtime, Published "stockholm";
        PENDING_GUIDANCES pending_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Published "1.303.0";
        TLS_VERIFICATION_ENABLED tls_verification_enabled [bool] = flag(false), Runtime, Published "1.313.0";
        LAST_SOFTWARE_UPDATE last_software_update [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "22.20.0";
        HTTPS_ONLY https_only [bool] = flag(false), Runtime, Prototyped "22.27.0";
        LATEST_SYNCED_UPDATES_APPLIED latest_synced_updates_applied [enum LatestSyncedUpdatesAppliedState] = text("unknown"), Runtime, Prototyped "23.18.0";
        NUMA_AFFINITY_POLICY numa_affinity_policy [enum HostNumaAffinityPolicy] = text("default_policy"), Runtime, Prototyped "24.0.0";
        PENDING_GUIDANCES_RECOMMENDED pending_guidances_recommended [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        PENDING_GUIDANCES_FULL pending_guidances_full [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        LAST_UPDATE_HASH last_update_hash [string] = text(""), Runtime, Prototyped "24.10.0";
        SSH_ENABLED ssh_enabled [bool] = flag(true), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        SSH_ENABLED_TIMEOUT ssh_enabled_timeout [int] = int(0), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        SSH_EXPIRY ssh_expiry [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        CONSOLE_IDLE_TIMEOUT console_idle_timeout [int] = int(0), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        SSH_AUTO_MODE ssh_auto_mode [bool] = flag(false), Runtime, Prototyped "25.27.0" { in_2024_dump: false };
        MAX_CSTATE max_cstate [string] = text(""), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        SECURE_BOOT secure_boot [bool] = flag(false), Runtime, Prototyped "25.31.0" { in_2024_dump: false };
        NTP_MODE ntp_mode [enum HostNtpMode] = text("Factory"), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        NTP_CUSTOM_SERVERS ntp_custom_servers [set [string]] = set(&[]), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        TIMEZONE timezone [string] = text("UTC"), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        BOOT_FREE_MEM boot_free_mem [int], Runtime, Published "rio" { internal: true };
        RECOMMENDED_GUIDANCES recommended_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Removed "23.18.0" { internal: true };
    }

    messages {
        abort_new_master(address [string]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        allocate_resources_for_vm(self [ref "host"], vm [ref "VM"], live [bool]) -> [void], VmOperator, Published "inverness" { hidden: true };
        apply_edition(host [ref "host"], edition [string], force [bool] = flag(false)) -> [void], PoolOperator, Published "midnight-ride" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        apply_guest_agent_config(host [ref "host"]) -> [void], PoolAdmin, Published "dundee" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        apply_recommended_guidances(self [ref "host"]) -> [void], PoolOperator, Removed "23.18.0" { route: Route::Removed };
        apply_updates(self [ref "host"], hash [string]) -> [set [set [string]]], PoolOperator + cert, Published "1.301.0";
        assert_can_evacuate(host [ref "host"]) -> [void], PoolOperator, Published "miami";
        attach_static_vdis(host [ref "host"], vdi_reason_map [map [ref "VDI"] [string]]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        backup_rrds(host [ref "host"], delay [float]) -> [void], PoolAdmin, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        bugreport_upload(host [ref "host"], url [string], options [map [string] [string]]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        call_extension(host [ref "host"], call [string]) -> [string], PoolAdmin, Published "ely" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        call_plugin(host [ref "host"], plugin [string], fn [string], args [map [string] [string]]) -> [string], PoolAdmin, Published "orlando" { route: Route::OwningHost, runs_on: "host parameter" };
        cert_distrib_atom(host [ref "host"], command [string]) -> [string], LocalRoot, Published "1.295.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        certificate_list(host [ref "host"]) -> [set [string]], LocalRoot, Deprecated "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        certificate_sync(host [ref "host"]) -> [void], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        cleanup_pool_secret(host [ref "host"], old_ps [secretstring], new_ps [secretstring]) -> [void], LocalRoot, Published "stockholm_psr" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        commit_new_master(address [string]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        compute_free_memory(host [ref "host"]) -> [int], ReadOnly, Published "orlando";
        compute_memory_overhead(host [ref "host"]) -> [int], ReadOnly, Published "midnight-ride";
        copy_primary_host_certs(host [ref "host"]) -> [void], PoolAdmin, Published "1.307.0" { hidden: true, pool_internal: true, locks: &["pool:copy_primary_host_certs"] };
        create(uuid [string], name_label [string], name_description [string], hostname [string], address [string], external_auth_type [string] = text(""), external_auth_service_name [string] = text(""), external_auth_configuration [map [string] [string]] = map(&[]), license_params [map [string] [string]] = map(&[]), edition [string] = text(""), license_server [map [string] [string]] = map(&[(text("address"), text("localhost")), (text("port"), text("27000"))]), local_cache_sr [ref "SR"] = null(), chipset_info [map [string] [string]] = map(&[]), ssl_legacy [bool] = flag(true), last_software_update [datetime] = date("19700101T00:00:00Z"), last_update_hash [string] = text(""), ssh_enabled [bool] = flag(true), ssh_enabled_timeout [int] = int(0), ssh_expiry [datetime] = date("19700101T00:00:00Z"), console_idle_timeout [int] = int(0), ssh_auto_mode [bool] = flag(false), secure_boot [bool] = flag(false), software_version [map [string] [string]] = map(&[]), https_only [bool] = flag(false), max_cstate [string] = text(""), ntp_mode [enum HostNtpMode] = text("Factory"), ntp_custom_servers [set [string]] = set(&[]), timezone [string] = text("UTC"), numa_affinity_policy [enum HostNumaAffinityPolicy] = text("default_policy"), latest_synced_updates_applied [enum LatestSyncedUpdatesAppliedState] = set(&[]), pending_guidances_full [set [enum UpdateGuidances]] = set(&[]), pending_guidances_recommended [set [enum UpdateGuidances]] = set(&[])) -> [ref "host"], PoolOperator, Published "rio" { hidden: true };
        create_new_blob(host [ref "host"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        crl_install(host [ref "host"], name [string], crl [string]) -> [void], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        crl_list(host [ref "host"]) -> [set [string]], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        crl_uninstall(host [ref "host"], name [string]) -> [void], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        declare_dead(host [ref "host"]) -> [void], PoolOperator, Published "clearwater";
        destroy(self [ref "host"]) -> [void], PoolOperator, Published "rio";
        detach_static_vdis(host [ref "host"], vdis [set [ref "VDI"]]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        disable(host [ref "host"], auto_enable [bool] = flag(true)) -> [void], PoolOperator + cert, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        disable_binary_storage(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        disable_display(host [ref "host"]) -> [enum HostDisplay], PoolOperator, Published "cream" { route: Route::OwningHost, runs_on: "host parameter" };
        disable_external_auth(host [ref "host"], config [map [string] [string]] = map(&[]), force [bool] = flag(false)) -> [void], PoolAdmin, Published "george" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        disable_local_storage_caching(host [ref "host"]) -> [void], PoolOperator, Published "cowley" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        disable_ssh(self [ref "host"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        dmesg(host [ref "host"]) -> [string], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        dmesg_clear(host [ref "host"]) -> [string], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        emergency_clear_mandatory_guidance() -> [void], LocalRoot, Prototyped "24.10.0" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        emergency_disable_tls_verification() -> [void], LocalRoot, Published "1.290.0" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        emergency_ha_disable(soft [bool] = flag(false)) -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        emergency_reenable_tls_verification() -> [void], LocalRoot, Published "1.298.0" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        emergency_reset_server_certificate() -> [void], LocalRoot, Published "stockholm" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        enable(host [ref "host"]) -> [void], PoolOperator + cert, Published "rio" { route: Route::OwningHost, runs_on: "host parameter", locks: &["host:enable"] };
        enable_binary_storage(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        enable_display(host [ref "host"]) -> [enum HostDisplay], PoolOperator, Published "cream" { route: Route::OwningHost, runs_on: "host parameter" };
        enable_external_auth(host [ref "host"], config [map [string] [string]], service_name [string], auth_type [string]) -> [void], PoolAdmin, Published "george" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        enable_local_storage_caching(host [ref "host"], sr [ref "SR"]) -> [void], PoolOperator, Published "cowley" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        enable_ssh(self [ref "host"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        evacuate(host [ref "host"], network [ref "network"] = null(), evacuate_batch_size [int] = int(0)) -> [void], PoolOperator + cert, Published "miami" { locks: &["host:evacuate"] };
        external_auth_set_ldaps(host [ref "host"], ldaps [bool], force [bool] = flag(false)) -> [void], PoolAdmin, Published "26.16.0" { is_async: false, in_2024_dump: false, route: Route::OwningHost, runs_on: "host parameter" };
        forget_data_source_archives(host [ref "host"], data_source [string]) -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        get_data_sources(host [ref "host"]) -> [set [record "data_source"]], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        get_diagnostic_timing_stats(host [ref "host"], counts [bool] = flag(false)) -> [map [string] [string]], ReadOnly, Published "miami" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        get_log(host [ref "host"]) -> [string], ReadOnly, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        get_management_interface(host [ref "host"]) -> [ref "PIF"], PoolOperator, Published "tampa";
        get_ntp_servers_status(self [ref "host"]) -> [map [string] [string]], ReadOnly, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        get_ntp_synchronized(self [ref "host"]) -> [bool], ReadOnly, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        get_sched_gran(self [ref "host"]) -> [enum HostSchedGran], LocalRoot, Published "1.271.0" { route: Route::OwningHost, runs_on: "self parameter" };
        get_server_certificate(host [ref "host"]) -> [string], ReadOnly, Published "george" { route: Route::OwningHost, runs_on: "host parameter" };
        get_server_localtime(host [ref "host"]) -> [datetime], ReadOnly, Published "cowley" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        get_servertime(host [ref "host"]) -> [datetime], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        get_sm_diagnostics(host [ref "host"]) -> [string], PoolOperator, Published "boston" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        get_system_status_capabilities(host [ref "host"]) -> [string], ReadOnly, Published "miami" { is_async: false, route: Route::OwningHost, runs_on: "host parameter", emergency: true, local_any_host: true };
        get_thread_diagnostics(host [ref "host"]) -> [string], PoolOperator, Published "boston" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        get_tracked_user_agents(self [ref "host"]) -> [map [string] [string]], ReadOnly, Prototyped "25.34.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        get_uncooperative_domains(self [ref "host"]) -> [set [string]], LocalRoot, Deprecated "midnight-ride" { hidden: true, pool_internal: true };
        get_uncooperative_resident_VMs(self [ref "host"]) -> [set [ref "VM"]], ReadOnly, Deprecated "midnight-ride";
        get_vms_which_prevent_evacuation(self [ref "host"]) -> [map [ref "VM"] [set [string]]], ReadOnly, Published "orlando";
        ha_disable_failover_decisions(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        ha_disarm_fencing(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        ha_join_liveset(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        ha_release_resources(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        ha_stop_daemon(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        ha_wait_for_shutdown_via_statefile(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        ha_xapi_healthcheck() -> [bool], PoolAdmin, Published "orlando" { is_async: false, hidden: true, route: Route::Local, emergency: true, local_any_host: true };
        has_extension(host [ref "host"], name [string]) -> [bool], PoolAdmin, Published "ely" { route: Route::OwningHost, runs_on: "host parameter" };
        install_ca_certificate(host [ref "host"], name [string], cert [string]) -> [void], LocalRoot, Published "1.290.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        install_server_certificate(host [ref "host"], certificate [string], private_key [string], certificate_chain [string] = text("")) -> [void], PoolAdmin, Published "stockholm" { route: Route::OwningHost, runs_on: "host parameter" };
        is_in_emergency_mode() -> [bool], ReadOnly, Published "miami" { is_async: false, hidden: true, route: Route::Local, emergency: true, local_any_host: true };
        license_add(host [ref "host"], contents [string]) -> [void], PoolOperator, Published "indigo" { errors: &["LICENSE_PROCESSING_ERROR"], route: Route::OwningHost, runs_on: "host parameter" };
        license_apply(host [ref "host"], contents [string]) -> [void], PoolOperator, Removed "rio" { errors: &["LICENSE_PROCESSING_ERROR"], route: Route::Removed };
        license_remove(host [ref "host"]) -> [void], PoolOperator, Published "indigo" { route: Route::OwningHost, runs_on: "host parameter" };
        list_methods() -> [set [string]], ReadOnly, Published "rio" { is_async: false };
        list_timezones(self [ref "host"]) -> [set [string]], ReadOnly, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        local_assert_healthy() -> [void], LocalRoot, Published "miami" { errors: &["HOST_STILL_BOOTING", "HOST_HAS_NO_MANAGEMENT_IP", "HOST_MASTER_CANNOT_TALK_BACK", "HOST_UNKNOWN_TO_MASTER", "HOST_BROKEN", "LICENCE_RESTRICTION", "LICENSE_DOES_NOT_SUPPORT_POOLING", "HA_SHOULD_BE_FENCED", "HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR"], is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        local_management_reconfigure(interface [string]) -> [void], PoolOperator, Published "miami" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        management_disable() -> [void], PoolOperator, Published "miami" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        management_reconfigure(pif [ref "PIF"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "pif parameter.host" };
        migrate_receive(host [ref "host"], network [ref "network"], options [map [string] [string]]) -> [map [string] [string]], VmPowerAdmin, Published "tampa";
        mxgpu_vf_setup(host [ref "host"]) -> [void], VmOperator, Published "falcon" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        notify(ty [string], params [string]) -> [void], LocalRoot, Published "miami" { hidden: true, pool_internal: true };
        notify_accept_new_pool_secret(host [ref "host"], old_ps [secretstring], new_ps [secretstring]) -> [void], LocalRoot, Published "stockholm_psr" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        notify_send_new_pool_secret(host [ref "host"], old_ps [secretstring], new_ps [secretstring]) -> [void], LocalRoot, Published "stockholm_psr" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        nvidia_vf_setup(host [ref "host"], pf [ref "PCI"], enable [bool]) -> [void], VmOperator, Published "quebec" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        power_on(host [ref "host"]) -> [void], PoolOperator, Published "orlando" { locks: &["host:power_on"] };
        preconfigure_ha(host [ref "host"], statefiles [set [ref "VDI"]], metadata_vdi [ref "VDI"], generation [string]) -> [void], LocalRoot, Published "miami" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        prepare_for_poweroff(host [ref "host"]) -> [void], LocalRoot, Published "kolkata" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        propose_new_master(address [string], manual [bool]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        query_data_source(host [ref "host"], data_source [string]) -> [float], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        reboot(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter", locks: &["host:reboot"] };
        record_data_source(host [ref "host"], data_source [string]) -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        refresh_pack_info(host [ref "host"]) -> [void], PoolOperator, Deprecated "midnight-ride" { route: Route::OwningHost, runs_on: "host parameter" };
        refresh_server_certificate(host [ref "host"]) -> [void], PoolAdmin, Published "1.307.0" { route: Route::OwningHost, runs_on: "host parameter", locks: &["pool:cert_refresh"] };
        request_backup(host [ref "host"], generation [int], force [bool]) -> [void], LocalRoot, Published "rio" { is_async: false, hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        request_config_file_sync(host [ref "host"], hash [string]) -> [void], LocalRoot, Published "rio" { is_async: false, hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        rescan_drivers(self [ref "host"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        reset_cpu_features(host [ref "host"]) -> [void], PoolOperator, Removed "midnight-ride" { is_async: false, route: Route::Removed };
        reset_networking(host [ref "host"]) -> [void], PoolOperator, Published "boston" { hidden: true };
        reset_server_certificate(host [ref "host"]) -> [void], PoolAdmin, Published "1.290.0" { route: Route::OwningHost, runs_on: "host parameter" };
        restart_agent(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        retrieve_wlb_evacuate_recommendations(self [ref "host"]) -> [map [ref "VM"] [set [string]]], ReadOnly, Published "george";
        send_debug_keys(host [ref "host"], keys [string]) -> [void], PoolAdmin, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        set_console_idle_timeout(self [ref "host"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_cpu_features(host [ref "host"], features [string]) -> [void], PoolOperator, Removed "midnight-ride" { is_async: false, route: Route::Removed };
        set_hostname_live(host [ref "host"], hostname [string]) -> [void], PoolOperator, Published "miami" { errors: &["HOST_NAME_INVALID"], is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        set_https_only(self [ref "host"], value [bool]) -> [void], PoolOperator, Prototyped "22.27.0" { route: Route::OwningHost, runs_on: "self parameter" };
        set_iscsi_iqn(host [ref "host"], value [string]) -> [void], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "host parameter" };
        set_license_params(self [ref "host"], value [map [string] [string]]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true };
        set_localdb_key(host [ref "host"], key [string], value [string]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        set_max_cstate(self [ref "host"], value [string]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_multipathing(host [ref "host"], value [bool]) -> [void], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "host parameter" };
        set_ntp_custom_servers(self [ref "host"], value [set [string]]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_ntp_mode(self [ref "host"], value [enum HostNtpMode]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_numa_affinity_policy(self [ref "host"], value [enum HostNumaAffinityPolicy]) -> [void], PoolAdmin, Prototyped "24.0.0" { route: Route::OwningHost, runs_on: "self parameter" };
        set_power_on_mode(self [ref "host"], power_on_mode [string], power_on_config [map [string] [string]]) -> [void], PoolOperator, Published "cowley";
        set_sched_gran(self [ref "host"], value [enum HostSchedGran]) -> [void], LocalRoot, Published "1.271.0" { route: Route::OwningHost, runs_on: "self parameter" };
        set_servertime(self [ref "host"], value [datetime]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_ssh_auto_mode(self [ref "host"], value [bool]) -> [void], PoolAdmin, Prototyped "25.27.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_ssh_enabled_timeout(self [ref "host"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_ssl_legacy(self [ref "host"], value [bool]) -> [void], PoolOperator, Published "dundee";
        set_timezone(self [ref "host"], value [string]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        set_uefi_certificates(host [ref "host"], value [string]) -> [void], LocalRoot, Deprecated "quebec";
        shutdown(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter", locks: &["host:shutdown"] };
        shutdown_agent() -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        signal_networking_change() -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        sm_dp_destroy(host [ref "host"], dp [string], allow_leak [bool]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        sync_data(host [ref "host"]) -> [void], PoolAdmin, Published "orlando" { is_async: false };
        sync_pif_currently_attached(host [ref "host"], bridges [set [string]]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, pool_internal: true };
        sync_tunnels(host [ref "host"]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, pool_internal: true };
        sync_vlans(host [ref "host"]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, pool_internal: true };
        syslog_reconfigure(host [ref "host"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        tickle_heartbeat(host [ref "host"], stuff [map [string] [string]]) -> [map [string] [string]], LocalRoot, Published "orlando" { is_async: false, hidden: true, pool_internal: true };
        uninstall_ca_certificate(host [ref "host"], name [string], force [bool] = flag(false)) -> [void], LocalRoot, Published "1.290.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        update_firewalld_service_status() -> [void], PoolOperator, Prototyped "25.34.0" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        update_master(host [ref "host"], master_address [string]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        update_pool_secret(host [ref "host"], pool_secret [secretstring]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        write_uefi_certificates_to_disk(host [ref "host"]) -> [void], LocalRoot, Published "22.16.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}

enumeration! {
    HostAllowedOperations "host_allowed_operations" {
        Provision "provision", Evacuate "evacuate", Shutdown "shutdown", Reboot "reboot", PowerOn "power_on",
        VmStart "vm_start", VmResume "vm_resume", VmMigrate "vm_migrate", ApplyUpdates "apply_updates",
        Enable "enable",
    }
}

enumeration! {
    HostDisplay "host_display" { Enabled "enabled", DisableOnReboot "disable_on_reboot", Disabled "disabled", EnableOnReboot "enable_on_reboot" }
}

enumeration! {
    HostNtpMode "host_ntp_mode" { Dhcp "DHCP", Custom "Custom", Factory "Factory", Disabled "Disabled" }
}

enumeration! {
    HostNumaAffinityPolicy "host_numa_affinity_policy" { Any "any", BestEffort "best_effort", DefaultPolicy "default_policy" }
}

enumeration! {
    HostSchedGran "host_sched_gran" { Core "core", Cpu "cpu", Socket "socket" }
}

enumeration! {
    LatestSyncedUpdatesAppliedState "latest_synced_updates_applied_state" { Yes "yes", No "no", Unknown "unknown" }
}
