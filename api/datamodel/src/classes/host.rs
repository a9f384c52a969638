//! `host`: its fields, messages and enumerations.

use super::vm::UpdateGuidances;
use crate::macros::words::*;

class! {
    /// A physical machine of the pool.
    host "host", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// Memory the hypervisor takes, in bytes.
        MEMORY_OVERHEAD memory_overhead [int] = int(0), Runtime, Published "rio" { db: Some("memory__overhead") };
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum HostAllowedOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum HostAllowedOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Major version of the API it serves.
        API_VERSION_MAJOR API_version_major [int], Runtime, Published "rio" { db: Some("API_version__major") };
        /// Minor version of the API it serves.
        API_VERSION_MINOR API_version_minor [int], Runtime, Published "rio" { db: Some("API_version__minor") };
        /// Who made its implementation of the API.
        API_VERSION_VENDOR API_version_vendor [string], Runtime, Published "rio" { db: Some("API_version__vendor") };
        /// Further details of that implementation.
        API_VERSION_VENDOR_IMPLEMENTATION API_version_vendor_implementation [map [string] [string]], Runtime, Published "rio" { db: Some("API_version__vendor_implementation") };
        /// True if VMs may start on it.
        ENABLED enabled [bool], Runtime, Published "rio";
        /// Versions of its software.
        SOFTWARE_VERSION software_version [map [string] [string]], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator))] };
        /// What its hypervisor can run.
        CAPABILITIES capabilities [set [string]], Constructor, Published "rio";
        /// Former CPU topology.
        CPU_CONFIGURATION cpu_configuration [map [string] [string]], Runtime, Published "rio";
        /// Scheduler of its hypervisor.
        SCHED_POLICY sched_policy [string], Runtime, Published "rio";
        /// Boot loaders it has.
        SUPPORTED_BOOTLOADERS supported_bootloaders [set [string]], Runtime, Published "rio";
        /// VMs that run on it, with its control domain.
        RESIDENT_VMS resident_VMs [set [ref "VM"]], Runtime, Published "rio";
        /// Where it logs to, by key.
        LOGGING logging [map [string] [string]], ReadWrite, Published "rio";
        /// Its network interfaces.
        PIFS PIFs [set [ref "PIF"]], Runtime, Published "rio";
        /// Storage for suspended VMs.
        SUSPEND_IMAGE_SR suspend_image_sr [ref "SR"], ReadWrite, Published "rio";
        /// Storage for crash dumps of VMs.
        CRASH_DUMP_SR crash_dump_sr [ref "SR"], ReadWrite, Published "rio";
        /// Crash dumps of the host itself.
        CRASHDUMPS crashdumps [set [ref "host_crashdump"]], Runtime, Published "rio";
        /// Patches it has.
        PATCHES patches [set [ref "host_patch"]], Runtime, Deprecated "rio";
        /// Updates it has.
        UPDATES updates [set [ref "pool_update"]], Runtime, Published "ely";
        /// Its connections to storage.
        PBDS PBDs [set [ref "PBD"]], Runtime, Published "rio";
        /// Its physical CPUs.
        HOST_CPUS host_CPUs [set [ref "host_cpu"]], Runtime, Published "rio";
        /// Count, model and features of its CPUs.
        CPU_INFO cpu_info [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        /// Its host name.
        HOSTNAME hostname [string], ReadWrite, Published "rio";
        /// Management address by which members reach it.
        ADDRESS address [string], ReadWrite, Published "rio";
        /// Its figures.
        METRICS metrics [ref "host_metrics"], Runtime, Published "rio";
        /// What its licence allows.
        LICENSE_PARAMS license_params [map [string] [string]], Runtime, Published "rio";
        /// Disks that HA uses as state files.
        HA_STATEFILES ha_statefiles [set [string]] = set(&[]), Runtime, Published "orlando";
        /// Hosts that HA sees over the network.
        HA_NETWORK_PEERS ha_network_peers [set [string]] = set(&[]), Runtime, Published "orlando";
        /// Binary data kept with the object, by name.
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        /// Words given by users to find the object by.
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// Kind of directory users come from; empty for none.
        EXTERNAL_AUTH_TYPE external_auth_type [string] = text(""), Runtime, Published "george";
        /// Name of the directory.
        EXTERNAL_AUTH_SERVICE_NAME external_auth_service_name [string] = text(""), Runtime, Published "george";
        /// Settings of the directory.
        EXTERNAL_AUTH_CONFIGURATION external_auth_configuration [map [string] [string]] = map(&[]), Runtime, Published "george";
        /// Licensed edition.
        EDITION edition [string] = text(""), Runtime, Published "midnight-ride";
        /// Where its licence comes from.
        LICENSE_SERVER license_server [map [string] [string]] = map(&[(text("address"), text("localhost")), (text("port"), text("27000"))]), ReadWrite, Published "midnight-ride";
        /// Strings its firmware shows.
        BIOS_STRINGS bios_strings [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        /// How it can be switched on; empty if not.
        POWER_ON_MODE power_on_mode [string] = text(""), Runtime, Published "midnight-ride";
        /// Settings for switching it on.
        POWER_ON_CONFIG power_on_config [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        /// Storage for read caches.
        LOCAL_CACHE_SR local_cache_sr [ref "SR"] = null(), Constructor, Published "cowley";
        /// What its chipset offers, such as iommu.
        CHIPSET_INFO chipset_info [map [string] [string]] = map(&[]), Runtime, Published "boston";
        /// Its PCI devices.
        PCIS PCIs [set [ref "PCI"]], Runtime, Published "boston";
        /// Its physical GPUs.
        PGPUS PGPUs [set [ref "PGPU"]], Runtime, Published "boston";
        /// Its USB devices.
        PUSBS PUSBs [set [ref "PUSB"]], Runtime, Published "inverness";
        /// Former use of old TLS versions.
        SSL_LEGACY ssl_legacy [bool] = flag(true), Constructor, Deprecated "dundee";
        /// Scheduling settings for VMs that name none.
        GUEST_VCPUS_PARAMS guest_VCPUs_params [map [string] [string]] = map(&[]), ReadWrite, Published "tampa";
        /// Whether its console is on a display, now and after the next boot.
        DISPLAY display [enum HostDisplay] = text("enabled"), ReadWrite, Published "cream";
        /// Versions of virtual hardware it offers.
        VIRTUAL_HARDWARE_PLATFORM_VERSIONS virtual_hardware_platform_versions [set [int]] = set(&[int(0)]), Runtime, Published "cream";
        /// Its control domain.
        CONTROL_DOMAIN control_domain [ref "VM"] = null(), Runtime, Published "ely";
        /// Updates that wait for a reboot.
        UPDATES_REQUIRING_REBOOT updates_requiring_reboot [set [ref "pool_update"]], Runtime, Published "ely" { ignore_foreign_key: true };
        /// Features that can be switched on.
        FEATURES features [set [ref "Feature"]], Runtime, Published "falcon";
        /// Its name as an iSCSI initiator.
        ISCSI_IQN iscsi_iqn [string] = text(""), Constructor, Published "kolkata";
        /// True if it uses several paths to storage.
        MULTIPATHING multipathing [bool] = flag(false), Constructor, Published "kolkata";
        /// Secure boot certificates for VMs.
        UEFI_CERTIFICATES uefi_certificates [string] = text(""), Constructor, Deprecated "quebec";
        /// Certificates it presents.
        CERTIFICATES certificates [set [ref "Certificate"]], Runtime, Published "stockholm";
        /// Editions it could be licensed for.
        EDITIONS editions [set [string]] = set(&[]), Runtime, Published "stockholm";
        /// Actions it must take after an update.
        PENDING_GUIDANCES pending_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Published "1.303.0";
        /// True if it checks certificates of others.
        TLS_VERIFICATION_ENABLED tls_verification_enabled [bool] = flag(false), Runtime, Published "1.313.0";
        /// When it was last updated.
        LAST_SOFTWARE_UPDATE last_software_update [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "22.20.0";
        /// True if it refuses plain HTTP.
        HTTPS_ONLY https_only [bool] = flag(false), Runtime, Prototyped "22.27.0";
        /// Whether it has the updates fetched last.
        LATEST_SYNCED_UPDATES_APPLIED latest_synced_updates_applied [enum LatestSyncedUpdatesAppliedState] = text("unknown"), Runtime, Prototyped "23.18.0";
        /// How it places memory of VMs.
        NUMA_AFFINITY_POLICY numa_affinity_policy [enum HostNumaAffinityPolicy] = text("default_policy"), Runtime, Prototyped "24.0.0";
        /// Actions it should take after an update.
        PENDING_GUIDANCES_RECOMMENDED pending_guidances_recommended [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        /// Actions that would bring every change of an update.
        PENDING_GUIDANCES_FULL pending_guidances_full [set [enum UpdateGuidances]] = set(&[]), Runtime, Prototyped "24.10.0";
        /// Digest of the updates it has.
        LAST_UPDATE_HASH last_update_hash [string] = text(""), Runtime, Prototyped "24.10.0";
        /// True while SSH is on.
        SSH_ENABLED ssh_enabled [bool] = flag(true), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        /// Seconds until SSH goes off; 0 for never.
        SSH_ENABLED_TIMEOUT ssh_enabled_timeout [int] = int(0), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        /// When SSH goes off.
        SSH_EXPIRY ssh_expiry [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        /// Seconds until an idle console is logged out; 0 for never.
        CONSOLE_IDLE_TIMEOUT console_idle_timeout [int] = int(0), Runtime, Prototyped "25.21.0" { in_2024_dump: false };
        /// True if SSH is on only while the toolstack is down.
        SSH_AUTO_MODE ssh_auto_mode [bool] = flag(false), Runtime, Prototyped "25.27.0" { in_2024_dump: false };
        /// Deepest CPU sleep state allowed.
        MAX_CSTATE max_cstate [string] = text(""), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        /// True if it booted securely.
        SECURE_BOOT secure_boot [bool] = flag(false), Runtime, Prototyped "25.31.0" { in_2024_dump: false };
        /// Where its time servers come from.
        NTP_MODE ntp_mode [enum HostNtpMode] = text("Factory"), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        /// Time servers given by the user.
        NTP_CUSTOM_SERVERS ntp_custom_servers [set [string]] = set(&[]), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        /// Its time zone.
        TIMEZONE timezone [string] = text("UTC"), Runtime, Prototyped "26.0.0" { in_2024_dump: false };
        /// Free memory just after boot, in bytes.
        BOOT_FREE_MEM boot_free_mem [int], Runtime, Published "rio" { internal: true };
        /// Former list of actions it should take.
        RECOMMENDED_GUIDANCES recommended_guidances [set [enum UpdateGuidances]] = set(&[]), Runtime, Removed "23.18.0" { internal: true };
    }

    messages {
        /// Call off a change of coordinator that was proposed.
        abort_new_master(address [string]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Reserve memory and GPUs for a VM, or fail.
        allocate_resources_for_vm(self [ref "host"], vm [ref "VM"], live [bool]) -> [void], VmOperator, Published "inverness" { hidden: true };
        /// Change the licensed edition.
        apply_edition(host [ref "host"], edition [string], force [bool] = flag(false)) -> [void], PoolOperator, Published "midnight-ride" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Hand the pool's guest agent settings to its VMs.
        apply_guest_agent_config(host [ref "host"]) -> [void], PoolAdmin, Published "dundee" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Take the actions that an update recommends.
        apply_recommended_guidances(self [ref "host"]) -> [void], PoolOperator, Removed "23.18.0" { route: Route::Removed };
        /// Install the updates fetched; answers what failed to start.
        apply_updates(self [ref "host"], hash [string]) -> [set [set [string]]], PoolOperator + cert, Published "1.301.0";
        /// Fail unless all its VMs could go elsewhere.
        assert_can_evacuate(host [ref "host"]) -> [void], PoolOperator, Published "miami";
        /// Attach disks that must be there before the toolstack.
        attach_static_vdis(host [ref "host"], vdi_reason_map [map [ref "VDI"] [string]]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Send recorded figures to the coordinator.
        backup_rrds(host [ref "host"], delay [float]) -> [void], PoolAdmin, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Send a bug report to a server.
        bugreport_upload(host [ref "host"], url [string], options [map [string] [string]]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Call an extension program.
        call_extension(host [ref "host"], call [string]) -> [string], PoolAdmin, Published "ely" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Call a plugin.
        call_plugin(host [ref "host"], plugin [string], fn [string], args [map [string] [string]]) -> [string], PoolAdmin, Published "orlando" { route: Route::OwningHost, runs_on: "host parameter" };
        /// One step of handing out certificates.
        cert_distrib_atom(host [ref "host"], command [string]) -> [string], LocalRoot, Published "1.295.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Names of trusted certificates installed.
        certificate_list(host [ref "host"]) -> [set [string]], LocalRoot, Deprecated "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Fetch trusted certificates from the coordinator.
        certificate_sync(host [ref "host"]) -> [void], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Forget the old pool secret.
        cleanup_pool_secret(host [ref "host"], old_ps [secretstring], new_ps [secretstring]) -> [void], LocalRoot, Published "stockholm_psr" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Accept a change of coordinator that was proposed.
        commit_new_master(address [string]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Memory free for VMs, in bytes.
        compute_free_memory(host [ref "host"]) -> [int], ReadOnly, Published "orlando";
        /// Memory the hypervisor takes, in bytes.
        compute_memory_overhead(host [ref "host"]) -> [int], ReadOnly, Published "midnight-ride";
        /// Take the certificate bundle from the coordinator.
        copy_primary_host_certs(host [ref "host"]) -> [void], PoolAdmin, Published "1.307.0" { hidden: true, pool_internal: true, locks: &["pool:copy_primary_host_certs"] };
        /// Make the record.
        create(uuid [string], name_label [string], name_description [string], hostname [string], address [string], external_auth_type [string] = text(""), external_auth_service_name [string] = text(""), external_auth_configuration [map [string] [string]] = map(&[]), license_params [map [string] [string]] = map(&[]), edition [string] = text(""), license_server [map [string] [string]] = map(&[(text("address"), text("localhost")), (text("port"), text("27000"))]), local_cache_sr [ref "SR"] = null(), chipset_info [map [string] [string]] = map(&[]), ssl_legacy [bool] = flag(true), last_software_update [datetime] = date("19700101T00:00:00Z"), last_update_hash [string] = text(""), ssh_enabled [bool] = flag(true), ssh_enabled_timeout [int] = int(0), ssh_expiry [datetime] = date("19700101T00:00:00Z"), console_idle_timeout [int] = int(0), ssh_auto_mode [bool] = flag(false), secure_boot [bool] = flag(false), software_version [map [string] [string]] = map(&[]), https_only [bool] = flag(false), max_cstate [string] = text(""), ntp_mode [enum HostNtpMode] = text("Factory"), ntp_custom_servers [set [string]] = set(&[]), timezone [string] = text("UTC"), numa_affinity_policy [enum HostNumaAffinityPolicy] = text("default_policy"), latest_synced_updates_applied [enum LatestSyncedUpdatesAppliedState] = set(&[]), pending_guidances_full [set [enum UpdateGuidances]] = set(&[]), pending_guidances_recommended [set [enum UpdateGuidances]] = set(&[])) -> [ref "host"], PoolOperator, Published "rio" { hidden: true };
        /// Attach an empty blob under a name.
        create_new_blob(host [ref "host"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        /// Install a list of revoked certificates.
        crl_install(host [ref "host"], name [string], crl [string]) -> [void], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Names of lists of revoked certificates.
        crl_list(host [ref "host"]) -> [set [string]], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Remove a list of revoked certificates.
        crl_uninstall(host [ref "host"], name [string]) -> [void], LocalRoot, Published "george" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Say that it is down for certain, so that its VMs are free.
        declare_dead(host [ref "host"]) -> [void], PoolOperator, Published "clearwater";
        /// Drop the record of a host that is gone.
        destroy(self [ref "host"]) -> [void], PoolOperator, Published "rio";
        /// Detach disks that were attached for boot.
        detach_static_vdis(host [ref "host"], vdis [set [ref "VDI"]]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Let no more VMs start on it.
        disable(host [ref "host"], auto_enable [bool] = flag(true)) -> [void], PoolOperator + cert, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Stop to keep blobs, and remove them.
        disable_binary_storage(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Take its console off the display from the next boot.
        disable_display(host [ref "host"]) -> [enum HostDisplay], PoolOperator, Published "cream" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Leave the directory.
        disable_external_auth(host [ref "host"], config [map [string] [string]] = map(&[]), force [bool] = flag(false)) -> [void], PoolAdmin, Published "george" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Stop to use local read caches.
        disable_local_storage_caching(host [ref "host"]) -> [void], PoolOperator, Published "cowley" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Switch SSH off.
        disable_ssh(self [ref "host"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// The hypervisor's log.
        dmesg(host [ref "host"]) -> [string], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// The hypervisor's log, which is emptied.
        dmesg_clear(host [ref "host"]) -> [string], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Forget actions an update demands.
        emergency_clear_mandatory_guidance() -> [void], LocalRoot, Prototyped "24.10.0" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Stop to check certificates, on this host only.
        emergency_disable_tls_verification() -> [void], LocalRoot, Published "1.290.0" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Stop HA on this host only; dangerous.
        emergency_ha_disable(soft [bool] = flag(false)) -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Check certificates again on this host.
        emergency_reenable_tls_verification() -> [void], LocalRoot, Published "1.298.0" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Make a new self-signed certificate on this host.
        emergency_reset_server_certificate() -> [void], LocalRoot, Published "stockholm" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Let VMs start on it.
        enable(host [ref "host"]) -> [void], PoolOperator + cert, Published "rio" { route: Route::OwningHost, runs_on: "host parameter", locks: &["host:enable"] };
        /// Start to keep blobs.
        enable_binary_storage(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Put its console on the display from the next boot.
        enable_display(host [ref "host"]) -> [enum HostDisplay], PoolOperator, Published "cream" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Join a directory.
        enable_external_auth(host [ref "host"], config [map [string] [string]], service_name [string], auth_type [string]) -> [void], PoolAdmin, Published "george" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Use an SR for local read caches.
        enable_local_storage_caching(host [ref "host"], sr [ref "SR"]) -> [void], PoolOperator, Published "cowley" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Switch SSH on.
        enable_ssh(self [ref "host"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Move all its VMs to other hosts.
        evacuate(host [ref "host"], network [ref "network"] = null(), evacuate_batch_size [int] = int(0)) -> [void], PoolOperator + cert, Published "miami" { locks: &["host:evacuate"] };
        /// Choose whether the directory is asked over TLS.
        external_auth_set_ldaps(host [ref "host"], ldaps [bool], force [bool] = flag(false)) -> [void], PoolAdmin, Published "26.16.0" { is_async: false, in_2024_dump: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Drop the recorded history of a performance figure.
        forget_data_source_archives(host [ref "host"], data_source [string]) -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Performance figures there are, recorded or not.
        get_data_sources(host [ref "host"]) -> [set [record "data_source"]], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Times spent in parts of the toolstack.
        get_diagnostic_timing_stats(host [ref "host"], counts [bool] = flag(false)) -> [map [string] [string]], ReadOnly, Published "miami" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Its system log.
        get_log(host [ref "host"]) -> [string], ReadOnly, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// The interface it is managed over.
        get_management_interface(host [ref "host"]) -> [ref "PIF"], PoolOperator, Published "tampa";
        /// Its time servers and their state.
        get_ntp_servers_status(self [ref "host"]) -> [map [string] [string]], ReadOnly, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Whether its clock is synchronised.
        get_ntp_synchronized(self [ref "host"]) -> [bool], ReadOnly, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// What the scheduler schedules together.
        get_sched_gran(self [ref "host"]) -> [enum HostSchedGran], LocalRoot, Published "1.271.0" { route: Route::OwningHost, runs_on: "self parameter" };
        /// The certificate it presents, as PEM.
        get_server_certificate(host [ref "host"]) -> [string], ReadOnly, Published "george" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Its clock, in local time.
        get_server_localtime(host [ref "host"]) -> [datetime], ReadOnly, Published "cowley" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Its clock, in UTC.
        get_servertime(host [ref "host"]) -> [datetime], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// State of its storage layer, as text.
        get_sm_diagnostics(host [ref "host"]) -> [string], PoolOperator, Published "boston" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// What a status report can hold, as XML.
        get_system_status_capabilities(host [ref "host"]) -> [string], ReadOnly, Published "miami" { is_async: false, route: Route::OwningHost, runs_on: "host parameter", emergency: true, local_any_host: true };
        /// State of its threads, as text.
        get_thread_diagnostics(host [ref "host"]) -> [string], PoolOperator, Published "boston" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Clients it has seen lately.
        get_tracked_user_agents(self [ref "host"]) -> [map [string] [string]], ReadOnly, Prototyped "25.34.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Former list of VMs that ignore their memory target.
        get_uncooperative_domains(self [ref "host"]) -> [set [string]], LocalRoot, Deprecated "midnight-ride" { hidden: true, pool_internal: true };
        /// VMs that ignore their memory target.
        get_uncooperative_resident_VMs(self [ref "host"]) -> [set [ref "VM"]], ReadOnly, Deprecated "midnight-ride";
        /// VMs that cannot go elsewhere, with the reason.
        get_vms_which_prevent_evacuation(self [ref "host"]) -> [map [ref "VM"] [set [string]]], ReadOnly, Published "orlando";
        /// Stop to restart VMs of failed hosts.
        ha_disable_failover_decisions(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Stop to fence itself.
        ha_disarm_fencing(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Join the set of live hosts.
        ha_join_liveset(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Free what HA holds.
        ha_release_resources(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Stop the HA daemon.
        ha_stop_daemon(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Wait until the state file says HA is off.
        ha_wait_for_shutdown_via_statefile(host [ref "host"]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Whether the toolstack is well enough for HA.
        ha_xapi_healthcheck() -> [bool], PoolAdmin, Published "orlando" { is_async: false, hidden: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Whether it has an extension program.
        has_extension(host [ref "host"], name [string]) -> [bool], PoolAdmin, Published "ely" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Install a trusted root certificate.
        install_ca_certificate(host [ref "host"], name [string], cert [string]) -> [void], LocalRoot, Published "1.290.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Install the certificate it presents.
        install_server_certificate(host [ref "host"], certificate [string], private_key [string], certificate_chain [string] = text("")) -> [void], PoolAdmin, Published "stockholm" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Whether it has lost its coordinator.
        is_in_emergency_mode() -> [bool], ReadOnly, Published "miami" { is_async: false, hidden: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Add a licence file.
        license_add(host [ref "host"], contents [string]) -> [void], PoolOperator, Published "indigo" { errors: &["LICENSE_PROCESSING_ERROR"], route: Route::OwningHost, runs_on: "host parameter" };
        /// Formerly applied a licence.
        license_apply(host [ref "host"], contents [string]) -> [void], PoolOperator, Removed "rio" { errors: &["LICENSE_PROCESSING_ERROR"], route: Route::Removed };
        /// Remove a licence file.
        license_remove(host [ref "host"]) -> [void], PoolOperator, Published "indigo" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Names of all messages.
        list_methods() -> [set [string]], ReadOnly, Published "rio" { is_async: false };
        /// Names of time zones.
        list_timezones(self [ref "host"]) -> [set [string]], ReadOnly, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Fail unless the toolstack is up.
        local_assert_healthy() -> [void], LocalRoot, Published "miami" { errors: &["HOST_STILL_BOOTING", "HOST_HAS_NO_MANAGEMENT_IP", "HOST_MASTER_CANNOT_TALK_BACK", "HOST_UNKNOWN_TO_MASTER", "HOST_BROKEN", "LICENCE_RESTRICTION", "LICENSE_DOES_NOT_SUPPORT_POOLING", "HA_SHOULD_BE_FENCED", "HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR"], is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Manage the host over an interface, named by device.
        local_management_reconfigure(interface [string]) -> [void], PoolOperator, Published "miami" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Manage the host over no interface.
        management_disable() -> [void], PoolOperator, Published "miami" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Manage the host over another interface.
        management_reconfigure(pif [ref "PIF"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "pif parameter.host" };
        /// Get ready to receive a VM; answers what the sender needs.
        migrate_receive(host [ref "host"], network [ref "network"], options [map [string] [string]]) -> [map [string] [string]], VmPowerAdmin, Published "tampa";
        /// Prepare virtual functions of AMD GPUs.
        mxgpu_vf_setup(host [ref "host"]) -> [void], VmOperator, Published "falcon" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Tell the host of an event.
        notify(ty [string], params [string]) -> [void], LocalRoot, Published "miami" { hidden: true, pool_internal: true };
        /// Accept the new pool secret beside the old.
        notify_accept_new_pool_secret(host [ref "host"], old_ps [secretstring], new_ps [secretstring]) -> [void], LocalRoot, Published "stockholm_psr" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Send the new pool secret from now on.
        notify_send_new_pool_secret(host [ref "host"], old_ps [secretstring], new_ps [secretstring]) -> [void], LocalRoot, Published "stockholm_psr" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Prepare virtual functions of an NVIDIA GPU.
        nvidia_vf_setup(host [ref "host"], pf [ref "PCI"], enable [bool]) -> [void], VmOperator, Published "quebec" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Switch it on.
        power_on(host [ref "host"]) -> [void], PoolOperator, Published "orlando" { locks: &["host:power_on"] };
        /// Attach the state files and write HA settings.
        preconfigure_ha(host [ref "host"], statefiles [set [ref "VDI"]], metadata_vdi [ref "VDI"], generation [string]) -> [void], LocalRoot, Published "miami" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Get ready to be switched off.
        prepare_for_poweroff(host [ref "host"]) -> [void], LocalRoot, Published "kolkata" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Propose a new coordinator; first of two phases.
        propose_new_master(address [string], manual [bool]) -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Latest value of a performance figure.
        query_data_source(host [ref "host"], data_source [string]) -> [float], ReadOnly, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Reboot it; it must be disabled.
        reboot(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter", locks: &["host:reboot"] };
        /// Start to record a performance figure.
        record_data_source(host [ref "host"], data_source [string]) -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Read its list of supplemental packs again.
        refresh_pack_info(host [ref "host"]) -> [void], PoolOperator, Deprecated "midnight-ride" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Make a new certificate for traffic in the pool.
        refresh_server_certificate(host [ref "host"]) -> [void], PoolAdmin, Published "1.307.0" { route: Route::OwningHost, runs_on: "host parameter", locks: &["pool:cert_refresh"] };
        /// Have it fetch a copy of the database.
        request_backup(host [ref "host"], generation [int], force [bool]) -> [void], LocalRoot, Published "rio" { is_async: false, hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Have it fetch configuration files.
        request_config_file_sync(host [ref "host"], hash [string]) -> [void], LocalRoot, Published "rio" { is_async: false, hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Look for driver variants again.
        rescan_drivers(self [ref "host"]) -> [void], PoolAdmin, Prototyped "25.2.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Formerly removed the CPU mask.
        reset_cpu_features(host [ref "host"]) -> [void], PoolOperator, Removed "midnight-ride" { is_async: false, route: Route::Removed };
        /// Drop all records of its interfaces.
        reset_networking(host [ref "host"]) -> [void], PoolOperator, Published "boston" { hidden: true };
        /// Replace its certificate by a self-signed one.
        reset_server_certificate(host [ref "host"]) -> [void], PoolAdmin, Published "1.290.0" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Restart the toolstack on it.
        restart_agent(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Where each of its VMs should go.
        retrieve_wlb_evacuate_recommendations(self [ref "host"]) -> [map [ref "VM"] [set [string]]], ReadOnly, Published "george";
        /// Send debug keys to the hypervisor.
        send_debug_keys(host [ref "host"], keys [string]) -> [void], PoolAdmin, Published "rio" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Change when idle consoles are logged out.
        set_console_idle_timeout(self [ref "host"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Formerly set the CPU mask.
        set_cpu_features(host [ref "host"], features [string]) -> [void], PoolOperator, Removed "midnight-ride" { is_async: false, route: Route::Removed };
        /// Change its host name.
        set_hostname_live(host [ref "host"], hostname [string]) -> [void], PoolOperator, Published "miami" { errors: &["HOST_NAME_INVALID"], is_async: false, route: Route::OwningHost, runs_on: "host parameter" };
        /// Refuse or allow plain HTTP.
        set_https_only(self [ref "host"], value [bool]) -> [void], PoolOperator, Prototyped "22.27.0" { route: Route::OwningHost, runs_on: "self parameter" };
        /// Change its name as an iSCSI initiator.
        set_iscsi_iqn(host [ref "host"], value [string]) -> [void], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Record what its licence allows.
        set_license_params(self [ref "host"], value [map [string] [string]]) -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true };
        /// Write a key of its local settings.
        set_localdb_key(host [ref "host"], key [string], value [string]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Change the deepest CPU sleep state allowed.
        set_max_cstate(self [ref "host"], value [string]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Use several paths to storage or not.
        set_multipathing(host [ref "host"], value [bool]) -> [void], PoolOperator, Published "kolkata" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Change the time servers given by the user.
        set_ntp_custom_servers(self [ref "host"], value [set [string]]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Choose where time servers come from.
        set_ntp_mode(self [ref "host"], value [enum HostNtpMode]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Choose how memory of VMs is placed.
        set_numa_affinity_policy(self [ref "host"], value [enum HostNumaAffinityPolicy]) -> [void], PoolAdmin, Prototyped "24.0.0" { route: Route::OwningHost, runs_on: "self parameter" };
        /// Choose how it can be switched on.
        set_power_on_mode(self [ref "host"], power_on_mode [string], power_on_config [map [string] [string]]) -> [void], PoolOperator, Published "cowley";
        /// Choose what the scheduler schedules together.
        set_sched_gran(self [ref "host"], value [enum HostSchedGran]) -> [void], LocalRoot, Published "1.271.0" { route: Route::OwningHost, runs_on: "self parameter" };
        /// Set its clock.
        set_servertime(self [ref "host"], value [datetime]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Have SSH on only while the toolstack is down.
        set_ssh_auto_mode(self [ref "host"], value [bool]) -> [void], PoolAdmin, Prototyped "25.27.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Change when SSH goes off.
        set_ssh_enabled_timeout(self [ref "host"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Formerly allowed old TLS versions.
        set_ssl_legacy(self [ref "host"], value [bool]) -> [void], PoolOperator, Published "dundee";
        /// Change its time zone.
        set_timezone(self [ref "host"], value [string]) -> [void], PoolOperator, Prototyped "26.0.0" { in_2024_dump: false, route: Route::OwningHost, runs_on: "self parameter" };
        /// Change its secure boot certificates for VMs.
        set_uefi_certificates(host [ref "host"], value [string]) -> [void], LocalRoot, Deprecated "quebec";
        /// Shut it down; it must be disabled.
        shutdown(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::OwningHost, runs_on: "host parameter", locks: &["host:shutdown"] };
        /// Stop the toolstack on it.
        shutdown_agent() -> [void], PoolOperator, Published "orlando" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Tell it that its management address changed.
        signal_networking_change() -> [void], LocalRoot, Published "miami" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Drop a datapath of its storage layer.
        sm_dp_destroy(host [ref "host"], dp [string], allow_leak [bool]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Send files and figures to the coordinator.
        sync_data(host [ref "host"]) -> [void], PoolAdmin, Published "orlando" { is_async: false };
        /// Record which interfaces are up.
        sync_pif_currently_attached(host [ref "host"], bridges [set [string]]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, pool_internal: true };
        /// Make the tunnels that the coordinator has.
        sync_tunnels(host [ref "host"]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, pool_internal: true };
        /// Make the VLANs that the coordinator has.
        sync_vlans(host [ref "host"]) -> [void], PoolOperator, Published "boston" { is_async: false, hidden: true, pool_internal: true };
        /// Apply the logging settings.
        syslog_reconfigure(host [ref "host"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Tell the coordinator it is alive; answers the clock.
        tickle_heartbeat(host [ref "host"], stuff [map [string] [string]]) -> [map [string] [string]], LocalRoot, Published "orlando" { is_async: false, hidden: true, pool_internal: true };
        /// Remove a trusted root certificate.
        uninstall_ca_certificate(host [ref "host"], name [string], force [bool] = flag(false)) -> [void], LocalRoot, Published "1.290.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Open and close firewall services as needed.
        update_firewalld_service_status() -> [void], PoolOperator, Prototyped "25.34.0" { is_async: false, hidden: true, pool_internal: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Tell it who the coordinator is.
        update_master(host [ref "host"], master_address [string]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Formerly replaced the pool secret.
        update_pool_secret(host [ref "host"], pool_secret [secretstring]) -> [void], LocalRoot, Published "midnight-ride" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Write the secure boot certificates where firmware finds them.
        write_uefi_certificates_to_disk(host [ref "host"]) -> [void], LocalRoot, Published "22.16.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}

enumeration! {
    /// Operations on a host.
    HostAllowedOperations "host_allowed_operations" {
        Provision "provision", Evacuate "evacuate", Shutdown "shutdown", Reboot "reboot", PowerOn "power_on",
        VmStart "vm_start", VmResume "vm_resume", VmMigrate "vm_migrate", ApplyUpdates "apply_updates",
        Enable "enable",
    }
}

enumeration! {
    /// Whether a host's console is on a display, now and after the next boot.
    HostDisplay "host_display" { Enabled "enabled", DisableOnReboot "disable_on_reboot", Disabled "disabled", EnableOnReboot "enable_on_reboot" }
}

enumeration! {
    /// Where time servers come from.
    HostNtpMode "host_ntp_mode" { Dhcp "DHCP", Custom "Custom", Factory "Factory", Disabled "Disabled" }
}

enumeration! {
    /// How memory of VMs is placed on NUMA nodes.
    HostNumaAffinityPolicy "host_numa_affinity_policy" { Any "any", BestEffort "best_effort", DefaultPolicy "default_policy" }
}

enumeration! {
    /// What the scheduler schedules together.
    HostSchedGran "host_sched_gran" { Core "core", Cpu "cpu", Socket "socket" }
}

enumeration! {
    /// Whether a host has the updates fetched last.
    LatestSyncedUpdatesAppliedState "latest_synced_updates_applied_state" { Yes "yes", No "no", Unknown "unknown" }
}
