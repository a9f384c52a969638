//! `pool`: see the class.

use super::certificate::CertificatePurpose;
use crate::macros::words::*;

class! {
    pool "pool", Published "rio" { by_name_label: false }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string], ReadWrite, Published "rio";
        NAME_DESCRIPTION name_description [string], ReadWrite, Published "rio";
        MASTER master [ref "host"], Runtime, Published "rio";
        DEFAULT_SR default_SR [ref "SR"], ReadWrite, Published "rio";
        SUSPEND_IMAGE_SR suspend_image_SR [ref "SR"], ReadWrite, Published "rio";
        CRASH_DUMP_SR crash_dump_SR [ref "SR"], ReadWrite, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator)), ("EMPTY_FOLDERS", at(VmOperator))] };
        HA_ENABLED ha_enabled [bool] = flag(false), Runtime, Published "orlando";
        HA_CONFIGURATION ha_configuration [map [string] [string]] = map(&[]), Runtime, Published "orlando";
        HA_STATEFILES ha_statefiles [set [string]] = set(&[]), Runtime, Published "orlando";
        HA_HOST_FAILURES_TO_TOLERATE ha_host_failures_to_tolerate [int] = int(0), Runtime, Published "orlando";
        HA_PLAN_EXISTS_FOR ha_plan_exists_for [int] = int(0), Runtime, Published "orlando";
        HA_ALLOW_OVERCOMMIT ha_allow_overcommit [bool] = flag(false), ReadWrite, Published "orlando";
        HA_OVERCOMMITTED ha_overcommitted [bool] = flag(false), Runtime, Published "orlando";
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        GUI_CONFIG gui_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        HEALTH_CHECK_CONFIG health_check_config [map [string] [string]] = map(&[]), ReadWrite, Published "dundee";
        WLB_URL wlb_url [string] = text(""), Runtime, Published "george";
        WLB_USERNAME wlb_username [string] = text(""), Runtime, Published "george";
        WLB_ENABLED wlb_enabled [bool] = flag(false), ReadWrite, Published "george" { writer: Some(at_or_cert(PoolOperator)) };
        WLB_VERIFY_CERT wlb_verify_cert [bool] = flag(false), ReadWrite, Deprecated "george";
        REDO_LOG_ENABLED redo_log_enabled [bool] = flag(false), Runtime, Published "midnight-ride";
        REDO_LOG_VDI redo_log_vdi [ref "VDI"] = null(), Runtime, Published "midnight-ride";
        VSWITCH_CONTROLLER vswitch_controller [string] = text(""), Runtime, Deprecated "midnight-ride";
        RESTRICTIONS restrictions [map [string] [string]] = map(&[]), Runtime, Published "midnight-ride";
        METADATA_VDIS metadata_VDIs [set [ref "VDI"]], Runtime, Published "boston";
        HA_CLUSTER_STACK ha_cluster_stack [string] = text(""), Runtime, Published "dundee";
        ALLOWED_OPERATIONS allowed_operations [set [enum PoolAllowedOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum PoolAllowedOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        GUEST_AGENT_CONFIG guest_agent_config [map [string] [string]] = map(&[]), Runtime, Published "dundee";
        CPU_INFO cpu_info [map [string] [string]] = map(&[]), Runtime, Published "dundee";
        POLICY_NO_VENDOR_DEVICE policy_no_vendor_device [bool] = flag(false), ReadWrite, Deprecated "dundee";
        LIVE_PATCHING_DISABLED live_patching_disabled [bool] = flag(false), ReadWrite, Published "ely";
        IGMP_SNOOPING_ENABLED igmp_snooping_enabled [bool] = flag(false), Runtime, Published "inverness";
        UEFI_CERTIFICATES uefi_certificates [string] = text(""), Constructor, Published "quebec";
        CUSTOM_UEFI_CERTIFICATES custom_uefi_certificates [string] = text(""), Constructor, Prototyped "24.0.0";
        IS_PSR_PENDING is_psr_pending [bool] = flag(false), ReadWrite, Published "stockholm_psr";
        TLS_VERIFICATION_ENABLED tls_verification_enabled [bool] = flag(false), Runtime, Published "1.290.0";
        REPOSITORIES repositories [set [ref "Repository"]] = set(&[]), Runtime, Published "1.301.0" { ignore_foreign_key: true };
        CLIENT_CERTIFICATE_AUTH_ENABLED client_certificate_auth_enabled [bool] = flag(false), Runtime, Published "1.318.0";
        CLIENT_CERTIFICATE_AUTH_NAME client_certificate_auth_name [string] = text(""), Runtime, Published "1.318.0";
        REPOSITORY_PROXY_URL repository_proxy_url [string] = text(""), Runtime, Published "21.3.0";
        REPOSITORY_PROXY_USERNAME repository_proxy_username [string] = text(""), Runtime, Published "21.3.0";
        REPOSITORY_PROXY_PASSWORD repository_proxy_password [ref "secret"] = null(), Runtime, Published "21.3.0";
        MIGRATION_COMPRESSION migration_compression [bool] = flag(false), ReadWrite, Prototyped "22.33.0";
        COORDINATOR_BIAS coordinator_bias [bool] = flag(true), ReadWrite, Published "rio";
        LOCAL_AUTH_MAX_THREADS local_auth_max_threads [int] = int(8), Constructor, Prototyped "23.27.0";
        EXT_AUTH_MAX_THREADS ext_auth_max_threads [int] = int(1), Constructor, Prototyped "23.27.0";
        EXT_AUTH_CACHE_ENABLED ext_auth_cache_enabled [bool] = flag(true), Runtime, Prototyped "24.31.0" { in_2024_dump: false };
        EXT_AUTH_CACHE_SIZE ext_auth_cache_size [int] = int(50), Runtime, Prototyped "24.31.0" { in_2024_dump: false };
        EXT_AUTH_CACHE_EXPIRY ext_auth_cache_expiry [int] = int(300), Runtime, Prototyped "24.31.0" { in_2024_dump: false };
        TELEMETRY_UUID telemetry_uuid [ref "secret"] = null(), Runtime, Prototyped "23.9.0";
        TELEMETRY_FREQUENCY telemetry_frequency [enum TelemetryFrequency] = text("weekly"), Runtime, Prototyped "23.9.0";
        TELEMETRY_NEXT_COLLECTION telemetry_next_collection [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "23.9.0";
        LAST_UPDATE_SYNC last_update_sync [datetime] = date("19700101T00:00:00Z"), Runtime, Prototyped "23.18.0";
        UPDATE_SYNC_FREQUENCY update_sync_frequency [enum UpdateSyncFrequency] = text("weekly"), Runtime, Prototyped "23.18.0";
        UPDATE_SYNC_DAY update_sync_day [int] = int(0), Runtime, Prototyped "23.18.0";
        UPDATE_SYNC_ENABLED update_sync_enabled [bool] = flag(false), Runtime, Prototyped "23.18.0";
        RECOMMENDATIONS recommendations [map [string] [string]] = map(&[]), Runtime, Prototyped "24.19.1" { in_2024_dump: false };
        LICENSE_SERVER license_server [map [string] [string]] = map(&[]), ReadWrite, Prototyped "25.6.0" { in_2024_dump: false };
        HA_REBOOT_VM_ON_INTERNAL_SHUTDOWN ha_reboot_vm_on_internal_shutdown [bool] = flag(true), ReadWrite, Prototyped "25.16.0" { in_2024_dump: false };
        LIMIT_CONSOLE_SESSIONS limit_console_sessions [bool] = flag(false), ReadWrite, Prototyped "26.1.0" { in_2024_dump: false };
        VM_CONSOLE_IDLE_TIMEOUT vm_console_idle_timeout [int] = int(0), ReadWrite, Prototyped "26.1.0" { in_2024_dump: false };
        AUTO_UPDATE_VM_SECUREBOOT_CERTIFICATES auto_update_vm_secureboot_certificates [bool] = flag(false), ReadWrite, Prototyped "26.16.1" { in_2024_dump: false };
        WLB_PASSWORD wlb_password [ref "secret"], Runtime, Published "george" { internal: true };
    }

    messages {
        add_repository(self [ref "pool"], value [ref "Repository"]) -> [void], PoolOperator + cert, Published "1.301.0";
        add_to_guest_agent_config(self [ref "pool"], key [string], value [string]) -> [void], PoolAdmin, Published "dundee";
        apply_edition(self [ref "pool"], edition [string]) -> [void], PoolOperator, Published "clearwater";
        audit_log_append(line [string]) -> [void], PoolAdmin, Published "midnight-ride" { hidden: true, pool_internal: true };
        certificate_install(name [string], cert [string]) -> [void], PoolOperator, Deprecated "george";
        certificate_list() -> [set [string]], PoolOperator, Deprecated "george";
        certificate_sync() -> [void], PoolOperator, Published "george";
        certificate_uninstall(name [string]) -> [void], PoolOperator, Deprecated "george";
        check_update_readiness(self [ref "pool"], requires_reboot [bool]) -> [set [set [string]]], PoolOperator + cert, Published "1.304.0";
        configure_repository_proxy(self [ref "pool"], url [string], username [string], password [string]) -> [void], PoolOperator + cert, Published "21.3.0";
        configure_update_sync(self [ref "pool"], update_sync_frequency [enum UpdateSyncFrequency], update_sync_day [int]) -> [void], PoolOperator, Prototyped "23.18.0";
        create_VLAN(device [string], network [ref "network"], VLAN [int]) -> [set [ref "PIF"]], PoolOperator, Published "rio" { errors: &["VLAN_TAG_INVALID"] };
        create_VLAN_from_PIF(pif [ref "PIF"], network [ref "network"], VLAN [int]) -> [set [ref "PIF"]], PoolOperator, Published "rio" { errors: &["VLAN_TAG_INVALID"] };
        create_new_blob(pool [ref "pool"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        crl_install(name [string], cert [string]) -> [void], PoolOperator, Published "george";
        crl_list() -> [set [string]], PoolOperator, Published "george";
        crl_uninstall(name [string]) -> [void], PoolOperator, Published "george";
        deconfigure_wlb() -> [void], PoolOperator, Published "george";
        designate_new_master(host [ref "host"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter (the new coordinator)", locks: &["pool:designate_new_master"] };
        detect_nonhomogeneous_external_auth(pool [ref "pool"]) -> [void], PoolOperator, Published "george" { is_async: false };
        disable_binary_storage() -> [void], PoolOperator, Published "orlando" { hidden: true };
        disable_client_certificate_auth(self [ref "pool"]) -> [void], PoolOperator + cert, Published "1.318.0";
        disable_external_auth(pool [ref "pool"], config [map [string] [string]] = map(&[])) -> [void], PoolAdmin, Published "george" { is_async: false };
        disable_ha() -> [void], PoolOperator + cert, Published "miami" { locks: &["pool:ha_disable"] };
        disable_local_storage_caching(self [ref "pool"]) -> [void], PoolOperator, Published "cowley";
        disable_redo_log() -> [void], PoolOperator, Published "midnight-ride";
        disable_repository_proxy(self [ref "pool"]) -> [void], PoolOperator + cert, Published "21.4.0";
        disable_ssh(self [ref "pool"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false };
        disable_ssl_legacy(self [ref "pool"]) -> [void], PoolOperator, Deprecated "dundee";
        eject(host [ref "host"]) -> [void], PoolOperator, Published "rio" { route: Route::FanOut, runs_on: "host parameter, then the other supporters (best effort), then the coordinator", locks: &["pool:eject"] };
        emergency_reset_master(master_address [string]) -> [void], PoolOperator, Published "rio" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        emergency_transition_to_master() -> [void], PoolOperator, Published "rio" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        enable_binary_storage() -> [void], PoolOperator, Published "orlando" { hidden: true };
        enable_client_certificate_auth(self [ref "pool"], name [string]) -> [void], PoolOperator + cert, Published "1.318.0";
        enable_external_auth(pool [ref "pool"], config [map [string] [string]], service_name [string], auth_type [string]) -> [void], PoolAdmin, Published "george" { is_async: false };
        enable_ha(heartbeat_srs [set [ref "SR"]], configuration [map [string] [string]]) -> [void], PoolOperator + cert, Published "miami" { locks: &["pool:ha_enable"] };
        enable_local_storage_caching(self [ref "pool"]) -> [void], PoolOperator, Published "cowley";
        enable_redo_log(sr [ref "SR"]) -> [void], PoolOperator, Published "midnight-ride";
        enable_ssh(self [ref "pool"]) -> [void], PoolAdmin, Prototyped "25.13.0" { in_2024_dump: false };
        enable_ssl_legacy(self [ref "pool"]) -> [void], PoolOperator, Removed "dundee" { route: Route::Removed };
        enable_tls_verification() -> [void], PoolAdmin, Published "1.290.0" { is_async: false, route: Route::FanOut, runs_on: "every host, coordinator first", locks: &["pool:tls_verification_enable"] };
        exchange_ca_certificates_on_join(import [map [string] [string]], export [set [ref "Certificate"]]) -> [map [string] [string]], PoolOperator, Published "1.320.0" { hidden: true };
        exchange_certificates_on_join(uuid [string], certificate [string]) -> [map [string] [string]], PoolOperator, Published "1.298.0" { hidden: true };
        exchange_crls_on_join(self [ref "pool"], import [map [string] [string]], export [set [string]]) -> [map [string] [string]], PoolOperator + cert, Prototyped "26.13.0" { hidden: true, locks: &["pool:exchange_crls_on_join"] };
        exchange_trusted_certificates_on_join(self [ref "pool"], ca [bool], import [map [string] [set [string]]], export [set [ref "Certificate"]]) -> [map [string] [set [string]]], PoolOperator + cert, Prototyped "26.13.0" { hidden: true, locks: &["pool:copy_primary_host_certs"] };
        external_auth_set_ldaps(pool [ref "pool"], ldaps [bool], force [bool] = flag(false)) -> [void], PoolAdmin, Published "26.16.0" { is_async: false, in_2024_dump: false };
        get_guest_secureboot_readiness(self [ref "pool"]) -> [enum PoolGuestSecurebootReadiness], PoolOperator, Prototyped "24.17.0" { is_async: false, in_2024_dump: false };
        get_license_state(self [ref "pool"]) -> [map [string] [string]], ReadOnly, Published "clearwater";
        ha_compute_hypothetical_max_host_failures_to_tolerate(configuration [map [ref "VM"] [string]]) -> [int], ReadOnly, Published "orlando" { is_async: false };
        ha_compute_max_host_failures_to_tolerate() -> [int], PoolOperator, Published "orlando" { is_async: false };
        ha_compute_vm_failover_plan(failed_hosts [set [ref "host"]], failed_vms [set [ref "VM"]]) -> [map [ref "VM"] [map [string] [string]]], PoolOperator, Published "orlando" { is_async: false };
        ha_failover_plan_exists(n [int]) -> [bool], PoolOperator, Published "orlando" { is_async: false };
        ha_prevent_restarts_for(seconds [int]) -> [void], PoolOperator, Published "orlando-update-1" { is_async: false };
        ha_schedule_plan_recomputation() -> [void], LocalRoot, Published "orlando" { hidden: true, pool_internal: true };
        has_extension(self [ref "pool"], name [string]) -> [bool], PoolAdmin, Published "dundee";
        hello(host_uuid [string], host_address [string]) -> [enum HelloReturn], PoolOperator, Published "rio" { hidden: true };
        initial_auth() -> [secretstring], PoolOperator, Published "rio" { hidden: true };
        initialize_wlb(wlb_url [string], wlb_username [string], wlb_password [string], xenserver_username [string], xenserver_password [string]) -> [void], PoolOperator, Published "george";
        install_ca_certificate(name [string], cert [string]) -> [void], PoolOperator + cert, Deprecated "1.290.0";
        install_trusted_certificate(self [ref "pool"], ca [bool], cert [string], purpose [set [enum CertificatePurpose]]) -> [void], PoolOperator + cert, Prototyped "26.13.0" { in_2024_dump: false, locks: &["pool:copy_primary_host_certs"] };
        is_slave(host [ref "host"]) -> [bool], PoolAdmin, Published "rio" { is_async: false, hidden: true, route: Route::Local, emergency: true, local_any_host: true };
        join(master_address [string], master_username [string], master_password [string]) -> [void], PoolOperator, Published "rio" { errors: &["JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS"] };
        join_force(master_address [string], master_username [string], master_password [string]) -> [void], PoolOperator, Published "rio";
        management_reconfigure(network [ref "network"]) -> [void], PoolOperator, Published "inverness" { errors: &["HA_IS_ENABLED", "PIF_NOT_PRESENT", "CANNOT_PLUG_BOND_SLAVE", "PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE", "PIF_HAS_NO_NETWORK_CONFIGURATION", "PIF_HAS_NO_V6_NETWORK_CONFIGURATION"] };
        recover_slaves() -> [set [ref "host"]], PoolOperator, Published "rio";
        remove_from_guest_agent_config(self [ref "pool"], key [string]) -> [void], PoolAdmin, Published "dundee";
        remove_repository(self [ref "pool"], value [ref "Repository"]) -> [void], PoolOperator + cert, Published "1.301.0";
        reset_telemetry_uuid(self [ref "pool"]) -> [void], PoolAdmin, Prototyped "23.9.0";
        retrieve_wlb_configuration() -> [map [string] [string]], ReadOnly, Published "george";
        retrieve_wlb_recommendations() -> [map [ref "VM"] [set [string]]], ReadOnly, Published "george";
        rotate_secret() -> [void], PoolAdmin, Published "stockholm_psr" { errors: &["INTERNAL_ERROR", "HOST_IS_SLAVE", "CANNOT_CONTACT_HOST", "HA_IS_ENABLED", "NOT_SUPPORTED_DURING_UPGRADE"] };
        send_test_post(host [string], port [int], body [string]) -> [string], PoolAdmin, Published "george";
        send_wlb_configuration(config [map [string] [string]]) -> [void], PoolOperator, Published "george";
        set_console_idle_timeout(self [ref "pool"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false };
        set_custom_uefi_certificates(self [ref "pool"], value [string]) -> [void], PoolAdmin, Prototyped "24.0.0";
        set_ext_auth_cache_enabled(self [ref "pool"], value [bool]) -> [void], PoolOperator, Prototyped "24.31.0" { in_2024_dump: false };
        set_ext_auth_cache_expiry(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "24.31.0" { in_2024_dump: false };
        set_ext_auth_cache_size(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "24.31.0" { in_2024_dump: false };
        set_ext_auth_max_threads(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "23.27.0" { is_async: false };
        set_ha_host_failures_to_tolerate(self [ref "pool"], value [int]) -> [void], PoolOperator, Published "orlando";
        set_https_only(self [ref "pool"], value [bool]) -> [void], PoolOperator, Prototyped "22.27.0";
        set_igmp_snooping_enabled(self [ref "pool"], value [bool]) -> [void], PoolOperator, Published "inverness";
        set_local_auth_max_threads(self [ref "pool"], value [int]) -> [void], PoolOperator, Prototyped "23.27.0" { is_async: false };
        set_repositories(self [ref "pool"], value [set [ref "Repository"]]) -> [void], PoolOperator + cert, Published "1.301.0";
        set_ssh_auto_mode(self [ref "pool"], value [bool]) -> [void], PoolAdmin, Prototyped "25.27.0" { in_2024_dump: false };
        set_ssh_enabled_timeout(self [ref "pool"], value [int]) -> [void], PoolAdmin, Prototyped "25.21.0" { in_2024_dump: false };
        set_telemetry_next_collection(self [ref "pool"], value [datetime]) -> [void], PoolAdmin, Prototyped "23.9.0";
        set_uefi_certificates(self [ref "pool"], value [string]) -> [void], PoolAdmin, Deprecated "22.16.0";
        set_update_sync_enabled(self [ref "pool"], value [bool]) -> [void], PoolOperator, Prototyped "23.18.0";
        set_vswitch_controller(address [string]) -> [void], PoolOperator, Deprecated "midnight-ride";
        sync_database() -> [void], PoolOperator, Published "rio";
        sync_trusted_certificates_from(self [ref "pool"], remote_pool [string], remote_session [ref "session"], remote_certificate [string], ca [bool]) -> [set [ref "Certificate"]], PoolOperator + cert, Prototyped "26.16.0" { in_2024_dump: false, locks: &["pool:copy_primary_host_certs"] };
        sync_updates(self [ref "pool"], force [bool], token [string] = text(""), token_id [string] = text(""), username [string] = text(""), password [string] = text("")) -> [string], PoolOperator + cert, Published "1.329.0";
        test_archive_target(self [ref "pool"], config [map [string] [string]]) -> [string], PoolOperator, Published "cowley" { is_async: false };
        uninstall_ca_certificate(name [string], force [bool] = flag(false)) -> [void], PoolOperator + cert, Deprecated "1.290.0";
        uninstall_trusted_certificate(self [ref "pool"], certificate [ref "Certificate"]) -> [void], PoolOperator + cert, Prototyped "26.13.0" { in_2024_dump: false, locks: &["pool:copy_primary_host_certs"] };
    }
}

enumeration! {
    HelloReturn "hello_return" { Ok "ok", UnknownHost "unknown_host", CannotTalkBack "cannot_talk_back" }
}

enumeration! {
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
    PoolGuestSecurebootReadiness "pool_guest_secureboot_readiness" { Ready "ready", ReadyNoDbx "ready_no_dbx", NotReady "not_ready" }
}

enumeration! {
    TelemetryFrequency "telemetry_frequency" { Daily "daily", Weekly "weekly", Monthly "monthly" }
}

enumeration! {
    UpdateSyncFrequency "update_sync_frequency" { Daily "daily", Weekly "weekly" }
}
