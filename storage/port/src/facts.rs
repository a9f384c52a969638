//! Which storage a machine has, and what it can do.

use crate::SrId;
use serde::{Deserialize, Serialize};

/// One repository as a machine knows it. A shared one has the same uuid on every machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageFacts {
    pub sr: SrId,
    pub name_label: String,
    /// The driver's name, as in SR.type.
    pub kind: String,
    pub shared: bool,
    pub size_bytes: i64,
    /// Where the machine finds it, as in PBD.device_config.
    pub device_config: Vec<(String, String)>,
    pub capabilities: Vec<Capability>,
}

/// What a driver can do; planners ask this, never which driver it is. Named as in SM.features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Capability {
    SrUpdate,
    VdiCreate,
    VdiDelete,
    VdiAttach,
    VdiDetach,
    VdiActivate,
    VdiDeactivate,
    VdiUpdate,
    VdiResize,
    VdiClone,
    VdiSnapshot,
}

impl Capability {
    /// Of a driver that keeps disks.
    pub const DISKS: &[Capability] = &[
        Capability::SrUpdate,
        Capability::VdiCreate,
        Capability::VdiDelete,
        Capability::VdiAttach,
        Capability::VdiDetach,
        Capability::VdiActivate,
        Capability::VdiDeactivate,
        Capability::VdiUpdate,
        Capability::VdiResize,
        Capability::VdiClone,
        Capability::VdiSnapshot,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Capability::SrUpdate => "SR_UPDATE",
            Capability::VdiCreate => "VDI_CREATE",
            Capability::VdiDelete => "VDI_DELETE",
            Capability::VdiAttach => "VDI_ATTACH",
            Capability::VdiDetach => "VDI_DETACH",
            Capability::VdiActivate => "VDI_ACTIVATE",
            Capability::VdiDeactivate => "VDI_DEACTIVATE",
            Capability::VdiUpdate => "VDI_UPDATE",
            Capability::VdiResize => "VDI_RESIZE",
            Capability::VdiClone => "VDI_CLONE",
            Capability::VdiSnapshot => "VDI_SNAPSHOT",
        }
    }
}
