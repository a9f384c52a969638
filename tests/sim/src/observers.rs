//! Looks at every node that is up, every few milliseconds, whatever the clients ask.

use crate::checkers::one_coordinator_per_term::OneCoordinator;
use crate::checkers::pool_time_monotonic::PoolTime;
use crate::checkers::views_equal::ViewsEqual;
use crate::checkers::voters_odd::VotersOdd;
use crate::shared::{Door, Shared};
use xenith_raft::PoolLog;

#[derive(Default)]
pub struct Observers {
    views: ViewsEqual,
    time: PoolTime,
    coordinator: OneCoordinator,
    voters: VotersOdd,
}

impl Observers {
    /// `calm`: no fault is at work.
    pub fn look(&mut self, shared: &Shared, calm: bool) {
        let doors = shared.doors();
        let mut outcomes: Vec<_> = doors.iter().flat_map(|door| self.look_at(door)).collect();
        if let [coordinator] = shared.coordinators().as_slice() {
            let members = coordinator.node.members();
            let voters = members.iter().filter(|(_, votes)| *votes).count();
            outcomes.push(
                self.voters
                    .observe(shared.now_us() / 1_000, members.len(), voters, calm),
            );
        }
        for text in outcomes.into_iter().filter_map(Result::err) {
            shared.violation(text);
        }
    }

    fn look_at(&mut self, door: &Door) -> Vec<Result<(), String>> {
        let view = door.node.applied();
        let quarantine = door
            .node
            .quarantine()
            .map_or(Ok(()), |why| Err(format!("host {} is quarantined: {why}", door.host)));
        let fence = door.node.fence();
        vec![
            quarantine,
            self.views.observe(door.host, &view),
            self.time.observe(door.host, door.life, &view),
            fence.map_or(Ok(()), |fence| self.coordinator.observe(door.host, door.life, fence)),
        ]
    }
}
