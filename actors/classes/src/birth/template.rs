//! Default templates: what clients make VMs from.

use super::Maker;
use super::template_table::TEMPLATES;
use crate::vm::lifecycle::Facts;
use crate::vm::memory::overhead_bytes;
use crate::vm::{NewVm, new_metrics, new_vm};
use xenith_datamodel::{ApiError, Value};

const GIB: i64 = 1 << 30;
const MIB: i64 = 1 << 20;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    pub name: &'static str,
    /// The family, which says what the platform must be like.
    pub family: Family,
    pub memory_mib: i64,
    pub vcpus: i64,
    pub disk_gib: i64,
    /// What a VM made from it may have at most.
    pub memory_gib_max: i64,
    pub vcpus_max: i64,
    pub firmware: Firmware,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Any,
    Linux,
    Windows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    Bios,
    Uefi,
    /// Started only with signed code.
    UefiSecure,
}

pub fn templates(maker: &mut Maker<'_>) -> Result<(), ApiError> {
    for template in TEMPLATES {
        make(maker, template)?;
    }
    Ok(())
}

fn make(maker: &mut Maker<'_>, template: &Template) -> Result<(), ApiError> {
    let (vm, uuid) = crate::cx::new_row(maker.ids);
    let metrics = new_metrics(&mut maker.tx, maker.ids, Vec::new())?;
    let facts = Facts {
        is_a_template: true,
        is_default_template: true,
        ..Facts::halted(&vm)
    };
    let memory = template.memory_mib * MIB;
    let windows = template.family == Family::Windows;
    let fields = vec![
        ("uuid", Value::text(uuid)),
        ("name_label", Value::text(template.name)),
        ("name_description", Value::text("")),
        ("is_a_template", Value::Bool(true)),
        ("is_default_template", Value::Bool(true)),
        ("memory_static_max", Value::Int(memory)),
        ("memory_dynamic_max", Value::Int(memory)),
        ("memory_dynamic_min", Value::Int(memory)),
        ("memory_static_min", Value::Int(memory / 2)),
        ("memory_target", Value::Int(memory)),
        (
            "memory_overhead",
            Value::Int(overhead_bytes(true, memory, template.vcpus, 1.0)),
        ),
        ("VCPUs_max", Value::Int(template.vcpus)),
        ("VCPUs_at_startup", Value::Int(template.vcpus)),
        ("actions_after_shutdown", Value::text("destroy")),
        ("actions_after_reboot", Value::text("restart")),
        ("actions_after_crash", Value::text("restart")),
        ("HVM_boot_policy", Value::text("BIOS order")),
        ("HVM_boot_params", boot_params(template.firmware)),
        ("domain_type", Value::text("hvm")),
        ("has_vendor_device", Value::Bool(windows)),
        ("hardware_platform_version", Value::Int(if windows { 2 } else { 0 })),
        ("platform", platform(template)),
        ("recommendations", Value::from(recommendations(template))),
        ("other_config", other_config(template)),
        ("allowed_operations", facts.allowed_operations()),
    ];
    new_vm(
        &mut maker.tx,
        NewVm {
            reference: vm,
            metrics,
            fields,
        },
    )
}

fn boot_params(firmware: Firmware) -> Value {
    let name = match firmware {
        Firmware::Bios => "bios",
        Firmware::Uefi | Firmware::UefiSecure => "uefi",
    };
    Value::text_map([("order", "cdn"), ("firmware", name)])
}

fn platform(template: &Template) -> Value {
    let mut pairs = vec![
        ("acpi", "1"),
        ("apic", "true"),
        ("device-model", "qemu-upstream-compat"),
        ("nx", "true"),
        ("pae", "true"),
        ("vga", "std"),
        ("videoram", "8"),
        (
            "viridian",
            if template.family == Family::Windows {
                "true"
            } else {
                "false"
            },
        ),
    ];
    if template.family == Family::Windows {
        pairs.extend([
            ("device_id", "0002"),
            ("viridian_apic_assist", "true"),
            ("viridian_reference_tsc", "true"),
            ("viridian_time_ref_count", "true"),
        ]);
    }
    if template.firmware != Firmware::Bios {
        let secure = if template.firmware == Firmware::UefiSecure {
            "auto"
        } else {
            "false"
        };
        pairs.push(("secureboot", secure));
    }
    Value::text_map(pairs)
}

/// The XML that clients read limits from.
fn recommendations(template: &Template) -> String {
    let memory = template.memory_gib_max * GIB;
    let secure = match template.firmware {
        Firmware::Bios => "",
        Firmware::Uefi | Firmware::UefiSecure => {
            r#"<restriction field="supports-uefi" value="yes"/><restriction field="supports-secure-boot" value="yes"/>"#
        }
    };
    let bios = r#"<restriction field="supports-bios" value="yes"/>"#;
    format!(
        r#"<restrictions><restriction field="memory-static-max" max="{memory}"/><restriction field="vcpus-max" max="{}"/><restriction property="number-of-vbds" max="255"/><restriction property="number-of-vifs" max="7"/><restriction field="has-vendor-device" value="{}"/>{bios}{secure}</restrictions>"#,
        template.vcpus_max,
        template.family == Family::Windows,
    )
}

fn other_config(template: &Template) -> Value {
    let methods = match template.family {
        Family::Linux => "cdrom,nfs,http,ftp",
        Family::Any | Family::Windows => "cdrom",
    };
    let mut pairs = vec![
        ("default_template".to_owned(), "true".to_owned()),
        ("install-methods".to_owned(), methods.to_owned()),
    ];
    if template.disk_gib > 0 {
        let bytes = template.disk_gib * GIB;
        let disks =
            format!(r#"<provision><disk device="0" size="{bytes}" sr="" bootable="true" type="system"/></provision>"#);
        pairs.push(("disks".to_owned(), disks));
    }
    if template.family == Family::Linux {
        pairs.push(("linux_template".to_owned(), "true".to_owned()));
    }
    Value::text_map(pairs)
}
