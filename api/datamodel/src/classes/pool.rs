//! `pool`: its fields, messages and enumerations.

use super::certificate::CertificatePurpose;
use crate::macros::words::*;

class! {
    /// All the hosts together.
    pool "pool", Published "rio" { by_name_label: false }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string], ReadWrite, Published "rio";
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string], ReadWrite, Published "rio";
        /// The coordinator.
        MASTER master [ref "host"], Runtime, Published "rio";
        /// Storage used when none is named.
        DEFAULT_SR default_SR [ref "SR"], ReadWrite, Published "rio";
        /// Storage for suspended VMs when their host names none.
        SUSPEND_IMAGE_SR suspend_image_SR [ref "SR"], ReadWrite, Published "rio";
        /// Storage for crash dumps when the host names none.
        CRASH_DUMP_SR crash_dump_SR [ref "SR"], ReadWrite, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator)), ("EMPTY_FOLDERS", at(VmOperator))] };
        /// True while HA is on.
        HA_ENABLED ha_enabled [bool] = flag(false), Runtime, Published "orlando";
        /// Settings of HA.
        HA_CONFIGURATION ha_configuration [map [string] [string]] = map(&[]), Runtime, Published "orlando";
        /// Disks that HA uses as state files.
        HA_STATEFILES ha_statefiles [set [string]] = set(&[]), Runtime, Published "orlando";
        /// Host failures after which protected VMs must still restart.
        HA_HOST_FAILURES_TO_TOLERATE ha_host_failures_to_tolerate [int] = int(0), Runtime, Published "orlando";
        /// Host failures a plan is known for.
        HA_PLAN_EXISTS_FOR ha_plan_exists_for [int] = int(0), Runtime, Published "orlando";
        /// False to refuse what breaks the plan.
        HA_ALLOW_OVERCOMMIT ha_allow_overcommit [bool] = flag(false), ReadWrite, Published "orlando";
        /// True if the plan covers fewer failures than asked for.
        HA_OVERCOMMITTED ha_overcommitted [bool] = flag(false), Runtime, Published "orlando";
        /// Binary data kept with the object, by name.
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        /// Words given by users to find the object by.
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// Settings of management clients.
        GUI_CONFIG gui_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// Settings of the health check.
        HEALTH_CHECK_CONFIG health_check_config [map [string] [string]] = map(&[]), ReadWrite, Published "dundee";
        /// Address of the workload balancing service.
        WLB_URL wlb_url [string] = text(""), Runtime, Published "george";
        /// Its user name.
        WLB_USERNAME wlb_username [string] = text(""), Runtime, Published "george";
        /// True if its advice is used.
        WLB_ENABLED wlb_enabled [bool] = flag(false), ReadWrite, Published "george" { writer: Some(at_or_cert(PoolOperator)) };
        /// Former check of its certificate.
        WLB_VERIFY_CERT wlb_verify_cert [bool] = flag(false), ReadWrite, Deprecated "george";
        /// True if database changes are also written to a disk.
        REDO_LOG_ENABLED redo_log_enabled [bool] = flag(false), Runtime, Published "midnight-ride";
        /// That disk.
        REDO_LOG_VDI redo_log_vdi [ref "VDI"] = null(), Runtime, Published "midnight-ride";
        /// Former address of the controller of virtual switches.
        VSWITCH_CONTROLLER vswitch_controller [string] = text(""), Runtime, Deprecated "midnight-ride";
        /// Features that the licence takes away or limits.
        RESTRICTIONS restrictions [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        /// Disks that hold metadata of this pool.
        METADATA_VDIS metadata_VDIs [set [ref "VDI"]], Runtime, Published "boston";
        /// Cluster stack that HA uses.
        HA_CLUSTER_STACK ha_cluster_stack [string] = text(""), Runtime, Published "dundee";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum PoolAllowedOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum PoolAllowedOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Settings handed to guest agents.
        GUEST_AGENT_CONFIG guest_agent_config [map [string] [string]] = map(&[]), Runtime, Published "dundee";
        /// CPU features common to all hosts.
        CPU_INFO cpu_info [map [string] [string]] = map(&[]), Runtime, Published "dundee";
        /// True if new Windows VMs get no vendor device.
        POLICY_NO_VENDOR_DEVICE policy_no_vendor_device [bool] = flag(false), ReadWrite, Deprecated "dundee";
        /// True to update by reboot only.
        LIVE_PATCHING_DISABLED live_patching_disabled [bool] = flag(false), ReadWrite, Published "ely";
        /// True if virtual switches snoop IGMP.
        IGMP_SNOOPING_ENABLED igmp_snooping_enabled [bool] = flag(false), Runtime, Published "inverness";
        /// Secure boot certificates for VMs.
        UEFI_CERTIFICATES uefi_certificates [string] = text(""), Constructor, Published "quebec";
        /// Secure boot certificates that replace those of the product.
        CUSTOM_UEFI_CERTIFICATES custom_uefi_certificates [string] = text(""), Constructor, Prototyped "24.0.0";
        /// True while the pool secret is being changed.
        IS_PSR_PENDING is_psr_pending [bool] = flag(false), ReadWrite, Published "stockholm_psr";
        /// True if hosts check each other's certificates.
        TLS_VERIFICATION_ENABLED tls_verification_enabled [bool] = flag(false), Runtime, Published "1.290.0";
        /// Repositories in use.
        REPOSITORIES repositories [set [ref "Repository"]] = set(&[]), Runtime, Published "1.301.0" { ignore_foreign_key: true };
        /// True if clients may log in by certificate.
        CLIENT_CERTIFICATE_AUTH_ENABLED client_certificate_auth_enabled [bool] = flag(false), Runtime, Published "1.318.0";
        /// Name that such a certificate must have.
        CLIENT_CERTIFICATE_AUTH_NAME client_certificate_auth_name [string] = text(""), Runtime, Published "1.318.0";
        /// Proxy for fetching updates.
        REPOSITORY_PROXY_URL repository_proxy_url [string] = text(""), Runtime, Published "21.3.0";
        /// User name at that proxy.
        REPOSITORY_PROXY_USERNAME repository_proxy_username [string] = text(""), Runtime, Published "21.3.0";
        /// Password at that proxy.
        REPOSITORY_PROXY_PASSWORD repository_proxy_password [ref "secret"] = null(), Runtime, Published "21.3.0";
        /// True to compress migrations that do not say otherwise.
        MIGRATION_COMPRESSION migration_compression [bool] = flag(false), ReadWrite, Prototyped "22.33.0";
        /// True if placement avoids the coordinator.
        COORDINATOR_BIAS coordinator_bias [bool] = flag(true), ReadWrite, Published "rio";
        /// Local logins checked at the same time.
        LOCAL_AUTH_MAX_THREADS local_auth_max_threads [int] = int(8), Constructor, Prototyped "23.27.0";
        /// Directory logins checked at the same time.
        EXT_AUTH_MAX_THREADS ext_auth_max_threads [int] = int(1), Constructor, Prototyped "23.27.0";
        /// True if directory logins are cached.
        EXT_AUTH_CACHE_ENABLED ext_auth_cache_enabled [bool] = flag(true), Runtime, Prototyped "24.31.0" { in_2024_dump: false };
        /// Directory logins cached at most.
        EXT_AUTH_CACHE_SIZE ext_auth_cache_size [int] = int(50), Runtime, Prototyped "24.31.0" { in_2024_dump: false };
        /// Seconds that a directory login is cached.
        EXT_AUTH_CACHE_EXPIRY ext_auth_cache_expiry [int] = int(300), Runtime, Prototyped "24.31.0" { in_2024_dump: false };
        /// Identifier of the pool in telemetry.
        TELEMETRY_UUID telemetry_uuid [ref "secret"] = null(), Runtime, Prototyped "23.9.0";
        /// How often telemetry is collected.
        TELEMETRY_FREQUENCY telemetry_frequency [enum TelemetryFrequency] = text("weekly"), Runtime, Prototyped "23.9.0";
        /// When telemetry is next collected.
        TELEMETRY_NEXT_COLLECTION telemetry_next_collection [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "23.9.0";
        /// When updates were last fetched.
        LAST_UPDATE_SYNC last_update_sync [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "23.18.0";
        /// How often updates are fetched.
        UPDATE_SYNC_FREQUENCY update_sync_frequency [enum UpdateSyncFrequency] = text("weekly"), Runtime, Prototyped "23.18.0";
        /// Day on which updates are fetched.
        UPDATE_SYNC_DAY update_sync_day [int] = int(0), Runtime, Prototyped "23.18.0";
        /// True if updates are fetched by schedule.
        UPDATE_SYNC_ENABLED update_sync_enabled [bool] = flag(false), Runtime, Prototyped "23.18.0";
        /// Settings recommended to clients.
        RECOMMENDATIONS recommendations [map [string] [string]] = map(&[]), Runtime, Prototyped "24.19.1" { in_2024_dump: false };
        /// Where licences come from.
        LICENSE_SERVER license_server [map [string] [string]] = map(&[]), ReadWrite, Prototyped "25.6.0" { in_2024_dump: false };
        /// True if HA restarts protected VMs that shut themselves down.
        HA_REBOOT_VM_ON_INTERNAL_SHUTDOWN ha_reboot_vm_on_internal_shutdown [bool] = flag(true), ReadWrite, Prototyped "25.16.0" { in_2024_dump: false };
        /// True to allow one session for each console.
        LIMIT_CONSOLE_SESSIONS limit_console_sessions [bool] = flag(false), ReadWrite, Prototyped "26.1.0" { in_2024_dump: false };
        /// Seconds until an idle VM console is closed; 0 for never.
        VM_CONSOLE_IDLE_TIMEOUT vm_console_idle_timeout [int] = int(0), ReadWrite, Prototyped "26.1.0" { in_2024_dump: false };
        /// True if VMs get newer secure boot certificates by themselves.
        AUTO_UPDATE_VM_SECUREBOOT_CERTIFICATES auto_update_vm_secureboot_certificates [bool] = flag(false), ReadWrite, Prototyped "26.16.1" { in_2024_dump: false };
        /// Password of the workload balancing service.
        WLB_PASSWORD wlb_password [ref "secret"], Runtime, Published "george" { internal: true };
    }

    messages {
        /// Use one more repository.
        add_repository(self [ref "pool"], value [ref "Repository"]) -> [void], PoolOperator + cert, Published "1.301.0";
        /// Add a setting for guest agents.
        add_to_guest_agent_config(self [ref "pool"], key [string], value [string]) -> [void], PoolAdmin, Published "dundee";
        /// Change the licensed edition of every host.
        apply_edition(self [ref "pool"], edition [string]) -> [void], PoolOperator, Published "clearwater";
        /// Write a line into the audit log.
        audit_log_append(line [string]) -> [void], PoolAdmin, Published "midnight-ride" { hidden: true, pool_internal: true };
        /// Install a trusted root certificate on every host.
        certificate_install(name [string], cert [string]) -> [void], PoolOperator, Deprecated "george";
        /// Names of trusted certificates installed.
        certificate_list() -> [set [string]], PoolOperator, Deprecated "george";
        /// Give every host the trusted certificates and revocation lists.
        certificate_sync() -> [void], PoolOperator, Published "george";
        /// Remove a trusted root certificate from every host.
        certificate_uninstall(name [string]) -> [void], PoolOperator, Deprecated "george";
        /// What stands in the way of an update.
        check_update_readiness(self [ref "pool"], requires_reboot [bool]) -> [set [set [string]]], PoolOperator + cert, Published "1.304.0";
        /// Fetch updates by a proxy.
        configure_repository_proxy(self [ref "pool"], url [string], username [string], password [string]) -> [void], PoolOperator + cert, Published "21.3.0";
        /// Choose when updates are fetched.
        configure_update_sync(self [ref "pool"], update_sync_frequency [enum UpdateSyncFrequency], update_sync_day [int]) -> [void], PoolOperator, Prototyped "23.18.0";
        /// Make a VLAN on the same device of every host.
        create_VLAN(device [string], network [ref "network"], VLAN [int]) -> [set [ref "PIF"]], PoolOperator, Published "rio" { errors: &["VLAN_TAG_INVALID"] };
        /// Make a VLAN on every host whose interface is on the same network.
        create_VLAN_from_PIF(pif [ref "PIF"], network [ref "network"], VLAN [int]) -> [set [ref "PIF"]], PoolOperator, Published "rio" { errors: &["VLAN_TAG_INVALID"] };
        /// Attach an empty blob under a name.
        create_new_blob(pool [ref "pool"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        /// Install a list of revoked certificates on every host.
        crl_install(name [string], cert [string]) -> [void], PoolOperator, Published "george";
        /// Names of lists of revoked certificates.
        crl_list() -> [set [string]], PoolOperator, Published "george";
        /// Remove a list of revoked certificates from every host.
        crl_uninstall(name [string]) -> [void], PoolOperator, Published "george";
        /// Stop to use workload balancing for good.
        deconfigure_wlb() -> [void], PoolOperator, Published "george";
        /// Hand the coordinator's part to another host.
        designate_new_master(host [ref "host"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter (the new coordinator)", locks: &["pool:designate_new_master"] };
        /// Fail if hosts use different directories.
        detect_nonhomogeneous_external_auth(pool [ref "pool"]) -> [void], PoolOperator, Published "george" { is_async: false };
        /// Stop to keep blobs on every host, and remove them.
        disable_binary_storage() -> [void], PoolOperator, Published "orlando" { hidden: true };
        /// Stop logins by certificate.
        disable_client_certificate_auth(self [ref "pool"]) -> [void], PoolOperator + cert, Published "1.318.0";
        /// Leave the directory on every host.
        disable_external_auth(pool [ref "pool"], config [map [string] [string]] = map(&[])) -> [void], PoolAdmin, Published "george" { is_async: false };
        /// Turn HA off.
        disable_ha() -> [void], PoolOperator + cert, Published "miami" { locks: &["pool:ha_disable"] };
        /// Stop to use local read caches on every host.
        disable_local_storage_caching(self [ref "pool"]) -> [void], PoolOperator, Published "cowley";
        /// Stop to write database changes to a disk.
        disable_redo_log() -> [void], PoolOperator, Published "midnight-ride";
        /// Fetch updates without proxy.
        disable_repository_proxy(self [ref "pool"]) -> [void], PoolOperator + cert, Published "21.4.0";
        /// Switch SSH off on every host.
        disable_ssh(self [ref "pool"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false };
        /// Refuse old TLS versions.
        disable_ssl_legacy(self [ref "pool"]) -> [void], PoolOperator, Deprecated "dundee";
        /// Take a host out of the pool; its local data is lost.
        eject(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::FanOut, runs_on: "host parameter, then the other supporters (best effort), then the coordinator", locks: &["pool:eject"] };
        /// Tell a cut-off host who the coordinator is.
        emergency_reset_master(master_address [string]) -> [void], PoolOperator, Published "rio" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Make a cut-off host the coordinator.
        emergency_transition_to_master() -> [void], PoolOperator, Published "rio" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Start to keep blobs on every host.
        enable_binary_storage() -> [void], PoolOperator, Published "orlando" { hidden: true };
        /// Allow logins by certificates with a name.
        enable_client_certificate_auth(self [ref "pool"], name [string]) -> [void], PoolOperator + cert, Published "1.318.0";
        /// Join a directory on every host.
        enable_external_auth(pool [ref "pool"], config [map [string] [string]], service_name [string], auth_type [string]) -> [void], PoolAdmin, Published "george" { is_async: false };
        /// Turn HA on, with heartbeats on the storage given.
        enable_ha(heartbeat_srs [set [ref "SR"]], configuration [map [string] [string]]) -> [void], PoolOperator + cert, Published "miami" { locks: &["pool:ha_enable"] };
        /// Use local read caches on every host.
        enable_local_storage_caching(self [ref "pool"]) -> [void], PoolOperator, Published "cowley";
        /// Also write database changes to a disk.
        enable_redo_log(sr [ref "SR"]) -> [void], PoolOperator, Published "midnight-ride";
        /// Switch SSH on on every host.
        enable_ssh(self [ref "pool"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false };
        /// Formerly allowed old TLS versions.
        enable_ssl_legacy(self [ref "pool"]) -> [void], PoolOperator, Removed "dundee" { route: Route::Removed };
        /// Have hosts check each other's certificates from now on.
        enable_tls_verification() -> [void], PoolAdmin, Published "1.290.0" { is_async: false, route: Route::FanOut, runs_on: "every host, coordinator first", locks: &["pool:tls_verification_enable"] };
        /// Trade root certificates with a joining host.
        exchange_ca_certificates_on_join(import [map [string] [string]], export [set [ref "Certificate"]]) -> [map [string] [string]], PoolOperator, Published "1.320.0" { hidden: true };
        /// Trade pool certificates with a joining host.
        exchange_certificates_on_join(uuid [string], certificate [string]) -> [map [string] [string]], PoolOperator, Published "1.298.0" { hidden: true };
        /// Trade revocation lists with a joining host.
        exchange_crls_on_join(self [ref "pool"], import [map [string] [string]], export [set [string]]) -> [map [string] [string]], PoolOperator + cert, Prototyped "26.13.0" { hidden: true, locks: &["pool:exchange_crls_on_join"] };
        /// Trade trusted certificates with a joining host.
        exchange_trusted_certificates_on_join(self [ref "pool"], ca [bool], import [map [string] [set [string]]], export [set [ref "Certificate"]]) -> [map [string] [set [string]]], PoolOperator + cert, Prototyped "26.13.0" { hidden: true, locks: &["pool:copy_primary_host_certs"] };
        /// Choose whether every host asks the directory over TLS.
        external_auth_set_ldaps(pool [ref "pool"], ldaps [bool], force [bool] = flag(false)) -> [void], PoolAdmin, Published "26.16.0" { is_async: false, in_2024_dump: false };
        /// Whether VMs could boot securely.
        get_guest_secureboot_readiness(self [ref "pool"]) -> [enum PoolGuestSecurebootReadiness], PoolOperator, Prototyped "24.17.0" { is_async: false, in_2024_dump: false };
        /// Edition and end of the licence of the pool.
        get_license_state(self [ref "pool"]) -> [map [string] [string]], ReadOnly, Published "clearwater";
        /// Host failures that could be survived with the priorities given.
        ha_compute_hypothetical_max_host_failures_to_tolerate(configuration [map [ref "VM"] [string]]) -> [int], ReadOnly, Published "orlando" { is_async: false };
        /// Host failures that could be survived now.
        ha_compute_max_host_failures_to_tolerate() -> [int], PoolOperator, Published "orlando" { is_async: false };
        /// Where VMs of failed hosts would restart.
        ha_compute_vm_failover_plan(failed_hosts [set [ref "host"]], failed_vms [set [ref "VM"]]) -> [map [ref "VM"] [map [string] [string]]], PoolOperator, Published "orlando" { is_async: false };
        /// Whether a number of host failures could be survived.
        ha_failover_plan_exists(n [int]) -> [bool], PoolOperator, Published "orlando" { is_async: false };
        /// Restart no VMs for some seconds.
        ha_prevent_restarts_for(seconds [int]) -> [void], PoolOperator, Published "orlando-update-1" { is_async: false };
        /// Compute the plan again soon.
        ha_schedule_plan_recomputation() -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true };
        /// Whether every host has an extension program.
        has_extension(self [ref "pool"], name [string]) -> [bool], PoolAdmin, Published "dundee";
        /// A supporter reports to its coordinator.
        hello(host_uuid [string], host_address [string]) -> [enum HelloReturn], PoolOperator, Published "rio" { hidden: true };
        /// The pool secret, for a joining host.
        initial_auth() -> [secretstring], PoolOperator, Published "rio" { hidden: true };
        /// Start to use a workload balancing service.
        initialize_wlb(wlb_url [string], wlb_username [string], wlb_password [string], xenserver_username [string], xenserver_password [string]) -> [void], PoolOperator, Published "george";
        /// Install a trusted root certificate on every host.
        install_ca_certificate(name [string], cert [string]) -> [void], PoolOperator + cert, Deprecated "1.290.0";
        /// Trust a certificate on every host for purposes given.
        install_trusted_certificate(self [ref "pool"], ca [bool], cert [string], purpose [set [enum CertificatePurpose]]) -> [void], PoolOperator + cert, Prototyped "26.13.0" { in_2024_dump: false, locks: &["pool:copy_primary_host_certs"] };
        /// Whether a host is a supporter.
        is_slave(host [ref "host"]) -> [bool], PoolAdmin, Published "rio" { is_async: false, hidden: true, route: Route::Local, emergency: true, local_any_host: true };
        /// Have this host join another pool.
        join(master_address [string], master_username [string], master_password [string]) -> [void], PoolOperator, Published "rio" { errors: &["JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS"] };
        /// As join, also where CPUs or software differ.
        join_force(master_address [string], master_username [string], master_password [string]) -> [void], PoolOperator, Published "rio";
        /// Manage every host over another network.
        management_reconfigure(network [ref "network"]) -> [void], PoolOperator, Published "inverness" { errors: &["HA_IS_ENABLED", "PIF_NOT_PRESENT", "CANNOT_PLUG_BOND_SLAVE", "PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE", "PIF_HAS_NO_NETWORK_CONFIGURATION", "PIF_HAS_NO_V6_NETWORK_CONFIGURATION"] };
        /// Tell every supporter that lost its coordinator who it is.
        recover_slaves() -> [set [ref "host"]], PoolOperator, Published "rio";
        /// Remove a setting for guest agents.
        remove_from_guest_agent_config(self [ref "pool"], key [string]) -> [void], PoolAdmin, Published "dundee";
        /// Use a repository no longer.
        remove_repository(self [ref "pool"], value [ref "Repository"]) -> [void], PoolOperator + cert, Published "1.301.0";
        /// Take a new identifier for telemetry.
        reset_telemetry_uuid(self [ref "pool"]) -> [void], PoolAdmin, Prototyped "23.9.0";
        /// Settings of the workload balancing service.
        retrieve_wlb_configuration() -> [map [string] [string]], ReadOnly, Published "george";
        /// Moves that workload balancing proposes.
        retrieve_wlb_recommendations() -> [map [ref "VM"] [set [string]]], ReadOnly, Published "george";
        /// Change the pool secret.
        rotate_secret() -> [void], PoolAdmin, Published "stockholm_psr" { errors: &["INTERNAL_ERROR", "HOST_IS_SLAVE", "CANNOT_CONTACT_HOST", "HA_IS_ENABLED", "NOT_SUPPORTED_DURING_UPGRADE"] };
        /// Send a POST to a server and answer its reply.
        send_test_post(host [string], port [int], body [string]) -> [string], PoolAdmin, Published "george";
        /// Change settings of the workload balancing service.
        send_wlb_configuration(config [map [string] [string]]) -> [void], PoolOperator, Published "george";
        /// Change when idle consoles of hosts are logged out.
        set_console_idle_timeout(self [ref "pool"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false };
        /// Replace the secure boot certificates of the product.
        set_custom_uefi_certificates(self [ref "pool"], value [string]) -> [void], PoolAdmin, Prototyped "24.0.0";
        /// Cache directory logins or not.
        set_ext_auth_cache_enabled(self [ref "pool"], value [bool]) -> [void], PoolOperator, Prototyped "24.31.0" { in_2024_dump: false };
        /// Change how long directory logins are cached.
        set_ext_auth_cache_expiry(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "24.31.0" { in_2024_dump: false };
        /// Change how many directory logins are cached.
        set_ext_auth_cache_size(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "24.31.0" { in_2024_dump: false };
        /// Change how many directory logins are checked at once.
        set_ext_auth_max_threads(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "23.27.0" { is_async: false };
        /// Choose the host failures to survive.
        set_ha_host_failures_to_tolerate(self [ref "pool"], value [int]) -> [void], PoolOperator, Published "orlando";
        /// Refuse or allow plain HTTP on every host.
        set_https_only(self [ref "pool"], value [bool]) -> [void], PoolOperator, Prototyped "22.27.0";
        /// Switch IGMP snooping on or off.
        set_igmp_snooping_enabled(self [ref "pool"], value [bool]) -> [void], PoolOperator, Published "inverness";
        /// Change how many local logins are checked at once.
        set_local_auth_max_threads(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "23.27.0" { is_async: false };
        /// Replace the repositories in use.
        set_repositories(self [ref "pool"], value [set [ref "Repository"]]) -> [void], PoolOperator + cert, Published "1.301.0";
        /// Have SSH on only while the toolstack is down, on every host.
        set_ssh_auto_mode(self [ref "pool"], value [bool]) -> [void], PoolAdmin, Prototyped "25.27.0" { in_2024_dump: false };
        /// Change when SSH goes off on every host.
        set_ssh_enabled_timeout(self [ref "pool"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false };
        /// Choose when telemetry is next collected.
        set_telemetry_next_collection(self [ref "pool"], value [datetime]) -> [void], PoolAdmin, Prototyped "23.9.0";
        /// Change the secure boot certificates for VMs.
        set_uefi_certificates(self [ref "pool"], value [string]) -> [void], PoolAdmin, Deprecated "22.16.0";
        /// Fetch updates by schedule or not.
        set_update_sync_enabled(self [ref "pool"], value [bool]) -> [void], PoolOperator, Prototyped "23.18.0";
        /// Name the controller of virtual switches.
        set_vswitch_controller(address [string]) -> [void], PoolOperator, Deprecated "midnight-ride";
        /// Have every host write the database to disk now.
        sync_database() -> [void], PoolOperator, Published "rio";
        /// Take over trusted certificates of another pool.
        sync_trusted_certificates_from(self [ref "pool"], remote_pool [string], remote_session [ref "session"], remote_certificate [string], ca [bool]) -> [set [ref "Certificate"]], PoolOperator + cert, Prototyped "26.16.0" { in_2024_dump: false, locks: &["pool:copy_primary_host_certs"] };
        /// Fetch updates now.
        sync_updates(self [ref "pool"], force [bool], token [string] = text(""), token_id [string] = text(""), username [string] = text(""), password [string] = text("")) -> [string], PoolOperator + cert, Published "1.329.0";
        /// Formerly tried a place for archives.
        test_archive_target(self [ref "pool"], config [map [string] [string]]) -> [string], PoolOperator, Published "cowley" { is_async: false };
        /// Remove a trusted root certificate from every host.
        uninstall_ca_certificate(name [string], force [bool] = flag(false)) -> [void], PoolOperator + cert, Deprecated "1.290.0";
        /// Trust a certificate no longer.
        uninstall_trusted_certificate(self [ref "pool"], certificate [ref "Certificate"]) -> [void], PoolOperator + cert, Prototyped "26.13.0" { in_2024_dump: false, locks: &["pool:copy_primary_host_certs"] };
    }
}

enumeration! {
    /// What a coordinator answers to a supporter that reports.
    HelloReturn "hello_return" { Ok "ok", UnknownHost "unknown_host", CannotTalkBack "cannot_talk_back" }
}

enumeration! {
    /// Operations on the pool.
    PoolAllowedOperations "pool_allowed_operations" {
        HaEnable "ha_enable", HaDisable "ha_disable", ClusterCreate "cluster_create",
        DesignateNewMaster "designate_new_master", ConfigureRepositories "configure_repositories",
        SyncUpdates "sync_updates", SyncBundle "sync_bundle", GetUpdates "get_updates", ApplyUpdates "apply_updates",
        TlsVerificationEnable "tls_verification_enable", CertRefresh "cert_refresh",
        ExchangeCertificatesOnJoin "exchange_certificates_on_join",
        ExchangeCaCertificatesOnJoin "exchange_ca_certificates_on_join",
        CopyPrimaryHostCerts "copy_primary_host_certs", Eject "eject", ExchangeCrlsOnJoin "exchange_crls_on_join",
    }
}

enumeration! {
    /// Whether VMs of a pool could boot securely.
    PoolGuestSecurebootReadiness "pool_guest_secureboot_readiness" { Ready "ready", ReadyNoDbx "ready_no_dbx", NotReady "not_ready" }
}

enumeration! {
    /// How often telemetry is collected.
    TelemetryFrequency "telemetry_frequency" { Daily "daily", Weekly "weekly", Monthly "monthly" }
}

enumeration! {
    /// How often updates are fetched.
    UpdateSyncFrequency "update_sync_frequency" { Daily "daily", Weekly "weekly" }
}
