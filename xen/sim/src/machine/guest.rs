//! One domain with its guest, whose time passes only while it runs.

use serde::{Deserialize, Serialize};
use xenith_xen_port::{Domain, DomainConfig, DomainState, GuestInfo, StopReason};

/// What a suspended guest takes along: all that is the guest's own. Times are in the guest's own running time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestMemory {
    /// Of this boot alone; the agent tells it, so a test sees whether a guest was resumed or booted anew.
    pub boot_id: u64,
    pub ran_ms: u64,
    pub booted_at_ms: u64,
    /// When the agent speaks; never, without one.
    pub agent_at_ms: Option<u64>,
    /// When the guest stops by itself, and how.
    pub stops_at_ms: Option<(u64, StopReason)>,
}

/// Where the domain came from. A repeated effect finds its own work by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Created,
    Restored { image: String },
    Received { migration: String },
}

/// Its half of a migration that is not decided.
///
/// ```text
///  source        Sending ── all sent ──▶ Sent ── MigrationUndo ──▶ none (runs on)
///                   └── broken off ──▶ none (runs on)
///  destination   Receiving ── all here ──▶ Received ── DomainUnpause ──▶ none (runs)
///                   └── broken off ──▶ the domain is gone
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Sending,
    Sent {
        migration: String,
        parts: u32,
        acknowledged: bool,
    },
    Receiving {
        parts: u32,
    },
    Received,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub at_ms: u64,
    pub reason: StopReason,
}

#[derive(Clone, Debug)]
pub(super) struct Guest {
    pub domid: i64,
    pub config: Box<DomainConfig>,
    pub origin: Origin,
    pub state: DomainState,
    pub half: Option<Half>,
    pub acknowledgement_lost: bool,
    pub memory: GuestMemory,
    /// The host's time at which it began to run, while it runs.
    pub running_since_ms: Option<u64>,
    /// What it was asked to do and will do.
    pub wish: Option<Wish>,
    pub saved_to: Option<String>,
    pub info: Option<GuestInfo>,
}

/// What a guest does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GuestEvent {
    AgentSpeaks,
    Stops(StopReason),
}

impl Guest {
    /// How long it has run.
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        let since = |start: u64| now_ms.saturating_sub(start);
        self.memory
            .ran_ms
            .saturating_add(self.running_since_ms.map_or(0, since))
    }

    pub fn run(&mut self, now_ms: u64) {
        self.state = DomainState::Running;
        self.running_since_ms.get_or_insert(now_ms);
    }

    /// Its time stands still from now on.
    pub fn halt(&mut self, now_ms: u64, state: DomainState) {
        self.memory.ran_ms = self.age_ms(now_ms);
        self.running_since_ms = None;
        self.state = state;
    }

    /// How much longer it needs until it does what it is asked.
    pub fn boot_left_ms(&self, now_ms: u64) -> u64 {
        self.memory.booted_at_ms.saturating_sub(self.age_ms(now_ms))
    }

    /// The next thing it does by itself, and when.
    pub fn next_event(&self, now_ms: u64) -> Option<(u64, GuestEvent)> {
        self.running_since_ms?;
        let agent = self.memory.agent_at_ms.filter(|_| self.info.is_none());
        let agent = agent.map(|at| (at, GuestEvent::AgentSpeaks));
        let wish = self
            .wish
            .as_ref()
            .map(|wish| (wish.at_ms, GuestEvent::Stops(wish.reason)));
        let own = self
            .memory
            .stops_at_ms
            .map(|(at, reason)| (at, GuestEvent::Stops(reason)));
        let (at, event) = [agent, wish, own].into_iter().flatten().min_by_key(|(at, _)| *at)?;
        let left = at.saturating_sub(self.age_ms(now_ms));
        Some((now_ms.saturating_add(left), event))
    }

    /// What its agent tells.
    pub fn speak(&mut self) {
        let pairs = |pairs: &[(&str, &str)]| {
            let owned = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            owned.collect::<Vec<_>>()
        };
        let boot_id = format!("{:016x}", self.memory.boot_id);
        let addresses = self.config.nics.iter().map(|nic| {
            let [.., a, b] = self.domid.to_be_bytes();
            (
                format!("{}/ipv4/0", nic.number),
                format!("10.{a}.{b}.{}", nic.number.wrapping_add(1) % 256),
            )
        });
        self.info = Some(GuestInfo {
            features: pairs(&[
                ("feature-balloon", "1"),
                ("feature-reboot", "1"),
                ("feature-shutdown", "1"),
                ("feature-suspend", "1"),
                ("boot-id", &boot_id),
            ]),
            os_version: pairs(&[
                ("name", "Simulated guest 1"),
                ("distro", "simulated"),
                ("major", "1"),
                ("minor", "0"),
                ("uname", "6.6.0-sim"),
            ]),
            networks: addresses.collect(),
            pv_drivers: true,
        });
    }

    pub fn domain(&self) -> Domain {
        Domain {
            vm: self.config.vm.clone(),
            domid: self.domid,
            state: self.state,
            memory_bytes: self.config.memory_bytes(),
            migrating: self.half.is_some(),
            guest: self.info.clone(),
        }
    }
}
