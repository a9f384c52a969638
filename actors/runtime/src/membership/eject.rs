//! `pool.eject`: a host's rows go first, its node in the log after them.
//!
//! The host sees its own row go while it still follows the log, and leaves by itself. A member of the log without a row is a
//! leftover of an ejection that was cut off; the coordinator removes it in its next pass.

use super::rows;
use crate::node::Node;
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};
use xenith_classes::birth::eject_host;
use xenith_datamodel::{ApiError, Ref, Value, class};
use xenith_pooldb::View;
use xenith_raft::NodeId;

/// How long the ejected host stays a member of the log, to see by it that its rows are gone.
const NOTICE: Duration = Duration::from_secs(2);

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
        self.drop_leftovers().await;
        Ok(())
    }

    /// Members of the log that have no row any more. On the coordinator.
    pub(crate) async fn drop_leftovers(self: &Arc<Node>) {
        let view = self.log.applied();
        let own = self.log.node_id();
        let has_row = |node: NodeId| rows::has_row(&view, node);
        if !has_row(own) {
            // The rows are not what this goes by.
            return;
        }
        for member in self.membership.members() {
            if member.node == own || has_row(member.node) {
                continue;
            }
            match self.membership.remove_member(member.node).await {
                Ok(()) => info!(host = member.host_uuid, node = %member.node, "an ejected host's node was removed"),
                Err(error) => warn!(host = member.host_uuid, %error, "an ejected host's node is not removed yet"),
            }
        }
    }
}
