//! VM.clone, VM.copy, VM.snapshot: another VM with the same settings, and with images of its own.
//!
//! ```text
//!  Begun ──► Making: an image for each disk, one after the other ──► the new VM's rows with its images', the end
//!               │ one cannot be made, or it is given up
//!               ▼
//!            what is made goes ──► the end with the error
//! ```
//!
//! A snapshot of a running VM is one of its disks: what a guest would find after a loss of power.

use super::copy_rows::{self, New};
use super::images::{self, How};
use super::{domain, metadata};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::vdi::{Batch, Turn};
use crate::{Args, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

#[derive(Debug, Serialize, Deserialize)]
pub struct Copy {
    vm: Ref,
    name: String,
    how: How,
    phase: Phase,
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Phase {
    #[default]
    Begun,
    Making {
        /// Those that the VM had when it began.
        devices: Vec<(Ref, Option<Ref>)>,
        batch: Batch,
    },
}

pub fn ask_clone(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, "clone", args, How::Clone)
}

/// To another storage: an SR that is none means the one where each disk is.
pub fn ask_copy(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let sr = args.reference(2)?;
    let is_there = view.contains(rows::class("SR")?, sr);
    if is_there && rows::text(view, "SR", sr, "content_type")? == "iso" {
        let text = "Cannot copy a VM's disks to an ISO SR";
        return Err(ApiError::new("OPERATION_NOT_ALLOWED", [text]));
    }
    ask(view, "copy", args, How::Copy(is_there.then(|| sr.clone())))
}

pub fn ask_snapshot(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, "snapshot", args, How::snapshot(args)?)
}

fn ask(view: &View, operation: &str, args: Args<'_>, how: How) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let mut locks = vec![Lock::new("VM", vm, operation)];
    locks.extend(images::locks(view, &images::devices(view, vm, &how)?, &how)?);
    let state = Copy {
        vm: vm.clone(),
        name: args.text(1)?.to_owned(),
        how,
        phase: Phase::Begun,
    };
    Request::new(&state, locks)
}

impl Operation for Copy {
    const KIND: &'static str = "VM.copy";

    fn progress(&self) -> Option<f64> {
        match &self.phase {
            Phase::Begun => None,
            Phase::Making { batch, .. } => Some(batch.progress()),
        }
    }

    fn step(mut self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Copy>, ApiError> {
        match std::mem::take(&mut self.phase) {
            Phase::Begun => self.begin(cx),
            Phase::Making { devices, mut batch } => {
                let turn = batch.step(cx, event)?;
                self.go_on(cx, (devices, batch), turn)
            }
        }
    }
}

impl Copy {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Copy>, ApiError> {
        check_devices(cx.view, &self.vm)?;
        // A snapshot is of disks alone, and what is made of a snapshot with memory is stopped at once.
        let has_memory = rows::text(cx.view, "VM", &self.vm, "power_state")? == "Suspended";
        if has_memory && !self.how.is_snapshot() && !rows::boolean(cx.view, "VM", &self.vm, "is_a_snapshot")? {
            return Err(ApiError::new(crate::NOT_BUILT, ["a copy of a suspended VM"]));
        }
        let devices = images::devices(cx.view, &self.vm, &self.how)?;
        let batch = images::batch(cx, &devices, &self.how)?;
        let turn = batch.begin(cx)?;
        self.go_on(cx, (devices, batch), turn)
    }

    fn go_on(
        self,
        cx: &mut StepCx<'_>,
        (devices, mut batch): (Vec<(Ref, Option<Ref>)>, Batch),
        turn: Turn,
    ) -> Result<Next<Copy>, ApiError> {
        match turn {
            Turn::Work {
                host,
                effects,
                cancellable,
            } => Ok(Next::Work {
                state: Copy {
                    phase: Phase::Making { devices, batch },
                    ..self
                },
                host,
                effects,
                cancellable,
            }),
            Turn::Made => match batch.write(cx, |batch, cx| self.rows(cx, &devices, batch))? {
                Ok(made) => Ok(Next::End(Ok(Value::Ref(made)))),
                Err(turn) => self.go_on(cx, (devices, batch), turn),
            },
            Turn::Gone(why) => Ok(Next::End(Err(why))),
        }
    }

    fn rows(&self, cx: &mut StepCx<'_>, devices: &[(Ref, Option<Ref>)], batch: &Batch) -> Result<Ref, ApiError> {
        let images = batch.write_rows(cx, |_| Vec::new())?;
        let vbds = images::with_images(devices.to_vec(), images);
        let is_a_snapshot = self.how.is_snapshot();
        let new = New {
            name: &self.name,
            is_a_snapshot,
            vbds: &vbds,
            metadata: match is_a_snapshot {
                true => metadata::write(cx.view, &self.vm, cx.task)?,
                false => String::new(),
            },
        };
        let made = copy_rows::add(cx.view, cx.now_ms, &mut *cx.ids, cx.tx, (&self.vm, &new))?;
        if is_a_snapshot {
            // The next snapshot is a child of this one.
            rows::set(cx.tx, "VM", &self.vm, "parent", &made)?;
        }
        let after = cx.after()?;
        domain::refresh_allowed(&after, cx.tx, &made)?;
        Ok(made)
    }
}

/// Devices of which no copy can be made yet.
pub(super) fn check_devices(view: &View, vm: &Ref) -> Result<(), ApiError> {
    for (field, what) in [("VGPUs", "a VGPU"), ("VTPMs", "a VTPM")] {
        if !rows::references(view, "VM", vm, field)?.is_empty() {
            let text = format!("a copy of a VM that has {what}");
            return Err(ApiError::new(crate::NOT_BUILT, [text]));
        }
    }
    Ok(())
}
