//! What may be asked of a host's hypervisor: small steps, each of which may be asked again without harm.

use crate::domain::{Domain, DomainConfig, StopReason, VmId};
use serde::{Deserialize, Serialize};
use xenith_storage_port::{Attachment, Found, StorageEffect, StorageError};

/// One step. Asked again it finds its own work done and says so: a domain that is there with the same configuration is not
/// built twice, one that is gone is not destroyed twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Builds the domain with its devices, paused. Its disks are attached and active here, for this VM.
    DomainCreate(Box<DomainConfig>),
    /// Its disks are active here.
    DomainUnpause(VmId),
    DomainPause(VmId),
    /// Asks the guest to stop, and waits until it has.
    DomainShutdown {
        vm: VmId,
        reason: StopReason,
        within_ms: u64,
    },
    DomainDestroy(VmId),
    /// Asks the guest to suspend and writes its memory to `image`: a disk that is active here for the VM, by its name. The domain stays,
    /// stopped.
    DomainSave {
        vm: VmId,
        image: String,
    },
    /// Builds the domain from `image`, paused. The image's disk is active here for the VM, and so are its own.
    DomainRestore {
        config: Box<DomainConfig>,
        image: String,
    },
    /// Makes room for a domain that another host sends, and is done when there is room. Its disks are attached here, not active yet. The domain is `Building` until all of it has
    /// come, then paused; `DomainUnpause` decides for it. Every attempt at a migration has a name of its own.
    MigrationReceive {
        config: Box<DomainConfig>,
        migration: String,
    },
    /// Sends the domain's memory to the host that waits for `migration`. Done when all of it has arrived there: the domain is then
    /// suspended here and paused there. Failed, it runs here again. Only after [`EffectError::NotKnown`] it waits here, suspended, for
    /// `MigrationUndo`, `DomainDestroy` or the same question again.
    MigrationSend {
        vm: VmId,
        migration: String,
        to: String,
    },
    /// Lets the sent domain run on here: the other side is gone or was given up.
    MigrationUndo(VmId),
    /// Removes the image of a suspended domain.
    ImageDelete(String),
    /// A step of this host's storage. It stands between a domain's steps, so that one queue keeps their order.
    Storage(StorageEffect),
}

impl Effect {
    /// The VM whose domain the effect is about.
    pub fn vm(&self) -> Option<&VmId> {
        match self {
            Effect::DomainCreate(config)
            | Effect::DomainRestore { config, .. }
            | Effect::MigrationReceive { config, .. } => Some(&config.vm),
            Effect::DomainUnpause(vm)
            | Effect::DomainPause(vm)
            | Effect::DomainShutdown { vm, .. }
            | Effect::DomainDestroy(vm)
            | Effect::DomainSave { vm, .. }
            | Effect::MigrationSend { vm, .. }
            | Effect::MigrationUndo(vm) => Some(vm),
            Effect::ImageDelete(_) | Effect::Storage(_) => None,
        }
    }

    /// The VM whose queue the effect belongs to: also that of the disks that are attached for it.
    pub fn queue(&self) -> Option<VmId> {
        match self {
            Effect::Storage(step) => step.user().map(|user| VmId(user.to_owned())),
            other => other.vm().cloned(),
        }
    }
}

/// What an effect has brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Of the domain that was built.
    pub domid: Option<i64>,
    /// Of a step of storage.
    #[serde(default)]
    pub found: Option<Found>,
}

impl Done {
    pub fn built(domid: i64) -> Done {
        Done {
            domid: Some(domid),
            found: None,
        }
    }
}

/// Why an effect was not done. Nothing of it is left, unless the error is `NotKnown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum EffectError {
    #[error("the host has {free_bytes} bytes of free memory, {needed_bytes} are needed")]
    NotEnoughMemory { needed_bytes: i64, free_bytes: i64 },
    #[error("there is no domain of this VM")]
    NoDomain,
    /// Another domain of the VM is there, or it is in another state than the step needs.
    #[error("the domain is not as it should be: {0}")]
    BadState(String),
    #[error("the guest did not do what it was asked to do")]
    GuestDidNotAnswer,
    #[error("it was cancelled")]
    Cancelled,
    #[error("there is no such image")]
    NoImage,
    #[error("the other host could not be reached, or broke off")]
    PeerLost,
    /// The step may have been done, in part or whole: look at the domains, or ask again.
    #[error("it is not known what became of it: {0}")]
    NotKnown(String),
    #[error("{0}")]
    Failed(String),
    #[error("{0}")]
    Storage(StorageError),
}

/// What means the same for both stays itself.
impl From<StorageError> for EffectError {
    fn from(error: StorageError) -> EffectError {
        match error {
            StorageError::Cancelled => EffectError::Cancelled,
            StorageError::NotKnown(what) => EffectError::NotKnown(what),
            other => EffectError::Storage(other),
        }
    }
}

/// A VM whose domain has changed by itself. Level-triggered: whoever hears it looks again; what it was is not told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attention(pub VmId);

/// The hypervisor of one host.
#[async_trait::async_trait]
pub trait Hypervisor: Send + Sync {
    /// Works one effect to its end. May take minutes; `cancel` ends it early with [`EffectError::Cancelled`] when that still can be done
    /// without harm.
    async fn work(&self, effect: Effect, cancel: Cancel) -> Result<Done, EffectError>;

    /// All domains but the control domain.
    async fn domains(&self) -> Result<Vec<Domain>, EffectError>;

    /// All disks that are attached here, whoever had that done.
    async fn attachments(&self) -> Result<Vec<Attachment>, EffectError>;

    /// The next VM that changed by itself. Never says nothing: one that was missed is found by the next look at all domains.
    async fn attention(&self) -> Result<Attention, EffectError>;
}

/// Ends when the effect should be given up.
pub type Cancel = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
