//! The machine driven step by step. [`World`] holds machines that share their images and a network between them.

mod life;
mod migration;
mod random;
mod repeated;
mod storage;
mod trouble;

use super::*;
use std::collections::VecDeque;
use xenith_xen_port::{AfterStop, Boot, Disk, DomainConfig, DomainKind, Nic};

const GIB: i64 = 1 << 30;

pub(super) struct World {
    pub now_ms: u64,
    pub machines: Vec<Machine>,
    pub images: BTreeMap<String, Image>,
    pub finished: BTreeMap<u64, Result<Done, EffectError>>,
    pub attention: BTreeSet<VmId>,
    /// From, to, what.
    pub parcels: VecDeque<(usize, usize, Parcel)>,
    pub next_ticket: u64,
}

impl World {
    pub fn new(machines: usize, behaviour: &Behaviour) -> World {
        let machine = |seed: usize| Machine::new(8 * GIB, behaviour.clone(), seed as u64);
        World {
            now_ms: 0,
            machines: (0..machines).map(machine).collect(),
            images: BTreeMap::new(),
            finished: BTreeMap::new(),
            attention: BTreeSet::new(),
            parcels: VecDeque::new(),
            next_ticket: 1,
        }
    }

    pub fn begin(&mut self, machine: usize, effect: Effect) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.machines[machine].begin(self.now_ms, ticket, effect);
        ticket
    }

    /// Begins it and lets everything happen until it is finished.
    pub fn work(&mut self, machine: usize, effect: Effect) -> Result<Done, EffectError> {
        let ticket = self.begin(machine, effect);
        while !self.finished.contains_key(&ticket) {
            assert!(
                self.step(),
                "nothing happens any more, and ticket {ticket} is not finished"
            );
        }
        self.finished[&ticket].clone()
    }

    /// The next thing that happens; false if nothing does.
    pub fn step(&mut self) -> bool {
        if let Some((from, to, parcel)) = self.parcels.pop_front() {
            self.machines[to].deliver(self.now_ms, &from.to_string(), parcel);
            self.collect();
            return true;
        }
        let due = self.machines.iter().filter_map(Machine::next_due).min();
        self.now_ms = self.now_ms.max(due.unwrap_or(0));
        self.collect();
        due.is_some()
    }

    /// Time passes, and what is due happens.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        let due_before = |world: &World| {
            let due = world.machines.iter().filter_map(Machine::next_due).min();
            due.is_some_and(|due| due <= until)
        };
        while !self.parcels.is_empty() || due_before(self) {
            self.step();
        }
        self.now_ms = until;
        self.collect();
    }

    fn collect(&mut self) {
        for from in 0..self.machines.len() {
            for happening in self.machines[from].advance(self.now_ms, &mut self.images) {
                match happening {
                    Happening::Finished { ticket, result } => {
                        let before = self.finished.insert(ticket, result);
                        assert!(before.is_none(), "ticket {ticket} is finished twice");
                    }
                    Happening::Attention(vm) => drop(self.attention.insert(vm)),
                    Happening::Send { to, parcel } => {
                        self.parcels.push_back((from, to.parse().unwrap(), parcel));
                    }
                }
            }
        }
    }

    pub fn domain(&self, machine: usize, name: &str) -> Option<Domain> {
        let domains = self.machines[machine].domains();
        domains.into_iter().find(|domain| domain.vm == vm(name))
    }

    pub fn state(&self, machine: usize, name: &str) -> Option<DomainState> {
        self.domain(machine, name).map(|domain| domain.state)
    }

    /// A VM that runs, its agent having spoken.
    pub fn running(machines: usize, behaviour: &Behaviour, name: &str) -> World {
        let mut world = World::new(machines, behaviour);
        world.work(0, create(name)).unwrap();
        world.work(0, Effect::DomainUnpause(vm(name))).unwrap();
        world.pass(60_000);
        world
    }
}

pub(super) fn vm(name: &str) -> VmId {
    VmId(name.to_owned())
}

pub(super) fn create(name: &str) -> Effect {
    Effect::DomainCreate(config(name))
}

pub(super) fn config(name: &str) -> Box<DomainConfig> {
    Box::new(DomainConfig {
        vm: vm(name),
        name_label: format!("label of {name}"),
        kind: DomainKind::Pvh,
        memory_max_bytes: GIB,
        memory_target_bytes: GIB,
        memory_overhead_bytes: 16 << 20,
        vcpus_max: 1,
        vcpus_at_start: 1,
        boot: Boot::default(),
        platform: Vec::new(),
        xenstore_data: Vec::new(),
        disks: vec![Disk {
            number: 0,
            is_cd: false,
            read_only: false,
            vdi: None,
        }],
        nics: vec![Nic {
            number: 0,
            mac: "02:00:00:00:00:01".to_owned(),
            mtu: 1_500,
            bridge: "xenbr0".to_owned(),
        }],
        after_shutdown: AfterStop::Destroy,
        after_reboot: AfterStop::Restart,
        after_crash: AfterStop::Preserve,
    })
}

pub(super) fn shutdown(name: &str, within_ms: u64) -> Effect {
    Effect::DomainShutdown {
        vm: vm(name),
        reason: StopReason::Poweroff,
        within_ms,
    }
}

pub(super) fn save(name: &str) -> Effect {
    Effect::DomainSave {
        vm: vm(name),
        image: format!("image of {name}"),
    }
}

pub(super) fn restore(name: &str) -> Effect {
    Effect::DomainRestore {
        config: config(name),
        image: format!("image of {name}"),
    }
}

pub(super) fn receive(name: &str) -> Effect {
    Effect::MigrationReceive {
        config: config(name),
        migration: "m1".to_owned(),
    }
}

pub(super) fn send(name: &str, to: usize) -> Effect {
    Effect::MigrationSend {
        vm: vm(name),
        migration: "m1".to_owned(),
        to: to.to_string(),
    }
}

pub(super) fn boot_id(domain: &Domain) -> String {
    let guest = domain.guest.as_ref().expect("the agent has not spoken");
    let boot_id = guest.features.iter().find(|(key, _)| key == "boot-id");
    boot_id.map(|(_, value)| value.clone()).unwrap()
}
