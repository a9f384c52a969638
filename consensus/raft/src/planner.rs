//! Who votes (CORRECTNESS E1): one, one, three, three, five voters for pools of one to five hosts, then five.
//!
//! Pure. Invariants: one change at a time; the coordinator is never demoted; the target is odd; a healthy voter is never replaced while
//! the number of voters is right; the order among equals is that of the node ids, so the choice is stable.

use crate::pool_log::NodeId;
use std::collections::BTreeSet;

/// Most voters: five bear two losses; more would only slow commits down.
const VOTERS_MAX: usize = 5;

/// A member as the coordinator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberHealth {
    pub node: NodeId,
    /// Heard lately, and close to the end of the log.
    pub fit: bool,
    /// A voter not heard for long.
    pub gone: bool,
}

/// Voters for a pool of so many hosts.
pub fn voters_wanted(members: usize) -> usize {
    match members {
        0 => 0,
        1 | 2 => 1,
        3 | 4 => 3,
        _ => VOTERS_MAX,
    }
}

/// The next set of voters, or nothing when it is right or cannot be bettered.
pub fn next_voters(members: &[MemberHealth], voters: &BTreeSet<NodeId>, leader: NodeId) -> Option<BTreeSet<NodeId>> {
    let wanted = voters_wanted(members.len());
    let is_member = |node: &NodeId| members.iter().any(|m| m.node == *node);
    let mut spare: Vec<NodeId> = members
        .iter()
        .filter(|m| m.fit && !voters.contains(&m.node))
        .map(|m| m.node)
        .collect();
    spare.sort();
    let mut next = voters.clone();
    if voters.len() > wanted {
        // Down by one at a time; an even number on the way is left at once.
        next.remove(&worst(members, voters, leader)?);
        return Some(next);
    }
    if voters.len() < wanted {
        // Only when the number stays odd in the end: two come at once, or one when the number is even.
        let missing = if voters.len().is_multiple_of(2) { 1 } else { 2 };
        if spare.len() < missing {
            return None;
        }
        next.extend(spare.into_iter().take(missing));
        return Some(next);
    }
    let gone = voters.iter().find(|voter| {
        **voter != leader && (!is_member(voter) || members.iter().any(|m| m.node == **voter && m.gone))
    })?;
    next.remove(gone);
    next.insert(*spare.first()?);
    Some(next)
}

/// The voters with which `gone` can leave the members; nothing while that would leave an even number and the learner who could make it
/// odd is not fit yet. `gone` is not the leader.
pub fn voters_without(
    members: &[MemberHealth],
    voters: &BTreeSet<NodeId>,
    gone: NodeId,
    leader: NodeId,
) -> Option<BTreeSet<NodeId>> {
    let left: Vec<_> = members.iter().filter(|m| m.node != gone).cloned().collect();
    let mut next = voters.clone();
    next.remove(&gone);
    if next.len() % 2 == 1 {
        return Some(next);
    }
    if next.len() >= voters_wanted(left.len()) {
        next.remove(&worst(&left, &next, leader)?);
        return Some(next);
    }
    let spare = left.iter().filter(|m| m.fit && !next.contains(&m.node));
    next.insert(spare.map(|m| m.node).min()?);
    Some(next)
}

/// Voters with `target` among them for a hand-over: another voter, never the target or the leader, makes room. A pool with one voter
/// gets two; the new coordinator demotes the old one.
pub fn voters_with(voters: &BTreeSet<NodeId>, target: NodeId, leader: NodeId) -> BTreeSet<NodeId> {
    let mut next = voters.clone();
    if next.insert(target)
        && next.len().is_multiple_of(2)
        && let Some(other) = voters.iter().rev().find(|voter| **voter != leader)
    {
        next.remove(other);
    }
    next
}

/// The voter to demote first: one that is not a member, then one that is gone, then one that is not fit, then the largest id.
fn worst(members: &[MemberHealth], voters: &BTreeSet<NodeId>, leader: NodeId) -> Option<NodeId> {
    let rank = |node: &NodeId| match members.iter().find(|m| m.node == *node) {
        None => 3,
        Some(m) if m.gone => 2,
        Some(m) if !m.fit => 1,
        Some(_) => 0,
    };
    voters
        .iter()
        .copied()
        .filter(|voter| *voter != leader)
        .max_by_key(|voter| (rank(voter), *voter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: u128) -> MemberHealth {
        MemberHealth {
            node: NodeId(id),
            fit: true,
            gone: false,
        }
    }

    fn ids(ids: &[u128]) -> BTreeSet<NodeId> {
        ids.iter().copied().map(NodeId).collect()
    }

    /// Applies the planner until it has nothing more to do.
    fn settle(members: &[MemberHealth], mut voters: BTreeSet<NodeId>, leader: NodeId) -> BTreeSet<NodeId> {
        for _ in 0..20 {
            match next_voters(members, &voters, leader) {
                Some(next) => {
                    assert_ne!(next, voters);
                    assert!(next.contains(&leader));
                    voters = next;
                }
                None => return voters,
            }
        }
        panic!("the planner does not settle: {voters:?}");
    }

    #[test]
    fn pools_of_each_size_get_their_voters() {
        for (size, wanted) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (6, 5), (64, 5)] {
            let members: Vec<_> = (1..=size).map(member).collect();
            let voters = settle(&members, ids(&[1]), NodeId(1));
            assert_eq!(voters.len(), wanted, "pool of {size}");
        }
    }

    #[test]
    fn a_pool_of_two_after_a_hand_over_keeps_the_new_coordinator() {
        let members = [member(1), member(2)];
        assert_eq!(voters_with(&ids(&[1]), NodeId(2), NodeId(1)), ids(&[1, 2]));
        assert_eq!(settle(&members, ids(&[1, 2]), NodeId(2)), ids(&[2]));
    }

    #[test]
    fn a_learner_takes_another_voters_place_for_a_hand_over() {
        assert_eq!(voters_with(&ids(&[1, 2, 3]), NodeId(4), NodeId(3)), ids(&[1, 3, 4]));
        assert_eq!(voters_with(&ids(&[1, 2, 3]), NodeId(2), NodeId(3)), ids(&[1, 2, 3]));
    }

    #[test]
    fn a_voter_that_is_gone_is_replaced_only_by_a_fit_learner() {
        let mut members: Vec<_> = (1..=4).map(member).collect();
        members[1].gone = true;
        members[1].fit = false;
        assert_eq!(
            next_voters(&members, &ids(&[1, 2, 3]), NodeId(1)),
            Some(ids(&[1, 3, 4]))
        );
        members[3].fit = false;
        assert_eq!(next_voters(&members, &ids(&[1, 2, 3]), NodeId(1)), None);
    }

    #[test]
    fn voters_stay_odd_when_one_of_them_leaves() {
        let mut members: Vec<_> = (1..=3).map(member).collect();
        let without =
            |members: &[MemberHealth], voters: &[u128]| voters_without(members, &ids(voters), NodeId(2), NodeId(1));
        // Three become two hosts, of which one votes.
        assert_eq!(without(&members, &[1, 2, 3]), Some(ids(&[1])));
        assert_eq!(without(&members, &[1]), Some(ids(&[1])));
        // A learner takes the place, once it is fit.
        members.push(member(4));
        assert_eq!(without(&members, &[1, 2, 3]), Some(ids(&[1, 3, 4])));
        members[3].fit = false;
        assert_eq!(without(&members, &[1, 2, 3]), None);
        members.push(member(5));
        assert_eq!(without(&members, &[1, 2, 3, 4, 5]), Some(ids(&[1, 3, 5])));
    }

    #[test]
    fn random_pools_settle_on_odd_voters_with_the_leader() {
        let mut seed = 1u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        for _ in 0..2_000 {
            let size = 1 + random(9) as u128;
            let leader = NodeId(1 + u128::from(random(size as u64)));
            let members: Vec<_> = (1..=size)
                .map(|id| {
                    let fit = NodeId(id) == leader || random(3) > 0;
                    MemberHealth {
                        node: NodeId(id),
                        fit,
                        gone: !fit && random(2) == 0,
                    }
                })
                .collect();
            let mut voters = ids(&[leader.0]);
            voters.extend((1..=size).filter(|_| random(2) == 0).map(NodeId));
            let settled = settle(&members, voters.clone(), leader);
            assert!(settled.len() <= VOTERS_MAX.max(1));
            assert!(
                settled.len() % 2 == 1 || settled == voters,
                "{voters:?} -> {settled:?} of {members:?}"
            );
        }
    }
}
