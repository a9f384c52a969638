//! Every opening of a coordinator has a fence of its own (C3), fences only rise as a host sees them, and nobody claims to coordinate in
//! a term that a host has seen opened by somebody else at a later fence of that term.
//!
//! Two hosts may both say "Coordinator" for a while: the one that is cut off does not know yet. That it serves nothing then is what the
//! checkers of reads and writes see.

use std::collections::BTreeMap;
use xenith_raft::{Fence, NodeId};

#[derive(Default)]
pub struct OneCoordinator {
    /// Who opened at (term, index).
    opened: BTreeMap<(u64, u64), NodeId>,
    /// The newest fence of each host's life.
    newest: BTreeMap<(usize, u64), (u64, u64)>,
}

impl OneCoordinator {
    pub fn observe(&mut self, host: usize, life: u64, fence: Fence) -> Result<(), String> {
        let at = (fence.term, fence.index);
        let coordinator = *self.opened.entry(at).or_insert(fence.coordinator);
        if coordinator != fence.coordinator {
            return Err(format!(
                "two coordinators have the fence {at:?}: {coordinator} and {}",
                fence.coordinator
            ));
        }
        let newest = self.newest.entry((host, life)).or_insert(at);
        if *newest > at {
            return Err(format!("the fence of host {host} falls from {newest:?} to {at:?}"));
        }
        *newest = at;
        self.order_of(at)
    }

    /// A later opening lies further on in the log, whatever its term.
    fn order_of(&self, at: (u64, u64)) -> Result<(), String> {
        let before = self.opened.range(..at).next_back().map(|(fence, _)| *fence);
        let after = self.opened.range((at.0, at.1 + 1)..).next().map(|(fence, _)| *fence);
        let falls = |low: Option<(u64, u64)>, high: Option<(u64, u64)>| match (low, high) {
            (Some(low), Some(high)) => low.1 >= high.1,
            (None, _) | (_, None) => false,
        };
        if falls(before, Some(at)) || falls(Some(at), after) {
            return Err(format!(
                "the openings {before:?}, {at:?}, {after:?} are not in the log's order"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(term: u64, index: u64, node: u128) -> Fence {
        Fence {
            term,
            index,
            coordinator: NodeId(node),
        }
    }

    #[test]
    fn rising_fences_pass_on_every_host() {
        let mut one = OneCoordinator::default();
        for host in 0..2 {
            one.observe(host, 1, fence(1, 3, 1)).unwrap();
            one.observe(host, 1, fence(1, 9, 2)).unwrap();
            one.observe(host, 1, fence(4, 20, 1)).unwrap();
        }
        one.observe(0, 2, fence(1, 3, 1)).unwrap();
    }

    #[test]
    fn one_fence_of_two_coordinators_is_found() {
        let mut one = OneCoordinator::default();
        one.observe(0, 1, fence(2, 3, 1)).unwrap();
        assert!(
            one.observe(1, 1, fence(2, 3, 2))
                .unwrap_err()
                .contains("two coordinators")
        );
    }

    #[test]
    fn a_falling_fence_is_found() {
        let mut one = OneCoordinator::default();
        one.observe(0, 1, fence(2, 5, 1)).unwrap();
        assert!(one.observe(0, 1, fence(1, 3, 1)).unwrap_err().contains("falls"));
    }

    #[test]
    fn a_later_term_opened_earlier_in_the_log_is_found() {
        let mut one = OneCoordinator::default();
        one.observe(0, 1, fence(2, 50, 1)).unwrap();
        assert!(one.observe(1, 1, fence(3, 40, 2)).unwrap_err().contains("order"));
    }
}
