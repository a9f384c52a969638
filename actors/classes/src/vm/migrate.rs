//! VM.pool_migrate: to another host of the pool, while it runs.
//!
//! ```text
//!  Begun: claim memory there ──► Receiving ──► Sending ──► [ resident_on = destination: decided ] ──► Resuming ──► Cleaning ──► the end
//!                                    │ failed      │ failed
//!                                    ▼             ▼
//!                                Dropping ◄── Returning      the VM runs on at the source; the end with the error
//! ```
//!
//! Its disks are attached at both hosts meanwhile, and active at one: at the source until all has been sent, at the destination from the
//! deciding point.
//!
//! Invariant (CORRECTNESS C5): until it is decided the copy at the destination is paused, and once it is, the one at the source never
//! runs again: only this operation lets either go on.

use super::{disks, domain};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, placement, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::{Effect, EffectError};

#[derive(Debug, Serialize, Deserialize)]
pub struct Migrate {
    vm: Ref,
    to: Ref,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Begun,
    Receiving {
        from: Ref,
    },
    Sending {
        from: Ref,
        domid: i64,
    },
    Returning {
        from: Ref,
        why: ApiError,
        tries_left: u8,
    },
    Dropping {
        why: ApiError,
        tries_left: u8,
    },
    Resuming {
        from: Ref,
    },
    Cleaning {
        from: Ref,
        tries_left: u8,
        outcome: Result<(), ApiError>,
    },
}

pub fn ask(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let (vm, to) = (args.reference(0)?, args.reference(1)?);
    rows::check(view, "host", to)?;
    let state = Migrate {
        vm: vm.clone(),
        to: to.clone(),
        phase: Phase::Begun,
    };
    let force = args.value(2)?.member("force").and_then(Value::as_text) == Some("true");
    let mut locks = vec![Lock::new("VM", vm, "pool_migrate").forced(force)];
    locks.push(Lock::new("host", to, "vm_migrate"));
    Request::new(&state, locks)
}

impl Operation for Migrate {
    const KIND: &'static str = "VM.pool_migrate";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Migrate>, ApiError> {
        if event == Event::VmLost {
            return self.lost(cx);
        }
        match &self.phase {
            Phase::Begun => self.begin(cx),
            Phase::Receiving { from } => {
                let from = from.clone();
                self.received(cx, from, event)
            }
            Phase::Sending { from, domid } => {
                let (from, domid) = (from.clone(), *domid);
                self.sent(cx, (from, domid), event)
            }
            Phase::Returning { from, why, tries_left } => {
                let (from, why, tries_left) = (from.clone(), why.clone(), *tries_left);
                self.returned(cx, from, (why, tries_left), &event)
            }
            Phase::Dropping { why, tries_left } => {
                let (why, tries_left) = (why.clone(), *tries_left);
                self.dropped(cx, (why, tries_left), &event)
            }
            Phase::Resuming { from } => {
                let from = from.clone();
                self.resumed(cx, from, event)
            }
            Phase::Cleaning {
                from,
                tries_left,
                outcome,
            } => {
                let (from, tries_left, outcome) = (from.clone(), *tries_left, outcome.clone());
                match event {
                    Event::Failed { .. } if tries_left > 0 => self.clean(cx, from, tries_left - 1, outcome),
                    // Nothing runs, at either side: what the destination has attached goes too.
                    _ if outcome.is_err() && self.is_halted(cx)? => {
                        let why = outcome.err().unwrap_or_else(|| ApiError::internal("it has not failed"));
                        self.drop_copy(cx, why, domain::TRIES)
                    }
                    _ => Ok(Next::End(outcome.map(|()| Value::Void))),
                }
            }
        }
    }
}

impl Migrate {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Migrate>, ApiError> {
        let from = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        if from == self.to {
            return Ok(Next::End(Ok(Value::Void)));
        }
        placement::check_host(cx.view, &self.vm, &self.to)?;
        domain::schedule(cx.tx, &self.vm, &self.to)?;
        let receive = Effect::MigrationReceive {
            config: Box::new(domain::config(cx.view, &self.vm)?),
            migration: cx.task.as_str().to_owned(),
        };
        let to = self.to.clone();
        let mut effects = disks::attach(cx.view, &self.vm)?;
        effects.push(receive);
        self.work(Phase::Receiving { from }, to, effects, true)
    }

    fn received(self, cx: &mut StepCx<'_>, from: Ref, event: Event) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(done) => {
                let domid = done.iter().find_map(|made| made.domid).unwrap_or(-1);
                let send = Effect::MigrationSend {
                    vm: domain::id(cx.view, &self.vm)?,
                    migration: cx.task.as_str().to_owned(),
                    to: rows::text(cx.view, "host", &self.to, "address")?,
                };
                let phase = Phase::Sending {
                    from: from.clone(),
                    domid,
                };
                // What was written is on the disks before anybody else writes.
                let mut effects = vec![send];
                effects.extend(disks::deactivate(cx.view, &self.vm)?);
                self.work(phase, from, effects, true)
            }
            Event::Failed { error, .. } => {
                let why = cx.failure(self.failed(&from, &error.to_string()));
                self.drop_copy(cx, why, domain::TRIES)
            }
            Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun => {
                domain::schedule(cx.tx, &self.vm, &Ref::null())?;
                Ok(Next::End(Err(ApiError::new("HOST_OFFLINE", [self.to.as_str()]))))
            }
        }
    }

    fn sent(self, cx: &mut StepCx<'_>, (from, domid): (Ref, i64), event: Event) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(_) if placement::is_live(cx.view, &self.to)? => {
                // The deciding point: with this commit the copy at the destination is the VM.
                domain::set_placed(cx.tx, &self.vm, &self.to, domid)?;
                let resume = Effect::DomainUnpause(domain::id(cx.view, &self.vm)?);
                let to = self.to.clone();
                let mut effects = disks::activate(cx.view, &self.vm)?;
                effects.push(resume);
                self.work(Phase::Resuming { from }, to, effects, false)
            }
            Event::Worked(_) => {
                let why = ApiError::new("HOST_OFFLINE", [self.to.as_str()]);
                self.go_back(cx, from, why, domain::TRIES)
            }
            Event::PeerLost => {
                // Not decided yet: whatever has arrived there is gone, and what is here goes on.
                let why = ApiError::new("HOST_OFFLINE", [self.to.as_str()]);
                self.go_back(cx, from, why, domain::TRIES)
            }
            Event::Failed { error, .. } => {
                let why = cx.failure(self.failed(&from, &error.to_string()));
                self.go_back(cx, from, why, domain::TRIES)
            }
            Event::HostLost | Event::VmLost | Event::Begun => {
                // The whole of its memory may or may not have arrived: the VM was lost with its host.
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                domain::schedule(cx.tx, &self.vm, &self.to)?;
                let why = ApiError::new("HOST_OFFLINE", [from.as_str()]);
                self.drop_copy(cx, why, domain::TRIES)
            }
        }
    }

    fn go_back(self, cx: &mut StepCx<'_>, from: Ref, why: ApiError, tries_left: u8) -> Result<Next<Migrate>, ApiError> {
        let undo = Effect::MigrationUndo(domain::id(cx.view, &self.vm)?);
        let phase = Phase::Returning {
            from: from.clone(),
            why,
            tries_left,
        };
        let mut effects = disks::activate(cx.view, &self.vm)?;
        effects.push(undo);
        self.work(phase, from, effects, false)
    }

    /// Only a domain that is not there, or a host that is dead, means that the VM is lost: else it may run, and stays where it is.
    fn returned(
        self,
        cx: &mut StepCx<'_>,
        from: Ref,
        (why, tries_left): (ApiError, u8),
        event: &Event,
    ) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(_) => {}
            Event::Failed {
                error: EffectError::NoDomain,
                ..
            } => {
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                domain::schedule(cx.tx, &self.vm, &self.to)?;
                return self.clean(cx, from, domain::TRIES, Err(why));
            }
            Event::HostLost | Event::VmLost => {
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                domain::schedule(cx.tx, &self.vm, &self.to)?;
            }
            Event::Failed { .. } if tries_left > 0 => return self.go_back(cx, from, why, tries_left - 1),
            Event::PeerLost | Event::Begun => return self.go_back(cx, from, why, tries_left),
            Event::Failed { .. } => rows::set(cx.tx, "VM", &self.vm, "power_state", "Paused")?,
        }
        self.drop_copy(cx, why, domain::TRIES)
    }

    fn drop_copy(self, cx: &mut StepCx<'_>, why: ApiError, tries_left: u8) -> Result<Next<Migrate>, ApiError> {
        let (to, effects) = (self.to.clone(), disks::clear(cx.view, &self.vm)?);
        self.work(Phase::Dropping { why, tries_left }, to, effects, false)
    }

    /// A copy that cannot be destroyed stays paused for ever: nobody lets it go on.
    fn dropped(
        self,
        cx: &mut StepCx<'_>,
        (why, tries_left): (ApiError, u8),
        event: &Event,
    ) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Failed { .. } if tries_left > 0 => self.drop_copy(cx, why, tries_left - 1),
            Event::Failed { .. }
            | Event::Worked(_)
            | Event::HostLost
            | Event::VmLost
            | Event::PeerLost
            | Event::Begun => {
                domain::schedule(cx.tx, &self.vm, &Ref::null())?;
                Ok(Next::End(Err(why)))
            }
        }
    }

    fn resumed(self, cx: &mut StepCx<'_>, from: Ref, event: Event) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(_) => self.clean(cx, from, domain::TRIES, Ok(())),
            Event::Failed { error, .. } => {
                let why = self.failed(&from, &error.to_string());
                match error {
                    EffectError::NoDomain => domain::set_halted(cx.view, cx.tx, &self.vm)?,
                    _ => rows::set(cx.tx, "VM", &self.vm, "power_state", "Paused")?,
                }
                self.clean(cx, from, domain::TRIES, Err(why))
            }
            Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun => {
                // It may have run there: what the source still has is old.
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                let why = ApiError::new("HOST_OFFLINE", [self.to.as_str()]);
                self.clean(cx, from, domain::TRIES, Err(why))
            }
        }
    }

    fn is_halted(&self, cx: &StepCx<'_>) -> Result<bool, ApiError> {
        Ok(rows::text(cx.view, "VM", &self.vm, "power_state")? == "Halted")
    }

    fn clean(
        self,
        cx: &mut StepCx<'_>,
        from: Ref,
        tries_left: u8,
        outcome: Result<(), ApiError>,
    ) -> Result<Next<Migrate>, ApiError> {
        let effects = disks::clear(cx.view, &self.vm)?;
        let phase = Phase::Cleaning {
            from: from.clone(),
            tries_left,
            outcome,
        };
        self.work(phase, from, effects, false)
    }

    /// The host that the VM runs on is dead while another does something for it: what is left of the VM is the copy there.
    fn lost(self, cx: &mut StepCx<'_>) -> Result<Next<Migrate>, ApiError> {
        let here = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        let why = ApiError::new("HOST_OFFLINE", [here.as_str()]);
        domain::set_halted(cx.view, cx.tx, &self.vm)?;
        match self.phase {
            Phase::Cleaning { ref from, .. } => {
                let from = from.clone();
                self.clean(cx, from, domain::TRIES, Err(why))
            }
            Phase::Begun
            | Phase::Receiving { .. }
            | Phase::Sending { .. }
            | Phase::Returning { .. }
            | Phase::Dropping { .. }
            | Phase::Resuming { .. } => {
                domain::schedule(cx.tx, &self.vm, &self.to)?;
                self.drop_copy(cx, why, domain::TRIES)
            }
        }
    }

    fn work(self, phase: Phase, host: Ref, effects: Vec<Effect>, cancellable: bool) -> Result<Next<Migrate>, ApiError> {
        Ok(Next::Work {
            state: Migrate { phase, ..self },
            host,
            effects,
            cancellable,
        })
    }

    fn failed(&self, from: &Ref, text: &str) -> ApiError {
        let params = [self.vm.as_str(), from.as_str(), self.to.as_str(), text];
        ApiError::new("VM_MIGRATE_FAILED", params)
    }
}
