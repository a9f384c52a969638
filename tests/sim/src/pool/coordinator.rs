//! Who coordinates: plans under the head, gives orders from what is committed, takes reports. Another may take its place at any time:
//! what was in flight is then committed up to some place and lost from there.

use super::plant::PoolPlant;
use super::world::{AGAIN_MS, Message, World};
use std::collections::{BTreeMap, VecDeque};
use xenith_classes::agent::{Fence, GuestSeen, Report, Said, Signed};
use xenith_classes::host::dead;
use xenith_classes::operation::{self, Order};
use xenith_classes::vm::guest::observe_guests;
use xenith_classes::vm::observe::{Observed, observe_stop};
use xenith_datamodel::Ref;
use xenith_pooldb::{Transaction, View};

/// What a proposal is for, when it is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// A client waits for this task.
    Task(Ref),
    Other,
}

pub struct Coordinator {
    pub fence: Fence,
    /// Applied and in flight (C1).
    pub head: View,
    flying: VecDeque<(i64, Transaction, Proposal)>,
    /// Order → when to say it again.
    sent: BTreeMap<(Ref, i64, bool), i64>,
}

impl Coordinator {
    pub fn new(committed: &View) -> Coordinator {
        Coordinator {
            fence: Fence { term: 1, index: 1 },
            head: committed.clone(),
            flying: VecDeque::new(),
            sent: BTreeMap::new(),
        }
    }

    /// False when it does not apply.
    pub fn propose(&mut self, tx: Transaction, due_ms: i64, proposal: Proposal) -> bool {
        let Ok((head, _)) = self.head.apply(&tx) else {
            return false;
        };
        self.head = head;
        let due = self.flying.back().map_or(due_ms, |(last, ..)| due_ms.max(*last));
        self.flying.push_back((due, tx, proposal));
        true
    }

    pub fn next_commit_ms(&self) -> Option<i64> {
        self.flying.front().map(|(due, ..)| *due)
    }

    pub fn take_due(&mut self, now_ms: i64) -> Option<(Transaction, Proposal)> {
        self.flying.front().filter(|(due, ..)| *due <= now_ms)?;
        self.flying.pop_front().map(|(_, tx, proposal)| (tx, proposal))
    }

    pub fn is_idle(&self) -> bool {
        self.flying.is_empty()
    }

    pub fn in_flight(&self) -> usize {
        self.flying.len()
    }
}

impl World {
    /// Another host coordinates from now on. The first `kept` of what is in flight are committed.
    pub fn change_coordinator(&mut self, kept: usize) {
        for _ in 0..kept {
            if let Some((_, tx, proposal)) = self.coordinator.flying.pop_front() {
                self.commit(&tx, proposal);
            }
        }
        if self.coordinator.in_flight() > 0 {
            self.probes.hit("writes_lost_with_the_coordinator");
        }
        // The old one says its orders once more: it does not know yet.
        self.give_orders(true);
        let fence = Fence {
            term: self.coordinator.fence.term + 1,
            index: 1,
        };
        self.coordinator = Coordinator {
            fence,
            ..Coordinator::new(&self.committed)
        };
        self.probes.hit("coordinator_changed");
        self.say(|| format!("coordinator of term {}", fence.term));
    }

    /// What follows from what is committed.
    pub fn coordinate(&mut self) {
        while let Ok(Some(tx)) = operation::admit_next(&self.coordinator.head, self.now_ms, &mut self.ids) {
            self.probes.hit("ticket_admitted");
            if !self.propose(tx, Proposal::Other) {
                break;
            }
        }
        self.give_orders(false);
    }

    fn give_orders(&mut self, all: bool) {
        let view = match self.plant {
            PoolPlant::OrdersFromTheHead => self.coordinator.head.clone(),
            _ => self.committed.clone(),
        };
        let orders = operation::orders(&view).expect("orders can be read");
        let mut sent = BTreeMap::new();
        for (host, order) in orders {
            let key = (order.operation.clone(), order.sequence, order.cancel);
            let again = self.coordinator.sent.get(&key).copied();
            if !all && again.is_some_and(|again| self.now_ms < again) {
                sent.insert(key, again.unwrap_or_default());
                continue;
            }
            sent.insert(key, self.now_ms + AGAIN_MS);
            self.order(&view, &host, order);
        }
        self.coordinator.sent = sent;
    }

    fn order(&mut self, view: &View, host: &Ref, mut order: Order) {
        if self.plant == PoolPlant::ActivatesEarly {
            super::disks::activate_early(&mut order.effects);
        }
        let Some(host) = self.hosts.iter().position(|known| known.row == *host) else {
            return;
        };
        self.tell(host, view.generation(), Said::Order(order));
    }

    fn tell(&mut self, host: usize, as_of: u64, said: Said) {
        let fence = self.coordinator.fence;
        self.say(|| format!("to host {host}: {said:?}"));
        self.send(|| Message::ToHost {
            host,
            signed: Signed {
                fence,
                as_of,
                said: said.clone(),
            },
        });
    }

    pub fn hear_report(&mut self, host: usize, report: &Report) {
        self.say(|| format!("from host {host}: {report:?}"));
        let as_of = self.committed.generation();
        match report {
            Report::Outcome {
                operation,
                sequence,
                outcome,
            } => {
                if !operation::is_live(&self.committed, operation, *sequence).expect("a record can be read") {
                    let (operation, sequence) = (operation.clone(), *sequence);
                    return self.tell(host, as_of, Said::Passed { operation, sequence });
                }
                let (head, now) = (self.coordinator.head.clone(), self.now_ms);
                let place = (operation, *sequence);
                let next = operation::advance(&head, now, &mut self.ids, place, outcome.clone());
                if let Some(tx) = next.expect("an operation can go on") {
                    self.propose(self.planted(tx), Proposal::Other);
                }
            }
            Report::TooOld { operation, .. } => {
                self.probes.hit("order_too_old");
                self.coordinator.sent.retain(|(sent, ..), _| sent != operation);
            }
            Report::Stopped(stopped) => {
                let row = self.hosts[host].row.clone();
                let known = observe_stop(&self.committed, self.now_ms, &row, stopped).expect("a stop can be observed");
                if known == Observed::Known {
                    return self.tell(host, as_of, Said::Heard(stopped.clone()));
                }
                let head = self.coordinator.head.clone();
                if let Ok(Observed::Changed(tx)) = observe_stop(&head, self.now_ms, &row, stopped) {
                    self.probes.hit("guest_stopped_by_itself");
                    self.propose(tx, Proposal::Other);
                }
            }
            Report::Guests { boot_id, seen } => self.hear_guests(host, boot_id, seen),
            Report::Booted { boot_id, boot } => {
                let row = self.hosts[host].row.clone();
                if dead::knows_boot(&self.committed, &row, boot_id).expect("a host's state can be read") {
                    let boot_id = boot_id.clone();
                    return self.tell(host, as_of, Said::Welcome { boot_id });
                }
                let (head, now) = (self.coordinator.head.clone(), self.now_ms);
                let back = dead::come_back(&head, now, &mut self.ids, (&row, boot_id, *boot));
                if let Some(tx) = back.expect("a host can come back") {
                    self.propose(tx, Proposal::Other);
                    self.probes.hit("host_came_back");
                }
            }
        }
    }

    fn hear_guests(&mut self, host: usize, boot_id: &str, seen: &[GuestSeen]) {
        let (row, now) = (self.hosts[host].row.clone(), self.now_ms);
        let committed = self.committed.clone();
        let noted = observe_guests(&committed, now, &mut self.ids, (&row, boot_id), seen);
        let known = noted.expect("guests can be observed").known;
        if !known.is_empty() {
            self.tell(host, committed.generation(), Said::Noted(known));
        }
        let head = self.coordinator.head.clone();
        let noted = observe_guests(&head, now, &mut self.ids, (&row, boot_id), seen);
        if let Some(tx) = noted.expect("guests can be observed").changes {
            self.probes.hit("guest_spoke");
            self.propose(tx, Proposal::Other);
        }
    }

    fn planted(&self, mut tx: Transaction) -> Transaction {
        if self.plant == PoolPlant::LeavesLocks {
            tx.changes
                .retain(|change| !matches!(change.kind, xenith_pooldb::ChangeKind::Remove { .. }));
        }
        tx
    }
}
