//! Domains, as a host's hypervisor knows them.

use serde::{Deserialize, Serialize};
use xenith_storage_port::VdiId;

/// A VM, by its uuid. The hypervisor keeps it as the domain's handle, so a daemon that starts finds its domains by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VmId(pub String);

/// What a domain is built from. Made from the VM's rows when it starts, and kept with the domain for the guest's own reboots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainConfig {
    pub vm: VmId,
    pub name_label: String,
    pub kind: DomainKind,
    /// What the guest may use at most, bytes.
    pub memory_max_bytes: i64,
    /// What it gets, bytes.
    pub memory_target_bytes: i64,
    /// What it costs its host beside that, bytes.
    pub memory_overhead_bytes: i64,
    pub vcpus_max: i64,
    pub vcpus_at_start: i64,
    pub boot: Boot,
    pub platform: Vec<(String, String)>,
    pub xenstore_data: Vec<(String, String)>,
    pub disks: Vec<Disk>,
    pub nics: Vec<Nic>,
    /// What becomes of the domain when the guest stops by itself.
    pub after_shutdown: AfterStop,
    pub after_reboot: AfterStop,
    pub after_crash: AfterStop,
}

impl DomainConfig {
    /// What the domain takes from the host's memory, bytes.
    pub fn memory_bytes(&self) -> i64 {
        self.memory_target_bytes.saturating_add(self.memory_overhead_bytes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainKind {
    Hvm,
    Pv,
    Pvh,
}

/// How the guest's first code is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// PV and PVH: a kernel on the host, or nothing: then `bootloader` looks into the first disk.
    pub kernel: Option<String>,
    pub ramdisk: Option<String>,
    pub arguments: String,
    pub bootloader: Option<String>,
    pub bootloader_arguments: String,
    /// HVM: firmware and order of devices.
    pub firmware: Option<String>,
    pub order: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its number on the guest's bus: 0 is xvda.
    pub number: u32,
    pub is_cd: bool,
    pub read_only: bool,
    /// Nothing in an empty CD drive. Where the disk is on a host is what attaching it there has given: the host looks it up when it
    /// builds the domain, so it needs no commit.
    #[serde(default)]
    pub vdi: Option<VdiId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    pub number: u32,
    pub mac: String,
    pub mtu: i64,
    pub bridge: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterStop {
    Destroy,
    Restart,
    /// Stays as it is, for a look at what is left.
    Preserve,
}

/// Why a guest stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    Poweroff,
    Reboot,
    Suspend,
    Crash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainState {
    /// Not all of it is there yet: it is being built, restored, or received from another host.
    Building,
    Running,
    Paused,
    /// The guest has stopped; the domain is there until somebody destroys it.
    Stopped(StopReason),
}

/// What the guest's agent has said so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestInfo {
    /// Keys as in VM_guest_metrics.other: `feature-shutdown` and the like.
    pub features: Vec<(String, String)>,
    pub os_version: Vec<(String, String)>,
    pub networks: Vec<(String, String)>,
    pub pv_drivers: bool,
}

/// A domain as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    pub vm: VmId,
    pub domid: i64,
    pub state: DomainState,
    pub memory_bytes: i64,
    /// Its half of a migration is not decided. `Running` it still sends; `Stopped(Suspend)` it may be whole over there; `Building` it
    /// comes in; `Paused` all of it is here, and it must not run until that is decided.
    pub migrating: bool,
    /// Nothing before the agent has spoken.
    pub guest: Option<GuestInfo>,
}
