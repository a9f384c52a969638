//! VM.pause, VM.unpause: one effect each. Before a VM may run its disks are active; if it has no domain any more, what is left of it goes.

use super::{disks, domain};
use crate::operation::{Event, Next, Operation, Request, StepCx, pause_ms};
use crate::{Args, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::{Effect, EffectError};

#[derive(Debug, Serialize, Deserialize)]
pub struct Pause {
    vm: Ref,
    pause: bool,
    #[serde(default)]
    failures: u32,
    /// There is no domain: the error that ends it.
    #[serde(default)]
    clearing: Option<ApiError>,
}

pub fn ask_pause(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, args, true)
}

pub fn ask_unpause(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, args, false)
}

fn ask(view: &View, args: Args<'_>, pause: bool) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let state = Pause {
        vm: vm.clone(),
        pause,
        failures: 0,
        clearing: None,
    };
    let operation = if pause { "pause" } else { "unpause" };
    Request::new(&state, domain::locks(view, vm, operation, &[])?)
}

impl Operation for Pause {
    const KIND: &'static str = "VM.pause";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Pause>, ApiError> {
        match event {
            Event::Begun => {
                domain::check_whole(cx.view, &self.vm)?;
                self.work(cx)
            }
            Event::Worked(_) if self.clearing.is_some() => {
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                let why = self
                    .clearing
                    .unwrap_or_else(|| ApiError::internal("it was being cleared"));
                Ok(Next::End(Err(why)))
            }
            Event::Worked(_) => {
                let state = if self.pause { "Paused" } else { "Running" };
                rows::set(cx.tx, "VM", &self.vm, "power_state", state)?;
                Ok(Next::End(Ok(Value::Void)))
            }
            // The rows must not say the one while the other is true.
            Event::Failed {
                error: EffectError::NotKnown(_),
                ..
            } => {
                cx.pause_ms = pause_ms(self.failures);
                let failures = self.failures + 1;
                Pause { failures, ..self }.work(cx)
            }
            // A paused guest does not stop: it was unpaused before, and that was not heard. Its host says what became of it.
            Event::Failed {
                error: EffectError::BadState(_),
                ..
            } if !self.pause && self.clearing.is_none() => {
                rows::set(cx.tx, "VM", &self.vm, "power_state", "Running")?;
                Ok(Next::End(Ok(Value::Void)))
            }
            Event::Failed { error, .. } => {
                let why = domain::error(&self.vm, &error);
                if error != EffectError::NoDomain || self.clearing.is_some() {
                    return Ok(Next::End(Err(why)));
                }
                let clearing = Some(why);
                Pause { clearing, ..self }.work(cx)
            }
            Event::HostLost | Event::VmLost | Event::PeerLost => {
                let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                Ok(Next::End(Err(ApiError::new("HOST_OFFLINE", [host.as_str()]))))
            }
        }
    }
}

impl Pause {
    fn work(self, cx: &mut StepCx<'_>) -> Result<Next<Pause>, ApiError> {
        let vm = domain::id(cx.view, &self.vm)?;
        let effects = match (&self.clearing, self.pause) {
            (Some(_), _) => disks::clear(cx.view, &self.vm)?,
            (None, true) => vec![Effect::DomainPause(vm)],
            (None, false) => {
                // A guest that was let run and has stopped took its disks along: then it is the domain that is to be missed, not they.
                let mut effects = disks::attach(cx.view, &self.vm)?;
                effects.push(Effect::DomainUnpause(vm));
                effects
            }
        };
        Ok(Next::Work {
            host: rows::reference(cx.view, "VM", &self.vm, "resident_on")?,
            state: self,
            effects,
            cancellable: false,
        })
    }
}
