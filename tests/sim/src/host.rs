//! One simulated host: a disk that stays, and a tokio runtime of its own that a crash drops with everything on it.
//!
//! The runtime's clock is paused and moved by [`Host::step`] only, so a host that is not stepped stands still: as by SIGSTOP.

use crate::disk::Disk;
use crate::net::SimNet;
use crate::operations::{Daemon, Site};
use crate::random::Random;
use crate::scenario::Scenario;
use crate::shared::{Door, Shared};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, RngSeed, Runtime};
use xenith_classes::birth;
use xenith_pooldb::Transaction;
use xenith_raft::{Member, NodeId, OpeningPlan, PoolLog, RaftConfig, RaftNode, RaftParts, Role, WallClock};
use xenith_runtime::OneThread;

/// The wall clock's reading when the run begins, in ms since 1970.
pub const EPOCH_MS: i64 = 1_800_000_000_000;

pub struct Host {
    pub index: usize,
    pub id: NodeId,
    pub disk: Disk,
    /// How far the wall clock is off, in ms.
    pub skew_ms: Arc<AtomicI64>,
    random: Random,
    engine: Option<Engine>,
    life: u64,
    /// Virtual time at which a paused host goes on.
    paused_until_us: Option<u64>,
    /// How long it has stood still.
    missed: Duration,
}

impl Host {
    pub fn new(index: usize, mut random: Random) -> Host {
        Host {
            index,
            id: NodeId((u128::from(random.next()) << 64) | (index as u128 + 1)),
            disk: Disk::new(random.fork()),
            skew_ms: Arc::default(),
            random,
            engine: None,
            life: 0,
            paused_until_us: None,
            missed: Duration::ZERO,
        }
    }

    pub fn member(&self) -> Member {
        Member {
            node: self.id,
            host_uuid: host_uuid(self.index),
            link_address: format!("10.0.0.{}:443", self.index + 1),
            certificate_sha256: [self.index as u8; 32],
        }
    }

    pub fn is_up(&self) -> bool {
        self.engine.is_some()
    }

    pub fn is_paused(&self) -> bool {
        self.paused_until_us.is_some()
    }

    /// `site`: the machines under the hosts, if there are any. Then this host has a toolstack, too.
    pub fn boot(
        &mut self,
        shared: &Arc<Shared>,
        net: &SimNet,
        scenario: &Scenario,
        site: Option<&Arc<Site>>,
    ) -> io::Result<()> {
        let seed = self.random.next();
        let engine = Engine::new(seeded_runtime(seed)?, site.is_some());
        self.life += 1;
        self.paused_until_us = None;
        self.missed = Duration::ZERO;
        let log = self.disk.open(shared, scenario.plant).map_err(io::Error::other)?;
        let mut config = RaftConfig::new(self.member(), 7, seed);
        scenario.tune(&mut config);
        let clock = self.clock(shared);
        let daemon = site.zip(engine.thread()).map(|(site, thread)| Daemon {
            site: site.clone(),
            here: thread.here().clone(),
            host: self.index,
            member: self.member(),
            net: net.clone(),
            clock: clock.clone(),
        });
        let parts = RaftParts {
            log,
            snapshots: self.disk.snapshots.clone(),
            net: net.door(self.id),
            opening: opening(daemon.as_ref()),
            clock,
        };
        let (shared, net, host, life) = (shared.clone(), net.clone(), self.index, self.life);
        let started = Starting {
            host,
            life,
            daemon,
            runtime: engine.handle().clone(),
        };
        engine.handle().spawn(async move {
            let outcome = match RaftNode::start(config, parts).await {
                Ok(node) => started.serve(node, &shared, &net),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = outcome {
                shared.violation(format!("host {host} does not start: {error}"));
            }
        });
        self.engine = Some(engine);
        Ok(())
    }

    fn clock(&self, shared: &Arc<Shared>) -> WallClock {
        let (skew, shared) = (self.skew_ms.clone(), shared.clone());
        Arc::new(move || wall_clock_ms(&shared, &skew))
    }

    /// Power-off: nothing of the node runs any more, and of the disk only what crashes leave.
    pub fn crash(&mut self, shared: &Shared, net: &SimNet) {
        self.disk.crash(&mut self.random, shared);
        shared.close_door(self.index);
        net.stop(self.id);
        self.paused_until_us = None;
        drop(self.engine.take());
    }

    pub fn pause_until(&mut self, us: u64) {
        self.paused_until_us = Some(us);
    }

    /// Lets the host run for that long of its own time.
    pub fn step(&mut self, now_us: u64, length: Duration) {
        let Some(engine) = &self.engine else { return };
        if let Some(until) = self.paused_until_us {
            if now_us < until {
                self.missed += length;
                return;
            }
            self.paused_until_us = None;
            let missed = std::mem::take(&mut self.missed);
            engine.block_on(async { tokio::time::advance(missed).await });
        }
        engine.block_on(async { tokio::time::sleep(length).await });
    }
}

/// What everything of a host runs on.
enum Engine {
    Plain(Runtime),
    /// Actors, too.
    WithActors(OneThread),
}

impl Engine {
    fn new(runtime: Runtime, has_actors: bool) -> Engine {
        match has_actors {
            false => Engine::Plain(runtime),
            true => Engine::WithActors(OneThread::new(runtime)),
        }
    }

    fn thread(&self) -> Option<&OneThread> {
        match self {
            Engine::Plain(_) => None,
            Engine::WithActors(thread) => Some(thread),
        }
    }

    fn handle(&self) -> &Handle {
        match self {
            Engine::Plain(runtime) => runtime.handle(),
            Engine::WithActors(thread) => thread.handle(),
        }
    }

    fn block_on(&self, future: impl Future<Output = ()>) {
        match self {
            Engine::Plain(runtime) => runtime.block_on(future),
            Engine::WithActors(thread) => thread.block_on(future),
        }
    }
}

/// A host whose node has just started.
struct Starting {
    host: usize,
    life: u64,
    daemon: Option<Daemon>,
    runtime: Handle,
}

impl Starting {
    /// On the host's own runtime.
    fn serve(
        self,
        node: Arc<RaftNode>,
        shared: &Arc<Shared>,
        net: &SimNet,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let id = node.node_id();
        net.serve(id, self.runtime.clone(), node.service());
        tokio::spawn(trace_role(shared.clone(), self.host, node.clone()));
        let toolstack = match self.daemon {
            Some(daemon) => Some(daemon.start(&node)?),
            None => None,
        };
        if let Some(toolstack) = &toolstack {
            net.serve_toolstack(id, toolstack.clone());
        }
        shared.open_door(Door {
            host: self.host,
            life: self.life,
            runtime: self.runtime,
            node,
            toolstack,
        });
        Ok(())
    }
}

/// What a coordinator writes first.
fn opening(daemon: Option<&Daemon>) -> OpeningPlan {
    let Some(daemon) = daemon else {
        return Arc::new(|_| Transaction::new(0));
    };
    let (clock, uuid) = (daemon.clock.clone(), daemon.member.host_uuid.clone());
    Arc::new(move |view| birth::opening(view, clock(), &uuid))
}

pub fn host_uuid(index: usize) -> String {
    format!("host-{index}")
}

pub fn wall_clock_ms(shared: &Shared, skew_ms: &AtomicI64) -> i64 {
    let since = i64::try_from(shared.now_us() / 1_000).unwrap_or(i64::MAX);
    EPOCH_MS + since + skew_ms.load(Ordering::Relaxed)
}

/// One thread, a paused clock, and tokio's own choices from the seed.
pub fn seeded_runtime(seed: u64) -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .rng_seed(RngSeed::from_bytes(&seed.to_le_bytes()))
        .build()
}

async fn trace_role(shared: Arc<Shared>, host: usize, node: Arc<RaftNode>) {
    let mut role = node.watch_role();
    drop(node);
    loop {
        let now = role.borrow_and_update().clone();
        if matches!(now, Role::Coordinator { .. }) {
            shared.probe("coordinators");
        }
        shared.trace(format!("host {host} is {now:?}"));
        if role.changed().await.is_err() {
            return;
        }
    }
}
