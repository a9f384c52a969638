//! VM.start, VM.start_on.
//!
//! ```text
//!  Begun: choose a host, claim its memory ──► Building, its disks first ── done ──► Running (or Paused), the end
//!                                               │ failed
//!                                               ▼
//!                                           Clearing, its disks last ──► Halted, the end with the error
//! ```

use super::{built, disks, domain, hosts};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, placement};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::Effect;

#[derive(Debug, Serialize, Deserialize)]
pub struct Start {
    vm: Ref,
    paused: bool,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    /// `on`: the host that the caller named.
    Asked {
        on: Option<Ref>,
    },
    Building {
        host: Ref,
    },
    Clearing {
        host: Ref,
        why: ApiError,
        tries_left: u8,
    },
}

pub fn ask_start(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, "start", (args.reference(0)?, args.boolean(1)?), None)
}

pub fn ask_start_on(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let host = args.reference(1)?.clone();
    ask(view, "start_on", (args.reference(0)?, args.boolean(2)?), Some(host))
}

fn ask(view: &View, operation: &str, (vm, paused): (&Ref, bool), on: Option<Ref>) -> Result<Request, ApiError> {
    let state = Start {
        vm: vm.clone(),
        paused,
        phase: Phase::Asked { on },
    };
    Request::new(&state, domain::locks(view, vm, operation, &["VBD", "VIF"])?)
}

impl Operation for Start {
    const KIND: &'static str = "VM.start";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Start>, ApiError> {
        match (&self.phase, event) {
            (Phase::Asked { on }, _) => {
                let host = match on {
                    Some(host) => {
                        hosts::check_parameters(cx.view, &self.vm)?;
                        placement::check_host(cx.view, &self.vm, host)?;
                        host.clone()
                    }
                    None => placement::choose_host(cx.view, &self.vm, cx.silent)?,
                };
                cx.hold(Lock::new("host", &host, "vm_start"))?;
                self.build(cx, host)
            }
            (Phase::Building { host }, Event::Worked(done)) => {
                let domid = done.iter().find_map(|done| done.domid).unwrap_or(-1);
                let state = if self.paused { "Paused" } else { "Running" };
                domain::set_running(cx.view, cx.tx, &self.vm, (host, domid, state))?;
                Ok(Next::End(Ok(Value::Void)))
            }
            (Phase::Building { host }, Event::Failed { error, .. }) => {
                let (host, why) = (host.clone(), cx.failure(domain::error(&self.vm, &error)));
                self.clear(cx, host, why, domain::TRIES)
            }
            (Phase::Building { host }, Event::Begun | Event::HostLost | Event::VmLost | Event::PeerLost) => {
                let why = ApiError::new("HOST_OFFLINE", [host.as_str()]);
                self.give_up(cx, why)
            }
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
                self.give_up(cx, why)
            }
        }
    }
}

impl Start {
    fn build(self, cx: &mut StepCx<'_>, host: Ref) -> Result<Next<Start>, ApiError> {
        domain::schedule(cx.tx, &self.vm, &host)?;
        domain::settle(cx.view, cx.tx, &self.vm)?;
        let config = domain::config(cx.view, &self.vm)?;
        built::write(cx.view, cx.tx, &self.vm, &config)?;
        let vm = config.vm.clone();
        let mut effects = disks::ready(&config);
        effects.push(Effect::DomainCreate(Box::new(config)));
        if !self.paused {
            effects.push(Effect::DomainUnpause(vm));
        }
        Ok(Next::Work {
            state: Start {
                phase: Phase::Building { host: host.clone() },
                ..self
            },
            host,
            effects,
            cancellable: true,
        })
    }

    fn clear(self, cx: &mut StepCx<'_>, host: Ref, why: ApiError, tries_left: u8) -> Result<Next<Start>, ApiError> {
        let effects = disks::clear(cx.view, &self.vm)?;
        Ok(Next::Work {
            state: Start {
                phase: Phase::Clearing {
                    host: host.clone(),
                    why,
                    tries_left,
                },
                ..self
            },
            host,
            effects,
            cancellable: false,
        })
    }

    fn give_up(self, cx: &mut StepCx<'_>, why: ApiError) -> Result<Next<Start>, ApiError> {
        domain::set_halted(cx.view, cx.tx, &self.vm)?;
        Ok(Next::End(Err(why)))
    }
}
