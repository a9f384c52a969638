//! What a host does without being asked: a guest that powers off, reboots or crashes by itself (CORRECTNESS C6).
//!
//! Nothing is told while it is under way, and what is under way is in the journal: a restart of the daemon begins it anew.

use super::{Agent, Deed, Keep, Outcome, Purpose, Report};
use serde::{Deserialize, Serialize};
use xenith_xen_port::{self as port, AfterStop, Domain, DomainState, Done, Effect, StopReason, VmId};

/// A guest has stopped by itself, perhaps more than once, and what the host has made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    pub vm: VmId,
    /// Of the machine: domain ids begin anew with each.
    pub boot_id: String,
    /// The VM's domains that have stopped since the rows were told: they must name one of these still, or this is old.
    pub first_domid: i64,
    pub last_domid: i64,
    pub reason: StopReason,
    /// The domain that was built in their place.
    pub now: Option<i64>,
}

/// What is under way for a guest that has stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stopping {
    pub stopped: Stopped,
    pub effects: Vec<Effect>,
    /// See [`Entry::done`](super::Entry).
    #[serde(default)]
    pub done: Vec<Done>,
    /// Of the machine's clock: a guest that reboots again and again is not built anew at once.
    #[serde(default)]
    pub not_before_ms: u64,
}

impl Agent {
    /// A domain that may have changed by itself, as it is now. Told again and again, it does no harm.
    pub fn look_at(&mut self, domain: &Domain) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let DomainState::Stopped(reason) = domain.state else {
            return deeds;
        };
        if domain.migrating || reason == StopReason::Suspend || self.is_busy(&domain.vm) || self.is_ordered(&domain.vm)
        {
            return deeds;
        }
        if self.journal.condemned || self.journal.stopping.contains_key(&domain.vm) {
            return deeds;
        }
        let Some((effects, not_before_ms)) = self.answer_to(domain, reason) else {
            return deeds;
        };
        let untold = self.journal.stopped.get(&domain.vm);
        let stopped = Stopped {
            vm: domain.vm.clone(),
            boot_id: self.journal.boot_id.clone(),
            first_domid: untold.map_or(domain.domid, |untold| untold.first_domid),
            last_domid: domain.domid,
            reason,
            now: None,
        };
        let stopping = Stopping {
            stopped,
            effects,
            done: Vec::new(),
            not_before_ms,
        };
        self.keep(&mut deeds, Keep::Stopping(stopping.clone()));
        self.go_on_stopping(&mut deeds, stopping);
        deeds
    }

    /// An operation that has not passed its order yet may have made the guest stop: it says what comes next.
    pub(super) fn is_ordered(&self, vm: &VmId) -> bool {
        let mut orders = self.journal.entries.values();
        orders.any(|entry| entry.effects.iter().any(|effect| effect.queue().as_ref() == Some(vm)))
    }

    /// What its configuration says; nothing for a domain that stays as it is, or that no order of ours has built.
    fn answer_to(&self, domain: &Domain, reason: StopReason) -> Option<(Vec<Effect>, u64)> {
        let config = self.journal.configs.get(&domain.vm)?;
        let ran_ms = self.ran_ms(&domain.vm);
        let action = match reason {
            StopReason::Poweroff | StopReason::Suspend => config.after_shutdown,
            StopReason::Reboot => config.after_reboot,
            StopReason::Crash if config.after_crash == AfterStop::Restart && self.pace.is_a_loop(ran_ms) => {
                AfterStop::Destroy
            }
            StopReason::Crash => config.after_crash,
        };
        let delay_ms = match reason {
            StopReason::Reboot => self.pace.delay_ms(ran_ms),
            StopReason::Poweroff | StopReason::Suspend | StopReason::Crash => 0,
        };
        let destroy = Effect::DomainDestroy(domain.vm.clone());
        match action {
            AfterStop::Preserve => None,
            AfterStop::Destroy => {
                let mut effects = vec![destroy];
                effects.extend(port::detach(&domain.vm, &config.disks));
                Some((effects, 0))
            }
            // Its disks stay as they are: it is the same VM on the same host.
            AfterStop::Restart => {
                let effects = vec![
                    destroy,
                    Effect::DomainCreate(Box::new(config.clone())),
                    Effect::DomainUnpause(domain.vm.clone()),
                ];
                Some((effects, self.now_ms.unwrap_or_default() + delay_ms))
            }
        }
    }

    /// For how long the VM's domain has been there, if that is known.
    fn ran_ms(&self, vm: &VmId) -> Option<u64> {
        Some(self.now_ms?.saturating_sub(*self.journal.built_at_ms.get(vm)?))
    }

    /// Unless it is too early.
    fn go_on_stopping(&mut self, deeds: &mut Vec<Deed>, stopping: Stopping) {
        let left_ms = |now_ms: u64| stopping.not_before_ms.saturating_sub(now_ms);
        // A clock that was set back must not hold a guest up.
        let is_due = |left_ms: u64| left_ms == 0 || left_ms > self.pace.reboot_delay_ms;
        if self.now_ms.is_none_or(|now_ms| is_due(left_ms(now_ms))) {
            let purpose = Purpose::Own(stopping.stopped.vm);
            self.enqueue(deeds, purpose, (stopping.effects, stopping.done));
        }
    }

    /// What is under way and not worked now: after a restart of the daemon, and with every look at all domains, for what failed.
    pub fn stop_again(&mut self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (vm, stopping) in self.journal.stopping.clone() {
            if !self.is_busy(&vm) {
                self.go_on_stopping(&mut deeds, stopping);
            }
        }
        deeds
    }

    pub(super) fn own_ended(&mut self, deeds: &mut Vec<Deed>, vm: &VmId, outcome: &Outcome) {
        let Some(stopping) = self.journal.stopping.get(vm).cloned() else {
            return;
        };
        if self.journal.condemned {
            // The rows have forgotten this VM here: there is nobody to tell, and what failed is tried again.
            if outcome.is_ok() {
                self.keep(deeds, Keep::Overtaken(vm.clone()));
            }
            return;
        }
        let now = match outcome {
            Ok(done) => done.iter().find_map(|done| done.domid),
            // The old domain is there yet: all of it again, with the next look.
            Err(failure) if failure.at == 0 => return,
            // It is gone and none runs in its place: what there is of the new one has to go before anything is told.
            Err(_) => {
                let effects = clearing(vm, &stopping.effects);
                let stopping = Stopping {
                    effects,
                    done: Vec::new(),
                    ..stopping
                };
                return self.keep(deeds, Keep::Stopping(stopping));
            }
        };
        let stopped = Stopped {
            now,
            ..stopping.stopped
        };
        self.keep(deeds, Keep::Stopped(stopped.clone()));
        deeds.push(Deed::Tell(Report::Stopped(stopped)));
    }

    pub(super) fn heard(&mut self, deeds: &mut Vec<Deed>, heard: &Stopped) {
        if self.journal.stopped.get(&heard.vm) == Some(heard) && !self.journal.stopping.contains_key(&heard.vm) {
            self.keep(deeds, Keep::Heard(heard.vm.clone()));
        }
    }
}

/// What ends a VM here for which these effects have failed after its first.
fn clearing(vm: &VmId, failed: &[Effect]) -> Vec<Effect> {
    let config = failed.iter().find_map(|effect| match effect {
        Effect::DomainCreate(config) => Some(config),
        _ => None,
    });
    match config {
        Some(config) => {
            let mut effects = vec![Effect::DomainDestroy(vm.clone())];
            effects.extend(port::detach(vm, &config.disks));
            effects
        }
        // It was to be ended anyway.
        None => failed.to_vec(),
    }
}
