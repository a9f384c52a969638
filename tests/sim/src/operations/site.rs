//! The machines under the hosts: each lives in this process, outlives its daemon, and may lose its power.
//!
//! Invariant: a machine's time is that of the machines' own runtime. What asks it from a host's runtime, whose clock is another, asks by a
//! task on the machines' ([`Port`]); it is answered when they are stepped.

use super::shelf::Shelf;
use crate::host::{EPOCH_MS, seeded_runtime};
use crate::net::SimNet;
use crate::random::Random;
use crate::shared::lock;
use async_trait::async_trait;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::task::AbortHandle;
use xenith_datamodel::Ref;
use xenith_pooldb::View;
use xenith_raft::{Member, NodeId, host_of};
use xenith_runtime::ThisMachine;
use xenith_xen_port::{
    Attachment, Attention, Cancel, Domain, Done, Effect, EffectError, FactsError, HostFacts, HostFactsPort, Hypervisor,
};
use xenith_xen_sim::facts::{machine_facts, machine_storage};
use xenith_xen_sim::machine::{Behaviour, Machine, Parcel};
use xenith_xen_sim::{Courier, Live, LiveHost};

/// The runtime under them is stepped, and dropped last.
pub struct Machines {
    pub site: Arc<Site>,
    runtime: Runtime,
}

pub struct Site {
    /// What daemons keep in files.
    dir: tempfile::TempDir,
    shelf: Shelf,
    seed: u64,
    handle: Handle,
    road: Arc<Road>,
}

/// Where machines find each other.
struct Road {
    net: SimNet,
    members: Vec<Member>,
    /// By their hosts' numbers.
    powered: Mutex<Vec<Powered>>,
}

struct Powered {
    live: Arc<Live>,
    facts: HostFacts,
    boots: u64,
    task: AbortHandle,
}

impl Machines {
    pub fn new(members: &[Member], net: &SimNet, random: &mut Random) -> io::Result<Machines> {
        let runtime = seeded_runtime(random.next())?;
        let site = Arc::new(Site {
            dir: folder()?,
            shelf: Shelf::default(),
            seed: random.next(),
            handle: runtime.handle().clone(),
            road: Arc::new(Road {
                net: net.clone(),
                members: members.to_vec(),
                powered: Mutex::default(),
            }),
        });
        for host in 0..members.len() {
            let powered = site.power_on(host, 1);
            lock(&site.road.powered).push(powered);
        }
        Ok(Machines { site, runtime })
    }

    pub fn step(&self, length: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(length).await });
    }
}

/// In memory where there is such a file system: every line of a journal waits for its disk.
fn folder() -> io::Result<tempfile::TempDir> {
    let memory = PathBuf::from("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
}

impl Site {
    fn power_on(&self, host: usize, boots: u64) -> Powered {
        let facts = facts_of(host, boots);
        let seed = self.seed ^ (boots << 8) ^ host as u64;
        let machine = Machine::new(facts.memory_free_bytes, behaviour(), seed).with_storage(&facts.storage, seed);
        // Its time begins on this runtime's clock.
        let _inside = self.handle.enter();
        let live = Live::new(machine, Box::new(self.shelf.clone()), self.courier(host));
        let runs = live.clone();
        let task = self.handle.spawn(async move { runs.run().await }).abort_handle();
        Powered {
            live,
            facts,
            boots,
            task,
        }
    }

    /// Off and on again: its domains are gone.
    pub fn power_cycle(&self, host: usize) {
        let boots = lock(&self.road.powered).get(host).map_or(0, |powered| powered.boots);
        let anew = self.power_on(host, boots + 1);
        let mut powered = lock(&self.road.powered);
        if let Some(place) = powered.get_mut(host) {
            place.task.abort();
            *place = anew;
        }
    }

    pub fn facts(&self, host: usize) -> HostFacts {
        facts_of(
            host,
            lock(&self.road.powered).get(host).map_or(1, |powered| powered.boots),
        )
    }

    /// A daemon's own folder; it outlives the daemon.
    pub fn folder(&self, host: usize) -> io::Result<PathBuf> {
        let folder = self.dir.path().join(format!("host-{host}"));
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// As a daemon that starts now finds it.
    pub fn machine(&self, host: usize) -> io::Result<ThisMachine> {
        let folder = self.folder(host)?;
        let powered = lock(&self.road.powered);
        let powered = powered.get(host).ok_or_else(|| io::Error::other("no such machine"))?;
        let facts = powered.facts.clone();
        Ok(ThisMachine {
            boot_id: facts.boot_id.clone(),
            machine: Arc::new(Port {
                handle: self.handle.clone(),
                host: Arc::new(LiveHost::new(powered.live.clone(), facts)),
            }),
            journal: folder.join("agent"),
        })
    }

    /// Of each machine.
    pub fn domains(&self) -> Vec<Vec<Domain>> {
        let powered = lock(&self.road.powered);
        powered.iter().map(|powered| powered.live.domains()).collect()
    }

    pub fn on_hosts(&self, view: &View) -> Vec<(Ref, Vec<Domain>)> {
        self.rows(view).into_iter().zip(self.domains()).collect()
    }

    pub fn free_bytes(&self, view: &View) -> Vec<(Ref, i64)> {
        let powered = lock(&self.road.powered);
        let free = powered.iter().map(|powered| powered.live.free_bytes());
        self.rows(view).into_iter().zip(free).collect()
    }

    fn rows(&self, view: &View) -> Vec<Ref> {
        let members = self.road.members.iter();
        members
            .map(|member| host_of(view, &member.host_uuid).unwrap_or_else(Ref::null))
            .collect()
    }

    /// Machines speak over the links of their hosts.
    fn courier(&self, from: usize) -> Courier {
        let road = Arc::downgrade(&self.road);
        Box::new(move |to: String, parcel: Parcel| {
            let Some(road) = road.upgrade() else { return };
            let Some(after) = road.time_to(from, &to) else { return };
            // On the machines' runtime: that is where they are advanced.
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                road.deliver(from, &to, parcel);
            });
        })
    }
}

impl Road {
    fn time_to(&self, from: usize, to: &str) -> Option<Duration> {
        let node = |index: usize| -> Option<NodeId> { Some(self.members.get(index)?.node) };
        self.net.parcel(node(from)?, node(number(to)?)?)
    }

    fn deliver(&self, from: usize, to: &str, parcel: Parcel) {
        let live = number(to).and_then(|to| lock(&self.powered).get(to).map(|powered| powered.live.clone()));
        if let Some(live) = live {
            live.deliver(&address(from), parcel);
        }
    }
}

pub fn address(host: usize) -> String {
    format!("10.0.0.{}", host + 1)
}

fn number(address: &str) -> Option<usize> {
    address.strip_prefix("10.0.0.")?.parse::<usize>().ok()?.checked_sub(1)
}

fn facts_of(host: usize, boots: u64) -> HostFacts {
    let number = u8::try_from(host + 1).unwrap_or(u8::MAX);
    let boots = i64::try_from(boots).unwrap_or(i64::MAX);
    HostFacts {
        storage: machine_storage(number),
        ..machine_facts(number, &address(host), EPOCH_MS / 1_000 + boots)
    }
}

/// A tenth of a lifelike machine's durations: faults fall into the middle of everything.
fn behaviour() -> Behaviour {
    Behaviour {
        build_ms: 150,
        boot_ms: 600,
        agent_ms: 200,
        switch_ms: 10,
        obey_ms: 300,
        suspend_ms: 50,
        save_ms: 200,
        restore_ms: 250,
        destroy_ms: 40,
        migrate_ms: 500,
        jitter_percent: 50,
        ..Behaviour::instant()
    }
}

/// A machine as its daemon reaches it. A daemon that goes away leaves the machine at what it has begun.
struct Port {
    handle: Handle,
    host: Arc<LiveHost>,
}

#[async_trait]
impl Hypervisor for Port {
    async fn work(&self, effect: Effect, cancel: Cancel) -> Result<Done, EffectError> {
        let host = self.host.clone();
        let worked = self.handle.spawn(async move { host.work(effect, cancel).await });
        worked
            .await
            .unwrap_or_else(|fault| Err(EffectError::NotKnown(fault.to_string())))
    }

    async fn domains(&self) -> Result<Vec<Domain>, EffectError> {
        self.host.domains().await
    }

    async fn attachments(&self) -> Result<Vec<Attachment>, EffectError> {
        self.host.attachments().await
    }

    async fn attention(&self) -> Result<Attention, EffectError> {
        self.host.attention().await
    }
}

#[async_trait]
impl HostFactsPort for Port {
    async fn host_facts(&self) -> Result<HostFacts, FactsError> {
        self.host.host_facts().await
    }
}
