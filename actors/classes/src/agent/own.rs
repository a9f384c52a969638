//! What a host does without being asked: a guest that powers off, reboots or crashes by itself (CORRECTNESS C6).
//!
//! Nothing is told while it is under way, and what is under way is in the journal: a restart of the daemon begins it anew.

use super::{Agent, Deed, Keep, Outcome, Purpose, Report};
use serde::{Deserialize, Serialize};
use xenith_xen_port::{self as port, AfterStop, Domain, DomainState, Effect, StopReason, VmId};

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
        let Some(effects) = self.answer_to(domain, reason) else {
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
        let stopping = Stopping { stopped, effects };
        self.keep(&mut deeds, Keep::Stopping(stopping.clone()));
        self.enqueue(&mut deeds, Purpose::Own(domain.vm.clone()), stopping.effects);
        deeds
    }

    /// An operation that has not passed its order yet may have made the guest stop: it says what comes next.
    fn is_ordered(&self, vm: &VmId) -> bool {
        let mut orders = self.journal.entries.values();
        orders.any(|entry| entry.effects.iter().any(|effect| effect.queue().as_ref() == Some(vm)))
    }

    /// What its configuration says; nothing for a domain that stays as it is, or that no order of ours has built.
    fn answer_to(&self, domain: &Domain, reason: StopReason) -> Option<Vec<Effect>> {
        let config = self.journal.configs.get(&domain.vm)?;
        let action = match reason {
            StopReason::Poweroff | StopReason::Suspend => config.after_shutdown,
            StopReason::Reboot => config.after_reboot,
            StopReason::Crash => config.after_crash,
        };
        let destroy = Effect::DomainDestroy(domain.vm.clone());
        match action {
            AfterStop::Preserve => None,
            AfterStop::Destroy => {
                let mut effects = vec![destroy];
                effects.extend(port::detach(&domain.vm, &config.disks));
                Some(effects)
            }
            // Its disks stay as they are: it is the same VM on the same host.
            AfterStop::Restart => Some(vec![
                destroy,
                Effect::DomainCreate(Box::new(config.clone())),
                Effect::DomainUnpause(domain.vm.clone()),
            ]),
        }
    }

    /// What is under way and not worked now: after a restart of the daemon, and with every look at all domains, for what failed.
    pub fn stop_again(&mut self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (vm, stopping) in self.journal.stopping.clone() {
            if !self.is_busy(&vm) {
                self.enqueue(&mut deeds, Purpose::Own(vm), stopping.effects);
            }
        }
        deeds
    }

    pub(super) fn own_ended(&mut self, deeds: &mut Vec<Deed>, vm: &VmId, outcome: &Outcome) {
        let Some(stopping) = self.journal.stopping.get(vm).cloned() else {
            return;
        };
        let now = match outcome {
            Ok(done) => done.iter().find_map(|done| done.domid),
            // The old domain is there yet: all of it again, with the next look.
            Err(failure) if failure.at == 0 => return,
            // It is gone and none runs in its place: what there is of the new one has to go before anything is told.
            Err(_) => {
                let effects = clearing(vm, &stopping.effects);
                return self.keep(deeds, Keep::Stopping(Stopping { effects, ..stopping }));
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
