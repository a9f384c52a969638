//! What a host keeps over a restart of its daemon: small, durable, of this host alone.

use super::{Fence, Stopped, Stopping};
use crate::operation::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xenith_datamodel::Ref;
use xenith_xen_port::{DomainConfig, Done, Effect, VmId};

/// An order and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub sequence: i64,
    pub effects: Vec<Effect>,
    /// None while it is worked, or was when the daemon ended.
    pub outcome: Option<Outcome>,
    /// The first of the effects, where one more of them would do harm if it were worked again: a domain is not destroyed a second time,
    /// for the next one may run by then.
    #[serde(default)]
    pub done: Vec<Done>,
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
    /// Operations from before this generation of the database may have been worked by a journal that was lost.
    #[serde(default)]
    pub may_be_done_before: u64,
    /// The newest operations that have passed: late orders of them are known as such. Of others [`passed_as_of`](Self::passed_as_of) tells.
    #[serde(default)]
    pub passed: BTreeMap<Ref, Passed>,
    /// Another one for each journal that is begun: what was in one that was lost, its fence above all, nobody can tell.
    #[serde(default)]
    pub id: String,
    /// The boot of the machine that all this is about, as the rows call it.
    pub boot_id: String,
    /// The same as the machine calls it: `boot_id` has an addition when the host was declared dead since.
    #[serde(default)]
    pub machine_boot_id: String,
    /// Counts the boots that this journal has seen.
    pub boot: i64,
    /// The host was declared dead while it lived: its domains are nobody's, and are destroyed before it works again.
    #[serde(default)]
    pub condemned: bool,
    pub entries: BTreeMap<Ref, Entry>,
    /// What each domain here was built from, for its guest's own reboots (C6).
    pub configs: BTreeMap<VmId, DomainConfig>,
    /// When each domain was built, for guests that stop again and again.
    #[serde(default)]
    pub built_at_ms: BTreeMap<VmId, u64>,
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
    BuiltAt(VmId, u64),
    /// How much of an order is done.
    Done(Ref, Vec<Done>),
    /// How much is done of what the host does by itself.
    OwnDone(VmId, Vec<Done>),
    Stopping(Stopping),
    Stopped(Stopped),
    /// An order has taken the place of what was under way.
    Overtaken(VmId),
    Heard(VmId),
    /// The machine has started anew: nothing of before is left.
    Booted(String),
    /// The first of all: this is a new journal.
    Begun(String),
    /// The rows speak of this boot and this journal as of this generation.
    Welcome(u64),
    /// What was asked before this generation may have been worked by a journal that was lost.
    MayBeDone(u64),
    /// What the rows say is the number of a boot before this one: the journal was lost since.
    BootNumber(i64),
    /// The rows have a later name and number for this boot of the machine: the journal was lost since.
    SameBoot(String, i64),
    Condemned,
    /// Nothing is left of the domains of a host that was declared dead.
    Emptied,
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
            Keep::Config(vm, None) => {
                self.configs.remove(vm);
                self.built_at_ms.remove(vm);
            }
            Keep::BuiltAt(vm, ms) => drop(self.built_at_ms.insert(vm.clone(), *ms)),
            Keep::Done(operation, done) => {
                if let Some(entry) = self.entries.get_mut(operation) {
                    entry.done.clone_from(done);
                }
            }
            Keep::OwnDone(vm, done) => {
                if let Some(stopping) = self.stopping.get_mut(vm) {
                    stopping.done.clone_from(done);
                }
            }
            Keep::Stopping(stopping) => drop(self.stopping.insert(stopping.stopped.vm.clone(), stopping.clone())),
            Keep::Stopped(stopped) => {
                self.stopping.remove(&stopped.vm);
                self.stopped.insert(stopped.vm.clone(), stopped.clone());
            }
            Keep::Overtaken(vm) => drop(self.stopping.remove(vm)),
            Keep::Heard(vm) => drop(self.stopped.remove(vm)),
            Keep::Booted(boot_id) => self.begin_anew(boot_id.clone(), boot_id),
            Keep::Emptied => {
                let boot_id = format!("{}+{}", self.machine_boot_id(), self.boot + 1);
                let machine = self.machine_boot_id().to_owned();
                self.begin_anew(boot_id, &machine);
            }
            Keep::Condemned => {
                let machine = self.machine_boot_id().to_owned();
                self.begin_anew(self.boot_id.clone(), &machine);
                self.boot -= 1;
                self.condemned = true;
            }
            Keep::BootNumber(boot) => self.boot = *boot,
            Keep::SameBoot(boot_id, boot) => {
                self.machine_boot_id = self.machine_boot_id().to_owned();
                self.boot_id.clone_from(boot_id);
                self.boot = *boot;
            }
            Keep::Begun(id) => self.id.clone_from(id),
            Keep::Welcome(as_of) => self.passed_as_of = *as_of,
            Keep::MayBeDone(as_of) => self.may_be_done_before = *as_of,
        }
    }

    /// Rows that are older than this may not speak of what this host has done since.
    pub(super) fn newest_passed_as_of(&self) -> u64 {
        let newest = self.passed.values().map(|passed| passed.as_of).max();
        newest.unwrap_or_default().max(self.passed_as_of)
    }

    pub fn machine_boot_id(&self) -> &str {
        match self.machine_boot_id.is_empty() {
            true => &self.boot_id,
            false => &self.machine_boot_id,
        }
    }

    fn begin_anew(&mut self, boot_id: String, machine_boot_id: &str) {
        *self = Journal {
            fence: self.fence,
            passed_as_of: u64::MAX,
            id: std::mem::take(&mut self.id),
            boot_id,
            machine_boot_id: machine_boot_id.to_owned(),
            boot: self.boot + 1,
            ..Journal::default()
        };
    }
}
