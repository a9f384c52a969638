//! A host's reports on their way to whoever coordinates. What is lost is told again by the agent.

use super::BATCH;
use super::agent::{Hear, HostAgent, TellAgain};
use crate::node::Node;
use actix::Addr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::{debug, warn};
use xenith_classes::agent::{Report, Signed};
use xenith_raft::Role;

/// Reports that wait: as many as a host with a thousand guests has in one bad moment.
const QUEUE: usize = 4_096;

pub(super) type Teller = mpsc::Sender<Report>;

pub(super) fn channel() -> (Teller, mpsc::Receiver<Report>) {
    mpsc::channel(QUEUE)
}

/// Runs until the agent is gone.
pub(super) async fn run(node: Arc<Node>, agent: Addr<HostAgent>, mut reports: mpsc::Receiver<Report>) {
    let mut roles = node.log.watch_role();
    let mut batch = Vec::new();
    // An empty report: this host is there, and has lost what was on its way.
    let role = roles.borrow().clone();
    tell(&node, &agent, role, Vec::new()).await;
    loop {
        tokio::select! {
            taken = reports.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    return;
                }
                let role = roles.borrow().clone();
                tell(&node, &agent, role, std::mem::take(&mut batch)).await;
            }
            changed = roles.changed() => {
                if changed.is_err() {
                    return;
                }
                let is_known = !matches!(*roles.borrow_and_update(), Role::NoCoordinator);
                let role = roles.borrow().clone();
                tell(&node, &agent, role, Vec::new()).await;
                // A new coordinator has heard nothing yet. A full mailbox: the agent tells again soon anyway.
                if is_known && let Err(full) = agent.try_send(TellAgain) {
                    debug!(%full, "the agent is busy");
                }
            }
        }
    }
}

async fn tell(node: &Arc<Node>, agent: &Addr<HostAgent>, role: Role, reports: Vec<Report>) {
    let said: Option<Vec<Signed>> = match role {
        Role::NoCoordinator => None,
        Role::Coordinator { .. } => {
            let host = node.host.uuid.clone();
            node.hear_reports(&host, reports).await
        }
        Role::Supporter { coordinator, .. } => match node.report_to(coordinator, reports).await {
            Ok(said) => said,
            Err(error) => {
                debug!(%error, "reports did not reach the coordinator");
                None
            }
        },
    };
    if let Some(said) = said.filter(|said| !said.is_empty())
        && let Err(fault) = agent.send(Hear(said)).await
    {
        warn!(%fault, "the agent did not take the coordinator's answer");
    }
}
