//! Everything there is in a run: the log, the network, the hosts, and the one who coordinates. Time goes from event to event.

use super::acked::Acked;
use super::coordinator::{Coordinator, Proposal};
use super::deposed::Deposed;
use super::disks::{self, Shelf};
use super::host::Host;
use super::net::Message;
use super::plant::PoolPlant;
use super::shadow::Shadow;
use super::{PoolOptions, calls, faults, images, schedule, troubles};
use crate::probes::Probes;
use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use xenith_classes::agent::{Pace, Signed};
use xenith_classes::birth::{HostBirth, PoolBirth, join_host, new_pool};
use xenith_classes::host::dead;
use xenith_classes::{Caller, Ids, PlanCx, operation};
use xenith_datamodel::Ref;
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::{Domain, DomainState, HostFacts};
use xenith_xen_sim::facts::{machine_facts, machine_storage};
use xenith_xen_sim::machine::{Behaviour, Machine};

pub const GIB: i64 = 1 << 30;
/// Unanswered things are said again after so long.
pub const AGAIN_MS: i64 = 2_000;
const HOSTS: u8 = 3;
const VMS: usize = 5;
/// Room for two VMs on each host: starts compete, and there is mostly a place to go to.
const VM_BYTES: i64 = 13 * GIB;

/// Uuids from the seed.
#[derive(Clone)]
pub struct SeededIds(pub Random);

impl Ids for SeededIds {
    fn uuid(&mut self) -> String {
        let (a, b) = (self.0.next(), self.0.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            (b >> 52) & 0xfff,
            b & 0xffff_ffff_ffff
        )
    }
}

#[derive(Clone)]
pub struct World {
    pub random: Random,
    pub ids: SeededIds,
    pub now_ms: i64,
    pub hosts: Vec<Host>,
    pub vms: Vec<Ref>,
    pub images: Shelf,
    /// Disks that were to be destroyed.
    pub doomed: BTreeSet<Ref>,
    /// The log: what is committed. What is proposed and not committed yet is the coordinator's.
    pub committed: View,
    pub coordinator: Coordinator,
    pub net: BTreeMap<(i64, u64), Message>,
    pub plant: PoolPlant,
    pub probes: Probes,
    pub trouble: bool,
    /// Fewer faults than in other runs: more of what is asked comes to its end.
    pub is_calm: bool,
    /// Old coordinators that do not know it yet.
    pub deposed: Vec<Deposed>,
    pub is_deposed: bool,
    /// Hosts that do not hear the coordinator, nor it them, nor the log.
    pub cut: Vec<bool>,
    pub acked: Acked,
    pub shadow: Shadow,
    pub next_message: u64,
    /// Every order that was said, for the table of steps, which says them again.
    pub said: Option<Vec<(usize, Signed)>>,
    pub print: bool,
    seed: u64,
    next_look_ms: i64,
}

impl World {
    pub fn new(options: PoolOptions) -> World {
        World::of(options, VMS, true)
    }

    /// Without trouble nothing fails, and no message is lost.
    pub fn of(options: PoolOptions, vms: usize, trouble: bool) -> World {
        let mut random = Random::new(options.seed);
        let mut ids = SeededIds(random.fork());
        let now_ms = 1_787_277_600_000;
        let committed = born(&mut ids, now_ms);
        let class = |name| xenith_datamodel::class(name).expect("a class of the tables");
        let hosts = (1..=HOSTS)
            .map(|number| {
                let uuid = format!("host-uuid-{number}");
                let row = committed.by_uuid(class("host"), &uuid).expect("the host was just made");
                let memory_bytes = 32 * GIB - GIB / 2 - 2 * GIB;
                let machine = (memory_bytes, machine_storage(number));
                Host::new(row, address(number.into()), machine, committed.clone())
            })
            .collect();
        let mut world = World {
            random,
            ids,
            seed: options.seed,
            deposed: Vec::new(),
            is_deposed: false,
            cut: vec![false; usize::from(HOSTS)],
            acked: Acked::default(),
            shadow: Shadow::of(&committed),
            now_ms,
            hosts,
            vms: Vec::new(),
            images: Shelf::default(),
            doomed: BTreeSet::new(),
            coordinator: Coordinator::new(&committed),
            committed,
            net: BTreeMap::new(),
            plant: options.plant,
            probes: Probes::default(),
            trouble,
            is_calm: false,
            next_message: 0,
            said: None,
            next_look_ms: now_ms,
            print: options.print,
        };
        world.is_calm = world.random.percent(50);
        let pace = world.pace();
        for host in 0..usize::from(HOSTS) {
            world.hosts[host].pace = pace;
            world.power_on(host);
        }
        for number in 0..vms {
            let vm = calls::make_vm(&mut world, &format!("vm-{number}"), VM_BYTES);
            calls::make_vif(&mut world, &vm);
            world.vms.push(vm);
        }
        disks::make(&mut world);
        images::make_template(&mut world);
        world
    }

    /// From now on chances are those of this step.
    pub fn begin_step(&mut self, step: u64) {
        self.random = schedule::chances(self.seed, step);
    }

    /// One step under trouble.
    pub fn step(&mut self) {
        match self.random.below(100) {
            0..12 => calls::call(self),
            12..16 => faults::fault(self),
            16..20 if !self.is_calm => faults::fault(self),
            20..26 => self.deposed_acts_if_any(),
            26..32 => faults::mend(self),
            _ => self.pass_on(),
        }
    }

    fn deposed_acts_if_any(&mut self) {
        match self.deposed.is_empty() {
            true => self.pass_on(),
            false => self.deposed_acts(),
        }
    }

    /// Limits of xapi in some runs, so short ones in others that guests are started again and again.
    fn pace(&mut self) -> Pace {
        match self.random.percent(30) {
            true => Pace::default(),
            false => Pace {
                crash_within_ms: 8_000,
                reboot_within_ms: 8_000,
                reboot_delay_ms: 5_000,
            },
        }
    }

    /// The next thing that is due happens.
    pub fn pass_on(&mut self) {
        let machine = self.hosts.iter().filter_map(|host| host.machine.as_ref()?.next_due());
        let machine = machine.min().map(|due| self.pool_ms_of(due));
        let message = self.net.keys().next().map(|(due, _)| *due);
        let log = self.coordinator.next_commit_ms();
        let due = [machine, message, log, Some(self.next_look_ms)];
        let due = due.into_iter().flatten().min().unwrap_or(self.now_ms);
        self.now_ms = self.now_ms.max(due);
        self.forget_deposed();
        self.machines_advance();
        self.deliver_due();
        self.commit_due();
        if self.now_ms >= self.next_look_ms {
            self.next_look_ms = self.now_ms + AGAIN_MS / 2;
            self.look_everywhere();
        }
        self.coordinate();
    }

    pub fn say(&self, text: impl FnOnce() -> String) {
        if self.print {
            println!("{} {}", self.now_ms - 1_787_277_600_000, text());
        }
    }

    /// Machines count from 0.
    pub fn machine_ms(&self) -> u64 {
        u64::try_from(self.now_ms - 1_787_277_600_000).unwrap_or_default()
    }

    fn pool_ms_of(&self, due: u64) -> i64 {
        1_787_277_600_000 + i64::try_from(due).unwrap_or(i64::MAX / 2)
    }

    pub fn power_on(&mut self, host: usize) {
        let (behaviour, seed) = (troubles::behaviour(self), self.random.next());
        let as_before = self.plant == PoolPlant::NoWelcome;
        let now_ms = self.machine_ms();
        let out = self.hosts[host].power_on(behaviour, (seed, now_ms), as_before);
        self.send_out(host, out);
    }

    fn machines_advance(&mut self) {
        let now = self.machine_ms();
        for host in 0..self.hosts.len() {
            let out = self.hosts[host].advance(now, &mut self.images);
            self.send_out(host, out);
        }
    }

    /// A plan of the toolstack itself against this state.
    pub fn plan<R>(&mut self, view: &View, plan: impl FnOnce(&mut PlanCx<'_>) -> R) -> R {
        let caller = Caller::root();
        let silent = self.thought_silent();
        plan(&mut PlanCx {
            view,
            caller: &caller,
            now_ms: self.now_ms,
            ids: &mut self.ids,
            // Who coordinates is no host of this model.
            this_host: Ref::null(),
            silent: &silent,
        })
    }

    /// Plans against the head and proposes, as the daemon does.
    pub fn propose(&mut self, tx: Transaction, proposal: Proposal) -> bool {
        let due = self.now_ms + i64::try_from(self.random.between(1, 15)).unwrap_or_default();
        if self.plant == PoolPlant::AcksEarly && !self.is_deposed {
            self.acked.acknowledge(&proposal);
        }
        self.coordinator.propose(tx, due, proposal)
    }

    fn commit_due(&mut self) {
        while let Some((tx, proposal)) = self.coordinator.take_due(self.now_ms) {
            self.commit(&tx, proposal);
        }
    }

    pub fn commit(&mut self, tx: &Transaction, proposal: Proposal) {
        match self.committed.apply(tx) {
            Ok((view, _)) => self.committed = view,
            Err(error) => panic!("what was planned against the head does not apply: {error}"),
        }
        self.acked.acknowledge(&proposal);
    }

    /// No more trouble: everything that is off goes on again.
    pub fn heal(&mut self) {
        self.trouble = false;
        self.deposed.clear();
        for cut in &mut self.cut {
            *cut = false;
        }
        for host in 0..self.hosts.len() {
            self.hosts[host].ends_in = None;
            self.hosts[host].meddle = None;
            match (self.hosts[host].machine.is_some(), self.hosts[host].agent.is_some()) {
                (false, _) => self.power_on(host),
                (true, false) => {
                    let now_ms = self.machine_ms();
                    let out = self.hosts[host].start_daemon(now_ms, false);
                    self.send_out(host, out);
                }
                (true, true) => {}
            }
            let behaviour = Behaviour::lifelike();
            if let Some(machine) = self.hosts[host].machine.as_mut() {
                machine.behave(behaviour);
            }
        }
    }

    /// Nothing is under way any more, and every host has been heard out.
    pub fn is_quiet(&self) -> bool {
        let told = |host: &Host| {
            let agent = host.agent.as_ref();
            agent.is_some_and(|agent| agent.untold().is_empty() && agent.is_idle() && agent.guests_are_told())
        };
        // One that was declared dead while it lives ends its domains first, and comes back.
        let is_back = |host: &Host| !dead::is_dead(&self.committed, &host.row).unwrap_or(true);
        // A guest that has stopped is answered with the next look.
        let stopped = |domain: &Domain| matches!(domain.state, DomainState::Stopped(_)) && !self.is_stuck(domain);
        let steady = |host: &Host| {
            let machine = host.machine.as_ref();
            machine.is_some_and(|machine: &Machine| !machine.domains().iter().any(stopped))
        };
        self.unfinished().is_empty()
            && self.coordinator.is_idle()
            && self
                .hosts
                .iter()
                .all(|host| told(host) && is_back(host) && steady(host))
    }

    /// It could not be cleared away, and stays as it is until somebody asks for its end.
    fn is_stuck(&self, domain: &Domain) -> bool {
        let class = xenith_datamodel::class("VM").expect("a class of the tables");
        let row = self.committed.by_uuid(class, &domain.vm.0);
        let domid = row.and_then(|row| self.committed.value(&row, class.column("domid")?));
        domid.and_then(|domid| domid.as_int()) == Some(-1)
    }

    /// What is not over: operations, domains that have stopped and that nobody has answered, what hosts have to tell.
    pub fn unfinished(&self) -> String {
        let class = xenith_datamodel::class("xenith_operation").expect("a class of the tables");
        let open = self.committed.refs(class).filter_map(|operation| {
            let record = operation::Record::read(&self.committed, operation).ok()?;
            Some(format!("{} {} at {}", record.kind, record.state, record.sequence))
        });
        let domains = self.hosts.iter().enumerate().flat_map(|(number, host)| {
            let all = host.machine.as_ref().map(Machine::domains).unwrap_or_default();
            let stopped = all
                .into_iter()
                .filter(|domain| matches!(domain.state, DomainState::Stopped(_)) && !self.is_stuck(domain));
            stopped.map(move |domain| format!("stopped on host {number}: {domain:?}"))
        });
        let untold = self.hosts.iter().enumerate().filter_map(|(number, host)| {
            let untold = host.agent.as_ref()?.untold();
            (!untold.is_empty()).then(|| format!("untold by host {number}: {untold:?}"))
        });
        open.chain(domains).chain(untold).collect::<Vec<_>>().join("; ")
    }
}

/// Of the machine of that number, from 1.
fn address(number: usize) -> String {
    format!("127.0.0.{number}")
}

fn born(ids: &mut SeededIds, now_ms: i64) -> View {
    let facts: Vec<_> = (1..=HOSTS)
        .map(|number| HostFacts {
            storage: machine_storage(number),
            ..machine_facts(number, &address(number.into()), now_ms / 1_000)
        })
        .collect();
    let birth = |number: usize, uuid: &'static str| HostBirth {
        facts: &facts[number],
        host_uuid: uuid,
        address: ["127.0.0.1", "127.0.0.2", "127.0.0.3"][number],
        certificate_sha256: [number as u8; 32],
        certificate: None,
        https_only: false,
    };
    let pool = PoolBirth {
        pool_uuid: "pool-uuid",
        name_label: "",
        host: birth(0, "host-uuid-1"),
    };
    let tx = new_pool(ids, now_ms, pool).expect("a pool is born");
    let (mut view, _) = View::default().apply(&tx).expect("it applies");
    for (number, uuid) in [(1, "host-uuid-2"), (2, "host-uuid-3")] {
        let tx = join_host(&view, ids, now_ms, birth(number, uuid)).expect("a host joins");
        view = view.apply(&tx).expect("it applies").0;
    }
    view
}
