//! Who coordinates: plans under the head, gives orders from what is committed, takes reports. Another may take its place at any time:
//! what was in flight is then committed up to some place and lost from there.

use super::net::Message;
use super::plant::PoolPlant;
use super::world::{AGAIN_MS, World};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    /// A client has written this to the VM's description.
    Note(Ref, u64),
    Other,
}

#[derive(Clone)]
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
        let known = self.committed.clone();
        for _ in 0..kept {
            if let Some((_, tx, proposal)) = self.coordinator.flying.pop_front() {
                self.commit(&tx, proposal);
            }
        }
        if self.coordinator.in_flight() > 0 {
            self.probes.hit("writes_lost_with_the_coordinator");
        }
        let fence = Fence {
            term: self.coordinator.fence.term + 1,
            index: 1,
        };
        let next = Coordinator {
            fence,
            ..Coordinator::new(&self.committed)
        };
        let old = std::mem::replace(&mut self.coordinator, next);
        self.depose(old, known);
        self.probes.hit("coordinator_changed");
        self.say(|| format!("coordinator of term {}", fence.term));
    }

    /// What follows from what is committed.
    pub fn coordinate(&mut self) {
        let silent = self.thought_silent();
        loop {
            let head = &self.coordinator.head;
            let Ok(Some(tx)) = operation::admit_next(head, self.now_ms, &mut self.ids, &silent) else {
                break;
            };
            self.probes.hit("ticket_admitted");
            if !self.propose(tx, Proposal::Other) {
                break;
            }
        }
        loop {
            let head = &self.coordinator.head;
            let Ok(Some(tx)) = operation::go_on_without(head, self.now_ms, &mut self.ids, &silent) else {
                break;
            };
            self.probes.hit("went_on_without_host");
            if !self.propose(tx, Proposal::Other) {
                break;
            }
        }
        self.give_orders();
    }

    /// Hosts that the coordinator gives up, now and then: some are cut off, some it has only not heard.
    pub fn thought_silent(&mut self) -> BTreeSet<Ref> {
        let mut silent = BTreeSet::new();
        for number in 0..self.hosts.len() {
            let odds = if self.cut[number] { 4 } else { 100 };
            if self.trouble && self.random.below(odds) == 0 {
                silent.insert(self.hosts[number].row.clone());
            }
        }
        silent
    }

    fn give_orders(&mut self) {
        let view = match self.plant {
            PoolPlant::OrdersFromTheHead => self.coordinator.head.clone(),
            _ => self.committed.clone(),
        };
        let orders = operation::orders(&view).expect("orders can be read");
        let mut sent = BTreeMap::new();
        for (host, order) in orders {
            let key = (order.operation.clone(), order.sequence, order.cancel);
            let again = self.coordinator.sent.get(&key).copied();
            if again.is_some_and(|again| self.now_ms < again) {
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
        if self.plant == PoolPlant::KeepsImages {
            super::disks::keep_images(&mut order.effects);
        }
        if self.plant == PoolPlant::RunsTwice {
            super::disks::undo_what_was_sent(&mut order.effects);
        }
        let Some(host) = self.hosts.iter().position(|known| known.row == *host) else {
            return;
        };
        self.tell(host, view.generation(), Said::Order(order));
    }

    fn tell(&mut self, host: usize, as_of: u64, said: Said) {
        let (fence, deposed) = (self.coordinator.fence, self.is_deposed);
        self.say(|| format!("to host {host}: {said:?}"));
        let signed = Signed { fence, as_of, said };
        if let (Some(kept), Said::Order(_)) = (&mut self.said, &signed.said) {
            kept.push((host, signed.clone()));
        }
        self.send(|| Message::ToHost {
            host,
            signed: signed.clone(),
            deposed,
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
                self.probe_outcome(outcome);
                self.probe_work(operation, outcome);
                let next = operation::advance(&head, now, &mut self.ids, place, outcome.clone());
                if let Some(tx) = next.expect("an operation can go on") {
                    self.propose(self.planted(tx), Proposal::Other);
                }
            }
            Report::TooOld { operation, .. } => {
                self.probes.hit("order_too_old");
                // Sooner than an order that is not answered, but not at once.
                let soon = self.now_ms + AGAIN_MS / 10;
                for ((sent, ..), again) in &mut self.coordinator.sent {
                    if sent == operation {
                        *again = soon.min(*again);
                    }
                }
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
            Report::Booted(boot) => {
                let row = self.hosts[host].row.clone();
                if let Some(welcome) = dead::welcome(&self.committed, &row, boot).expect("a host's state can be read") {
                    return self.tell(host, as_of, welcome);
                }
                let (head, now) = (self.coordinator.head.clone(), self.now_ms);
                let back = dead::come_back(&head, now, &mut self.ids, (&row, boot));
                if let Some(tx) = back.expect("a host can come back") {
                    self.propose(tx, Proposal::Other);
                    self.probes.hit("host_came_back");
                }
            }
        }
    }

    fn probe_outcome(&mut self, outcome: &operation::Outcome) {
        use xenith_xen_port::EffectError;
        match outcome {
            Ok(_) => {}
            Err(failure) => self.probes.hit(match failure.error {
                EffectError::Cancelled => "outcome_cancelled",
                EffectError::NotKnown(_) => "outcome_not_known",
                EffectError::NotEnoughMemory { .. } => "outcome_no_memory",
                EffectError::NoDomain => "outcome_no_domain",
                EffectError::PeerLost => "outcome_peer_lost",
                EffectError::GuestDidNotAnswer => "outcome_guest_did_not_answer",
                EffectError::BadState(_) => "outcome_bad_state",
                EffectError::Storage(_) => "outcome_of_storage",
                EffectError::NoImage | EffectError::Failed(_) => "outcome_failed",
            }),
        }
    }

    /// What takes long, and so seldom comes to its end.
    fn probe_work(&mut self, operation: &Ref, outcome: &operation::Outcome) {
        use xenith_xen_port::Effect;
        let record = operation::Record::read(&self.coordinator.head, operation);
        let (Ok(_), Ok(record)) = (outcome, record) else { return };
        for effect in &record.effects {
            match effect {
                Effect::MigrationReceive { .. } => self.probes.hit("migration_began"),
                Effect::MigrationSend { .. } => self.probes.hit("migration_sent"),
                Effect::MigrationUndo(_) => self.probes.hit("migration_undone"),
                Effect::DomainSave { .. } => self.probes.hit("vm_saved"),
                Effect::DomainRestore { .. } => self.probes.hit("vm_restored"),
                _ => {}
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
        let changes = noted.expect("guests can be observed").changes;
        if let Some(tx) = changes.filter(|_| self.plant != PoolPlant::LosesGuests) {
            self.probes.hit("guest_spoke");
            self.propose(tx, Proposal::Other);
        }
    }

    fn planted(&self, mut tx: Transaction) -> Transaction {
        use xenith_pooldb::ChangeKind::{Destroy, Remove, Set};
        let ends = |tx: &Transaction| tx.changes.iter().any(|change| matches!(change.kind, Destroy));
        match self.plant {
            PoolPlant::LeavesLocks => tx.changes.retain(|change| !matches!(change.kind, Remove { .. })),
            PoolPlant::ForgetsRemains => {
                for change in &mut tx.changes {
                    if let Set(field, value) = &mut change.kind
                        && field.as_ref() == "remains"
                    {
                        *value = xenith_datamodel::Value::text("");
                    }
                }
            }
            PoolPlant::TasksStay if ends(&tx) => tx.changes.retain(|change| change.class.as_ref() != "task"),
            PoolPlant::AttachesAll => self.attach_all(&mut tx),
            PoolPlant::KeepsGuests => tx.changes.retain(|change| match &change.kind {
                Destroy => change.class.as_ref() != "VM_guest_metrics",
                Set(field, _) => field.as_ref() != "guest_metrics",
                _ => true,
            }),
            _ => {}
        }
        tx
    }

    fn attach_all(&self, tx: &mut Transaction) {
        let column = |class, field| xenith_datamodel::class(class).and_then(|class| class.column(field));
        let (Some(vifs), Some(attached)) = (column("VM", "VIFs"), column("VIF", "currently_attached")) else {
            return;
        };
        let runs = |change: &&xenith_pooldb::Change| {
            matches!(&change.kind, xenith_pooldb::ChangeKind::Set(field, value)
                if field.as_ref() == "power_state" && value.as_text() == Some("Running"))
        };
        let vms: Vec<Ref> = tx
            .changes
            .iter()
            .filter(runs)
            .map(|change| change.reference.clone())
            .collect();
        for vm in vms {
            let of = self
                .coordinator
                .head
                .value(&vm, vifs)
                .unwrap_or(xenith_datamodel::Value::Void);
            for vif in of
                .as_set()
                .unwrap_or_default()
                .iter()
                .filter_map(xenith_datamodel::Value::as_ref)
            {
                tx.set_value(vif, attached, true.into());
            }
        }
    }
}
