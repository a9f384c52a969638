//! A host: a machine that may lose its power, and a daemon on it that may end. What the journal holds outlives both.

use std::collections::{BTreeMap, BTreeSet};
use xenith_classes::agent::{Agent, Deed, Journal, Pace, Report, Seen, Signed};
use xenith_datamodel::Ref;
use xenith_pooldb::View;
use xenith_storage_port::StorageFacts;
use xenith_xen_port::{Done, Effect, EffectError};
use xenith_xen_sim::machine::{Behaviour, Happening, Images, Machine, Parcel};

#[derive(Clone)]
pub struct Host {
    pub row: Ref,
    pub address: String,
    pub machine: Option<Machine>,
    pub agent: Option<Agent>,
    pub journal: Journal,
    /// Its copy of the rows.
    pub view: View,
    /// The daemon ends after so many more deeds.
    pub ends_in: Option<usize>,
    pub pace: Pace,
    /// Of the steps table: what becomes of some of the effects that are begun.
    pub meddle: Option<Meddle>,
    /// Effects that have been begun.
    pub begun: usize,
    /// Deeds of the agent.
    pub deeds: usize,
    /// Agent's tickets whose answers get lost.
    deaf: BTreeSet<u64>,
    boot: u64,
    /// Of the daemon.
    starts: u64,
    /// Machine's ticket → agent's. Empty after a restart of the daemon: what the machine still works ends unheard.
    tickets: BTreeMap<u64, u64>,
    next_ticket: u64,
    memory_bytes: i64,
    storage: Vec<StorageFacts>,
}

/// What becomes of the effects from the `skip`-th on, `times` of them.
#[derive(Clone, Debug)]
pub struct Meddle {
    pub skip: usize,
    pub times: usize,
    pub fate: Fate,
}

#[derive(Clone, Debug)]
pub enum Fate {
    /// Not begun at all.
    Fails(EffectError),
    /// Done, and not known.
    AnswerLost,
}

/// What comes out of a host.
pub enum Out {
    Report(Report),
    Parcel { to: String, parcel: Parcel },
}

impl Host {
    pub fn new(row: Ref, address: String, (memory_bytes, storage): (i64, Vec<StorageFacts>), view: View) -> Host {
        Host {
            row,
            address,
            machine: None,
            agent: None,
            journal: Journal::default(),
            view,
            ends_in: None,
            pace: Pace::default(),
            meddle: None,
            begun: 0,
            deeds: 0,
            deaf: BTreeSet::new(),
            boot: 0,
            starts: 0,
            tickets: BTreeMap::new(),
            next_ticket: 0,
            memory_bytes,
            storage,
        }
    }

    pub fn power_on(&mut self, behaviour: Behaviour, (seed, now_ms): (u64, u64), as_before: bool) -> Vec<Out> {
        self.boot += 1;
        self.machine = Some(Machine::new(self.memory_bytes, behaviour, seed).with_storage(&self.storage, seed));
        self.start_daemon(now_ms, as_before)
    }

    pub fn power_off(&mut self) {
        self.machine = None;
        self.stop_daemon();
    }

    /// `as_before`: a planted bug, the daemon takes the new machine for the old one.
    pub fn start_daemon(&mut self, now_ms: u64, as_before: bool) -> Vec<Out> {
        let boot_id = match as_before && !self.journal.boot_id.is_empty() {
            true => self.journal.boot_id.clone(),
            false => format!("boot-{}", self.boot),
        };
        self.starts += 1;
        let fresh = format!("journal-{}", self.starts);
        let (agent, deeds) = Agent::restarted(self.journal.clone(), &boot_id, &fresh);
        self.agent = Some(agent.with_pace(self.pace));
        self.do_all(now_ms, deeds)
    }

    pub fn stop_daemon(&mut self) {
        self.agent = None;
        self.tickets.clear();
        self.deaf.clear();
        self.ends_in = None;
    }

    pub fn hear(&mut self, now_ms: u64, signed: Signed) -> Vec<Out> {
        self.with_agent(now_ms, |agent| agent.hear(signed))
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
                let Some(ours) = self.tickets.remove(&ticket) else {
                    return Vec::new();
                };
                let lost = || Err(EffectError::NotKnown("the answer was lost".to_owned()));
                let result = if self.deaf.remove(&ours) { lost() } else { result };
                self.with_agent(now_ms, |agent| agent.worked(ours, result))
            }
            Happening::Attention(_) => self.look(now_ms),
        }
    }

    /// The daemon's look at all domains.
    pub fn look(&mut self, now_ms: u64) -> Vec<Out> {
        let domains = self.machine.as_ref().map(Machine::domains).unwrap_or_default();
        let attached = self.machine.as_ref().map(Machine::attachments).unwrap_or_default();
        let (view, row) = (self.view.clone(), self.row.clone());
        self.with_agent(now_ms, |agent| {
            agent.see(&domains);
            let seen = Seen {
                domains: &domains,
                attached: agent.is_to_empty().then_some(&attached),
            };
            agent.look(seen, &view, &row).expect("the rows can be read")
        })
    }

    fn with_agent(&mut self, now_ms: u64, act: impl FnOnce(&mut Agent) -> Vec<Deed>) -> Vec<Out> {
        let Some(agent) = self.agent.as_mut() else {
            return Vec::new();
        };
        agent.pass_time(now_ms);
        let deeds = act(agent);
        self.do_all(now_ms, deeds)
    }

    fn do_all(&mut self, now_ms: u64, deeds: Vec<Deed>) -> Vec<Out> {
        let mut out = Vec::new();
        let mut failed: Vec<(u64, Result<Done, EffectError>)> = Vec::new();
        for deed in deeds {
            self.deeds += 1;
            match self.ends_in.as_mut() {
                Some(0) => {
                    self.stop_daemon();
                    return out;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            match deed {
                Deed::Keep(change) => self.journal.apply(&change),
                Deed::Tell(report) => out.push(Out::Report(report)),
                Deed::Work { ticket, effect } => match self.meddled() {
                    Some(Fate::Fails(error)) => failed.push((ticket, Err(error))),
                    Some(Fate::AnswerLost) => {
                        self.deaf.insert(ticket);
                        self.begin(now_ms, ticket, effect);
                    }
                    None => self.begin(now_ms, ticket, effect),
                },
                Deed::Cancel { ticket } => {
                    let theirs = self.tickets.iter().find(|(_, ours)| **ours == ticket);
                    if let (Some((theirs, _)), Some(machine)) = (theirs, self.machine.as_mut()) {
                        machine.cancel(now_ms, *theirs);
                    }
                }
            }
        }
        for (ticket, result) in failed {
            out.extend(self.with_agent(now_ms, |agent| agent.worked(ticket, result)));
        }
        out
    }

    fn begin(&mut self, now_ms: u64, ticket: u64, effect: Effect) {
        self.next_ticket += 1;
        self.tickets.insert(self.next_ticket, ticket);
        if let Some(machine) = self.machine.as_mut() {
            machine.begin(now_ms, self.next_ticket, effect);
        }
    }

    /// Counts the effect; what is to become of it if that is not up to the machine.
    fn meddled(&mut self) -> Option<Fate> {
        self.begun += 1;
        let meddle = self.meddle.as_mut()?;
        match (meddle.skip, meddle.times) {
            (_, 0) => None,
            (0, _) => {
                meddle.times -= 1;
                Some(meddle.fate.clone())
            }
            _ => {
                meddle.skip -= 1;
                None
            }
        }
    }
}
