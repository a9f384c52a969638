//! Maps of a host's record, from the machine's facts.

use super::{EDITION, HostBirth};
use xenith_datamodel::Value;
use xenith_xen_port::HostFacts;

/// The features that a licence of xapi may hold back. Nothing is held back here.
const RESTRICTIONS: &[&str] = &[
    "ad",
    "cbt",
    "certificate_verification",
    "checkpoint",
    "cluster_address",
    "connection",
    "corosync",
    "cpu_masking",
    "dmc",
    "dr",
    "email_alerting",
    "equalogic",
    "gpu",
    "guest_agent_auto_update",
    "guest_ip_setting",
    "historical_performance",
    "igmp_snooping",
    "integrated_gpu_passthrough",
    "intellicache",
    "internal_repo_access",
    "live_patching",
    "marathon",
    "nested_virt",
    "netapp",
    "network_sriov",
    "pci_device_for_auto_update",
    "pool_attached_storage",
    "pool_secret_rotation",
    "pool_size",
    "pooling",
    "pvs_proxy",
    "qos",
    "rbac",
    "rpu",
    "set_vcpus_number_live",
    "storage_xen_motion",
    "updates",
    "usb_passthrough",
    "vgpu",
    "vif_locking",
    "vlan",
    "vm_appliance_start",
    "vm_groups",
    "vm_start",
    "vmpr",
    "vmss",
    "vss",
    "vtpm",
    "wlb",
    "xen_motion",
    "zstd_export",
];

/// `host.license_params` and `pool.restrictions`: everything is allowed.
pub fn license_params() -> Value {
    let restrictions = RESTRICTIONS.iter().map(|name| (format!("restrict_{name}"), "false"));
    let others = [
        ("enable_xha", "true"),
        ("expiry", "20991231T23:59:59Z"),
        ("license_type", ""),
        ("platform_filter", "false"),
        ("regular_nag_dialog", "false"),
        ("sku_type", EDITION),
    ];
    Value::text_map(restrictions.chain(others.map(|(key, value)| (key.to_owned(), value))))
}

/// `host.software_version`: the keys that clients read to know what they talk to.
pub fn software_version(host: HostBirth<'_>) -> Value {
    let ours = env!("CARGO_PKG_VERSION");
    let (major, minor) = xenith_datamodel::API_VERSION;
    let api = format!("{major}.{minor}");
    Value::text_map([
        ("product_version", "8.4.0"),
        ("product_version_text", "8.4"),
        ("product_version_text_short", "8.4"),
        ("product_brand", "Xenith"),
        ("platform_name", "XCP"),
        ("platform_version", "3.4.0"),
        ("build_number", ours),
        ("git_id", ""),
        ("hostname", &host.facts.hostname),
        ("date", "2026-08-21"),
        ("xapi", "26.17"),
        ("xapi_build", "26.17.0"),
        ("xenith", ours),
        ("xen", &host.facts.xen_version),
        ("linux", &host.facts.kernel_version),
        ("xencenter_min", &api),
        ("xencenter_max", &api),
        ("network_backend", "bridge"),
        ("db_schema", "5.909"),
    ])
}

/// `host.cpu_info`.
pub fn cpu_info(facts: &HostFacts) -> Value {
    let count = facts.cpus.len().to_string();
    let sockets = facts.sockets.to_string();
    let Some(cpu) = facts.cpus.first() else {
        return Value::text_map([("cpu_count", count.as_str()), ("socket_count", &sockets)]);
    };
    Value::text_map([
        ("cpu_count", count.as_str()),
        ("socket_count", &sockets),
        ("threads_per_core", "1"),
        ("nr_nodes", "1"),
        ("vendor", &cpu.vendor),
        ("speed", &cpu.speed_mhz.to_string()),
        ("modelname", &cpu.model_name),
        ("family", &cpu.family.to_string()),
        ("model", &cpu.model.to_string()),
        ("stepping", &cpu.stepping),
        ("flags", &cpu.flags),
        ("features_pv", &cpu.features),
        ("features_hvm", &cpu.features),
        ("features_hvm_host", &cpu.features),
        ("features_pv_host", &cpu.features),
    ])
}

/// `pool.cpu_info`: what every host can do, here of a pool of one.
pub fn pool_cpu_info(facts: &HostFacts) -> Value {
    let features = facts.cpus.first().map(|cpu| cpu.features.as_str()).unwrap_or_default();
    let vendor = facts.cpus.first().map(|cpu| cpu.vendor.as_str()).unwrap_or_default();
    Value::text_map([
        ("vendor", vendor),
        ("features_pv", features),
        ("features_hvm", features),
        ("features_hvm_host", features),
        ("features_pv_host", features),
        ("cpu_count", &facts.cpus.len().to_string()),
        ("socket_count", &facts.sockets.to_string()),
    ])
}

/// Pairs of hexadecimal digits with colons, as certificates' fingerprints are shown.
pub fn fingerprint(digest: &[u8]) -> String {
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(":")
}
