//! Storage drivers, and the repositories that a host has as its machine says.

use super::{HostBirth, Maker};
use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::StorageFacts;

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
        kind: "nfs",
        name: "NFS files",
        text: "Disks as files on a server that all hosts reach",
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

/// What a plugged repository of a disk driver may do (allowed_operations.json, SR): what [`crate::sr::allowed_now`] says of it.
const PLUGGED: &[&str] = &[
    "scan",
    "plug",
    "unplug",
    "update",
    "vdi_create",
    "vdi_introduce",
    "vdi_destroy",
    "vdi_resize",
    "vdi_clone",
    "vdi_snapshot",
    "pbd_create",
    "pbd_destroy",
];

/// The repositories that a host has, as its machine says.
#[derive(Default)]
pub struct Storage {
    pub local: Option<Ref>,
    pub shared: Option<Ref>,
}

impl Storage {
    /// Where a host puts what must be on a disk, if it has one.
    pub fn own(&self) -> Ref {
        self.local
            .clone()
            .or_else(|| self.shared.clone())
            .unwrap_or_else(Ref::null)
    }

    /// Where a pool does: what all hosts see comes first.
    pub fn of_pool(&self) -> Ref {
        self.shared.clone().unwrap_or_else(|| self.own())
    }
}

/// A host's repositories and how it reaches them. A shared one may be there already.
pub fn storage(maker: &mut Maker<'_>, view: &View, host: &Ref, birth: HostBirth<'_>) -> Result<Storage, ApiError> {
    let mut made = Storage::default();
    for found in &birth.facts.storage {
        let known = view.by_uuid(rows::class("SR")?, &found.sr.0);
        let sr = match known {
            Some(sr) => sr,
            None => repository(maker, found)?,
        };
        let config = found.device_config.iter().map(|(key, value)| (key, value));
        let fields = vec![
            ("host", Value::from(host)),
            ("SR", Value::from(&sr)),
            ("device_config", Value::text_map(config)),
            ("currently_attached", Value::Bool(true)),
        ];
        maker.row("PBD", fields)?;
        let place = if found.shared {
            &mut made.shared
        } else {
            &mut made.local
        };
        place.get_or_insert(sr);
    }
    Ok(made)
}

fn repository(maker: &mut Maker<'_>, found: &StorageFacts) -> Result<Ref, ApiError> {
    let key = if found.shared {
        "shared-storage"
    } else {
        "local-storage"
    };
    let sr = Ref::from_uuid_text(&maker.ids.uuid());
    let fields = vec![
        ("uuid", Value::text(&found.sr.0)),
        ("name_label", Value::text(&found.name_label)),
        ("name_description", Value::text("")),
        ("type", Value::text(&found.kind)),
        ("content_type", Value::text("user")),
        ("shared", Value::Bool(found.shared)),
        ("physical_size", Value::Int(found.size_bytes)),
        ("allowed_operations", rows::enums(PLUGGED)),
        ("other_config", Value::text_map([("i18n-key", key)])),
    ];
    rows::create(&mut maker.tx, "SR", &sr, fields)?;
    Ok(sr)
}
