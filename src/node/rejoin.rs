//! A host whose store was set aside comes back into its pool as a new node (CORRECTNESS A3).
//!
//! Invariant: a host that cannot ask another member does not run: its pool may have acknowledged what it has lost.

use super::NodeError;
use super::join::{Ask, ask, become_member};
use super::state_dir::Rejoin;
use super::wire_up::Local;
use std::time::Duration;
use tokio::time::Instant;
use xenith_link::ServerTrust;
use xenith_raft::Member;
use xenith_runtime::Proof;

/// Then the daemon ends with an error, for whoever started it to see and start it again.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10 * 60);
/// Between two rounds; an election and a busy coordinator are over by then.
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// Returns when the pool has taken this host back; [`super::state_dir::StateDir`] holds the new membership then.
pub async fn rejoin(local: &Local, pending: &Rejoin) -> Result<(), NodeError> {
    let others: Vec<&Member> = pending
        .members
        .iter()
        .filter(|member| member.host_uuid != local.host_uuid)
        .collect();
    let set_aside = || NodeError::StoreSetAside {
        why: pending.why.clone(),
        aside: pending.aside.display().to_string(),
    };
    let Some(node) = u128::from_str_radix(&pending.node, 16)
        .ok()
        .filter(|_| !others.is_empty())
    else {
        return Err(set_aside());
    };
    tracing::error!(why = %pending.why, aside = %pending.aside.display(),
        "this host's store cannot be trusted and was kept aside; asking its pool to take it back as a new node");
    let until = Instant::now() + GIVE_UP_AFTER;
    loop {
        for member in &others {
            let trust = ServerTrust::Fingerprint(member.certificate_sha256);
            let question = Ask {
                address: &member.link_address,
                trust,
                proof: Proof::Member,
                node,
            };
            match ask(local, question).await {
                Ok(reply) => {
                    become_member(local, node, &reply)?;
                    tracing::info!(pool = %reply.pool_uuid, node = %pending.node, "the pool has taken this host back");
                    return local.state.finish_join();
                }
                Err(error) => tracing::warn!(asked = %member.link_address, %error, "not taken back yet"),
            }
        }
        if Instant::now() >= until {
            return Err(NodeError::NotTakenBack {
                aside: pending.aside.display().to_string(),
            });
        }
        tokio::time::sleep(ROUND_PAUSE).await;
    }
}
