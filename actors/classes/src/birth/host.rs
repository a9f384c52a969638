//! A host's own rows: itself, metrics, CPUs, control domain, certificate, interfaces, local storage.

use super::{EDITION, HostBirth, Maker, certificate, disk, facts, network, set_if_new};
use crate::cx::date_time;
use crate::rows;
use crate::vm::lifecycle::Facts;
use crate::vm::memory::overhead_bytes;
use crate::vm::{NewVm, new_metrics, new_vm};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::CpuFacts;

/// What the pool's row needs to know of its first host.
pub struct Made {
    pub host: Ref,
    pub storage: disk::Storage,
}

pub fn host_rows(maker: &mut Maker<'_>, view: &View, birth: HostBirth<'_>) -> Result<Made, ApiError> {
    let host = Ref::from_uuid_text(&maker.ids.uuid());
    let metrics = host_metrics(maker, birth)?;
    let control_domain = control_domain(maker, &host, birth)?;
    let storage = disk::storage(maker, view, &host, birth)?;
    let local_sr = storage.own();
    let fields = host_fields(maker.now_ms, birth, (&metrics, &control_domain, &local_sr));
    rows::create(&mut maker.tx, "host", &host, fields)?;
    for cpu in &birth.facts.cpus {
        host_cpu(maker, &host, cpu)?;
    }
    for nic in &birth.facts.nics {
        network::interface(maker, view, &host, nic)?;
    }
    let fingerprint = facts::fingerprint(&birth.certificate_sha256);
    let internal = vec![
        ("host", Value::from(&host)),
        ("type", Value::text("host_internal")),
        ("name", Value::text("")),
        ("fingerprint", Value::text(&fingerprint)),
        ("fingerprint_sha256", Value::text(&fingerprint)),
    ];
    maker.row("Certificate", internal)?;
    if let Some(shown) = birth.certificate {
        certificate::row(maker, &host, shown)?;
    }
    Ok(Made { host, storage })
}

/// Only what changed since the last start.
pub fn refresh(view: &View, tx: &mut Transaction, host: &Ref, birth: HostBirth<'_>) -> Result<(), ApiError> {
    let changes = [
        ("software_version", facts::software_version(birth)),
        ("cpu_info", facts::cpu_info(birth.facts)),
        ("address", Value::text(birth.address)),
        ("hostname", Value::text(&birth.facts.hostname)),
        ("memory_overhead", Value::Int(birth.facts.memory_overhead_bytes)),
        (
            "bios_strings",
            Value::text_map(birth.facts.bios_strings.iter().map(|(key, value)| (key, value))),
        ),
    ];
    for (field, value) in changes {
        set_if_new(view, tx, ("host", host), field, value)?;
    }
    if birth.https_only {
        set_if_new(view, tx, ("host", host), "https_only", Value::Bool(true))?;
    }
    let metrics = rows::reference(view, "host", host, "metrics")?;
    let changes = [
        ("live", Value::Bool(true)),
        ("memory_total", Value::Int(birth.facts.memory_total_bytes)),
        ("memory_free", Value::Int(birth.facts.memory_free_bytes)),
    ];
    for (field, value) in changes {
        set_if_new(view, tx, ("host_metrics", &metrics), field, value)?;
    }
    network::refresh(view, tx, host, birth)
}

fn host_metrics(maker: &mut Maker<'_>, birth: HostBirth<'_>) -> Result<Ref, ApiError> {
    let fields = vec![
        ("memory_total", Value::Int(birth.facts.memory_total_bytes)),
        ("memory_free", Value::Int(birth.facts.memory_free_bytes)),
        ("live", Value::Bool(true)),
        ("last_updated", Value::from(date_time(maker.now_ms))),
    ];
    maker.row("host_metrics", fields)
}

fn host_fields(
    now_ms: i64,
    birth: HostBirth<'_>,
    (metrics, control_domain, local_sr): (&Ref, &Ref, &Ref),
) -> Vec<(&'static str, Value)> {
    let found = birth.facts;
    let (major, minor) = xenith_datamodel::API_VERSION;
    let times = [
        ("agent_start_time", format!("{}.", now_ms.div_euclid(1000))),
        ("boot_time", format!("{}.", found.boot_time_unix_seconds)),
    ];
    vec![
        ("uuid", Value::text(birth.host_uuid)),
        ("name_label", Value::text(&found.hostname)),
        ("name_description", Value::text("Default install")),
        ("memory_overhead", Value::Int(found.memory_overhead_bytes)),
        ("allowed_operations", crate::host::allowed_operations(true)),
        ("API_version_major", Value::Int(major)),
        ("API_version_minor", Value::Int(minor)),
        ("API_version_vendor", Value::text("XenSource")),
        ("enabled", Value::Bool(true)),
        ("software_version", facts::software_version(birth)),
        ("other_config", Value::text_map(times)),
        (
            "capabilities",
            rows::enums(&["xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64"]),
        ),
        ("sched_policy", Value::text("credit")),
        ("supported_bootloaders", rows::enums(&["pygrub", "eliloader"])),
        ("suspend_image_sr", Value::from(local_sr)),
        ("crash_dump_sr", Value::from(local_sr)),
        ("cpu_info", facts::cpu_info(found)),
        ("hostname", Value::text(&found.hostname)),
        ("address", Value::text(birth.address)),
        ("metrics", Value::from(metrics)),
        ("license_params", facts::license_params()),
        ("edition", Value::text(EDITION)),
        ("editions", rows::enums(&[EDITION])),
        (
            "bios_strings",
            Value::text_map(found.bios_strings.iter().map(|(key, value)| (key, value))),
        ),
        ("chipset_info", Value::text_map([("iommu", "true")])),
        ("https_only", Value::Bool(birth.https_only)),
        ("ssl_legacy", Value::Bool(false)),
        (
            "virtual_hardware_platform_versions",
            Value::set([0, 1, 2].map(Value::Int)),
        ),
        ("control_domain", Value::from(control_domain)),
        ("iscsi_iqn", Value::text(&found.iscsi_iqn)),
        ("tls_verification_enabled", Value::Bool(true)),
        ("timezone", Value::text("UTC")),
    ]
}

fn host_cpu(maker: &mut Maker<'_>, host: &Ref, cpu: &CpuFacts) -> Result<Ref, ApiError> {
    let fields = vec![
        ("host", Value::from(host)),
        ("number", Value::Int(cpu.number)),
        ("vendor", Value::text(&cpu.vendor)),
        ("speed", Value::Int(cpu.speed_mhz)),
        ("modelname", Value::text(&cpu.model_name)),
        ("family", Value::Int(cpu.family)),
        ("model", Value::Int(cpu.model)),
        ("stepping", Value::text(&cpu.stepping)),
        ("flags", Value::text(&cpu.flags)),
        ("features", Value::text(&cpu.features)),
        ("utilisation", Value::Float(0.0)),
    ];
    maker.row("host_cpu", fields)
}

/// Domain 0 and its two consoles.
fn control_domain(maker: &mut Maker<'_>, host: &Ref, birth: HostBirth<'_>) -> Result<Ref, ApiError> {
    let (vm, uuid) = crate::cx::new_row(maker.ids);
    let memory = birth.facts.control_domain_memory_bytes;
    let vcpus = i64::try_from(birth.facts.cpus.len()).unwrap_or(1).max(1);
    let now = date_time(maker.now_ms);
    let more = vec![
        ("memory_actual", Value::Int(memory)),
        ("VCPUs_number", Value::Int(vcpus)),
        ("start_time", Value::from(now)),
        ("last_updated", Value::from(now)),
        ("current_domain_type", Value::text("pv")),
    ];
    let metrics = new_metrics(&mut maker.tx, maker.ids, more)?;
    let facts = Facts {
        power_state: "Running".to_owned(),
        is_control_domain: true,
        is_domain_0: true,
        ..Facts::halted(&vm)
    };
    let fields = vec![
        ("uuid", Value::text(uuid)),
        (
            "name_label",
            Value::from(format!("Control domain on host: {}", birth.facts.hostname)),
        ),
        (
            "name_description",
            Value::text("The domain that runs the host's drivers and this toolstack"),
        ),
        ("power_state", Value::text("Running")),
        ("resident_on", Value::from(host)),
        ("affinity", Value::from(host)),
        ("is_control_domain", Value::Bool(true)),
        ("domid", Value::Int(0)),
        ("domarch", Value::text("x64")),
        ("domain_type", Value::text("pv")),
        ("memory_overhead", Value::Int(overhead_bytes(false, memory, vcpus, 1.0))),
        ("memory_target", Value::Int(memory)),
        ("memory_static_max", Value::Int(memory)),
        ("memory_dynamic_max", Value::Int(memory)),
        ("memory_dynamic_min", Value::Int(memory)),
        ("memory_static_min", Value::Int(memory)),
        ("VCPUs_max", Value::Int(vcpus)),
        ("VCPUs_at_startup", Value::Int(vcpus)),
        ("actions_after_shutdown", Value::text("destroy")),
        ("actions_after_reboot", Value::text("destroy")),
        ("actions_after_crash", Value::text("destroy")),
        ("has_vendor_device", Value::Bool(false)),
        ("allowed_operations", facts.allowed_operations()),
    ];
    new_vm(
        &mut maker.tx,
        NewVm {
            reference: vm.clone(),
            metrics,
            fields,
        },
    )?;
    for protocol in ["vt100", "rfb"] {
        let (console, uuid) = crate::cx::new_row(maker.ids);
        let location = format!("https://{}/console?ref={console}", birth.address);
        let fields = vec![
            ("uuid", Value::text(uuid)),
            ("VM", Value::from(&vm)),
            ("protocol", Value::text(protocol)),
            ("location", Value::from(location)),
        ];
        rows::create(&mut maker.tx, "console", &console, fields)?;
    }
    Ok(vm)
}
