//! The whole run: hosts, network and clients on one thread, moved on together, one virtual millisecond at a time.
//!
//! Each host and the clients have a tokio runtime of their own with a paused clock. A step delivers the network's messages that are due,
//! then lets each runtime run for the step's length, in an order that the seed chooses.

use crate::checkers::{acked_writes, linearizable};
use crate::clients::Clients;
use crate::host::{EPOCH_MS, Host, host_uuid, seeded_runtime};
use crate::nemesis::Nemesis;
use crate::net::SimNet;
use crate::observers::Observers;
use crate::operations::Operations;
use crate::operator;
use crate::random::Random;
use crate::rows;
use crate::scenario::Scenario;
use crate::shared::{Door, Shared};
use crate::watchers::Watcher;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use xenith_pooldb::View;
use xenith_raft::PoolLog;
use xenith_raft::planner::voters_wanted;

const STEP: Duration = Duration::from_millis(1);
/// Steps between two looks of the observers.
const LOOK_EVERY: u64 = 20;
/// Virtual time for the pool to form.
const FORM_MS_MAX: u64 = 30_000;
/// Virtual time for the pool to be whole again after the last fault: several elections, a snapshot for everyone, and the longest deadline
/// of a message or a change of membership that a fault may have left.
const HEAL_MS_MAX: u64 = 60_000;
/// Virtual time for all operations to end once the pool is whole: none takes a tenth of it by itself.
const END_MS_MAX: u64 = 120_000;

pub struct World {
    pub shared: Arc<Shared>,
    pub net: SimNet,
    pub hosts: Vec<Host>,
    pub scenario: Scenario,
    /// Until then hosts that were hit, or links, are not sound.
    pub calm_from_us: u64,
    /// What is under and above the hosts when they work operations.
    pub operations: Option<Operations>,
    clients: Runtime,
    watchers: Vec<Arc<Watcher>>,
    observers: Observers,
    random: Random,
    steps: u64,
}

impl World {
    pub fn new(scenario: Scenario, random: &mut Random, print: bool) -> io::Result<World> {
        let shared = Shared::new(scenario.hosts, print);
        let net = SimNet::new(random.fork(), shared.clone());
        let hosts: Vec<Host> = (0..scenario.hosts)
            .map(|index| Host::new(index, random.fork()))
            .collect();
        let operations = match scenario.operations {
            true => {
                let members: Vec<_> = hosts.iter().map(Host::member).collect();
                Some(Operations::new(&members, &net, &shared, random)?)
            }
            false => None,
        };
        let watchers = (0..scenario.watchers)
            .map(|number| Watcher::new(number, shared.clone()))
            .collect();
        Ok(World {
            net,
            hosts,
            scenario,
            calm_from_us: 0,
            operations,
            clients: seeded_runtime(random.next())?,
            watchers,
            observers: Observers::default(),
            random: random.fork(),
            steps: 0,
            shared,
        })
    }

    /// Everything, in order. What went wrong is in `shared`; an error is the simulator's own.
    pub fn run(&mut self) -> io::Result<()> {
        self.form()?;
        if !self.sound() {
            return Ok(());
        }
        self.begin_load();
        let mut nemesis = Nemesis::new(self.random.fork(), self.scenario.deed_every_ms);
        let until = self.now_ms() + self.scenario.trouble_ms;
        while self.now_ms() < until && self.sound() {
            nemesis.act(self)?;
            self.step();
        }
        nemesis.end(self)?;
        self.await_whole();
        self.judge();
        Ok(())
    }

    pub fn now_ms(&self) -> u64 {
        self.shared.now_us() / 1_000
    }

    /// A host that is up, but with a broken disk, crashes first.
    pub fn boot(&mut self, index: usize) -> io::Result<()> {
        self.crash(index);
        let (shared, net, scenario) = (&self.shared, &self.net, &self.scenario);
        let site = self.operations.as_ref().map(Operations::site);
        self.hosts
            .get_mut(index)
            .map_or(Ok(()), |host| host.boot(shared, net, scenario, site))
    }

    pub fn crash(&mut self, index: usize) {
        if let Some(host) = self.hosts.get_mut(index).filter(|host| host.is_up()) {
            host.crash(&self.shared, &self.net);
        }
    }

    /// Of a host that is down.
    pub fn power_cycle(&self, index: usize) {
        if let Some(operations) = &self.operations {
            operations.power_cycle(index);
        }
    }

    /// No fault is at work before this time is over.
    pub fn disturbed_until(&mut self, us: u64) {
        self.calm_from_us = self.calm_from_us.max(us);
    }

    pub fn step(&mut self) {
        self.steps += 1;
        let now = self.shared.now_us() + u64::try_from(STEP.as_micros()).unwrap_or(u64::MAX);
        self.shared.set_now_us(now);
        self.net.deliver();
        let first = self.random.index(self.hosts.len());
        let (after, before) = self.hosts.split_at_mut(first);
        for host in before.iter_mut().chain(after) {
            host.step(now, STEP);
        }
        if let Some(operations) = &mut self.operations {
            operations.step(STEP, &self.shared);
        }
        self.clients.block_on(async { tokio::time::sleep(STEP).await });
        if self.steps.is_multiple_of(LOOK_EVERY) {
            let calm = now >= self.calm_from_us && self.hosts.iter().all(Host::is_up);
            self.observers.look(&self.shared, calm);
        }
    }

    fn sound(&self) -> bool {
        self.shared.violations().is_empty()
    }

    /// Steps until it holds; says so when it does not in time.
    fn step_until(&mut self, what: &str, ms_max: u64, mut holds: impl FnMut(&World) -> Result<(), String>) {
        let until = self.now_ms() + ms_max;
        while let Err(why) = holds(self) {
            if self.now_ms() >= until {
                return self
                    .shared
                    .violation(format!("not within {ms_max} virtual ms: {what}: {why}"));
            }
            if !self.sound() {
                return;
            }
            self.step();
        }
    }

    fn form(&mut self) -> io::Result<()> {
        for index in 0..self.hosts.len() {
            self.boot(index)?;
        }
        self.step_until("every host starts", FORM_MS_MAX, |world| {
            let up = world.shared.doors().len();
            if up == world.hosts.len() {
                Ok(())
            } else {
                Err(format!("{up} are up"))
            }
        });
        let Some(door) = self.shared.door(0) else { return Ok(()) };
        let members: Vec<_> = self.hosts.iter().map(Host::member).collect();
        let first = match &self.operations {
            Some(operations) => operations
                .first_transaction(&members, EPOCH_MS)
                .map_err(io::Error::other)?,
            None => rows::first_transaction(EPOCH_MS),
        };
        let (node, shared) = (door.node.clone(), self.shared.clone());
        door.runtime.spawn(async move {
            if let Err(error) = node.bootstrap(first).await {
                shared.violation(format!("no pool was formed: {error}"));
            }
        });
        let formed = self.scenario.formed;
        self.clients.spawn(operator::add_members(
            self.shared.clone(),
            members.get(1..formed).unwrap_or_default().to_vec(),
        ));
        self.step_until("the pool is formed", FORM_MS_MAX, |world| {
            let [coordinator] = world
                .shared
                .coordinators()
                .try_into()
                .map_err(|_| "nobody coordinates".to_owned())?;
            settled(&coordinator, formed)
        });
        self.shared.trace(format!("formed: {:?}", self.scenario));
        if let Some(operations) = &self.operations {
            operations.make_vms(&self.clients);
            self.step_until("VMs are made", FORM_MS_MAX, |world| {
                world.operations.as_ref().map_or(Ok(()), Operations::have_vms)
            });
        }
        Ok(())
    }

    fn begin_load(&mut self) {
        if let Some(operations) = &self.operations {
            return operations.begin_load(&self.clients, &mut self.random);
        }
        let skews = self.hosts.iter().map(|host| host.skew_ms.clone()).collect();
        let clients = Clients::new(self.shared.clone(), self.scenario.clone(), skews);
        for number in 0..self.scenario.clients {
            self.clients.spawn(clients.clone().run(number, self.random.fork()));
        }
        for watcher in &self.watchers {
            self.clients.spawn(watcher.clone().run(self.random.fork()));
        }
        let members: Vec<_> = self.hosts.iter().map(Host::member).collect();
        let late = members.get(self.scenario.formed..).unwrap_or_default().to_vec();
        self.clients.spawn(operator::join_late(
            self.shared.clone(),
            late,
            self.scenario.trouble_ms,
            self.random.fork(),
        ));
    }

    /// With every fault gone the pool must come together again.
    fn await_whole(&mut self) {
        self.shared.stop_clients();
        let hosts = self.scenario.hosts;
        self.step_until("the pool is whole", HEAL_MS_MAX, |world| {
            let [coordinator] = world
                .shared
                .coordinators()
                .try_into()
                .map_err(|_| "nobody coordinates".to_owned())?;
            settled(&coordinator, hosts)?;
            let doors = world.shared.doors();
            if doors.len() < hosts {
                return Err(format!("{} hosts are up", doors.len()));
            }
            let expected = coordinator.node.applied().state_hash();
            match doors.iter().find(|door| door.node.applied().state_hash() != expected) {
                None => Ok(()),
                Some(door) => Err(format!("host {} has another state than the coordinator", door.host)),
            }
        });
        if self.sound() {
            self.read_everywhere();
        }
        if self.sound() && self.operations.is_some() {
            self.step_until("all operations end", END_MS_MAX, |world| {
                world.operations.as_ref().map_or(Ok(()), Operations::have_ended)
            });
        }
    }

    /// A read may be refused for a while: an append that vanished keeps its host behind until its deadline.
    fn read_everywhere(&mut self) {
        let reading = |door: Door| async move {
            while door.node.read().await.is_err() {
                tokio::time::sleep(STEP).await;
            }
        };
        let doors = self.shared.doors().into_iter();
        let answers: Vec<_> = doors.map(|door| door.runtime.clone().spawn(reading(door))).collect();
        self.step_until("every host reads", HEAL_MS_MAX, |_| {
            let open = answers.iter().filter(|answer| !answer.is_finished()).count();
            if open == 0 {
                Ok(())
            } else {
                Err(format!("{open} do not answer"))
            }
        });
    }

    /// The checkers that look at the whole history.
    fn judge(&mut self) {
        let Some(view) = self.last_view() else { return };
        let mut outcomes = {
            let history = self.shared.history();
            vec![
                acked_writes::check(&history.rows, |name| rows::has_row(&view, name)),
                linearizable::check(&history.operations),
            ]
        };
        for (host, door) in self.shared.doors().iter().enumerate() {
            outcomes.push(if door.node.quarantine().is_some() {
                Err(format!("host {host} is quarantined"))
            } else {
                Ok(())
            });
        }
        for watcher in &self.watchers {
            watcher.follow(&view, self.hosts.len(), true);
        }
        for text in outcomes.into_iter().filter_map(Result::err) {
            self.shared.violation(text);
        }
    }

    fn last_view(&self) -> Option<Arc<View>> {
        let coordinators = self.shared.coordinators();
        Some(coordinators.first()?.node.applied())
    }
}

/// The coordinator knows so many members, and as many of them vote as should.
fn settled(coordinator: &Door, members: usize) -> Result<(), String> {
    let known = coordinator.node.members();
    let voters = known.iter().filter(|(_, votes)| *votes).count();
    if known.len() != members {
        return Err(format!("{} members, not {members}", known.len()));
    }
    if voters != voters_wanted(members) || coordinator.node.voters_change() {
        return Err(format!("{voters} of {members} vote"));
    }
    Ok(())
}

/// The host's uuid, for a hand-over.
pub fn hand_over(shared: &Arc<Shared>, target: usize) {
    let coordinators = shared.coordinators();
    let Some(door) = coordinators.first().cloned() else {
        return;
    };
    let shared = shared.clone();
    door.runtime.clone().spawn(async move {
        let outcome = door.node.hand_over(&host_uuid(target)).await;
        shared.trace(format!("hand-over from {} to {target}: {outcome:?}", door.host));
        shared.probe(match outcome {
            Ok(()) => "handed_over",
            Err(xenith_raft::HandOverError::Refused(_)) => "hand_over_refused",
            Err(xenith_raft::HandOverError::Undone) => "hand_over_undone",
        });
    });
}
