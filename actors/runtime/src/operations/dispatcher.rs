//! The coordinator's orders, from the rows to the hosts.
//!
//! Level-triggered: what a host has to do is read from each new view, and said until the rows say something else. Nothing is queued: while
//! a host does not take what was said, its orders stay in the rows.
//! Invariant: at most one exchange with each host is under way, of at most [`BATCH`] orders.

use super::{AGAIN, BATCH, Operations};
use crate::background::done_or_nothing;
use crate::events::Entry;
use crate::ids::SystemIds;
use crate::node::Node;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::{debug, warn};
use xenith_classes::agent::{Said, Signed};
use xenith_classes::operation::{self, Order, Record};
use xenith_datamodel::{ApiError, ClassId, Ref, class};
use xenith_pooldb::{EventToken, View};
use xenith_raft::{NodeId, Role};

/// An order that a host found too old is said anew, but not as fast as the network goes.
const TOO_OLD_PAUSE: Duration = Duration::from_millis(100);
/// Tickets let in by one look; more come with the next.
const TICKETS_AT_ONCE: usize = 64;
/// A host that has an order keeps it, and says itself what became of it; it is asked again for the case that it has lost its journal.
const TAKEN_AGAIN: Duration = Duration::from_secs(15);

/// Runs until aborted.
pub(super) async fn run(node: Arc<Node>) {
    let Some(class) = class("xenith_operation") else {
        return warn!("the tables have no class of operations");
    };
    let mut roles = node.log.watch_role();
    while roles
        .wait_for(|role| matches!(role, Role::Coordinator { .. }))
        .await
        .is_ok()
    {
        let entry = node.hub.enter_classes(&[class]);
        let mut dispatcher = Dispatcher::new(Arc::clone(&node), class);
        while matches!(*roles.borrow(), Role::Coordinator { .. }) {
            dispatcher.look(&entry).await;
            tokio::select! {
                () = entry.woken() => {}
                () = dispatcher.due() => {}
                () = node.operations.has_again.notified() => {}
                changed = roles.changed() => if changed.is_err() {
                    return;
                },
            }
        }
    }
}

/// What a view says of an operation, read again only when its row has changed.
struct Known {
    modified: u64,
    is_waiting: bool,
    order: Option<(Ref, Order)>,
    /// When to say it (again).
    due: Instant,
}

struct Dispatcher {
    node: Arc<Node>,
    class: ClassId,
    known: BTreeMap<Ref, Known>,
    /// How many of them wait for their objects, or pause.
    waiting: usize,
    /// Something that they may wait for has changed.
    is_released: bool,
    /// Looked at then for pauses and deadlines, whatever has changed.
    tickets_due: Instant,
    /// The state that was read last.
    read: Option<EventToken>,
    /// Hosts with an exchange under way.
    talking: BTreeSet<Ref>,
    exchanges: FuturesUnordered<BoxFuture<'static, Ended>>,
}

/// An exchange that is over.
struct Ended {
    host: Ref,
    /// What the host has now: operations, and when they would have been said again.
    taken: Vec<(Ref, Instant)>,
}

impl Dispatcher {
    fn new(node: Arc<Node>, class: ClassId) -> Dispatcher {
        Dispatcher {
            node,
            class,
            known: BTreeMap::new(),
            waiting: 0,
            is_released: false,
            tickets_due: Instant::now(),
            read: None,
            talking: BTreeSet::new(),
            exchanges: FuturesUnordered::new(),
        }
    }

    async fn look(&mut self, entry: &Entry) {
        let view = entry.look().view;
        if let Err(error) = self.read(&view) {
            warn!(%error, "the rows of operations could not be read");
        }
        self.say(&view);
        let now = Instant::now();
        if self.waiting > 0 && (self.is_released || self.tickets_due <= now) {
            self.is_released = false;
            self.tickets_due = now + AGAIN;
            self.admit_tickets().await;
        }
    }

    /// Until an exchange ends, or something has to be said again.
    async fn due(&mut self) {
        let speaking = self.known.values().filter(|known| known.speaks(&self.talking));
        let tickets = (self.waiting > 0).then_some(self.tickets_due);
        let next = speaking.map(|known| known.due).chain(tickets).min();
        let timer = async {
            match next {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = timer => {}
            Some(ended) = self.exchanges.next() => self.ended(&ended),
        }
    }

    fn ended(&mut self, ended: &Ended) {
        self.talking.remove(&ended.host);
        for (operation, due) in &ended.taken {
            // Not if it is another order by now, or was asked for again.
            if let Some(known) = self.known.get_mut(operation).filter(|known| known.due == *due) {
                known.due = Instant::now() + TAKEN_AGAIN;
            }
        }
    }

    fn read(&mut self, view: &View) -> Result<(), ApiError> {
        let now = Instant::now();
        let again = self.node.operations.take_again();
        for (operation, known) in &mut self.known {
            if again.operations.contains(operation) {
                known.due = now + TOO_OLD_PAUSE;
            } else if known.order.as_ref().is_some_and(|(host, _)| again.hosts.contains(host)) {
                known.due = now;
            }
        }
        let changed = self.changed(view);
        for operation in changed {
            let Some((_, modified)) = view.generations(self.class, &operation) else {
                self.forget(&operation);
                // Even one that came and went since: somebody may have begun to wait for it.
                self.is_released = true;
                continue;
            };
            if self
                .known
                .get(&operation)
                .is_some_and(|known| known.modified == modified)
            {
                continue;
            }
            let known = Known {
                modified,
                is_waiting: Record::read(view, &operation)?.has_to_wait(),
                order: operation::order_of(view, &operation)?,
                due: now,
            };
            self.waiting += usize::from(known.is_waiting);
            self.forget(&operation);
            self.known.insert(operation, known);
        }
        self.read = Some(view.token());
        Ok(())
    }

    /// As it was known: it has changed, or is gone, and those that wait may go on.
    fn forget(&mut self, operation: &Ref) {
        if let Some(known) = self.known.remove(operation) {
            self.waiting -= usize::from(known.is_waiting);
            self.is_released = true;
        }
    }

    /// Operations whose rows may not be as they were read last. All, if that cannot be told.
    fn changed(&self, view: &View) -> Vec<Ref> {
        let touched = self.read.map(|token| view.touched_since(token));
        match touched.filter(|touched| !touched.forgotten.contains(&self.class)) {
            Some(touched) => {
                let of_class = touched.rows.into_iter().filter(|(class, _)| *class == self.class);
                of_class.map(|(_, operation)| operation).collect()
            }
            None => self.known.keys().chain(view.refs(self.class)).cloned().collect(),
        }
    }

    /// Begins an exchange with each host that has something to hear and is not being spoken to.
    fn say(&mut self, view: &View) {
        let Some(fence) = self.node.coordinators_fence() else {
            return;
        };
        let (now, as_of) = (Instant::now(), view.generation());
        let mut batches: BTreeMap<Ref, Batch> = BTreeMap::new();
        for (operation, known) in self.known.iter_mut().filter(|(_, known)| known.due <= now) {
            let Some((host, order)) = &known.order else {
                // It waits for something else than a host.
                continue;
            };
            let batch = batches.entry(host.clone()).or_default();
            if self.talking.contains(host) || batch.said.len() >= BATCH {
                continue;
            }
            let said = Said::Order(order.clone());
            batch.said.push(Signed { fence, as_of, said });
            known.due = now + AGAIN;
            batch.operations.push((operation.clone(), known.due));
        }
        for (host, batch) in batches.into_iter().filter(|(_, batch)| !batch.said.is_empty()) {
            self.talking.insert(host.clone());
            let member = node_of(&self.node, view, &host);
            self.exchanges
                .push(Box::pin(exchange(Arc::clone(&self.node), host, member, batch)));
        }
    }

    /// Tickets whose objects are free, in their order.
    async fn admit_tickets(&mut self) {
        for _ in 0..TICKETS_AT_ONCE {
            let plan = self.node.plan(|node, view| {
                let now_ms = Node::pool_now_ms(&*node.clock, view);
                operation::admit_next(view, now_ms, &mut SystemIds, &node.operations.silent())
            });
            let mut admitted = false;
            let proposed = self.node.log.propose(plan).await.inspect(|_| admitted = true);
            if let Err(error) = done_or_nothing(proposed) {
                return debug!(%error, "no ticket was let in");
            }
            if !admitted {
                return;
            }
        }
        // There may be more, in their turn.
        self.is_released = true;
    }
}

impl Known {
    fn speaks(&self, talking: &BTreeSet<Ref>) -> bool {
        self.order.as_ref().is_some_and(|(host, _)| !talking.contains(host))
    }
}

/// Orders for one host.
#[derive(Default)]
struct Batch {
    said: Vec<Signed>,
    operations: Vec<(Ref, Instant)>,
}

async fn exchange(node: Arc<Node>, host: Ref, member: Option<NodeId>, batch: Batch) -> Ended {
    let Batch { said, operations } = batch;
    let taken = match member {
        Some(member) if member == node.log.node_id() => Ok(node.hear_orders(said).await),
        Some(member) => node.say_to(member, said).await,
        None => Ok(false),
    };
    let is_taken = taken.unwrap_or_else(|error| {
        debug!(host = host.as_str(), %error, "orders did not reach the host");
        false
    });
    Ended {
        host,
        taken: if is_taken { operations } else { Vec::new() },
    }
}

fn node_of(node: &Node, view: &View, host: &Ref) -> Option<NodeId> {
    let uuid = view.value(host, class("host")?.column("uuid")?)?;
    if uuid.as_text() == Some(&node.host.uuid) {
        return Some(node.log.node_id());
    }
    let members = node.membership.members();
    let member = members
        .iter()
        .find(|member| uuid.as_text() == Some(&member.host_uuid))?;
    Some(member.node)
}

/// What is to be said again, whatever was said before.
#[derive(Default)]
pub(super) struct Again {
    operations: BTreeSet<Ref>,
    hosts: BTreeSet<Ref>,
}

impl Operations {
    /// A host has refused an order that was read from too old a view.
    pub(super) fn say_again(&self, operation: Ref) {
        self.again().operations.insert(operation);
        self.has_again.notify_one();
    }

    /// A host is there that may have heard nothing.
    pub(super) fn say_all_again(&self, host: Ref) {
        self.again().hosts.insert(host);
        self.has_again.notify_one();
    }

    fn take_again(&self) -> Again {
        std::mem::take(&mut *self.again())
    }

    fn again(&self) -> MutexGuard<'_, Again> {
        self.again.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
