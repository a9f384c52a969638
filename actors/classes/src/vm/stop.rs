//! VM.hard_shutdown, VM.clean_shutdown, VM.shutdown.
//!
//! ```text
//!  Begun ──► Asking the guest (clean) ──► Destroying ──► Halted ──► Removing its image, if it has one ──► the end
//!                 │ refused, too late, cancelled
//!                 ├──► the end with the error: the VM runs on
//!                 └──► Destroying (VM.shutdown)
//! ```

use super::lifecycle::Facts;
use super::{disks, domain, image};
use crate::operation::{Event, Next, Operation, Request, StepCx};
use crate::{Args, rows, sr, vdi};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::{Effect, EffectError, StopReason};

/// A guest has this long to stop, as in xapi.
pub(super) const GUEST_STOPS_WITHIN_MS: u64 = 20 * 60 * 1000;

/// What gives way to a hard stop (allowed_operations.md, VM).
const GIVES_UP: &[&str] = &[
    "clean_shutdown",
    "clean_reboot",
    "hard_reboot",
    "pool_migrate",
    "call_plugin",
    "shutdown",
    "suspend",
];

#[derive(Debug, Serialize, Deserialize)]
pub struct Stop {
    vm: Ref,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Begun {
        ask_guest: bool,
        then_destroy: bool,
    },
    Asking {
        then_destroy: bool,
    },
    Destroying {
        tries_left: u8,
    },
    /// It is halted; its memory was on a disk.
    Removing {
        tries_left: u8,
    },
}

pub fn ask_hard(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    Ok(ask(view, args, "hard_shutdown", (false, true))?.giving_up(GIVES_UP))
}

pub fn ask_clean(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, args, "clean_shutdown", (true, false))
}

pub fn ask_either(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, args, "shutdown", (true, true))
}

fn ask(
    view: &View,
    args: Args<'_>,
    operation: &str,
    (ask_guest, then_destroy): (bool, bool),
) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let state = Stop {
        vm: vm.clone(),
        phase: Phase::Begun {
            ask_guest,
            then_destroy,
        },
    };
    Request::new(&state, domain::locks(view, vm, operation, &[])?)
}

impl Operation for Stop {
    const KIND: &'static str = "VM.stop";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Stop>, ApiError> {
        match (&self.phase, event) {
            (
                Phase::Begun {
                    ask_guest,
                    then_destroy,
                },
                _,
            ) => {
                let then_destroy = *then_destroy;
                if rows::text(cx.view, "VM", &self.vm, "power_state")? == "Suspended" {
                    return self.halted(cx);
                }
                // A guest that cannot hear is not waited for where there is another way.
                let can_hear = || Facts::of(cx.view, &self.vm).map(|facts| facts.check("clean_shutdown", true).is_ok());
                match *ask_guest && (!then_destroy || can_hear()?) {
                    true => self.ask_guest(cx, then_destroy),
                    false => self.destroy(cx, domain::TRIES),
                }
            }
            (_, Event::HostLost | Event::VmLost | Event::PeerLost) => self.halted(cx),
            (Phase::Asking { .. }, Event::Worked(_)) => self.destroy(cx, domain::TRIES),
            (Phase::Asking { then_destroy }, Event::Failed { error, .. }) => match (error, *then_destroy) {
                // Its disks may be attached yet.
                (EffectError::NoDomain, _) => self.destroy(cx, domain::TRIES),
                (_, true) if !cx.cancelled => self.destroy(cx, domain::TRIES),
                (error, _) => {
                    let why = domain::error(&self.vm, &error);
                    Ok(Next::End(Err(cx.failure(why))))
                }
            },
            (Phase::Destroying { .. }, Event::Worked(_)) => self.halted(cx),
            (Phase::Destroying { tries_left }, Event::Failed { error, .. }) => match (error, *tries_left) {
                (error, 0) => Ok(Next::End(Err(domain::error(&self.vm, &error)))),
                (_, left) => self.destroy(cx, left - 1),
            },
            (Phase::Removing { tries_left }, Event::Failed { .. }) if *tries_left > 0 => {
                let left = *tries_left - 1;
                self.remove_image(cx, left)
            }
            // What cannot be removed is found by the next scan.
            (Phase::Removing { .. }, Event::Worked(_) | Event::Failed { .. }) => self.without_image(cx),
            (Phase::Asking { .. } | Phase::Destroying { .. } | Phase::Removing { .. }, Event::Begun) => {
                Err(ApiError::internal("an operation began twice"))
            }
        }
    }
}

impl Stop {
    fn ask_guest(self, cx: &mut StepCx<'_>, then_destroy: bool) -> Result<Next<Stop>, ApiError> {
        let effects = vec![Effect::DomainShutdown {
            vm: domain::id(cx.view, &self.vm)?,
            reason: StopReason::Poweroff,
            within_ms: GUEST_STOPS_WITHIN_MS,
        }];
        Ok(Next::Work {
            host: rows::reference(cx.view, "VM", &self.vm, "resident_on")?,
            state: Stop {
                phase: Phase::Asking { then_destroy },
                ..self
            },
            effects,
            cancellable: true,
        })
    }

    fn destroy(self, cx: &mut StepCx<'_>, tries_left: u8) -> Result<Next<Stop>, ApiError> {
        let effects = disks::clear(cx.view, &self.vm)?;
        Ok(Next::Work {
            host: rows::reference(cx.view, "VM", &self.vm, "resident_on")?,
            state: Stop {
                phase: Phase::Destroying { tries_left },
                ..self
            },
            effects,
            cancellable: false,
        })
    }

    fn halted(self, cx: &mut StepCx<'_>) -> Result<Next<Stop>, ApiError> {
        domain::set_halted(cx.view, cx.tx, &self.vm)?;
        self.remove_image(cx, domain::TRIES)
    }

    fn remove_image(self, cx: &mut StepCx<'_>, tries_left: u8) -> Result<Next<Stop>, ApiError> {
        let Some(row) = image::of(cx.view, &self.vm)? else {
            return self.without_image(cx);
        };
        let Ok(host) = sr::host_for(cx.view, &rows::reference(cx.view, "VDI", &row, "SR")?, cx.silent) else {
            return self.without_image(cx);
        };
        let effects = image::remove(&domain::id(cx.view, &self.vm)?, &vdi::id(cx.view, &row)?);
        Ok(Next::Work {
            state: Stop {
                phase: Phase::Removing { tries_left },
                ..self
            },
            host,
            effects,
            cancellable: false,
        })
    }

    fn without_image(self, cx: &mut StepCx<'_>) -> Result<Next<Stop>, ApiError> {
        image::forget(cx.view, cx.tx, &self.vm)?;
        Ok(Next::End(Ok(Value::Void)))
    }
}
