//! The working half of operations, on the host that works them: pure, so that the simulator runs the same as the daemon.
//!
//! ```text
//!  order (fence, sequence) ──► known? older fence, older sequence: nothing
//!                                 │ new                    │ the same: its outcome again, or on with it
//!                                 ▼                        ▼
//!                       journal ──► queue of its VM ──► effect, effect, … ──► outcome ──► journal ──► report
//! ```
//!
//! Invariants: an order of an older coordinator is never worked (C3: the highest fence seen is in the journal before anything is done);
//! one order at a time works a VM; an outcome is in the journal before it is told, and stays there until the operation has passed it, so
//! an order that comes again after a restart is not worked again once it has ended; a guest's own reboot asks nobody (C6).

mod guests;
mod journal;
mod known;
mod own;
mod pace;
mod words;

pub use guests::{GuestSeen, MEMORY_STEP_BYTES};
pub use journal::{Entry, Journal, Keep, Passed};
pub use known::Seen;
pub use own::{Stopped, Stopping};
pub use pace::Pace;
pub use words::{Boot, Fence, Report, Said, Signed};

use crate::operation::{Failure, Order, Outcome};
use std::collections::{BTreeMap, VecDeque};
use xenith_datamodel::Ref;
use xenith_xen_port::{Done, Effect, EffectError, VmId};

/// What to do, in this order. What is kept must be durable before the next deed.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Keep(Keep),
    Work { ticket: u64, effect: Effect },
    Cancel { ticket: u64 },
    Tell(Report),
}

/// What a run is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    /// Of this sequence.
    Order(Ref, i64),
    /// This host's own: a guest has stopped.
    Own(VmId),
}

#[derive(Clone, Debug)]
struct Run {
    vm: Option<VmId>,
    effects: Vec<Effect>,
    done: Vec<Done>,
    /// Of the effect that is worked now; none while it waits for its VM.
    ticket: Option<u64>,
    cancelled: bool,
    /// Worked once more after a restart of the daemon, or for all that is known: any of its effects may have been done before.
    again: bool,
}

impl Run {
    /// The one effect that may take as long as a guest likes, and of which the machine knows itself whether it is done.
    fn waits_for_guest(&self) -> bool {
        let current = self.effects.get(self.done.len());
        self.ticket.is_some() && matches!(current, Some(Effect::DomainShutdown { .. }))
    }

    /// That an effect fails now does not say that it and the later ones were not done before.
    fn as_far_as_known(&self, error: EffectError) -> EffectError {
        match error {
            EffectError::Storage(_) | EffectError::Failed(_) if self.again => {
                EffectError::NotKnown(format!("{error}; all of it may have been done before"))
            }
            other => other,
        }
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Agent {
    journal: Journal,
    runs: BTreeMap<Purpose, Run>,
    /// Who works a VM, then who waits for it. Orders without a VM wait for each other.
    queues: BTreeMap<Option<VmId>, VecDeque<Purpose>>,
    tickets: u64,
    guests: guests::Guests,
    pace: Pace,
    /// Of the machine's clock that goes on while its daemons come and go; nothing before it was said.
    now_ms: Option<u64>,
    /// Looks in a row that found no domain and nothing under way, while the host is condemned.
    empty_looks: u32,
}

impl Agent {
    /// After a start of the daemon: nothing runs. What has no outcome is worked when its order comes again, unless the machine has
    /// started anew, too. `fresh_id` names the journal if it is a new one.
    pub fn restarted(journal: Journal, boot_id: &str, fresh_id: &str) -> (Agent, Vec<Deed>) {
        let mut agent = Agent {
            journal,
            ..Agent::default()
        };
        let mut deeds = Vec::new();
        if agent.journal.id.is_empty() {
            agent.keep(&mut deeds, Keep::Begun(fresh_id.to_owned()));
        }
        if agent.journal.machine_boot_id() != boot_id {
            agent.keep(&mut deeds, Keep::Booted(boot_id.to_owned()));
        }
        deeds.extend(agent.stop_again());
        deeds.extend(agent.untold().into_iter().map(Deed::Tell));
        (agent, deeds)
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// A coordinator speaks.
    pub fn hear(&mut self, signed: Signed) -> Vec<Deed> {
        if signed.fence < self.journal.fence {
            return Vec::new();
        }
        let mut deeds = Vec::new();
        if signed.fence > self.journal.fence {
            self.keep(&mut deeds, Keep::Fence(signed.fence));
        }
        match signed.said {
            Said::Order(order) => self.order(&mut deeds, order, signed.as_of),
            Said::Passed { operation, sequence } => self.passed(&mut deeds, &operation, sequence, signed.as_of),
            Said::Heard(stopped) => self.heard(&mut deeds, &stopped),
            Said::Noted(seen) => self.noted(seen),
            Said::Welcome {
                boot_id,
                journal,
                is_in_place_of_another,
            } if boot_id == self.journal.boot_id
                && journal == self.journal.id
                && !self.is_welcome()
                && !self.journal.condemned =>
            {
                self.keep(&mut deeds, Keep::Welcome(signed.as_of));
                if is_in_place_of_another {
                    self.keep(&mut deeds, Keep::MayBeDone(signed.as_of));
                }
            }
            Said::Welcome { .. } => {}
        }
        deeds
    }

    fn boot(&self) -> Boot {
        Boot {
            boot_id: self.journal.boot_id.clone(),
            number: self.journal.boot,
            journal: self.journal.id.clone(),
        }
    }

    fn is_welcome(&self) -> bool {
        self.journal.passed_as_of != u64::MAX
    }

    /// Everything that has not been answered yet, to be told again: at a new coordinator, or after a while.
    pub fn untold(&self) -> Vec<Report> {
        let outcomes = self.journal.entries.iter().filter_map(|(operation, entry)| {
            entry.outcome.clone().map(|outcome| Report::Outcome {
                operation: operation.clone(),
                sequence: entry.sequence,
                outcome,
            })
        });
        // While more is under way for the VM, what is known is not the last word.
        let is_over = |stopped: &&Stopped| !self.journal.stopping.contains_key(&stopped.vm);
        let stopped = self.journal.stopped.values().filter(is_over).cloned();
        let stopped = stopped.map(Report::Stopped);
        let booted = (!self.is_welcome() && !self.journal.condemned).then(|| Report::Booted(self.boot()));
        booted.into_iter().chain(outcomes).chain(stopped).collect()
    }

    /// Nothing is worked and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.runs.is_empty() && self.journal.stopping.is_empty() && !self.journal.condemned
    }

    /// Whether something works or waits for the VM here.
    pub fn is_busy(&self, vm: &VmId) -> bool {
        self.queues.contains_key(&Some(vm.clone()))
    }

    fn order(&mut self, deeds: &mut Vec<Deed>, order: Order, as_of: u64) {
        let passed = self.journal.passed.get(&order.operation);
        if passed.is_some_and(|passed| passed.sequence >= order.sequence) {
            return;
        }
        let known = self.journal.entries.get(&order.operation);
        let is_new = match known {
            Some(entry) if entry.sequence > order.sequence => return,
            Some(entry) if entry.sequence == order.sequence => {
                if let Some(outcome) = entry.outcome.clone() {
                    deeds.push(Deed::Tell(Report::Outcome {
                        operation: order.operation,
                        sequence: order.sequence,
                        outcome,
                    }));
                    return;
                }
                false
            }
            Some(_) => true,
            None => true,
        };
        if is_new && !self.is_welcome() {
            // The boot is told anyway; to answer each order would have it said again at once.
            return;
        }
        if as_of < self.journal.passed_as_of && is_new {
            deeds.push(Deed::Tell(Report::TooOld {
                operation: order.operation,
                sequence: order.sequence,
            }));
            return;
        }
        let purpose = Purpose::Order(order.operation.clone(), order.sequence);
        if is_new {
            self.give_up_older(deeds, &order);
            let entry = Entry {
                sequence: order.sequence,
                effects: order.effects.clone(),
                outcome: None,
                done: Vec::new(),
            };
            self.keep(deeds, Keep::Entry(order.operation.clone(), entry));
        }
        if !self.runs.contains_key(&purpose) {
            let entry = self.journal.entries.get(&order.operation);
            let done = entry.map(|entry| entry.done.clone()).unwrap_or_default();
            self.enqueue(deeds, purpose.clone(), (order.effects, done));
            if let Some(run) = self.runs.get_mut(&purpose) {
                run.again = !is_new || order.created < self.journal.may_be_done_before;
            }
        }
        if order.cancel {
            self.cancel(deeds, &purpose);
        }
    }

    /// The operation has gone on without waiting: what its older order does here ends, unheard.
    fn give_up_older(&mut self, deeds: &mut Vec<Deed>, order: &Order) {
        let older =
            Purpose::Order(order.operation.clone(), i64::MIN)..Purpose::Order(order.operation.clone(), order.sequence);
        let older: Vec<Purpose> = self.runs.range(older).map(|(purpose, _)| purpose.clone()).collect();
        for purpose in older {
            self.cancel(deeds, &purpose);
        }
    }

    fn cancel(&mut self, deeds: &mut Vec<Deed>, purpose: &Purpose) {
        let Some(run) = self.runs.get_mut(purpose) else { return };
        if run.again && !run.waits_for_guest() {
            // To give it up here would say that nothing of the rest is done. It goes on to its end, which is near.
            return;
        }
        if std::mem::replace(&mut run.cancelled, true) {
            return;
        }
        match run.ticket {
            Some(ticket) => deeds.push(Deed::Cancel { ticket }),
            None => {
                let failure = Failure {
                    at: run.done.len(),
                    error: EffectError::Cancelled,
                };
                self.finish(deeds, purpose, Err(failure));
            }
        }
    }

    /// An effect has ended.
    pub fn worked(&mut self, ticket: u64, result: Result<Done, EffectError>) -> Vec<Deed> {
        let mut deeds = Vec::new();
        self.empty_looks = 0;
        let Some(purpose) = self.purpose_of(ticket) else {
            return deeds;
        };
        let Some(run) = self.runs.get_mut(&purpose) else {
            return deeds;
        };
        run.ticket = None;
        let at = run.done.len();
        let effect = run.effects.get(at).cloned();
        match result {
            Ok(done) => {
                run.done.push(done);
                let done = run.done.clone();
                let change = effect.as_ref().and_then(Keep::config_after);
                if let Some(change) = change {
                    self.keep(&mut deeds, change);
                    self.overtake(&mut deeds, &purpose);
                }
                self.keep_what_is_done(&mut deeds, &purpose, effect.as_ref(), done);
                self.work_next(&mut deeds, &purpose);
            }
            Err(error) => {
                let error = run.as_far_as_known(error);
                self.finish(&mut deeds, &purpose, Err(Failure { at, error }));
            }
        }
        deeds
    }

    /// What must not be done again, and when a domain was built.
    fn keep_what_is_done(
        &mut self,
        deeds: &mut Vec<Deed>,
        purpose: &Purpose,
        effect: Option<&Effect>,
        done: Vec<Done>,
    ) {
        match (effect, purpose) {
            (Some(Effect::DomainDestroy(_)), Purpose::Order(operation, _)) if self.goes_on(purpose) => {
                self.keep(deeds, Keep::Done(operation.clone(), done));
            }
            (Some(Effect::DomainDestroy(_)), Purpose::Own(vm)) if self.goes_on(purpose) => {
                self.keep(deeds, Keep::OwnDone(vm.clone(), done));
            }
            (Some(Effect::DomainCreate(config)), _) => {
                if let Some(now_ms) = self.now_ms {
                    self.keep(deeds, Keep::BuiltAt(config.vm.clone(), now_ms));
                }
            }
            _ => {}
        }
    }

    /// More effects follow the one that has just ended.
    fn goes_on(&self, purpose: &Purpose) -> bool {
        self.runs
            .get(purpose)
            .is_some_and(|run| run.done.len() < run.effects.len())
    }

    /// An order has built or destroyed a domain of the VM: what this host wanted to do for the one before is void.
    fn overtake(&mut self, deeds: &mut Vec<Deed>, purpose: &Purpose) {
        let (Purpose::Order(..), Some(run)) = (purpose, self.runs.get(purpose)) else {
            return;
        };
        if let Some(vm) = run.vm.clone().filter(|vm| self.journal.stopping.contains_key(vm)) {
            self.keep(deeds, Keep::Overtaken(vm));
        }
    }

    fn purpose_of(&self, ticket: u64) -> Option<Purpose> {
        let mut found = self.runs.iter().filter(|(_, run)| run.ticket == Some(ticket));
        found.next().map(|(purpose, _)| purpose.clone())
    }

    /// `done`: of the first effects, which are not worked again.
    fn enqueue(&mut self, deeds: &mut Vec<Deed>, purpose: Purpose, (effects, done): (Vec<Effect>, Vec<Done>)) {
        let vm = effects.iter().find_map(Effect::queue);
        self.runs.insert(
            purpose.clone(),
            Run {
                vm: vm.clone(),
                effects,
                done,
                ticket: None,
                cancelled: false,
                again: false,
            },
        );
        let queue = self.queues.entry(vm).or_default();
        queue.push_back(purpose.clone());
        if queue.len() == 1 {
            self.work_next(deeds, &purpose);
        }
    }

    /// The next effect of the run that has its VM, or its end.
    fn work_next(&mut self, deeds: &mut Vec<Deed>, purpose: &Purpose) {
        let Some(run) = self.runs.get_mut(purpose) else { return };
        let at = run.done.len();
        match run.effects.get(at).cloned() {
            None => {
                let done = std::mem::take(&mut run.done);
                self.finish(deeds, purpose, Ok(done));
            }
            Some(_) if run.cancelled => {
                let error = EffectError::Cancelled;
                self.finish(deeds, purpose, Err(Failure { at, error }));
            }
            Some(effect) => {
                self.tickets += 1;
                run.ticket = Some(self.tickets);
                deeds.push(Deed::Work {
                    ticket: self.tickets,
                    effect,
                });
            }
        }
    }

    fn finish(&mut self, deeds: &mut Vec<Deed>, purpose: &Purpose, outcome: Outcome) {
        let Some(run) = self.runs.remove(purpose) else { return };
        match purpose {
            Purpose::Order(operation, sequence) => self.outcome(deeds, (operation, *sequence), outcome),
            // Given up when the host was condemned: what is under way for the VM since then is another thing.
            Purpose::Own(_) if run.cancelled && self.journal.condemned => {}
            Purpose::Own(vm) => self.own_ended(deeds, vm, &outcome),
        }
        let Some(queue) = self.queues.get_mut(&run.vm) else {
            return;
        };
        queue.retain(|waiting| waiting != purpose);
        match queue.front().cloned() {
            None => drop(self.queues.remove(&run.vm)),
            Some(next) if self.runs.get(&next).is_some_and(|next| next.ticket.is_none()) => {
                self.work_next(deeds, &next);
            }
            Some(_) => {}
        }
    }

    fn outcome(&mut self, deeds: &mut Vec<Deed>, (operation, sequence): (&Ref, i64), outcome: Outcome) {
        let entry = self.journal.entries.get(operation);
        let Some(entry) = entry.filter(|entry| entry.sequence == sequence) else {
            return;
        };
        let entry = Entry {
            outcome: Some(outcome.clone()),
            ..entry.clone()
        };
        self.keep(deeds, Keep::Entry(operation.clone(), entry));
        deeds.push(Deed::Tell(Report::Outcome {
            operation: operation.clone(),
            sequence,
            outcome,
        }));
    }

    fn passed(&mut self, deeds: &mut Vec<Deed>, operation: &Ref, sequence: i64, as_of: u64) {
        let entry = self.journal.entries.get(operation);
        let is_over = entry.is_some_and(|entry| entry.sequence <= sequence && entry.outcome.is_some());
        if is_over {
            self.keep(deeds, Keep::Passed(operation.clone(), as_of));
        }
    }

    fn keep(&mut self, deeds: &mut Vec<Deed>, change: Keep) {
        self.journal.apply(&change);
        deeds.push(Deed::Keep(change));
    }
}
