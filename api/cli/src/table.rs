//! What xe calls the classes, which fields it lists unasked, and where its field names differ from the datamodel's.

/// One class as xe knows it: `<name>-list`, `<name>-param-list`, ...
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub class: &'static str,
    /// Fields of `<name>-list` without `params`.
    pub listed: &'static [&'static str],
    /// Fields under other names, and fields of objects referred to (`VM.name_label`).
    pub named: &'static [(&'static str, &'static str)],
    /// Only objects whose fields have these values.
    pub only: &'static [(&'static str, bool)],
}

const LABELS: &[&str] = &["uuid", "name-label", "name-description"];
const UUID: &[&str] = &["uuid"];

const fn row(name: &'static str, class: &'static str, listed: &'static [&'static str]) -> Row {
    Row {
        name,
        class,
        listed,
        named: &[],
        only: &[],
    }
}

const fn renamed(row: Row, named: &'static [(&'static str, &'static str)]) -> Row {
    Row { named, ..row }
}

const fn only(row: Row, only: &'static [(&'static str, bool)]) -> Row {
    Row { only, ..row }
}

const VM_LISTED: &[&str] = &["uuid", "name-label", "power-state"];
const VM_NAMED: &[(&str, &str)] = &[
    ("suspend-VDI-uuid", "suspend_VDI"),
    ("suspend-SR-uuid", "suspend_SR"),
    ("console-uuids", "consoles"),
    ("dom-id", "domid"),
    ("memory-actual", "metrics.memory_actual"),
    ("start-time", "metrics.start_time"),
    ("install-time", "metrics.install_time"),
    ("VCPUs-number", "metrics.VCPUs_number"),
];

pub static ROWS: &[Row] = &[
    row("appliance", "VM_appliance", LABELS),
    row("bond", "Bond", &["uuid", "master", "slaves"]),
    row(
        "certificate",
        "Certificate",
        &["uuid", "type", "name", "host", "fingerprint"],
    ),
    row("cluster", "Cluster", UUID),
    row("cluster-host", "Cluster_host", UUID),
    renamed(
        row("console", "console", &["uuid", "vm-uuid", "protocol", "location"]),
        &[("vm-uuid", "VM")],
    ),
    renamed(
        row("gpu-group", "GPU_group", LABELS),
        &[("VGPU-uuids", "VGPUs"), ("PGPU-uuids", "PGPUs")],
    ),
    renamed(
        row("host", "host", LABELS),
        &[
            ("suspend-image-sr-uuid", "suspend_image_sr"),
            ("crash-dump-sr-uuid", "crash_dump_sr"),
            ("control-domain-uuid", "control_domain"),
            ("resident-vms", "resident_VMs"),
            ("memory-total", "metrics.memory_total"),
            ("memory-free", "metrics.memory_free"),
            ("host-metrics-live", "metrics.live"),
        ],
    ),
    renamed(
        row("host-cpu", "host_cpu", &["uuid", "number", "vendor", "speed"]),
        &[("host-uuid", "host")],
    ),
    renamed(
        row(
            "message",
            "message",
            &["uuid", "name", "priority", "class", "obj-uuid", "timestamp", "body"],
        ),
        &[("class", "cls")],
    ),
    renamed(
        row(
            "network",
            "network",
            &["uuid", "name-label", "name-description", "bridge"],
        ),
        &[("VIF-uuids", "VIFs"), ("PIF-uuids", "PIFs")],
    ),
    row("observer", "Observer", LABELS),
    row("patch", "pool_patch", LABELS),
    renamed(
        row(
            "pbd",
            "PBD",
            &["uuid", "host-uuid", "sr-uuid", "device-config", "currently-attached"],
        ),
        &[
            ("host-uuid", "host"),
            ("host-name-label", "host.name_label"),
            ("sr-uuid", "SR"),
            ("sr-name-label", "SR.name_label"),
        ],
    ),
    renamed(
        row("pci", "PCI", &["uuid", "vendor-name", "device-name", "pci-id"]),
        &[("host-uuid", "host"), ("host-name-label", "host.name_label")],
    ),
    renamed(
        row("pgpu", "PGPU", UUID),
        &[
            ("pci-uuid", "PCI"),
            ("gpu-group-uuid", "GPU_group"),
            ("host-uuid", "host"),
        ],
    ),
    renamed(
        row(
            "pif",
            "PIF",
            &[
                "uuid",
                "device",
                "currently-attached",
                "VLAN",
                "network-uuid",
                "host-uuid",
            ],
        ),
        &[
            ("network-uuid", "network"),
            ("network-name-label", "network.name_label"),
            ("host-uuid", "host"),
            ("host-name-label", "host.name_label"),
            ("IP-configuration-mode", "ip_configuration_mode"),
            ("carrier", "metrics.carrier"),
        ],
    ),
    row(
        "pool",
        "pool",
        &["uuid", "name-label", "name-description", "master", "default-SR"],
    ),
    renamed(
        row("pusb", "PUSB", UUID),
        &[("usb-group-uuid", "USB_group"), ("host-uuid", "host")],
    ),
    row("repository", "Repository", LABELS),
    renamed(
        row("role", "role", &["uuid", "name", "description"]),
        &[("name", "name_label"), ("description", "name_description")],
    ),
    row("sdn-controller", "SDN_controller", UUID),
    row("secret", "secret", &["uuid", "value"]),
    row("sm", "SM", &["uuid", "type", "name-label", "name-description"]),
    only(
        renamed(
            row("snapshot", "VM", &["uuid", "name-label", "name-description"]),
            VM_NAMED,
        ),
        &[("is_a_snapshot", true)],
    ),
    row(
        "sr",
        "SR",
        &["uuid", "name-label", "name-description", "type", "content-type"],
    ),
    row("subject", "subject", UUID),
    row(
        "task",
        "task",
        &["uuid", "name-label", "name-description", "status", "progress"],
    ),
    only(
        renamed(row("template", "VM", LABELS), VM_NAMED),
        &[("is_a_template", true), ("is_a_snapshot", false)],
    ),
    row("tunnel", "tunnel", UUID),
    row("update", "pool_update", LABELS),
    renamed(
        row("usb-group", "USB_group", LABELS),
        &[("VUSB-uuids", "VUSBs"), ("PUSB-uuids", "PUSBs")],
    ),
    renamed(
        row(
            "vbd",
            "VBD",
            &["uuid", "vm-uuid", "vm-name-label", "vdi-uuid", "empty", "device"],
        ),
        &[
            ("vm-uuid", "VM"),
            ("vm-name-label", "VM.name_label"),
            ("vdi-uuid", "VDI"),
            ("vdi-name-label", "VDI.name_label"),
        ],
    ),
    renamed(
        row(
            "vdi",
            "VDI",
            &[
                "uuid",
                "name-label",
                "name-description",
                "sr-uuid",
                "virtual-size",
                "sharable",
                "read-only",
            ],
        ),
        &[
            ("sr-uuid", "SR"),
            ("sr-name-label", "SR.name_label"),
            ("vbd-uuids", "VBDs"),
            ("crashdump-uuids", "crash_dumps"),
        ],
    ),
    renamed(
        row("vgpu", "VGPU", UUID),
        &[
            ("vm-uuid", "VM"),
            ("vm-name-label", "VM.name_label"),
            ("gpu-group-uuid", "GPU_group"),
        ],
    ),
    renamed(
        row("vif", "VIF", &["uuid", "vm-uuid", "device", "network-uuid"]),
        &[
            ("vm-uuid", "VM"),
            ("vm-name-label", "VM.name_label"),
            ("network-uuid", "network"),
            ("network-name-label", "network.name_label"),
        ],
    ),
    row("vlan", "VLAN", &["uuid", "tagged-PIF", "untagged-PIF", "tag"]),
    only(
        renamed(row("vm", "VM", VM_LISTED), VM_NAMED),
        &[("is_a_template", false), ("is_a_snapshot", false)],
    ),
    renamed(row("vm-group", "VM_group", LABELS), &[("vm-uuids", "VMs")]),
    row("vmss", "VMSS", LABELS),
    renamed(
        row("vtpm", "VTPM", UUID),
        &[("vm-uuid", "VM"), ("vm-name-label", "VM.name_label")],
    ),
    renamed(
        row("vusb", "VUSB", UUID),
        &[
            ("vm-uuid", "VM"),
            ("vm-name-label", "VM.name_label"),
            ("usb-group-uuid", "USB_group"),
        ],
    ),
];

/// A command that is one message on objects named by uuid.
#[derive(Debug)]
pub struct Direct {
    pub command: &'static str,
    pub message: &'static str,
    /// Parameters in the message's order.
    pub args: &'static [Arg],
}

#[derive(Debug)]
pub enum Arg {
    /// A parameter that holds the uuid of an object of a class.
    Uuid(&'static str, &'static str),
    /// A flag, false unless given.
    Flag(&'static str),
}

pub static DIRECT: &[Direct] = &[
    Direct {
        command: "host-disable",
        message: "host.disable",
        args: &[Arg::Uuid("uuid", "host")],
    },
    Direct {
        command: "host-enable",
        message: "host.enable",
        args: &[Arg::Uuid("uuid", "host")],
    },
    Direct {
        command: "pool-designate-new-master",
        message: "pool.designate_new_master",
        args: &[Arg::Uuid("host-uuid", "host")],
    },
    Direct {
        command: "task-cancel",
        message: "task.cancel",
        args: &[Arg::Uuid("uuid", "task")],
    },
    Direct {
        command: "vm-destroy",
        message: "VM.destroy",
        args: &[Arg::Uuid("uuid", "VM")],
    },
    Direct {
        command: "vm-start",
        message: "VM.start",
        args: &[Arg::Uuid("uuid", "VM"), Arg::Flag("paused"), Arg::Flag("force")],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name in the tables above exists in the datamodel.
    #[test]
    fn names_exist() {
        for row in ROWS {
            let class = xenith_datamodel::class(row.class).unwrap_or_else(|| panic!("{}", row.class));
            for (_, path) in row.named {
                let field = path.split('.').next().unwrap_or_default();
                assert!(class.column(field).is_some(), "{}.{path}", row.class);
            }
            for (field, _) in row.only {
                assert!(class.column(field).is_some(), "{}.{field}", row.class);
            }
            let columns = crate::columns::of(row);
            for listed in row.listed {
                assert!(columns.iter().any(|c| c.name == *listed), "{} {listed}", row.name);
            }
        }
        for direct in DIRECT {
            let method = xenith_datamodel::method(direct.message).unwrap();
            let params = method.message.params;
            let required = params.iter().filter(|p| p.default.is_none()).count();
            assert!(
                (required..=params.len()).contains(&direct.args.len()),
                "{}",
                direct.command
            );
        }
    }
}
