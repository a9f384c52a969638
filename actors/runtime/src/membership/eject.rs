//! `pool.eject`: a host's rows go first, its node in the log after them.
//!
//! The host sees its own row go while it still follows the log, and leaves by itself. A member of the log without a row is a
//! leftover of an ejection that was cut off, or the node that a host was before it came back as another (A3); the coordinator removes it
//! as soon as the voters stay odd without it (E1).

use super::rows;
use crate::node::Node;
use std::sync::Arc;
use std::time::Duration;
use tracing::info;
use xenith_classes::birth::eject_host;
use xenith_datamodel::{ApiError, Ref, Value, class};
use xenith_pooldb::View;
use xenith_raft::{NodeId, Role};

/// How long the ejected host stays a member of the log, to see by it that its rows are gone.
const NOTICE: Duration = Duration::from_secs(2);
/// Between tries to remove what is left over, and how many: a host that came back has copied the state by then.
const CHASE_EVERY: Duration = Duration::from_secs(1);
const CHASES_MAX: u32 = 30;

impl Node {
    pub(crate) async fn eject(self: &Arc<Node>, host: Ref) -> Result<(), ApiError> {
        let (node, ejected) = (Arc::clone(self), host.clone());
        let plan: xenith_raft::Plan = Box::new(move |view: &View| {
            let mut tx = eject_host(view, Node::pool_now_ms(&*node.clock, view), &ejected)?;
            let uuid = class("host").and_then(|host| host.column("uuid"));
            let uuid = uuid.and_then(|uuid| view.value(&ejected, uuid));
            if let Some(uuid) = uuid.as_ref().and_then(Value::as_text) {
                rows::drop_host(view, &mut tx, uuid)?;
            }
            Ok((tx, Value::Void))
        });
        self.log.propose(plan).await.map_err(super::invite::commit_error)?;
        info!(host = host.as_str(), "a host was ejected");
        tokio::time::sleep(NOTICE).await;
        if !self.drop_leftovers().await {
            self.chase_leftovers();
        }
        Ok(())
    }

    /// Has the leftovers removed as soon as that can be, and not only at the background's next pass.
    pub(crate) fn chase_leftovers(self: &Arc<Node>) {
        let node = Arc::clone(self);
        tokio::spawn(async move {
            for _ in 0..CHASES_MAX {
                if !matches!(*node.log.watch_role().borrow(), Role::Coordinator { .. }) || node.drop_leftovers().await {
                    return;
                }
                tokio::time::sleep(CHASE_EVERY).await;
            }
        });
    }

    /// Members of the log that have no row any more. On the coordinator. True when none is left.
    pub(crate) async fn drop_leftovers(self: &Arc<Node>) -> bool {
        let view = self.log.applied();
        let own = self.log.node_id();
        let has_row = |node: NodeId| rows::has_row(&view, node);
        if !has_row(own) {
            // The rows are not what this goes by.
            return true;
        }
        let mut all = true;
        for member in self.membership.members() {
            if member.node == own || has_row(member.node) {
                continue;
            }
            match self.membership.remove_member(member.node).await {
                Ok(()) => {
                    info!(host = member.host_uuid, node = %member.node, "a node that has left the pool was removed")
                }
                Err(error) => {
                    all = false;
                    info!(host = member.host_uuid, node = %member.node, %error, "a node that has left is not removed yet");
                }
            }
        }
        all
    }
}
