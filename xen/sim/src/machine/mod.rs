//! The machine as a pure step function: domains that are built, boot, talk, stop, are saved and sent to other machines.
//!
//! Owns: the domains of one host, the effects that are being worked on them, and their troubles ([`Behaviour`]). Time and the seed
//! come from outside; what happens is what [`Machine::advance`] returns. The power goes off when the value is dropped.
//! Invariants: a VM has one domain at most; the domains' memory fits the machine's; every ticket is finished once; a domain id is
//! never used again; a domain whose migration is not decided does not run on its own account.
//! Must not: start a guest again that has stopped. As with a real hypervisor the domain stays, stopped, and somebody is told.

mod behaviour;
mod guest;
mod migration;
mod proceed;
mod start;
#[cfg(test)]
mod tests;

pub use behaviour::{Behaviour, EffectKind, Point, Rule, Trouble};
pub use guest::GuestMemory;
pub use migration::{Parcel, ParcelBody};

use behaviour::{Fate, Habits};
use guest::{Guest, GuestEvent, Half, Origin, Wish};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use xenith_storage_port::{Attachment, StorageError, StorageFacts};
use xenith_storage_sim::{Medium, Storage};
use xenith_xen_port::{Domain, DomainConfig, DomainState, Done, Effect, EffectError, StopReason, VmId};

/// What a machine has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Finished {
        ticket: u64,
        result: Result<Done, EffectError>,
    },
    /// The VM's domain has changed by itself.
    Attention(VmId),
    /// For the machine at `to`. May be lost, doubled or late.
    Send { to: String, parcel: Parcel },
}

/// A suspended domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub vm: VmId,
    pub memory: GuestMemory,
}

/// Where images are: machines that share it can resume each other's domains. An error is told in the effect's.
pub trait Images {
    fn read(&self, name: &str) -> Result<Option<Image>, String>;
    /// Whole or not at all.
    fn write(&mut self, name: &str, image: &Image) -> Result<(), String>;
    /// One that is not there is deleted.
    fn delete(&mut self, name: &str) -> Result<(), String>;
    /// Where its disks are; nothing for machines without storage.
    fn disks(&mut self) -> Option<&mut dyn Medium> {
        None
    }
}

impl Images for BTreeMap<String, Image> {
    fn read(&self, name: &str) -> Result<Option<Image>, String> {
        Ok(self.get(name).cloned())
    }

    fn write(&mut self, name: &str, image: &Image) -> Result<(), String> {
        self.insert(name.to_owned(), image.clone());
        Ok(())
    }

    fn delete(&mut self, name: &str) -> Result<(), String> {
        self.remove(name);
        Ok(())
    }
}

/// What an effect is about: at most one is worked at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Vm(VmId),
    Image(String),
}

impl Subject {
    fn of(effect: &Effect) -> Subject {
        match effect {
            Effect::ImageDelete(image) => Subject::Image(image.clone()),
            other => Subject::Vm(other.vm().cloned().unwrap_or_else(|| VmId(String::new()))),
        }
    }
}

/// An effect that is being worked.
#[derive(Clone, Debug)]
struct Work {
    effect: Effect,
    tickets: BTreeSet<u64>,
    fate: Fate,
    stage: Stage,
    /// When its stage is over.
    due_ms: u64,
    /// When its script says that it fails.
    fails_at_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Begun,
    /// One thing that takes time and is then done.
    Working,
    /// A guest was asked to stop; due is when it has not.
    Asked,
    /// A guest is about to suspend; of a migration so many pieces are over there. If it ignores that, due is when that is noticed.
    Suspending {
        parts: u32,
    },
    Saving,
    /// The guest runs, `parts` pieces of its memory are over there.
    Copying {
        parts: u32,
        unanswered_since_ms: Option<u64>,
    },
    /// All was sent; the other side has not said yet that it is there.
    AllSent {
        since_ms: u64,
    },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Machine {
    memory_bytes: i64,
    habits: Habits,
    now_ms: u64,
    next_domid: i64,
    guests: BTreeMap<VmId, Guest>,
    works: BTreeMap<Subject, Work>,
    storage: Storage,
    ready: Vec<Happening>,
}

enum Due {
    Work(Subject),
    Guest(VmId, GuestEvent),
}

impl Machine {
    /// `memory_bytes` is what all domains together may take.
    pub fn new(memory_bytes: i64, behaviour: Behaviour, seed: u64) -> Machine {
        Machine {
            memory_bytes,
            storage: Storage::new(&[], behaviour.storage.clone(), seed),
            habits: Habits::new(behaviour, seed),
            now_ms: 0,
            next_domid: 1,
            guests: BTreeMap::new(),
            works: BTreeMap::new(),
            ready: Vec::new(),
        }
    }

    /// With these repositories.
    pub fn with_storage(self, srs: &[StorageFacts], seed: u64) -> Machine {
        Machine {
            storage: Storage::new(srs, self.habits.behaviour.storage.clone(), seed),
            ..self
        }
    }

    pub fn attachments(&self) -> Vec<Attachment> {
        self.storage.attachments()
    }

    /// Begins to work `effect`; `ticket` is finished once, by a later [`advance`](Machine::advance).
    ///
    /// An effect that is worked already is joined: both tickets end with it. Another effect for the same VM is refused, unless it
    /// overrides: `DomainDestroy` ends whatever is worked, `MigrationUndo` ends a `MigrationSend`; the ended one is `Cancelled`.
    pub fn begin(&mut self, now_ms: u64, ticket: u64, effect: Effect) {
        self.pass_time(now_ms);
        if let Effect::Storage(step) = effect {
            return self.storage.begin(self.now_ms, ticket, step);
        }
        let subject = Subject::of(&effect);
        if let Some(work) = self.works.get_mut(&subject) {
            if work.effect == effect {
                work.tickets.insert(ticket);
                return;
            }
            if !overrides(&effect, &work.effect) {
                let busy = EffectError::BadState("another step of it is being worked".to_owned());
                self.ready.push(Happening::Finished {
                    ticket,
                    result: Err(busy),
                });
                return;
            }
            self.break_off(&subject, EffectError::Cancelled);
        }
        let work = Work {
            effect,
            tickets: BTreeSet::from([ticket]),
            fate: Fate::default(),
            stage: Stage::Begun,
            due_ms: self.now_ms,
            fails_at_ms: None,
        };
        self.works.insert(subject, work);
    }

    /// Gives up the effect of `ticket`, for all tickets that joined it, where that leaves nothing behind; else it goes on to its end.
    pub fn cancel(&mut self, now_ms: u64, ticket: u64) {
        self.pass_time(now_ms);
        self.storage.cancel(ticket);
        let work = self.works.iter().find(|(_, work)| work.tickets.contains(&ticket));
        let Some((subject, work)) = work else { return };
        if may_be_cancelled(work) {
            let subject = subject.clone();
            self.break_off(&subject, EffectError::Cancelled);
        }
    }

    /// When something happens next, if nobody asks for anything before.
    pub fn next_due(&self) -> Option<u64> {
        if !self.ready.is_empty() {
            return Some(self.now_ms);
        }
        let domains = self.earliest().map(|(due, _)| due);
        domains.into_iter().chain(self.storage.next_due()).min()
    }

    /// Everything that has happened up to `now_ms`.
    pub fn advance(&mut self, now_ms: u64, images: &mut dyn Images) -> Vec<Happening> {
        self.pass_time(now_ms);
        while let Some((_, next)) = self.earliest().filter(|(due, _)| *due <= self.now_ms) {
            match next {
                Due::Work(subject) => self.proceed(&subject, images),
                Due::Guest(vm, event) => self.guest_does(&vm, event),
            }
        }
        self.storage_advances(images);
        std::mem::take(&mut self.ready)
    }

    fn storage_advances(&mut self, images: &mut dyn Images) {
        let mut none = BTreeMap::new();
        let medium: &mut dyn Medium = match images.disks() {
            Some(medium) => medium,
            None => &mut none,
        };
        for ended in self.storage.advance(self.now_ms, medium) {
            let result = ended.result.map_err(|error: StorageError| EffectError::from(error));
            self.ready.push(Happening::Finished {
                ticket: ended.ticket,
                result: result.map(|found| Done { domid: None, found }),
            });
        }
    }

    pub fn domains(&self) -> Vec<Domain> {
        self.guests.values().map(Guest::domain).collect()
    }

    /// What the VM's domain was built from.
    pub fn config(&self, vm: &VmId) -> Option<&DomainConfig> {
        self.guests.get(vm).map(|guest| &*guest.config)
    }

    /// What the domains have left.
    pub fn free_bytes(&self) -> i64 {
        let used = self.guests.values().map(|guest| guest.config.memory_bytes());
        used.fold(self.memory_bytes, i64::saturating_sub)
    }

    /// How it behaves from now on; what is being worked goes on as it began.
    pub fn behave(&mut self, behaviour: Behaviour) {
        self.storage.behave(behaviour.storage.clone());
        self.habits.change(behaviour);
    }

    /// The guest stops by itself, now. False if it does not run.
    pub fn guest_stops(&mut self, now_ms: u64, vm: &VmId, reason: StopReason) -> bool {
        self.pass_time(now_ms);
        let runs = self
            .guests
            .get(vm)
            .is_some_and(|guest| guest.state == DomainState::Running);
        if runs {
            self.guest_does(vm, GuestEvent::Stops(reason));
        }
        runs
    }

    fn pass_time(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
    }

    fn earliest(&self) -> Option<(u64, Due)> {
        let works = self.works.iter().map(|(subject, work)| {
            let fails = work.fails_at_ms.unwrap_or(u64::MAX);
            (work.due_ms.min(fails), subject)
        });
        let work = works.min_by_key(|(due, _)| *due);
        let guests = self
            .guests
            .iter()
            .filter_map(|(vm, guest)| guest.next_event(self.now_ms).map(|(due, event)| (due, vm, event)));
        let guest = guests.min_by_key(|(due, ..)| *due);
        match (work, guest) {
            (Some((due, _)), Some((sooner, vm, event))) if sooner < due => {
                Some((sooner, Due::Guest(vm.clone(), event)))
            }
            (Some((due, subject)), _) => Some((due, Due::Work(subject.clone()))),
            (None, guest) => guest.map(|(due, vm, event)| (due, Due::Guest(vm.clone(), event))),
        }
    }
}

/// A decision that does not wait for what it makes void.
fn overrides(effect: &Effect, running: &Effect) -> bool {
    match effect {
        Effect::DomainDestroy(_) => true,
        Effect::MigrationUndo(_) => matches!(running, Effect::MigrationSend { .. }),
        Effect::DomainCreate(_)
        | Effect::DomainUnpause(_)
        | Effect::DomainPause(_)
        | Effect::DomainShutdown { .. }
        | Effect::DomainSave { .. }
        | Effect::DomainRestore { .. }
        | Effect::MigrationReceive { .. }
        | Effect::MigrationSend { .. }
        | Effect::ImageDelete(_)
        | Effect::Storage(_) => false,
    }
}

/// What is quickly over is not cancelled, nor is a migration whose last piece has gone.
fn may_be_cancelled(work: &Work) -> bool {
    match work.effect {
        Effect::DomainCreate(_)
        | Effect::DomainShutdown { .. }
        | Effect::DomainSave { .. }
        | Effect::DomainRestore { .. }
        | Effect::MigrationReceive { .. } => true,
        Effect::MigrationSend { .. } => !matches!(work.stage, Stage::AllSent { .. }),
        Effect::DomainUnpause(_)
        | Effect::DomainPause(_)
        | Effect::DomainDestroy(_)
        | Effect::MigrationUndo(_)
        | Effect::ImageDelete(_)
        | Effect::Storage(_) => work.stage == Stage::Begun,
    }
}
