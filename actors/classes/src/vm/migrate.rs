//! VM.pool_migrate: to another host of the pool, while it runs.
//!
//! ```text
//!  Begun: claim memory there ──► Receiving ──► Sending ──► [ resident_on = destination: decided ] ──► Resuming ──► Cleaning ──► the end
//!                                    │ failed      │ failed
//!                                    ▼             ▼
//!                                Dropping ◄── Returning      the VM runs on at the source; the end with the error
//! ```
//!
//! Where neither side has a domain any more (`Detaching`), the disks of both are detached before the VM is let go of by the second.
//!
//! Its disks are attached at both hosts meanwhile, and active at one: at the source until all has been sent, at the destination from the
//! deciding point.
//!
//! Invariant (CORRECTNESS C5): until it is decided the copy at the destination is paused, and once it is, the one at the source never
//! runs again: only this operation lets either go on. What is left over, in `Dropping` and `Cleaning`, does no harm: the VM is let go of
//! then, and comes back to that host only when nothing is left there.

use super::{built, disks, domain};
use crate::operation::{Event, Lock, Next, Operation, Remains, Request, StepCx, pause_ms};
use crate::{Args, placement, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::{self as port, Effect, EffectError, VmId};

/// So often, in some three minutes, the source is asked to undo what it says it has not sent: it may only be busy.
const NOT_SENT_TRIES: u32 = 8;

#[derive(Debug, Serialize, Deserialize)]
pub struct Migrate {
    vm: Ref,
    /// The VM's row may be gone before what is left of it.
    id: VmId,
    to: Ref,
    /// What clears away what is left on a host, from when the VM was let go of: its rows are another's business since.
    #[serde(default)]
    left: Vec<Effect>,
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
        failures: u32,
    },
    /// See [`Migrate::detach`].
    Detaching {
        at: Ref,
        from: Ref,
        why: ApiError,
        failures: u32,
    },
    Dropping {
        why: ApiError,
        failures: u32,
    },
    Resuming {
        from: Ref,
        failures: u32,
        /// It was let run, and whether it does is not known.
        #[serde(default)]
        may_run: bool,
    },
    Cleaning {
        from: Ref,
        failures: u32,
        outcome: Result<(), ApiError>,
    },
}

pub fn ask(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let (vm, to) = (args.reference(0)?, args.reference(1)?);
    rows::check(view, "host", to)?;
    let state = Migrate {
        vm: vm.clone(),
        id: domain::id(view, vm)?,
        to: to.clone(),
        left: Vec::new(),
        phase: Phase::Begun,
    };
    let force = args.value(2)?.member("force").and_then(Value::as_text) == Some("true");
    let mut locks = vec![Lock::new("VM", vm, "pool_migrate").forced(force)];
    locks.push(Lock::new("host", to, "vm_migrate"));
    Request::new(&state, locks)
}

impl Operation for Migrate {
    const KIND: &'static str = "VM.pool_migrate";

    /// While the destination only waits, the VM is where it was: whatever is there is left to it.
    fn goes_on_without_host(&self) -> bool {
        matches!(self.phase, Phase::Receiving { .. })
    }

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
            Phase::Returning { from, why, failures } => {
                let (from, why, failures) = (from.clone(), why.clone(), *failures);
                self.returned(cx, from, (why, failures), &event)
            }
            Phase::Dropping { why, failures } => {
                let (why, failures) = (why.clone(), *failures);
                match event {
                    Event::Failed { .. } => self.drop_copy(cx, why, failures + 1),
                    _ => Ok(Next::End(Err(why))),
                }
            }
            Phase::Detaching {
                at,
                from,
                why,
                failures,
            } => {
                let (at, from, why, failures) = (at.clone(), from.clone(), why.clone(), *failures);
                self.detached(cx, (at, from), (why, failures), &event)
            }
            Phase::Resuming {
                from,
                failures,
                may_run,
            } => {
                let (from, failures, may_run) = (from.clone(), *failures, *may_run);
                self.resumed(cx, from, (failures, may_run), event)
            }
            Phase::Cleaning {
                from,
                failures,
                outcome,
            } => {
                let (from, failures, outcome) = (from.clone(), *failures, outcome.clone());
                match event {
                    Event::Failed { .. } => self.clean(cx, from, failures + 1, outcome),
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
        domain::check_whole(cx.view, &self.vm)?;
        placement::check_host(cx.view, &self.vm, &self.to)?;
        domain::schedule(cx.tx, &self.vm, &self.to)?;
        let config = match built::read(cx.view, &self.vm)? {
            Some(config) => config,
            None => domain::config(cx.view, &self.vm)?,
        };
        let mut effects = port::attach(&config.vm, &config.disks);
        let receive = Effect::MigrationReceive {
            config: Box::new(config),
            migration: cx.task.as_str().to_owned(),
        };
        let to = self.to.clone();
        effects.push(receive);
        self.work(Phase::Receiving { from }, to, effects, true)
    }

    fn received(self, cx: &mut StepCx<'_>, from: Ref, event: Event) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(done) => {
                let domid = done.iter().find_map(|made| made.domid).unwrap_or(-1);
                let send = Effect::MigrationSend {
                    vm: self.id.clone(),
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
                self.drop_copy(cx, why, 0)
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
                self.leaves(cx, &from)?;
                domain::set_placed(cx.tx, &self.vm, &self.to, domid)?;
                self.resume(cx, from, (0, false))
            }
            Event::Worked(_) => {
                let why = ApiError::new("HOST_OFFLINE", [self.to.as_str()]);
                self.go_back(cx, from, why, 0)
            }
            Event::PeerLost => {
                // Not decided yet: whatever has arrived there is gone, and what is here goes on.
                let why = ApiError::new("HOST_OFFLINE", [self.to.as_str()]);
                self.go_back(cx, from, why, 0)
            }
            Event::Failed { error, .. } => {
                let why = cx.failure(self.failed(&from, &error.to_string()));
                self.go_back(cx, from, why, 0)
            }
            Event::HostLost | Event::VmLost | Event::Begun => {
                // The whole of its memory may or may not have arrived: the VM was lost with its host.
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                let why = ApiError::new("HOST_OFFLINE", [from.as_str()]);
                self.drop_copy(cx, why, 0)
            }
        }
    }

    fn go_back(self, cx: &StepCx<'_>, from: Ref, why: ApiError, failures: u32) -> Result<Next<Migrate>, ApiError> {
        let undo = Effect::MigrationUndo(self.id.clone());
        let phase = Phase::Returning {
            from: from.clone(),
            why,
            failures,
        };
        // A guest that has stopped meanwhile took its disks along: then it is the domain that is to be missed, not they.
        let mut effects = disks::attach(cx.view, &self.vm)?;
        effects.push(undo);
        self.work(phase, from, effects, false)
    }

    /// Only a domain that is not there, or a host that is dead, means that the VM is lost: else it may run, and stays where it is.
    fn returned(
        self,
        cx: &mut StepCx<'_>,
        from: Ref,
        (why, failures): (ApiError, u32),
        event: &Event,
    ) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(_) => {}
            Event::Failed {
                error: EffectError::NoDomain,
                ..
            } => {
                let to = self.to.clone();
                self.leaves(cx, &to)?;
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                return self.detach(cx, (from.clone(), from), why, 0);
            }
            Event::HostLost | Event::VmLost => domain::set_halted(cx.view, cx.tx, &self.vm)?,
            // What there is was not sent: its host says what becomes of it.
            Event::Failed {
                error: EffectError::BadState(_),
                ..
            } if failures >= NOT_SENT_TRIES => {}
            // Suspended it is of no use to anybody: again, until somebody wants something else of it. Who cancels wants it to run on here.
            Event::Failed { .. } if !cx.cancelled || failures < u32::from(domain::TRIES) => {
                cx.pause_ms = pause_ms(failures);
                return self.go_back(cx, from, why, failures + 1);
            }
            Event::PeerLost | Event::Begun => return self.go_back(cx, from, why, failures),
            Event::Failed { .. } => domain::set_stuck(cx.view, cx.tx, &self.vm, &from)?,
        }
        self.drop_copy(cx, why, 0)
    }

    /// Nothing of the VM runs at either side: what this one has attached goes before the VM may run anywhere.
    fn detach(
        mut self,
        cx: &mut StepCx<'_>,
        (at, from): (Ref, Ref),
        why: ApiError,
        failures: u32,
    ) -> Result<Next<Migrate>, ApiError> {
        if let Some(before) = failures.checked_sub(1) {
            cx.pause_ms = pause_ms(before);
        }
        self.note_left(cx.view)?;
        let (host, effects) = (at.clone(), self.left.clone());
        let phase = Phase::Detaching {
            at,
            from,
            why,
            failures,
        };
        self.work(phase, host, effects, false)
    }

    fn detached(
        self,
        cx: &mut StepCx<'_>,
        (at, from): (Ref, Ref),
        (why, failures): (ApiError, u32),
        event: &Event,
    ) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Failed { .. } if failures < u32::from(domain::TRIES) => {
                self.detach(cx, (at, from), why, failures + 1)
            }
            Event::PeerLost => self.detach(cx, (at, from), why, failures),
            Event::Failed { .. } | Event::Worked(_) | Event::HostLost | Event::VmLost | Event::Begun => {
                match at == self.to {
                    true => self.clean(cx, from, 0, Err(why)),
                    false => self.drop_copy(cx, why, 0),
                }
            }
        }
    }

    /// A copy that has never run, and that nobody lets run.
    fn drop_copy(mut self, cx: &mut StepCx<'_>, why: ApiError, failures: u32) -> Result<Next<Migrate>, ApiError> {
        let to = self.to.clone();
        if failures == 0 {
            domain::schedule(cx.tx, &self.vm, &Ref::null())?;
        }
        let effects = self.let_go(cx, &to, failures)?;
        self.work(Phase::Dropping { why, failures }, to, effects, false)
    }

    /// The VM is let go of; what it may have left on the host is to be destroyed, however long that takes.
    fn let_go(&mut self, cx: &mut StepCx<'_>, host: &Ref, failures: u32) -> Result<Vec<Effect>, ApiError> {
        match failures.checked_sub(1) {
            None => {
                cx.lets_go = true;
                self.leaves(cx, host)?;
                self.note_left(cx.view)?;
            }
            Some(before) => cx.pause_ms = pause_ms(before),
        }
        Ok(self.left.clone())
    }

    /// What is to be cleared away, by the rows of this time.
    fn note_left(&mut self, view: &View) -> Result<(), ApiError> {
        if self.left.is_empty() {
            self.left = disks::clear(view, &self.vm)?;
        }
        Ok(())
    }

    /// From now on its domain on the host is not the VM's any more.
    fn leaves(&self, cx: &mut StepCx<'_>, host: &Ref) -> Result<(), ApiError> {
        let is_said = cx.remains.as_ref().is_some_and(|remains| remains.host == *host);
        if !is_said {
            cx.remains = Some(Remains {
                vm: self.vm.clone(),
                host: host.clone(),
                memory_bytes: placement::memory_of(cx.view, &self.vm)?,
            });
        }
        Ok(())
    }

    fn resume(self, cx: &StepCx<'_>, from: Ref, (failures, may_run): (u32, bool)) -> Result<Next<Migrate>, ApiError> {
        let mut effects = disks::attach(cx.view, &self.vm)?;
        effects.push(Effect::DomainUnpause(self.id.clone()));
        let to = self.to.clone();
        let phase = Phase::Resuming {
            from,
            failures,
            may_run,
        };
        self.work(phase, to, effects, false)
    }

    fn resumed(
        self,
        cx: &mut StepCx<'_>,
        from: Ref,
        (failures, may_run): (u32, bool),
        event: Event,
    ) -> Result<Next<Migrate>, ApiError> {
        match event {
            Event::Worked(_) => self.clean(cx, from, 0, Ok(())),
            Event::Failed { error, .. } if is_tried_again(&error, (failures, may_run)) => {
                cx.pause_ms = pause_ms(failures);
                let may_run = may_run || matches!(error, EffectError::NotKnown(_));
                self.resume(cx, from, (failures + 1, may_run))
            }
            Event::Failed { error, .. } => {
                let why = self.failed(&from, &error.to_string());
                if error == EffectError::NoDomain {
                    domain::set_halted(cx.view, cx.tx, &self.vm)?;
                    let to = self.to.clone();
                    return self.detach(cx, (to, from), why, 0);
                }
                rows::set(cx.tx, "VM", &self.vm, "power_state", "Paused")?;
                self.clean(cx, from, 0, Err(why))
            }
            Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun => {
                // It may have run there: what the source still has is old.
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                let why = ApiError::new("HOST_OFFLINE", [self.to.as_str()]);
                self.clean(cx, from, 0, Err(why))
            }
        }
    }

    fn clean(
        mut self,
        cx: &mut StepCx<'_>,
        from: Ref,
        failures: u32,
        outcome: Result<(), ApiError>,
    ) -> Result<Next<Migrate>, ApiError> {
        let effects = self.let_go(cx, &from, failures)?;
        let phase = Phase::Cleaning {
            from: from.clone(),
            failures,
            outcome,
        };
        self.work(phase, from, effects, false)
    }

    /// The host that the VM runs on is dead while another does something for it: what is left of the VM is the copy there.
    fn lost(self, cx: &mut StepCx<'_>) -> Result<Next<Migrate>, ApiError> {
        let here = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        let why = ApiError::new("HOST_OFFLINE", [here.as_str()]);
        domain::set_halted(cx.view, cx.tx, &self.vm)?;
        self.drop_copy(cx, why, 0)
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

/// What is not known must be asked until it is: the rows must not say that a VM is paused which runs.
fn is_tried_again(error: &EffectError, (failures, may_run): (u32, bool)) -> bool {
    match error {
        EffectError::NoDomain => false,
        EffectError::NotKnown(_) => true,
        _ => may_run || failures < u32::from(domain::TRIES),
    }
}
