//! VM.clean_reboot, VM.hard_reboot: the VM stays on its host.
//!
//! ```text
//!  Begun ──► Asking the guest (clean) ──► Rebuilding: destroy, create, unpause ──► Running, the end
//!                 │ refused, cancelled            │ failed
//!                 ▼                               ▼
//!         the end: runs on                    Clearing ──► Halted, the end with the error
//! ```

use super::stop::GUEST_STOPS_WITHIN_MS;
use super::{built, disks, domain, image};
use crate::operation::{Event, Next, Operation, Request, StepCx};
use crate::{Args, rows, vdi};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::{Effect, EffectError, StopReason};

/// What gives way to a hard reboot (allowed_operations.md, VM).
const GIVES_UP: &[&str] = &[
    "clean_shutdown",
    "clean_reboot",
    "pool_migrate",
    "call_plugin",
    "suspend",
];

#[derive(Debug, Serialize, Deserialize)]
pub struct Reboot {
    vm: Ref,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Begun { ask_guest: bool },
    Asking,
    Rebuilding { host: Ref },
    Clearing { host: Ref, why: ApiError, tries_left: u8 },
}

pub fn ask_clean(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, args, "clean_reboot", true)
}

pub fn ask_hard(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    Ok(ask(view, args, "hard_reboot", false)?.giving_up(GIVES_UP))
}

fn ask(view: &View, args: Args<'_>, operation: &str, ask_guest: bool) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let state = Reboot {
        vm: vm.clone(),
        phase: Phase::Begun { ask_guest },
    };
    Request::new(&state, domain::locks(view, vm, operation, &["VBD", "VIF"])?)
}

impl Operation for Reboot {
    const KIND: &'static str = "VM.reboot";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Reboot>, ApiError> {
        match (&self.phase, event) {
            (Phase::Begun { ask_guest: true }, _) => self.ask_guest(cx),
            (Phase::Begun { ask_guest: false }, _) => self.rebuild(cx),
            (Phase::Clearing { host, why, tries_left }, Event::Failed { .. }) => {
                let (host, why) = (host.clone(), why.clone());
                match *tries_left {
                    0 => {
                        domain::set_stuck(cx.view, cx.tx, &self.vm, &host)?;
                        Ok(Next::End(Err(why)))
                    }
                    left => self.clear(cx, host, why, left - 1),
                }
            }
            (
                Phase::Clearing { why, .. },
                Event::Begun | Event::Worked(_) | Event::HostLost | Event::VmLost | Event::PeerLost,
            ) => {
                let why = why.clone();
                self.halted(cx, why)
            }
            (Phase::Asking | Phase::Rebuilding { .. }, Event::HostLost | Event::VmLost | Event::PeerLost) => {
                let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
                let why = ApiError::new("HOST_OFFLINE", [host.as_str()]);
                self.halted(cx, why)
            }
            (Phase::Asking, Event::Worked(_)) => self.rebuild(cx),
            (Phase::Asking, Event::Failed { error, .. }) => {
                let why = cx.failure(domain::error(&self.vm, &error));
                match error {
                    EffectError::NoDomain => {
                        let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
                        self.clear(cx, host, why, domain::TRIES)
                    }
                    _ => Ok(Next::End(Err(why))),
                }
            }
            (Phase::Rebuilding { host }, Event::Worked(done)) => {
                let domid = done.iter().find_map(|done| done.domid).unwrap_or(-1);
                domain::set_running(cx.view, cx.tx, &self.vm, (host, domid, "Running"))?;
                Ok(Next::End(Ok(Value::Void)))
            }
            (Phase::Rebuilding { host }, Event::Failed { error, .. }) => {
                let (host, why) = (host.clone(), cx.failure(domain::error(&self.vm, &error)));
                self.clear(cx, host, why, domain::TRIES)
            }
            (Phase::Asking | Phase::Rebuilding { .. }, Event::Begun) => {
                Err(ApiError::internal("an operation began twice"))
            }
        }
    }
}

impl Reboot {
    fn ask_guest(self, cx: &mut StepCx<'_>) -> Result<Next<Reboot>, ApiError> {
        let effects = vec![Effect::DomainShutdown {
            vm: domain::id(cx.view, &self.vm)?,
            reason: StopReason::Reboot,
            within_ms: GUEST_STOPS_WITHIN_MS,
        }];
        self.work(cx, Phase::Asking, effects, true)
    }

    /// From here on there is no way back: the domain goes first.
    fn rebuild(self, cx: &mut StepCx<'_>) -> Result<Next<Reboot>, ApiError> {
        let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        let config = built::for_reboot(cx.view, &self.vm, &host)?;
        built::write(cx.view, cx.tx, &self.vm, &config)?;
        let vm = config.vm.clone();
        // Its disks stay attached; those that are new are attached too.
        let mut effects = vec![Effect::DomainDestroy(vm.clone())];
        if let Some(row) = image::of(cx.view, &self.vm)? {
            // Of a suspend that could not end: what runs from here on is not what it holds.
            effects.extend(image::remove(&vm, &vdi::id(cx.view, &row)?));
            image::forget(cx.view, cx.tx, &self.vm)?;
        }
        effects.extend(disks::ready(&config));
        effects.push(Effect::DomainCreate(Box::new(config)));
        effects.push(Effect::DomainUnpause(vm));
        self.work(cx, Phase::Rebuilding { host }, effects, false)
    }

    fn clear(self, cx: &mut StepCx<'_>, host: Ref, why: ApiError, tries_left: u8) -> Result<Next<Reboot>, ApiError> {
        let effects = disks::clear(cx.view, &self.vm)?;
        let phase = Phase::Clearing { host, why, tries_left };
        self.work(cx, phase, effects, false)
    }

    fn work(
        self,
        cx: &mut StepCx<'_>,
        phase: Phase,
        effects: Vec<Effect>,
        cancellable: bool,
    ) -> Result<Next<Reboot>, ApiError> {
        Ok(Next::Work {
            host: rows::reference(cx.view, "VM", &self.vm, "resident_on")?,
            state: Reboot { phase, ..self },
            effects,
            cancellable,
        })
    }

    fn halted(self, cx: &mut StepCx<'_>, why: ApiError) -> Result<Next<Reboot>, ApiError> {
        domain::set_halted(cx.view, cx.tx, &self.vm)?;
        Ok(Next::End(Err(why)))
    }
}
