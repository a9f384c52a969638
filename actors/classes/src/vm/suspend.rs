//! VM.suspend: the memory goes to a disk of its own, then the VM's place is free.
//!
//! ```text
//!  Begun ──► Saving: image made, attached, active, memory on it ──► [ suspend_VDI: decided ] ──► Clearing ──► Suspended, the end
//!               │ failed: the guest runs on          │ its host is lost                            │ fails for good
//!               ▼                                    ▼                                             ▼
//!            Undoing: the image goes ──► the end with the error         again; cancelled it stays, Paused: a hard stop tries again
//! ```

use super::{disks, domain, image};
use crate::operation::{Event, Next, Operation, Request, StepCx, pause_ms};
use crate::{Args, rows, sr, vdi};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{StorageEffect, VdiId};
use xenith_xen_port::{Effect, EffectError};

/// So often it is asked whether the memory is on the disk, in some five minutes.
const SAVE_TRIES: u8 = 10;

#[derive(Debug, Serialize, Deserialize)]
pub struct Suspend {
    vm: Ref,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Begun,
    Saving {
        image: Image,
        tries_left: u8,
    },
    Undoing {
        why: ApiError,
        tries_left: u8,
        image: Image,
        host: Ref,
        /// The guest had no domain any more: what else is left of it goes too, and it is halted.
        #[serde(default)]
        is_gone: bool,
        /// Nothing of the VM is held any more.
        #[serde(default)]
        lets_go: bool,
    },
    Clearing {
        #[serde(default)]
        failures: u32,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Image {
    sr: Ref,
    vdi: VdiId,
    size_bytes: i64,
}

pub fn ask(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let state = Suspend {
        vm: vm.clone(),
        phase: Phase::Begun,
    };
    Request::new(&state, domain::locks(view, vm, "suspend", &[])?)
}

impl Operation for Suspend {
    const KIND: &'static str = "VM.suspend";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Suspend>, ApiError> {
        match (&self.phase, event) {
            (Phase::Begun, _) => self.begin(cx),
            (Phase::Saving { image, .. }, Event::Worked(_)) => {
                self.decide(cx, &image.clone())?;
                self.clear(cx, 0)
            }
            (Phase::Saving { image, tries_left }, Event::Failed { error, .. }) => {
                let (image, tries_left) = (image.clone(), *tries_left);
                self.not_saved(cx, image, (error, tries_left))
            }
            (Phase::Saving { image, .. }, Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun) => {
                let image = image.clone();
                let here = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
                let why = ApiError::new("HOST_OFFLINE", [here.as_str()]);
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
                match sr::host_for(cx.view, &image.sr, cx.silent) {
                    Ok(host) if host != here => self.undo(cx, (image, host, false), why, domain::TRIES),
                    _ => Ok(Next::End(Err(why))),
                }
            }
            (Phase::Undoing { lets_go: true, .. }, event) => self.undone_beside(cx, &event),
            (
                Phase::Undoing {
                    why,
                    tries_left,
                    image,
                    host,
                    is_gone,
                    ..
                },
                event,
            ) => {
                let place = (image.clone(), host.clone(), *is_gone);
                let (why, tries_left) = (why.clone(), *tries_left);
                self.undone(cx, place, (why, tries_left), &event)
            }
            (Phase::Clearing { .. }, Event::Worked(_)) => self.suspended(cx),
            (Phase::Clearing { failures }, Event::Failed { error, .. })
                if cx.cancelled && *failures >= u32::from(domain::TRIES) =>
            {
                let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
                domain::set_stuck(cx.view, cx.tx, &self.vm, &host)?;
                Ok(Next::End(Err(domain::error(&self.vm, &error))))
            }
            // The image is the VM: what is in its way goes, however long that takes, or until somebody wants something else of it.
            (Phase::Clearing { failures }, Event::Failed { .. }) => {
                let failures = *failures;
                cx.pause_ms = pause_ms(failures);
                self.clear(cx, failures + 1)
            }
            // Its memory is on the disk: that its host is gone changes nothing.
            (Phase::Clearing { .. }, Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun) => {
                self.suspended(cx)
            }
        }
    }
}

impl Suspend {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Suspend>, ApiError> {
        let sr = image::repository(cx.view, &self.vm)?;
        let image = Image {
            vdi: VdiId {
                sr: vdi::sr_id(cx.view, &sr)?,
                location: cx.ids.uuid(),
            },
            size_bytes: image::size_bytes(cx.view, &self.vm)?,
            sr,
        };
        self.save(cx, image, SAVE_TRIES)
    }

    fn save(self, cx: &mut StepCx<'_>, image: Image, tries_left: u8) -> Result<Next<Suspend>, ApiError> {
        let vm = domain::id(cx.view, &self.vm)?;
        let mut effects = vec![Effect::Storage(StorageEffect::VdiCreate {
            vdi: image.vdi.clone(),
            size_bytes: image.size_bytes,
        })];
        effects.extend(image::ready(&vm, &image.vdi));
        effects.push(Effect::DomainSave {
            vm,
            image: image.vdi.to_string(),
        });
        let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        self.work(Phase::Saving { image, tries_left }, host, effects, true)
    }

    /// What is not known is asked again: the guest may have been saved.
    fn not_saved(
        self,
        cx: &mut StepCx<'_>,
        image: Image,
        (error, tries_left): (EffectError, u8),
    ) -> Result<Next<Suspend>, ApiError> {
        let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        let is_gone = error == EffectError::NoDomain;
        match (&error, tries_left) {
            (EffectError::NotKnown(_), 0) => {
                domain::set_stuck(cx.view, cx.tx, &self.vm, &host)?;
                Ok(Next::End(Err(domain::error(&self.vm, &error))))
            }
            (EffectError::NotKnown(_), left) => {
                cx.pause_ms = pause_ms(u32::from(SAVE_TRIES - left.min(SAVE_TRIES)));
                self.save(cx, image, left - 1)
            }
            _ => {
                let why = match error {
                    EffectError::GuestDidNotAnswer => {
                        ApiError::new("VM_FAILED_SUSPEND_ACKNOWLEDGMENT", [self.vm.as_str()])
                    }
                    other => domain::error(&self.vm, &other),
                };
                let why = cx.failure(why);
                self.undo(cx, (image, host, is_gone), why, domain::TRIES)
            }
        }
    }

    /// The deciding point: with this commit the image is the VM.
    fn decide(&self, cx: &mut StepCx<'_>, image: &Image) -> Result<(), ApiError> {
        let label = rows::text(cx.view, "VM", &self.vm, "name_label")?;
        let fields = vec![
            ("SR", Value::from(&image.sr)),
            ("name_label", Value::text("Suspend image")),
            ("name_description", Value::from(format!("The memory of {label}"))),
            ("type", Value::text("suspend")),
            ("managed", Value::Bool(true)),
            ("virtual_size", Value::Int(image.size_bytes)),
            ("physical_utilisation", Value::Int(image.size_bytes)),
        ];
        let row = vdi::write_row(cx, &image.vdi.location, fields)?;
        sr::refresh_figures(cx.view, cx.tx, &image.sr)?;
        rows::set(cx.tx, "VM", &self.vm, "suspend_VDI", &row)?;
        let after = cx.after()?;
        let allowed = vdi::allowed_now(&after, &row)?;
        rows::set(cx.tx, "VDI", &row, "allowed_operations", allowed)
    }

    fn clear(self, cx: &mut StepCx<'_>, failures: u32) -> Result<Next<Suspend>, ApiError> {
        // Its image is one of the disks from now on.
        let effects = disks::clear(&cx.after()?, &self.vm)?;
        let host = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        self.work(Phase::Clearing { failures }, host, effects, false)
    }

    fn undo(
        self,
        cx: &mut StepCx<'_>,
        (image, host, is_gone): (Image, Ref, bool),
        why: ApiError,
        tries_left: u8,
    ) -> Result<Next<Suspend>, ApiError> {
        let mut effects = if is_gone {
            disks::clear(cx.view, &self.vm)?
        } else {
            Vec::new()
        };
        effects.extend(image::remove(&domain::id(cx.view, &self.vm)?, &image.vdi));
        let phase = Phase::Undoing {
            why,
            tries_left,
            image,
            host: host.clone(),
            is_gone,
            lets_go: false,
        };
        self.work(phase, host, effects, false)
    }

    fn undone(
        self,
        cx: &mut StepCx<'_>,
        place: (Image, Ref, bool),
        (why, tries_left): (ApiError, u8),
        event: &Event,
    ) -> Result<Next<Suspend>, ApiError> {
        let resident = rows::reference(cx.view, "VM", &self.vm, "resident_on")?;
        match event {
            Event::Failed { .. } if tries_left > 0 => return self.undo(cx, place, why, tries_left - 1),
            Event::HostLost | Event::VmLost if !resident.is_null() => {
                domain::set_halted(cx.view, cx.tx, &self.vm)?;
            }
            // Its disks may be attached yet: a hard stop tries again.
            Event::Failed { .. } if place.2 => domain::set_stuck(cx.view, cx.tx, &self.vm, &resident)?,
            Event::Worked(_) if place.2 => domain::set_halted(cx.view, cx.tx, &self.vm)?,
            Event::Failed { .. } => return self.undo_beside(cx, why),
            Event::Worked(_) | Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun => {}
        }
        Ok(Next::End(Err(why)))
    }

    /// The guest runs on, and its VM is let go of. The image is attached yet: it goes, however long that takes.
    fn undo_beside(mut self, cx: &mut StepCx<'_>, reason: ApiError) -> Result<Next<Suspend>, ApiError> {
        let Phase::Undoing {
            image,
            host,
            lets_go,
            why,
            ..
        } = &mut self.phase
        else {
            return Err(ApiError::internal("there is nothing to undo"));
        };
        (*lets_go, *why) = (true, reason);
        cx.lets_go = true;
        cx.pause_ms = pause_ms(u32::MAX);
        let effects = image::remove(&domain::id(cx.view, &self.vm)?, &image.vdi);
        Ok(Next::Work {
            host: host.clone(),
            state: self,
            effects,
            cancellable: false,
        })
    }

    fn undone_beside(self, cx: &mut StepCx<'_>, event: &Event) -> Result<Next<Suspend>, ApiError> {
        let Phase::Undoing { why, .. } = &self.phase else {
            return Err(ApiError::internal("there is nothing to undo"));
        };
        let why = why.clone();
        match event {
            Event::Failed { .. } => self.undo_beside(cx, why),
            _ => Ok(Next::End(Err(why))),
        }
    }

    fn suspended(self, cx: &mut StepCx<'_>) -> Result<Next<Suspend>, ApiError> {
        domain::set_suspended(cx.view, cx.tx, &self.vm)?;
        Ok(Next::End(Ok(Value::Void)))
    }

    fn work(self, phase: Phase, host: Ref, effects: Vec<Effect>, cancellable: bool) -> Result<Next<Suspend>, ApiError> {
        Ok(Next::Work {
            state: Suspend { phase, ..self },
            host,
            effects,
            cancellable,
        })
    }
}
