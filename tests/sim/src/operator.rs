//! The one who adds hosts to the pool, and tries again until they are members.

use crate::random::Random;
use crate::shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use xenith_raft::Member;

/// Between two tries.
const TRY_EVERY: Duration = Duration::from_millis(100);
/// How long one try is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// One after the other.
pub async fn add_members(shared: Arc<Shared>, members: Vec<Member>) {
    for member in members {
        add(&shared, member).await;
    }
}

/// Each at a time of the seed's choice, within the first three quarters of the trouble.
pub async fn join_late(shared: Arc<Shared>, members: Vec<Member>, trouble_ms: u64, mut random: Random) {
    let share = trouble_ms * 3 / 4 / (members.len() as u64).max(1);
    for member in members {
        tokio::time::sleep(Duration::from_millis(random.below(share))).await;
        add(&shared, member).await;
    }
}

async fn add(shared: &Arc<Shared>, member: Member) {
    loop {
        for door in shared.coordinators() {
            if door.node.members().iter().any(|(known, _)| known.node == member.node) {
                shared.trace(format!("{} is a member", member.host_uuid));
                return shared.probe("joined");
            }
            let (node, member, shared) = (door.node.clone(), member.clone(), shared.clone());
            let adding = door.runtime.spawn(async move {
                let outcome = node.add_member(member.clone()).await;
                shared.trace(format!("adding {}: {outcome:?}", member.host_uuid));
            });
            // Died with its host, or slow: the next look at the members tells.
            let _ = tokio::time::timeout(PATIENCE, adding).await;
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}
