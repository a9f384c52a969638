//! What hosts report, made true in the rows; and how orders reach this host's own agent.

use super::agent::Hear;
use crate::background::{done_or_nothing, some_or_nothing};
use crate::ids::SystemIds;
use crate::node::Node;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::sync::Arc;
use tracing::{debug, warn};
use xenith_classes::agent::{Boot, Fence, GuestSeen, Report, Said, Signed, Stopped};
use xenith_classes::host::dead;
use xenith_classes::operation::{self, Outcome};
use xenith_classes::vm::guest::observe_guests;
use xenith_classes::vm::observe::{Observed, observe_stop};
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::{Transaction, View};
use xenith_raft::{CommitError, NodeId, Plan, Role, host_of};

impl Node {
    /// The coordinator's orders for this host. False if it works nothing, or its agent has ended.
    pub(super) async fn hear_orders(&self, said: Vec<Signed>) -> bool {
        let Some(agent) = self.operations.agent.get() else {
            return false;
        };
        agent.send(Hear(said)).await.is_ok()
    }

    pub(super) async fn hear_reports_of(self: &Arc<Node>, from: NodeId, reports: Vec<Report>) -> Option<Vec<Signed>> {
        let members = self.membership.members();
        let member = members.iter().find(|member| member.node == from)?;
        self.hear_reports(&member.host_uuid, reports).await
    }

    /// What can be said to them now; nothing if this host does not coordinate. A report without an answer comes again.
    pub(super) async fn hear_reports(self: &Arc<Node>, host_uuid: &str, reports: Vec<Report>) -> Option<Vec<Signed>> {
        let fence = self.coordinators_fence()?;
        let Some(host) = host_of(&self.log.applied(), host_uuid) else {
            debug!(host_uuid, "reports of a host that has no row yet");
            return Some(Vec::new());
        };
        if reports.is_empty() {
            // Its daemon has started, or it has just found its coordinator.
            self.operations.say_all_again(host);
            return Some(Vec::new());
        }
        let answers: FuturesUnordered<_> = reports.into_iter().map(|report| self.hear(&host, report)).collect();
        let said: Vec<Option<Said>> = answers.collect().await;
        // The rows speak of all that was answered by now.
        let as_of = self.log.applied().generation();
        let sign = |said| Signed { fence, as_of, said };
        Some(said.into_iter().flatten().map(sign).collect())
    }

    /// This host's, while it coordinates.
    pub(super) fn coordinators_fence(&self) -> Option<Fence> {
        let Role::Coordinator { term } = *self.log.watch_role().borrow() else {
            return None;
        };
        let opened = self.log.fence().filter(|fence| fence.coordinator == self.log.node_id());
        Some(match opened {
            Some(fence) => Fence {
                term: fence.term,
                index: fence.index,
            },
            None => Fence { term, index: 0 },
        })
    }

    async fn hear(self: &Arc<Node>, host: &Ref, report: Report) -> Option<Said> {
        let answer = match report {
            Report::Outcome {
                operation,
                sequence,
                outcome,
            } => self.hear_outcome(operation, sequence, outcome).await,
            Report::TooOld { operation, sequence } => {
                debug!(operation = operation.as_str(), sequence, "an order was too old");
                self.operations.say_again(operation);
                Ok(None)
            }
            Report::Stopped(stopped) => self.hear_stopped(host, stopped).await,
            Report::Guests { boot_id, seen } => self.hear_guests(host, boot_id, seen).await,
            Report::Booted(boot) => self.hear_booted(host, boot).await,
        };
        match answer {
            Ok(said) => said,
            // It comes again.
            Err(CommitError::NotCoordinator | CommitError::Frozen | CommitError::Unknown) => None,
            Err(error) => {
                warn!(%error, "a host's report could not be taken");
                None
            }
        }
    }

    async fn hear_outcome(
        self: &Arc<Node>,
        operation: Ref,
        sequence: i64,
        outcome: Outcome,
    ) -> Result<Option<Said>, CommitError> {
        let applied = self.log.applied();
        if operation::is_live(&applied, &operation, sequence).map_err(CommitError::Api)? {
            let object = operation::Record::read(&applied, &operation)
                .map_err(CommitError::Api)?
                .object();
            let place = operation.clone();
            let plan = self.plan(move |node, view| {
                let now_ms = Node::pool_now_ms(&*node.clock, view);
                operation::advance(view, now_ms, &mut SystemIds, (&place, sequence), outcome)
            });
            done_or_nothing(self.operations.objects.propose(&object, plan).await)?;
        }
        let is_passed = !operation::is_live(&self.log.applied(), &operation, sequence).map_err(CommitError::Api)?;
        Ok(is_passed.then_some(Said::Passed { operation, sequence }))
    }

    async fn hear_stopped(self: &Arc<Node>, host: &Ref, stopped: Stopped) -> Result<Option<Said>, CommitError> {
        let look = |view: &View, now_ms| observe_stop(view, now_ms, host, &stopped);
        let applied = self.log.applied();
        if look(&applied, 0).map_err(CommitError::Api)? != Observed::Known {
            let class = xenith_datamodel::class("VM");
            let vm = class.and_then(|class| applied.by_uuid(class, &stopped.vm.0));
            let (host, seen) = (host.clone(), stopped.clone());
            let plan = self.plan(move |node, view| {
                let now_ms = Node::pool_now_ms(&*node.clock, view);
                Ok(match observe_stop(view, now_ms, &host, &seen)? {
                    Observed::Changed(tx) => Some(tx),
                    Observed::Known | Observed::Later => None,
                })
            });
            let object = vm.unwrap_or_else(Ref::null);
            done_or_nothing(self.operations.objects.propose(&object, plan).await)?;
        }
        let is_known = look(&self.log.applied(), 0).map_err(CommitError::Api)? == Observed::Known;
        Ok(is_known.then_some(Said::Heard(stopped)))
    }

    async fn hear_guests(
        self: &Arc<Node>,
        host: &Ref,
        boot_id: String,
        seen: Vec<GuestSeen>,
    ) -> Result<Option<Said>, CommitError> {
        let known = |view: &View| {
            let noted = observe_guests(view, 0, &mut SystemIds, (host, &boot_id), &seen);
            noted.map(|noted| noted.known).map_err(CommitError::Api)
        };
        if known(&self.log.applied())?.len() < seen.len() {
            let (row, id, all) = (host.clone(), boot_id.clone(), seen.clone());
            let plan = self.plan(move |node, view| {
                let now_ms = Node::pool_now_ms(&*node.clock, view);
                Ok(observe_guests(view, now_ms, &mut SystemIds, (&row, &id), &all)?.changes)
            });
            done_or_nothing(self.operations.objects.propose(host, plan).await)?;
        }
        let known = known(&self.log.applied())?;
        Ok((!known.is_empty()).then_some(Said::Noted(known)))
    }

    async fn hear_booted(self: &Arc<Node>, host: &Ref, boot: Boot) -> Result<Option<Said>, CommitError> {
        let welcome = |view: &View| dead::welcome(view, host, &boot).map_err(CommitError::Api);
        if welcome(&self.log.applied())?.is_none() {
            let (row, seen) = (host.clone(), boot.clone());
            let plan = self.plan(move |node, view| {
                let now_ms = Node::pool_now_ms(&*node.clock, view);
                dead::come_back(view, now_ms, &mut SystemIds, (&row, &seen))
            });
            done_or_nothing(self.operations.objects.propose(host, plan).await)?;
        }
        welcome(&self.log.applied())
    }

    /// A plan of the toolstack itself that may find nothing to do.
    pub(super) fn plan(
        self: &Arc<Node>,
        decide: impl FnOnce(&Node, &View) -> Result<Option<Transaction>, ApiError> + Send + 'static,
    ) -> Plan {
        let node = Arc::clone(self);
        Box::new(move |view: &View| some_or_nothing(decide(&node, view)?))
    }
}
