//! Where a call is to be answered: here, by the coordinator, or not at all.
//!
//! Invariants: HOST_IS_SLAVE carries the address of a coordinator that is known now, never a guess (B3); a forwarded call is
//! never forwarded again, so no call can go round in a ring.

use crate::config::SupporterCalls;
use crate::ids::Clock;
use crate::node::Node;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::Instant;
use xenith_datamodel::ApiError;
use xenith_raft::{NodeId, Role};
use xenith_wire::Origin;

/// The error while no coordinator is known: XenAPI clients treat it as passing.
pub(crate) fn no_coordinator() -> ApiError {
    ApiError::plain("HOST_STILL_BOOTING")
}

/// Decision for one call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    Here,
    Forward(NodeId),
    /// A supporter that must not answer.
    Redirect {
        address: String,
    },
}

/// What kind of call it is, as far as its place goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A login: never forwarded because of a hand-over (B4).
    Login,
    /// A call of a session that may exist.
    InSession,
}

/// Until when the old coordinator forwards, on a monotonic clock; 0 = it does not.
#[derive(Default)]
pub(crate) struct ForwardWindow {
    until_ms: AtomicI64,
}

impl ForwardWindow {
    pub(crate) fn open(&self, until_ms: i64) {
        self.until_ms.store(until_ms, Ordering::SeqCst);
    }

    pub(crate) fn close(&self) {
        self.until_ms.store(0, Ordering::SeqCst);
    }

    pub(crate) fn is_open(&self, now_ms: i64) -> bool {
        now_ms < self.until_ms.load(Ordering::SeqCst)
    }
}

impl Node {
    /// Milliseconds since this node was made; not moved by the wall clock.
    pub(crate) fn uptime_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Where to answer, waiting for a coordinator to be known until `deadline` (B3). HOST_STILL_BOOTING when there is none.
    pub(crate) async fn place(&self, origin: &Origin, kind: Kind, deadline: Instant) -> Result<Place, ApiError> {
        let mut roles = self.log.watch_role();
        let role = match tokio::time::timeout_at(deadline, roles.wait_for(|role| *role != Role::NoCoordinator)).await {
            Ok(Ok(role)) => role.clone(),
            // The log has ended, or nobody leads in time.
            Ok(Err(_)) | Err(_) => return Err(no_coordinator()),
        };
        Ok(match role {
            Role::Coordinator { .. } => Place::Here,
            Role::Supporter { coordinator, address } => {
                if self.forwards(origin, kind) {
                    Place::Forward(coordinator)
                } else {
                    Place::Redirect { address }
                }
            }
            Role::NoCoordinator => return Err(no_coordinator()),
        })
    }

    fn forwards(&self, origin: &Origin, kind: Kind) -> bool {
        match origin {
            // It was forwarded here by a host that believed us the coordinator: let that host find the new one.
            Origin::Member { .. } => false,
            Origin::UnixSocket => true,
            Origin::Tcp { .. } => match (self.config.supporter_calls, kind) {
                (SupporterCalls::Forward, Kind::Login | Kind::InSession) => true,
                (SupporterCalls::Redirect, Kind::Login) => false,
                (SupporterCalls::Redirect, Kind::InSession) => self.window.is_open(self.uptime_ms()),
            },
        }
    }

    /// Pool time for a new plan (A8).
    pub(crate) fn pool_now_ms(clock: &dyn Clock, view: &xenith_pooldb::View) -> i64 {
        clock.now_ms().max(view.pool_time_ms())
    }
}
