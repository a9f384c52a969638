//! The one who breaks things, on the seed's schedule: crashes with torn disks, cut, slow and lossy links, stalled disks, hosts that stand
//! still, clocks that jump, hand-overs at bad moments.
//!
//! Every fault has an end, and [`Nemesis::end`] ends them all: what follows must be a whole pool.

use crate::net::{Cut, Link};
use crate::random::Random;
use crate::world::{World, hand_over};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use xenith_raft::NodeId;

/// Longest that a host stays down, a link cut, ...
const FAULT_MS_MAX: u64 = 4_000;
/// Largest jump of a wall clock.
const CLOCK_JUMP_MS_MAX: u64 = 3_600_000;
/// Of a host that stands still, and of a disk.
const PAUSE_MS_MAX: u64 = 2_500;
/// Deeds, at most, before the pool gets time to breathe: without, many a run would see no leader at all.
const DEEDS_IN_A_ROW: u64 = 6;
/// Longest such time: an election and some hundred commits.
const BREATH_MS_MAX: u64 = 2_500;
/// With a host's machine, and so with its guests, one in so many crashes is meant.
const POWER_LOST_PERCENT: u64 = 12;

pub struct Nemesis {
    random: Random,
    deed_every_ms: u64,
    next_ms: u64,
    /// When each host that is down comes back.
    down: BTreeMap<usize, u64>,
    /// When the links are healed.
    links_until_ms: Option<u64>,
    /// Deeds until everything is healed for a while.
    left: u64,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Crash,
    CrashCoordinator,
    PowerCut,
    Split,
    Isolate,
    OneWay,
    Slow,
    Lossy,
    StallDisk,
    Pause,
    PauseCoordinator,
    Clock,
    HandOver,
    BreakDisk,
}

/// As often as they stand here.
const DEEDS: [Deed; 20] = [
    Deed::Crash,
    Deed::Crash,
    Deed::CrashCoordinator,
    Deed::CrashCoordinator,
    Deed::PowerCut,
    Deed::Split,
    Deed::Isolate,
    Deed::Isolate,
    Deed::OneWay,
    Deed::OneWay,
    Deed::Slow,
    Deed::Lossy,
    Deed::StallDisk,
    Deed::Pause,
    Deed::PauseCoordinator,
    Deed::PauseCoordinator,
    Deed::Clock,
    Deed::HandOver,
    Deed::HandOver,
    Deed::BreakDisk,
];

impl Nemesis {
    pub fn new(random: Random, deed_every_ms: u64) -> Nemesis {
        Nemesis {
            random,
            deed_every_ms,
            next_ms: 0,
            down: BTreeMap::new(),
            links_until_ms: None,
            left: DEEDS_IN_A_ROW,
        }
    }

    /// Called before each step.
    pub fn act(&mut self, world: &mut World) -> io::Result<()> {
        let now = world.now_ms();
        self.restore(world, now)?;
        if self.next_ms == 0 {
            self.next_ms = now + self.deed_every_ms;
        }
        if now < self.next_ms {
            return Ok(());
        }
        self.next_ms = now + self.random.between(1, 2 * self.deed_every_ms);
        if self.left == 0 {
            self.left = self.random.between(1, DEEDS_IN_A_ROW);
            self.next_ms = now + self.random.between(400, BREATH_MS_MAX);
            return self.end(world);
        }
        self.left -= 1;
        let deed = self.random.one_of(DEEDS);
        world.shared.trace(format!("nemesis: {deed:?}"));
        self.commit(deed, world, now);
        Ok(())
    }

    /// Ends every fault, for now or for good.
    pub fn end(&mut self, world: &mut World) -> io::Result<()> {
        world.shared.trace("nemesis: everything is healed");
        world.net.heal();
        self.links_until_ms = None;
        let now_us = world.shared.now_us();
        for host in &mut world.hosts {
            host.disk.unstall();
            if host.is_paused() {
                host.pause_until(now_us);
            }
        }
        for index in std::mem::take(&mut self.down).into_keys() {
            world.boot(index)?;
        }
        world.calm_from_us = now_us;
        Ok(())
    }

    fn restore(&mut self, world: &mut World, now: u64) -> io::Result<()> {
        let back: Vec<usize> = self
            .down
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(index, _)| *index)
            .collect();
        for index in back {
            self.down.remove(&index);
            world.shared.trace(format!("nemesis: host {index} boots"));
            world.boot(index)?;
        }
        if self.links_until_ms.is_some_and(|until| until <= now) {
            self.links_until_ms = None;
            world.shared.trace("nemesis: links are healed");
            world.net.heal();
        }
        Ok(())
    }

    fn commit(&mut self, deed: Deed, world: &mut World, now: u64) {
        let any = self.random.index(world.hosts.len());
        let coordinator = world.shared.coordinators().first().map_or(any, |door| door.host);
        let longest = self.random.one_of([200, 1_000, FAULT_MS_MAX]);
        let lasts = self.random.between(20, longest);
        match deed {
            Deed::Crash => self.crash(world, any, now + lasts),
            Deed::CrashCoordinator => self.crash(world, coordinator, now + lasts),
            Deed::PowerCut if self.random.percent(40) => {
                (0..world.hosts.len()).for_each(|index| self.crash(world, index, now + lasts));
                world.shared.probe("power_cuts");
            }
            Deed::PowerCut => {}
            Deed::Split => self.split(world, now + lasts),
            Deed::Isolate => self.isolate(world, coordinator, now + lasts),
            Deed::OneWay => self.one_way(world, coordinator, now + lasts),
            Deed::Slow | Deed::Lossy => self.bad_links(world, matches!(deed, Deed::Lossy), now + lasts),
            Deed::StallDisk => {
                let until = (now + self.random.between(30, PAUSE_MS_MAX)) * 1_000;
                let host = if self.random.percent(50) { coordinator } else { any };
                if let Some(host) = world.hosts.get(host) {
                    host.disk.stall_until(until);
                }
                world.disturbed_until(until);
            }
            Deed::Pause => self.pause(world, any, now),
            Deed::PauseCoordinator => self.pause(world, coordinator, now),
            Deed::Clock => self.jump(world, any),
            Deed::HandOver => hand_over(&world.shared, any),
            Deed::BreakDisk => self.break_disk(world, any, now),
        }
    }

    fn crash(&mut self, world: &mut World, index: usize, back_ms: u64) {
        let Some(host) = world.hosts.get(index).filter(|host| host.is_up()) else {
            return;
        };
        if host.disk.content.unsynced() > 0 {
            world.shared.probe("crashes_with_unsynced");
        }
        world
            .shared
            .trace(format!("nemesis: host {index} crashes until {back_ms} ms"));
        world.shared.probe("crashes");
        world.crash(index);
        if world.operations.is_some() && self.random.percent(POWER_LOST_PERCENT) {
            world.shared.trace(format!("nemesis: machine {index} loses its power"));
            world.shared.probe("machines_without_power");
            world.power_cycle(index);
        }
        self.down.insert(index, back_ms);
    }

    fn cut(&mut self) -> Cut {
        self.random.one_of([Cut::Silent, Cut::Refused])
    }

    fn break_links(&mut self, world: &mut World, until_ms: u64, change: impl Fn(NodeId, NodeId, &mut Link)) {
        let ids: Vec<NodeId> = world.hosts.iter().map(|host| host.id).collect();
        for from in &ids {
            for to in ids.iter().filter(|to| *to != from) {
                world.net.change_link(*from, *to, |link| change(*from, *to, link));
            }
        }
        self.links_until_ms = Some(self.links_until_ms.unwrap_or(0).max(until_ms));
        world.disturbed_until(until_ms * 1_000);
    }

    fn split(&mut self, world: &mut World, until_ms: u64) {
        let sides: BTreeMap<NodeId, bool> = world
            .hosts
            .iter()
            .map(|host| (host.id, self.random.percent(50)))
            .collect();
        let cut = self.cut();
        world.shared.probe("partitions");
        self.break_links(world, until_ms, |from, to, link| {
            if sides.get(&from) != sides.get(&to) {
                link.cut = cut;
            }
        });
    }

    fn isolate(&mut self, world: &mut World, index: usize, until_ms: u64) {
        let Some(alone) = world.hosts.get(index).map(|host| host.id) else {
            return;
        };
        let cut = self.cut();
        world.shared.probe("isolations");
        self.break_links(world, until_ms, |from, to, link| {
            if from == alone || to == alone {
                link.cut = cut;
            }
        });
    }

    /// The host hears but is not heard, or the other way round: by one other or by all.
    fn one_way(&mut self, world: &mut World, index: usize, until_ms: u64) {
        let Some(half) = world.hosts.get(index).map(|host| host.id) else {
            return;
        };
        let other = world
            .hosts
            .get(self.random.index(world.hosts.len()))
            .map(|host| host.id);
        let other = other.filter(|_| self.random.percent(40));
        let (cut, speaks) = (self.cut(), self.random.percent(50));
        world.shared.probe("one_way_cuts");
        self.break_links(world, until_ms, |from, to, link| {
            let (here, there) = if speaks { (to, from) } else { (from, to) };
            if here == half && other.is_none_or(|other| other == there) {
                link.cut = cut;
            }
        });
    }

    fn bad_links(&mut self, world: &mut World, lossy: bool, until_ms: u64) {
        let slowest_us = self.random.between(20_000, 400_000);
        let loss = self.random.between(2, 40);
        let only = world
            .hosts
            .get(self.random.index(world.hosts.len()))
            .map(|host| host.id);
        let only = only.filter(|_| self.random.percent(60));
        self.break_links(world, until_ms, |from, to, link| {
            if only.is_some_and(|only| from != only && to != only) {
                return;
            }
            match lossy {
                true => link.loss_percent = loss,
                false => link.slowest_us = slowest_us,
            }
        });
    }

    fn pause(&mut self, world: &mut World, index: usize, now: u64) {
        let until = (now + self.random.between(20, PAUSE_MS_MAX)) * 1_000;
        world.disturbed_until(until);
        world.shared.probe("pauses");
        if let Some(host) = world.hosts.get_mut(index).filter(|host| host.is_up()) {
            host.pause_until(until);
        }
    }

    fn jump(&mut self, world: &World, index: usize) {
        let Some(host) = world.hosts.get(index) else { return };
        let by = i64::try_from(self.random.between(0, 2 * CLOCK_JUMP_MS_MAX)).unwrap_or(0);
        let jump = by - i64::try_from(CLOCK_JUMP_MS_MAX).unwrap_or(0);
        host.skew_ms.store(jump, Ordering::Relaxed);
        world.shared.probe("clock_jumps");
    }

    /// An fsync fails: the node must stop, and comes back after a restart.
    fn break_disk(&mut self, world: &mut World, index: usize, now: u64) {
        let Some(host) = world.hosts.get(index).filter(|host| host.is_up()) else {
            return;
        };
        match self.random.percent(50) {
            true => host.disk.content.break_fsync(),
            false => host.disk.content.set_full(true),
        }
        world.shared.probe("disk_faults");
        let restart = now + self.random.between(100, FAULT_MS_MAX);
        world.disturbed_until(restart * 1_000);
        self.down.insert(index, restart);
        world
            .shared
            .trace(format!("nemesis: the disk of host {index} fails until {restart} ms"));
    }
}
