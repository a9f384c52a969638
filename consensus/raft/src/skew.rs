//! Differences between the members' wall clocks (CORRECTNESS A8). Nothing rests on them but stamps; a large one is told.
//!
//! The coordinator asks each member for its time every so often and takes the middle of question and answer as the moment it was told.

use crate::config::{RaftParts, WallClock};
use crate::dto::{ClockDto, ClockReplyDto};
use crate::network::{self, Identity, RaftNet};
use crate::pool_log::{Member, Role};
use crate::state_machine::StateMachine;
use crate::types::TypeConfig;
use openraft::async_runtime::WatchReceiver;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Between two rounds of questions: clocks drift slowly.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// Of one question. An answer that took longer says too little.
const ASK_DEADLINE: Duration = Duration::from_millis(500);
/// A difference above this is told.
pub const SKEW_MAX_MS: i64 = 2_000;

/// By host uuid: how many milliseconds the host's clock is ahead of this one's. Empty while this host does not coordinate.
#[derive(Default)]
pub struct Skews(Mutex<BTreeMap<String, i64>>);

impl Skews {
    pub fn all(&self) -> BTreeMap<String, i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, new: BTreeMap<String, i64>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (host, skew) in &new {
            let was = known.get(host).is_some_and(|was| is_large(*was));
            match (was, is_large(*skew)) {
                (false, true) => {
                    tracing::warn!(host, skew_ms = skew, "the host's clock differs from the coordinator's")
                }
                (true, false) => tracing::info!(host, skew_ms = skew, "the host's clock is right again"),
                (true, true) | (false, false) => {}
            }
        }
        *known = new;
    }
}

pub struct SkewWatch {
    raft: openraft::Raft<TypeConfig, StateMachine>,
    net: Arc<dyn RaftNet>,
    identity: Identity,
    clock: WallClock,
    role: watch::Receiver<Role>,
    skews: Arc<Skews>,
}

impl SkewWatch {
    pub fn new(
        raft: openraft::Raft<TypeConfig, StateMachine>,
        parts: &RaftParts,
        identity: Identity,
        role: watch::Receiver<Role>,
    ) -> (SkewWatch, Arc<Skews>) {
        let skews = Arc::<Skews>::default();
        let watch = SkewWatch {
            raft,
            net: parts.net.clone(),
            identity,
            clock: parts.clock.clone(),
            role,
            skews: skews.clone(),
        };
        (watch, skews)
    }

    /// One task per node.
    pub async fn run(mut self) {
        loop {
            let coordinates = matches!(*self.role.borrow_and_update(), Role::Coordinator { .. });
            let round = if coordinates {
                self.ask_all().await
            } else {
                BTreeMap::new()
            };
            self.skews.replace(round);
            tokio::select! {
                () = tokio::time::sleep(ASK_EVERY) => {}
                changed = self.role.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn ask_all(&self) -> BTreeMap<String, i64> {
        let members: Vec<Member> = {
            let metrics = self.raft.server_metrics();
            let metrics = metrics.borrow_watched();
            metrics
                .membership_config
                .nodes()
                .filter(|(node, _)| **node != self.identity.node)
                .map(|(_, member)| member.clone())
                .collect()
        };
        let asked = members.into_iter().map(|member| async move {
            let skew = self.ask(&member).await?;
            Some((member.host_uuid, skew))
        });
        futures::future::join_all(asked).await.into_iter().flatten().collect()
    }

    async fn ask(&self, member: &Member) -> Option<i64> {
        let (sent_ms, sent) = ((self.clock)(), Instant::now());
        let answer = network::request(&*self.net, &self.identity, member.node, &ClockDto {}, ASK_DEADLINE).await;
        let ClockReplyDto { time_ms } = answer
            .inspect_err(|error| tracing::debug!(host = member.host_uuid, %error, "the host did not tell its time"))
            .ok()?;
        let half = i64::try_from(sent.elapsed().as_millis() / 2).unwrap_or(0);
        Some(time_ms.saturating_sub(sent_ms.saturating_add(half)))
    }
}

fn is_large(skew: i64) -> bool {
    skew.saturating_abs() > SKEW_MAX_MS
}
