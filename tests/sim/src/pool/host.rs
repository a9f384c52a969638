//! A host: a machine that may lose its power, and a daemon on it that may end. What the journal holds outlives both.

use std::collections::BTreeMap;
use xenith_classes::agent::{Agent, Deed, Journal, Report, Signed};
use xenith_datamodel::Ref;
use xenith_storage_port::StorageFacts;
use xenith_xen_sim::machine::{Behaviour, Happening, Images, Machine, Parcel};

pub struct Host {
    pub row: Ref,
    pub address: String,
    pub machine: Option<Machine>,
    pub agent: Option<Agent>,
    pub journal: Journal,
    boot: u64,
    /// Machine's ticket → agent's. Empty after a restart of the daemon: what the machine still works ends unheard.
    tickets: BTreeMap<u64, u64>,
    next_ticket: u64,
    memory_bytes: i64,
    storage: Vec<StorageFacts>,
}

/// What comes out of a host.
pub enum Out {
    Report(Report),
    Parcel { to: String, parcel: Parcel },
}

impl Host {
    pub fn new(row: Ref, address: String, memory_bytes: i64, storage: Vec<StorageFacts>) -> Host {
        Host {
            row,
            address,
            machine: None,
            agent: None,
            journal: Journal::default(),
            boot: 0,
            tickets: BTreeMap::new(),
            next_ticket: 0,
            memory_bytes,
            storage,
        }
    }

    pub fn power_on(&mut self, behaviour: Behaviour, seed: u64, as_before: bool) -> Vec<Out> {
        self.boot += 1;
        self.machine = Some(Machine::new(self.memory_bytes, behaviour, seed).with_storage(&self.storage, seed));
        self.start_daemon(as_before)
    }

    pub fn power_off(&mut self) {
        self.machine = None;
        self.stop_daemon();
    }

    /// `as_before`: a planted bug, the daemon takes the new machine for the old one.
    pub fn start_daemon(&mut self, as_before: bool) -> Vec<Out> {
        let boot_id = match as_before && !self.journal.boot_id.is_empty() {
            true => self.journal.boot_id.clone(),
            false => format!("boot-{}", self.boot),
        };
        let (agent, deeds) = Agent::restarted(self.journal.clone(), &boot_id);
        self.agent = Some(agent);
        self.do_all(0, deeds, None)
    }

    pub fn stop_daemon(&mut self) {
        self.agent = None;
        self.tickets.clear();
    }

    pub fn hear(&mut self, now_ms: u64, signed: Signed, crash_after: Option<usize>) -> Vec<Out> {
        let Some(agent) = self.agent.as_mut() else {
            return Vec::new();
        };
        let deeds = agent.hear(signed);
        self.do_all(now_ms, deeds, crash_after)
    }

    /// Everything that is due on the machine.
    pub fn advance(&mut self, now_ms: u64, images: &mut dyn Images) -> Vec<Out> {
        let Some(machine) = self.machine.as_mut() else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for happening in machine.advance(now_ms, images) {
            out.extend(self.happened(now_ms, happening));
        }
        out
    }

    fn happened(&mut self, now_ms: u64, happening: Happening) -> Vec<Out> {
        match happening {
            Happening::Send { to, parcel } => vec![Out::Parcel { to, parcel }],
            Happening::Finished { ticket, result } => {
                let (Some(ours), Some(agent)) = (self.tickets.remove(&ticket), self.agent.as_mut()) else {
                    return Vec::new();
                };
                let deeds = agent.worked(ours, result);
                self.do_all(now_ms, deeds, None)
            }
            Happening::Attention(_) => self.look(now_ms),
        }
    }

    /// The daemon's look at all domains.
    pub fn look(&mut self, now_ms: u64) -> Vec<Out> {
        let domains = self.machine.as_ref().map(Machine::domains).unwrap_or_default();
        let mut out = Vec::new();
        if let Some(agent) = self.agent.as_mut() {
            let deeds = agent.stop_again();
            out.extend(self.do_all(now_ms, deeds, None));
        }
        if let Some(agent) = self.agent.as_mut() {
            agent.see(&domains);
        }
        for domain in domains {
            if let Some(agent) = self.agent.as_mut() {
                let deeds = agent.look_at(&domain);
                out.extend(self.do_all(now_ms, deeds, None));
            }
        }
        out
    }

    /// `crash_after`: the daemon ends after so many deeds.
    fn do_all(&mut self, now_ms: u64, deeds: Vec<Deed>, crash_after: Option<usize>) -> Vec<Out> {
        let mut out = Vec::new();
        for (at, deed) in deeds.into_iter().enumerate() {
            if crash_after == Some(at) {
                self.stop_daemon();
                return out;
            }
            match deed {
                Deed::Keep(change) => self.journal.apply(&change),
                Deed::Tell(report) => out.push(Out::Report(report)),
                Deed::Work { ticket, effect } => {
                    self.next_ticket += 1;
                    self.tickets.insert(self.next_ticket, ticket);
                    if let Some(machine) = self.machine.as_mut() {
                        machine.begin(now_ms, self.next_ticket, effect);
                    }
                }
                Deed::Cancel { ticket } => {
                    let theirs = self.tickets.iter().find(|(_, ours)| **ours == ticket);
                    if let (Some((theirs, _)), Some(machine)) = (theirs, self.machine.as_mut()) {
                        machine.cancel(now_ms, *theirs);
                    }
                }
            }
        }
        out
    }
}
