//! Storage drivers and the local repository of a host: rows only. What drives them comes with storage.

use super::{HostBirth, Maker};
use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};

/// A driver's row.
pub struct Driver {
    kind: &'static str,
    name: &'static str,
    text: &'static str,
    features: &'static [&'static str],
}

const DISK_FEATURES: &[&str] = &[
    "SR_PROBE",
    "SR_UPDATE",
    "VDI_CREATE",
    "VDI_DELETE",
    "VDI_ATTACH",
    "VDI_DETACH",
    "VDI_ACTIVATE",
    "VDI_DEACTIVATE",
    "VDI_UPDATE",
    "VDI_INTRODUCE",
    "VDI_RESIZE",
    "VDI_CLONE",
    "VDI_SNAPSHOT",
    "VDI_RESET_ON_BOOT",
];

pub const DRIVERS: &[Driver] = &[
    Driver {
        kind: "dummy",
        name: "dummy",
        text: "Holds no data: for tests",
        features: DISK_FEATURES,
    },
    Driver {
        kind: "file",
        name: "Local files",
        text: "Disks as files in a folder of the host",
        features: DISK_FEATURES,
    },
    Driver {
        kind: "iso",
        name: "ISO library",
        text: "CD images in a folder",
        features: &[
            "SR_UPDATE",
            "VDI_ATTACH",
            "VDI_DETACH",
            "VDI_ACTIVATE",
            "VDI_DEACTIVATE",
        ],
    },
];

impl Driver {
    pub fn row(&self, maker: &mut Maker<'_>) -> Result<Ref, ApiError> {
        let fields = vec![
            ("name_label", Value::text(self.name)),
            ("name_description", Value::text(self.text)),
            ("type", Value::text(self.kind)),
            ("vendor", Value::text("Xenith")),
            ("copyright", Value::text("GPL-3.0-only")),
            ("version", Value::text("1.0")),
            ("required_api_version", Value::text("2.0")),
            ("capabilities", rows::enums(self.features)),
            (
                "features",
                Value::map(self.features.iter().map(|name| (Value::text(name), Value::Int(1)))),
            ),
            ("driver_filename", Value::text("")),
        ];
        maker.row("SM", fields)
    }
}

/// What a plugged repository of a disk driver may do (allowed_operations.json, SR).
const PLUGGED: &[&str] = &[
    "scan",
    "update",
    "plug",
    "unplug",
    "pbd_create",
    "pbd_destroy",
    "vdi_create",
    "vdi_introduce",
    "vdi_destroy",
    "vdi_resize",
    "vdi_clone",
    "vdi_snapshot",
];

/// A host's local repository and how it reaches it.
pub fn local_storage(maker: &mut Maker<'_>, host: &Ref, birth: HostBirth<'_>) -> Result<Ref, ApiError> {
    let fields = vec![
        (
            "name_label",
            Value::from(format!("Local storage on {}", birth.facts.hostname)),
        ),
        ("name_description", Value::text("")),
        ("type", Value::text("file")),
        ("content_type", Value::text("user")),
        ("shared", Value::Bool(false)),
        ("allowed_operations", rows::enums(PLUGGED)),
        ("other_config", Value::text_map([("i18n-key", "local-storage")])),
    ];
    let sr = maker.row("SR", fields)?;
    let fields = vec![
        ("host", Value::from(host)),
        ("SR", Value::from(&sr)),
        ("device_config", Value::text_map([("location", "/var/lib/xenith/sr")])),
        ("currently_attached", Value::Bool(true)),
    ];
    maker.row("PBD", fields)?;
    Ok(sr)
}
