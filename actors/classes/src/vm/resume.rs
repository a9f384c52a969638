//! VM.resume, VM.resume_on.
//!
//! ```text
//!  Begun: choose a host, claim its memory ──► Restoring, paused ──► [ resident there: decided ] ──► Resuming ──► Removing the image ──► the end
//!                                                │ failed                                             (not with start_paused)
//!                                                ▼
//!                                            Clearing ──► Suspended as before, the end with the error
//! ```
//!
//! Invariant (CORRECTNESS C5): until it is decided the image is the VM, and nothing has run from it; from then on the domain is, and the
//! image is old.

use super::{built, disks, domain, image};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx, pause_ms};
use crate::{Args, placement, rows, sr, vdi};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::{Effect, EffectError};

#[derive(Debug, Serialize, Deserialize)]
pub struct Resume {
    vm: Ref,
    paused: bool,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Asked {
        on: Option<Ref>,
    },
    Restoring {
        host: Ref,
    },
    Clearing {
        host: Ref,
        why: ApiError,
        tries_left: u8,
    },
    Resuming {
        host: Ref,
        #[serde(default)]
        failures: u32,
    },
    Removing {
        host: Ref,
        outcome: Result<(), ApiError>,
        tries_left: u8,
    },
}

pub fn ask_resume(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, "resume", (args.reference(0)?, args.boolean(1)?), None)
}

pub fn ask_resume_on(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let host = args.reference(1)?.clone();
    ask(view, "resume_on", (args.reference(0)?, args.boolean(2)?), Some(host))
}

fn ask(view: &View, operation: &str, (vm, paused): (&Ref, bool), on: Option<Ref>) -> Result<Request, ApiError> {
    let state = Resume {
        vm: vm.clone(),
        paused,
        phase: Phase::Asked { on },
    };
    Request::new(&state, domain::locks(view, vm, operation, &["VBD"])?)
}

impl Operation for Resume {
    const KIND: &'static str = "VM.resume";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Resume>, ApiError> {
        match (&self.phase, event) {
            (Phase::Asked { on }, _) => {
                let host = self.choose(cx, on.as_ref())?;
                cx.hold(Lock::new("host", &host, "vm_resume"))?;
                self.restore(cx, host)
            }
            (Phase::Restoring { host }, Event::Worked(done)) => {
                let (host, domid) = (host.clone(), done.iter().find_map(|done| done.domid).unwrap_or(-1));
                self.decide(cx, host, domid)
            }
            (Phase::Restoring { host }, Event::Failed { error, .. }) => {
                let why = match error {
                    EffectError::NoImage => ApiError::new("VM_HAS_NO_SUSPEND_VDI", [self.vm.as_str()]),
                    other => domain::error(&self.vm, &other),
                };
                let (host, why) = (host.clone(), cx.failure(why));
                self.clear(cx, host, why, domain::TRIES)
            }
            (Phase::Clearing { host, why, tries_left }, Event::Failed { .. }) if *tries_left > 0 => {
                let (host, why, left) = (host.clone(), why.clone(), *tries_left - 1);
                self.clear(cx, host, why, left)
            }
            (Phase::Clearing { host, why, .. }, Event::Failed { .. }) => {
                // The domain that was restored may be there: it is the VM now, and never ran.
                domain::set_stuck(cx.view, cx.tx, &self.vm, host)?;
                Ok(Next::End(Err(why.clone())))
            }
            (Phase::Restoring { host }, _) => {
                let why = ApiError::new("HOST_OFFLINE", [host.as_str()]);
                self.stays_suspended(cx, why)
            }
            (Phase::Clearing { why, .. }, _) => {
                let why = why.clone();
                self.stays_suspended(cx, why)
            }
            (Phase::Resuming { .. }, Event::Worked(_)) => self.runs(cx),
            (Phase::Resuming { host, failures }, Event::Failed { error, .. }) => {
                let place = (host.clone(), *failures);
                self.not_resumed(cx, place, &error)
            }
            (Phase::Resuming { host, .. }, _) => {
                // It may have run there.
                let why = ApiError::new("HOST_OFFLINE", [host.as_str()]);
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                self.remove(cx, Err(why), domain::TRIES)
            }
            (
                Phase::Removing {
                    outcome, tries_left, ..
                },
                Event::Failed { .. },
            ) if *tries_left > 0 => {
                let (outcome, left) = (outcome.clone(), *tries_left - 1);
                self.remove(cx, outcome, left)
            }
            (Phase::Removing { host, outcome, .. }, event) => {
                let (host, outcome) = (host.clone(), outcome.clone());
                self.removed(cx, &host, (outcome, &event))
            }
        }
    }
}

impl Resume {
    /// An image that cannot be removed is found by the next scan.
    fn removed(
        self,
        cx: &mut StepCx<'_>,
        host: &Ref,
        (outcome, event): (Result<(), ApiError>, &Event),
    ) -> Result<Next<Resume>, ApiError> {
        // The host that removes the image may be the VM's own.
        let is_own = rows::reference(cx.view, "VM", &self.vm, "resident_on")? == *host;
        if *event == Event::VmLost || (*event == Event::HostLost && is_own) {
            domain::set_halted(cx.view, cx.tx, &self.vm)?;
        }
        image::forget(cx.view, cx.tx, &self.vm)?;
        Ok(Next::End(outcome.map(|()| Value::Void)))
    }

    fn choose(&self, cx: &StepCx<'_>, on: Option<&Ref>) -> Result<Ref, ApiError> {
        let row = self.image(cx.view)?;
        let repository = rows::reference(cx.view, "VDI", &row, "SR")?;
        let unseen = || ApiError::new("SUSPEND_IMAGE_NOT_ACCESSIBLE", [row.as_str()]);
        if let Some(host) = on {
            placement::check_host(cx.view, &self.vm, host)?;
            return match sr::is_plugged_on(cx.view, &repository, host)? {
                true => Ok(host.clone()),
                false => Err(unseen()),
            };
        }
        let chosen = placement::choose_host(cx.view, &self.vm, cx.silent)?;
        if sr::is_plugged_on(cx.view, &repository, &chosen)? {
            return Ok(chosen);
        }
        for host in placement::possible_hosts(cx.view, &self.vm)? {
            if sr::is_plugged_on(cx.view, &repository, &host)? {
                return Ok(host);
            }
        }
        Err(unseen())
    }

    fn image(&self, view: &View) -> Result<Ref, ApiError> {
        image::of(view, &self.vm)?.ok_or_else(|| ApiError::new("VM_HAS_NO_SUSPEND_VDI", [self.vm.as_str()]))
    }

    fn restore(self, cx: &mut StepCx<'_>, host: Ref) -> Result<Next<Resume>, ApiError> {
        domain::schedule(cx.tx, &self.vm, &host)?;
        // The guest in the image knows the devices that it had.
        let config = match built::read(cx.view, &self.vm)? {
            Some(config) => config,
            None => domain::config(cx.view, &self.vm)?,
        };
        built::write(cx.view, cx.tx, &self.vm, &config)?;
        let vm = config.vm.clone();
        let image = vdi::id(cx.view, &self.image(cx.view)?)?;
        let mut effects = disks::ready(&config);
        effects.extend(image::ready(&vm, &image));
        effects.push(Effect::DomainRestore {
            config: Box::new(config),
            image: image.to_string(),
        });
        effects.extend(image::detach(&vm, &image));
        self.work(Phase::Restoring { host: host.clone() }, host, effects, true)
    }

    fn decide(self, cx: &mut StepCx<'_>, host: Ref, domid: i64) -> Result<Next<Resume>, ApiError> {
        domain::set_running(cx.view, cx.tx, &self.vm, (&host, domid, "Paused"))?;
        if self.paused {
            return self.remove(cx, Ok(()), domain::TRIES);
        }
        self.run(cx.view, host, 0)
    }

    /// The rows must not say that it is paused while it runs: asked until that is known.
    fn run(self, view: &View, host: Ref, failures: u32) -> Result<Next<Resume>, ApiError> {
        let effects = vec![Effect::DomainUnpause(domain::id(view, &self.vm)?)];
        let phase = Phase::Resuming {
            host: host.clone(),
            failures,
        };
        self.work(phase, host, effects, false)
    }

    fn not_resumed(
        self,
        cx: &mut StepCx<'_>,
        (host, failures): (Ref, u32),
        error: &EffectError,
    ) -> Result<Next<Resume>, ApiError> {
        match error {
            EffectError::NotKnown(_) => {
                cx.pause_ms = pause_ms(failures);
                self.run(cx.view, host, failures + 1)
            }
            // As with VM.unpause: it was let run before, and that was not heard.
            EffectError::BadState(_) => self.runs(cx),
            _ => {
                let why = domain::error(&self.vm, error);
                self.remove(cx, Err(why), domain::TRIES)
            }
        }
    }

    fn runs(self, cx: &mut StepCx<'_>) -> Result<Next<Resume>, ApiError> {
        rows::set(cx.tx, "VM", &self.vm, "power_state", "Running")?;
        self.remove(cx, Ok(()), domain::TRIES)
    }

    fn clear(self, cx: &mut StepCx<'_>, host: Ref, why: ApiError, tries_left: u8) -> Result<Next<Resume>, ApiError> {
        let effects = disks::clear(cx.view, &self.vm)?;
        let phase = Phase::Clearing {
            host: host.clone(),
            why,
            tries_left,
        };
        self.work(phase, host, effects, false)
    }

    fn stays_suspended(self, cx: &mut StepCx<'_>, why: ApiError) -> Result<Next<Resume>, ApiError> {
        domain::schedule(cx.tx, &self.vm, &Ref::null())?;
        Ok(Next::End(Err(why)))
    }

    fn remove(
        self,
        cx: &mut StepCx<'_>,
        outcome: Result<(), ApiError>,
        tries_left: u8,
    ) -> Result<Next<Resume>, ApiError> {
        let place = image::of(cx.view, &self.vm)?;
        let repository = place
            .as_ref()
            .map(|row| rows::reference(cx.view, "VDI", row, "SR"))
            .transpose()?;
        let host = repository.map(|sr| sr::host_for(cx.view, &sr, cx.silent));
        let (Some(row), Some(Ok(host))) = (place, host) else {
            image::forget(cx.view, cx.tx, &self.vm)?;
            return Ok(Next::End(outcome.map(|()| Value::Void)));
        };
        let effects = image::remove(&domain::id(cx.view, &self.vm)?, &vdi::id(cx.view, &row)?);
        let phase = Phase::Removing {
            host: host.clone(),
            outcome,
            tries_left,
        };
        self.work(phase, host, effects, false)
    }

    fn work(self, phase: Phase, host: Ref, effects: Vec<Effect>, cancellable: bool) -> Result<Next<Resume>, ApiError> {
        Ok(Next::Work {
            state: Resume { phase, ..self },
            host,
            effects,
            cancellable,
        })
    }
}
