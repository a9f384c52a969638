//! What the toolstack asks of a host's hypervisor, network and hardware: small traits and plain types, no driver.

#[cfg(feature = "conformance")]
pub mod conformance;
mod disks;
mod domain;
mod effect;

pub use disks::{activate, attach, deactivate, detach, use_of};
pub use domain::{
    AfterStop, Boot, Disk, Domain, DomainConfig, DomainKind, DomainState, GuestInfo, Nic, StopReason, VmId,
};
pub use effect::{Attention, Cancel, Done, Effect, EffectError, Hypervisor};
pub use xenith_storage_port::Attachment;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use xenith_storage_port::StorageFacts;

/// Facts of one machine, from which its host, host_metrics, host_cpu, PIF and network rows are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    pub hostname: String,
    pub memory_total_bytes: i64,
    pub memory_free_bytes: i64,
    pub memory_overhead_bytes: i64,
    pub control_domain_memory_bytes: i64,
    pub cpus: Vec<CpuFacts>,
    pub sockets: i64,
    pub nics: Vec<NicFacts>,
    pub bios_strings: Vec<(String, String)>,
    pub boot_time_unix_seconds: i64,
    /// Another one with every boot of the machine, never used again: the domains of an earlier boot are gone.
    #[serde(default)]
    pub boot_id: String,
    pub xen_version: String,
    pub kernel_version: String,
    pub iscsi_iqn: String,
    /// The repositories that the machine has.
    #[serde(default)]
    pub storage: Vec<StorageFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuFacts {
    pub number: i64,
    pub vendor: String,
    pub model_name: String,
    pub speed_mhz: i64,
    pub family: i64,
    pub model: i64,
    pub stepping: String,
    pub flags: String,
    pub features: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NicFacts {
    pub device: String,
    pub mac: String,
    pub mtu: i64,
    pub carrier: bool,
    pub speed_mbit: i64,
    pub ip: Option<String>,
    pub netmask: Option<String>,
    pub gateway: Option<String>,
    pub management: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    #[error("the host's facts could not be read: {0}")]
    Unreadable(String),
}

/// All that is asked of one machine.
pub trait Machine: Hypervisor + HostFactsPort {}

impl<T: Hypervisor + HostFactsPort> Machine for T {}

/// Reads the machine's facts; called at start and when the hardware may have changed.
#[async_trait]
pub trait HostFactsPort: Send + Sync {
    async fn host_facts(&self) -> Result<HostFacts, FactsError>;
}
