//! Watches this host's membership while it runs: keeps the list of members on disk, and ends a run that must not go on.

use super::Again;
use super::join::{Ask, ask};
use super::wire_up::Local;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use xenith_link::ServerTrust;
use xenith_raft::{Member, PoolLog as _, RaftNode, Role, host_of};
use xenith_runtime::{HostStart, Proof, Toolstack, says_not_a_member};

/// Between two looks. Nothing here is urgent: a quarantined node neither votes nor serves meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Longer than any election: a host that knows no coordinator for so long asks whether it is a member still, and again after as long.
const LONELY_AFTER: Duration = Duration::from_secs(10);
/// Of one such question.
const ASK_WITHIN: Duration = Duration::from_secs(5);
/// Between two attempts to report this start.
const REPORT_PAUSE: Duration = Duration::from_secs(2);
/// About an hour: without a coordinator for so long there are other worries than facts of the machine.
const REPORTS_MAX: u32 = 1_800;

/// Runs until it has told something or is aborted.
pub async fn watch_membership(local: Arc<Local>, raft: Arc<RaftNode>, tell: watch::Sender<Option<Again>>) {
    let mut written = local.state.known_members().unwrap_or_default();
    let mut had_row = false;
    let mut lonely = Lonely::default();
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
        if lonely.is_ejected(&local, &raft, &written).await {
            tracing::warn!("the pool does not know this host any more; its membership is kept aside");
            tell.send_replace(Some(Again::Ejected));
            return;
        }
        let members: Vec<Member> = raft.members().into_iter().map(|(member, _votes)| member).collect();
        // A node that has not copied the log yet knows of no members; what it was told at its join is better.
        let knows_itself = members.iter().any(|member| member.node == raft.node_id());
        if knows_itself && members != written {
            written = save(&local, members).await.unwrap_or(written);
        }
    }
}

/// A host that was ejected while it was away is heard by no member, so it never sees its row go. It asks at the door for joiners, where
/// anybody is heard: as the node that it is, which changes nothing for a member.
#[derive(Default)]
struct Lonely {
    since: Option<Instant>,
}

impl Lonely {
    /// True when the pool's coordinator has said that this host is no member.
    async fn is_ejected(&mut self, local: &Local, raft: &RaftNode, members: &[Member]) -> bool {
        if *raft.watch_role().borrow() != Role::NoCoordinator {
            self.since = None;
            return false;
        }
        if self.since.get_or_insert_with(Instant::now).elapsed() < LONELY_AFTER {
            return false;
        }
        self.since = None;
        for member in members.iter().filter(|member| member.host_uuid != local.host_uuid) {
            let question = Ask {
                address: &member.link_address,
                trust: ServerTrust::Fingerprint(member.certificate_sha256),
                proof: Proof::Member,
                node: raft.node_id().0,
            };
            match tokio::time::timeout(ASK_WITHIN, ask(local, question)).await {
                Ok(Ok(_)) => return false,
                Ok(Err(error)) if says_not_a_member(&error) => return true,
                Ok(Err(error)) => tracing::debug!(asked = %member.link_address, %error, "no word from the pool"),
                Err(_) => tracing::debug!(asked = %member.link_address, "no word from the pool in time"),
            }
        }
        false
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
