//! Coordinators that do not know yet that another has taken their place: they plan, say orders and hear reports from what they last knew.
//! Nothing of what they propose is committed.

use super::coordinator::Coordinator;
use super::world::World;
use xenith_classes::agent::Report;
use xenith_pooldb::View;

/// For so long an old coordinator does not notice; longer than any lease would let it.
const UNTIL_MS: i64 = 10_000;
const DEPOSED_MAX: usize = 2;

#[derive(Clone)]
pub struct Deposed {
    coordinator: Coordinator,
    committed: View,
    until_ms: i64,
}

impl World {
    /// `committed`: what the old one knows to be.
    pub fn depose(&mut self, coordinator: Coordinator, committed: View) {
        self.deposed.push(Deposed {
            coordinator,
            committed,
            until_ms: self.now_ms + UNTIL_MS,
        });
        if self.deposed.len() > DEPOSED_MAX {
            self.deposed.remove(0);
        }
    }

    pub fn forget_deposed(&mut self) {
        let now_ms = self.now_ms;
        self.deposed.retain(|deposed| now_ms < deposed.until_ms);
    }

    /// One of them goes on as if it still coordinated.
    pub fn deposed_acts(&mut self) {
        self.in_place_of_the_coordinator("deposed_acted", World::coordinate);
    }

    /// False when there is none to hear it.
    pub fn deposed_hears(&mut self, host: usize, report: &Report) -> bool {
        self.in_place_of_the_coordinator("deposed_heard", |world| world.hear_report(host, report))
    }

    fn in_place_of_the_coordinator(&mut self, probe: &'static str, act: impl FnOnce(&mut World)) -> bool {
        if self.deposed.is_empty() {
            return false;
        }
        let mut one = self.deposed.remove(self.random.index(self.deposed.len()));
        std::mem::swap(&mut self.coordinator, &mut one.coordinator);
        std::mem::swap(&mut self.committed, &mut one.committed);
        self.is_deposed = true;
        act(self);
        self.is_deposed = false;
        std::mem::swap(&mut self.coordinator, &mut one.coordinator);
        std::mem::swap(&mut self.committed, &mut one.committed);
        self.deposed.push(one);
        self.probes.hit(probe);
        true
    }
}
