//! What a host keeps over a restart of its daemon: small, durable, of this host alone.

use super::{Fence, Stopped, Stopping};
use crate::operation::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xenith_datamodel::Ref;
use xenith_xen_port::{DomainConfig, Effect, VmId};

/// An order and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub sequence: i64,
    pub effects: Vec<Effect>,
    /// None while it is worked, or was when the daemon ended.
    pub outcome: Option<Outcome>,
}

/// An order that is over, and as of when that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    pub sequence: i64,
    pub as_of: u64,
}

/// Operations remembered when they have passed: more than a host has under way while one order travels.
const PASSED_MAX: usize = 512;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    /// The highest that was heard (C3).
    pub fence: Fence,
    /// Orders read from an older state of the database may be of operations that this host has forgotten. At its highest until the rows
    /// speak of this boot.
    pub passed_as_of: u64,
    /// The newest operations that have passed: late orders of them are known as such. Of others [`passed_as_of`](Self::passed_as_of) tells.
    #[serde(default)]
    pub passed: BTreeMap<Ref, Passed>,
    /// The boot of the machine that all this is about.
    pub boot_id: String,
    /// Counts the boots that this journal has seen.
    pub boot: i64,
    pub entries: BTreeMap<Ref, Entry>,
    /// What each domain here was built from, for its guest's own reboots (C6).
    pub configs: BTreeMap<VmId, DomainConfig>,
    /// Guests that stopped by themselves, and what is under way for them.
    pub stopping: BTreeMap<VmId, Stopping>,
    /// What became of them, until the rows say so.
    pub stopped: BTreeMap<VmId, Stopped>,
}

/// One change of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Keep {
    Fence(Fence),
    Entry(Ref, Entry),
    /// The operation has passed the order; read as of this generation.
    Passed(Ref, u64),
    Config(VmId, Option<Box<DomainConfig>>),
    Stopping(Stopping),
    Stopped(Stopped),
    /// An order has taken the place of what was under way.
    Overtaken(VmId),
    Heard(VmId),
    /// The machine has started anew: nothing of before is left.
    Booted(String),
    /// The rows speak of this boot as of this generation.
    Welcome(u64),
}

impl Keep {
    /// What an effect that is done makes of the configurations.
    pub(super) fn config_after(effect: &Effect) -> Option<Keep> {
        match effect {
            Effect::DomainCreate(config)
            | Effect::DomainRestore { config, .. }
            | Effect::MigrationReceive { config, .. } => Some(Keep::Config(config.vm.clone(), Some(config.clone()))),
            Effect::DomainDestroy(vm) => Some(Keep::Config(vm.clone(), None)),
            Effect::DomainUnpause(_)
            | Effect::DomainPause(_)
            | Effect::DomainShutdown { .. }
            | Effect::DomainSave { .. }
            | Effect::MigrationSend { .. }
            | Effect::MigrationUndo(_)
            | Effect::ImageDelete(_)
            | Effect::Storage(_) => None,
        }
    }
}

impl Journal {
    /// One that is forgotten leaves behind as of when it had passed.
    fn forget_oldest_passed(&mut self) {
        if self.passed.len() <= PASSED_MAX {
            return;
        }
        let oldest = self.passed.iter().min_by_key(|(_, passed)| passed.as_of);
        let Some((operation, passed)) = oldest.map(|(operation, passed)| (operation.clone(), *passed)) else {
            return;
        };
        self.passed.remove(&operation);
        self.passed_as_of = self.passed_as_of.max(passed.as_of);
    }

    pub fn apply(&mut self, change: &Keep) {
        match change {
            Keep::Fence(fence) => self.fence = *fence,
            Keep::Entry(operation, entry) => drop(self.entries.insert(operation.clone(), entry.clone())),
            Keep::Passed(operation, as_of) => {
                if let Some(Entry { sequence, .. }) = self.entries.remove(operation) {
                    let as_of = *as_of;
                    self.passed.insert(operation.clone(), Passed { sequence, as_of });
                    self.forget_oldest_passed();
                }
            }
            Keep::Config(vm, Some(config)) => drop(self.configs.insert(vm.clone(), (**config).clone())),
            Keep::Config(vm, None) => drop(self.configs.remove(vm)),
            Keep::Stopping(stopping) => drop(self.stopping.insert(stopping.stopped.vm.clone(), stopping.clone())),
            Keep::Stopped(stopped) => {
                self.stopping.remove(&stopped.vm);
                self.stopped.insert(stopped.vm.clone(), stopped.clone());
            }
            Keep::Overtaken(vm) => drop(self.stopping.remove(vm)),
            Keep::Heard(vm) => drop(self.stopped.remove(vm)),
            Keep::Booted(boot_id) => {
                *self = Journal {
                    fence: self.fence,
                    passed_as_of: u64::MAX,
                    boot_id: boot_id.clone(),
                    boot: self.boot + 1,
                    ..Journal::default()
                };
            }
            Keep::Welcome(as_of) => self.passed_as_of = *as_of,
        }
    }
}
