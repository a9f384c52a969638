//! What may be asked of storage: small steps, each of which may be asked again without harm.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A storage repository, by its uuid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SrId(pub String);

/// A disk. Its location is chosen by who has it made, so that making it can be asked again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VdiId {
    pub sr: SrId,
    pub location: String,
}

impl fmt::Display for VdiId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.sr.0, self.location)
    }
}

impl VdiId {
    /// The other way round than `Display`; nothing, if it names no disk.
    pub fn parse(text: &str) -> Option<VdiId> {
        let (sr, location) = text.split_once('/')?;
        Some(VdiId {
            sr: SrId(sr.to_owned()),
            location: location.to_owned(),
        })
    }
}

/// A disk and who uses it on this host: the uuid of a VM. One VM may hold a disk on two hosts while it moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    pub vdi: VdiId,
    pub by: String,
}

/// One step. Asked again it finds its own work done and says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageEffect {
    /// What is there: figures of the repository and its disks.
    SrScan(SrId),
    /// Makes an empty disk. One of this size at this place is the one that was asked for; another one is in the way.
    VdiCreate { vdi: VdiId, size_bytes: i64 },
    /// Makes a disk with the content of `from`, of the same repository, without copying it. A disk at `to` is taken for it.
    VdiClone { from: VdiId, to: VdiId },
    /// As `VdiClone`, of a disk that may be written meanwhile, on any host: the content is that of one moment.
    VdiSnapshot { from: VdiId, to: VdiId },
    /// As `VdiClone`, but whole: shares nothing with `from`, which may be of another repository of this host, and takes its time.
    VdiCopy { from: VdiId, to: VdiId },
    /// Writes the whole content of `from` to the beginning of a disk that is there and that nobody uses, in this or another repository of
    /// this host. Asked again it writes again.
    VdiFill { from: VdiId, to: VdiId },
    /// Makes it larger. At that size already, there is nothing to do.
    VdiResize { vdi: VdiId, size_bytes: i64 },
    /// One that is not there is destroyed.
    VdiDestroy(VdiId),
    /// Makes the disk known on this host, for this user; says nothing of other hosts. Attached so already, there is nothing to do.
    VdiAttach { on: Use, read_only: bool },
    /// Lets the user read, and write if it was attached so. A disk that is written is active for one user, on one host. Active
    /// already, there is nothing to do.
    VdiActivate(Use),
    /// What was written is on the disk, and no more is written. What is not active is deactivated.
    VdiDeactivate(Use),
    /// Deactivates it too. What is not attached is detached.
    VdiDetach(Use),
}

impl StorageEffect {
    /// Who uses the disk.
    pub fn user(&self) -> Option<&str> {
        match self {
            StorageEffect::VdiAttach { on, .. }
            | StorageEffect::VdiActivate(on)
            | StorageEffect::VdiDeactivate(on)
            | StorageEffect::VdiDetach(on) => Some(&on.by),
            StorageEffect::SrScan(_)
            | StorageEffect::VdiCreate { .. }
            | StorageEffect::VdiClone { .. }
            | StorageEffect::VdiSnapshot { .. }
            | StorageEffect::VdiCopy { .. }
            | StorageEffect::VdiFill { .. }
            | StorageEffect::VdiResize { .. }
            | StorageEffect::VdiDestroy(_) => None,
        }
    }

    pub fn sr(&self) -> &SrId {
        match self {
            StorageEffect::SrScan(sr) => sr,
            StorageEffect::VdiCreate { vdi, .. }
            | StorageEffect::VdiResize { vdi, .. }
            | StorageEffect::VdiDestroy(vdi)
            | StorageEffect::VdiClone { to: vdi, .. }
            | StorageEffect::VdiSnapshot { to: vdi, .. }
            | StorageEffect::VdiCopy { to: vdi, .. }
            | StorageEffect::VdiFill { to: vdi, .. } => &vdi.sr,
            StorageEffect::VdiAttach { on, .. }
            | StorageEffect::VdiActivate(on)
            | StorageEffect::VdiDeactivate(on)
            | StorageEffect::VdiDetach(on) => &on.vdi.sr,
        }
    }
}

/// A disk as its repository knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VdiNow {
    pub location: String,
    pub size_bytes: i64,
    pub used_bytes: i64,
}

/// A repository with its disks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SrNow {
    pub size_bytes: i64,
    pub used_bytes: i64,
    pub vdis: Vec<VdiNow>,
}

/// What a step has to tell: `SrScan` the repository, what makes or changes a disk the disk, the others nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Vdi(VdiNow),
    Sr(SrNow),
}

/// Why a step was not done. Nothing of it is left, unless the error is `NotKnown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum StorageError {
    #[error("this host has no repository {}", .0.0)]
    NoSr(SrId),
    #[error("there is no disk {0}")]
    NoVdi(VdiId),
    /// Somebody else has it, here or on another host.
    #[error("the disk {0} is in use")]
    InUse(VdiId),
    #[error("the repository has {free_bytes} bytes left, {needed_bytes} are needed")]
    Full { needed_bytes: i64, free_bytes: i64 },
    /// The disk is in another state than the step needs, or the step makes no sense.
    #[error("the disk is not as it should be: {0}")]
    BadState(String),
    #[error("the repository cannot do that")]
    NotSupported,
    #[error("it was cancelled")]
    Cancelled,
    /// The step may have been done, in part or whole: ask again.
    #[error("it is not known what became of it: {0}")]
    NotKnown(String),
    #[error("{0}")]
    Failed(String),
}
