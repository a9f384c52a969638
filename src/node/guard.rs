//! Watches this host's membership while it runs: keeps the list of members on disk, and ends a run that must not go on.

use super::Again;
use super::wire_up::Local;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use xenith_raft::{Member, PoolLog as _, RaftNode, host_of};
use xenith_runtime::{HostStart, Toolstack};

/// Between two looks. Nothing here is urgent: a quarantined node neither votes nor serves meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two attempts to report this start.
const REPORT_PAUSE: Duration = Duration::from_secs(2);
/// About an hour: without a coordinator for so long there are other worries than facts of the machine.
const REPORTS_MAX: u32 = 1_800;

/// Runs until it has told something or is aborted.
pub async fn watch_membership(local: Arc<Local>, raft: Arc<RaftNode>, tell: watch::Sender<Option<Again>>) {
    let mut written = local.state.known_members().unwrap_or_default();
    let mut told_address = false;
    let mut had_row = false;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Some(why) = raft.quarantine() {
            tracing::error!(
                why,
                "this host's state differs from the pool's: it is kept aside and copied anew"
            );
            tell.send_replace(Some(Again::SetAside(why)));
            return;
        }
        let has_row = host_of(&raft.applied(), &local.host_uuid).is_some();
        had_row |= has_row;
        if had_row && !has_row {
            tracing::warn!("this host was ejected from the pool; its membership is kept aside");
            tell.send_replace(Some(Again::Ejected));
            return;
        }
        let members: Vec<Member> = raft.members().into_iter().map(|(member, _votes)| member).collect();
        // A node that has not copied the log yet knows of no members; what it was told at its join is better.
        let Some(own) = members.iter().find(|member| member.node == raft.node_id()) else {
            continue;
        };
        let link_address = local.config.link_address();
        if own.link_address != link_address && !told_address {
            told_address = true;
            tracing::error!(configured = %link_address, known_to_the_pool = %own.link_address,
                "this host's link address has changed; the pool cannot follow that yet: set it back, or eject the host \
                 and join it anew");
        }
        if members != written {
            written = save(&local, members).await.unwrap_or(written);
        }
    }
}

/// Off the threads that Raft runs on: it waits for the disk.
async fn save(local: &Arc<Local>, members: Vec<Member>) -> Option<Vec<Member>> {
    let local = local.clone();
    let saved = tokio::task::spawn_blocking(move || local.state.write_members(&members).map(|()| members)).await;
    match saved {
        Ok(Ok(members)) => Some(members),
        Ok(Err(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the list of members could not be written"
            );
            None
        }
        Err(error) => {
            tracing::error!(%error, "the list of members could not be written");
            None
        }
    }
}

/// Tells the pool what this start found on the machine.
pub async fn report_start(toolstack: Arc<Toolstack>, start: HostStart) {
    for _ in 0..REPORTS_MAX {
        match toolstack.host_started(&start).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, "this host's rows are not refreshed yet"),
        }
        tokio::time::sleep(REPORT_PAUSE).await;
    }
    tracing::error!("this host's rows could not be refreshed; they are as at its last start");
}
