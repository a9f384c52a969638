//! VM.clone, VM.copy, VM.snapshot: another VM with the same settings.
//!
//! ```text
//!  Begun: no images to copy ──► the new VM's rows, the end
//! ```
//!
//! What has images to copy is refused until storage does so: [`images`] is the place that says which.

use super::copy_rows::{self, New};
use super::domain;
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

#[derive(Debug, Serialize, Deserialize)]
pub struct Copy {
    vm: Ref,
    name: String,
    /// A snapshot, of disks other than these; no snapshot: a VM of its own.
    snapshot_without: Option<Vec<Ref>>,
}

pub fn ask_clone(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask("clone", args, None)
}

/// To another storage: an SR that is none means the one where each disk is.
pub fn ask_copy(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let sr = args.reference(2)?;
    if view.contains(rows::class("SR")?, sr) && rows::text(view, "SR", sr, "content_type")? == "iso" {
        let text = "Cannot copy a VM's disks to an ISO SR";
        return Err(ApiError::new("OPERATION_NOT_ALLOWED", [text]));
    }
    ask("copy", args, None)
}

pub fn ask_snapshot(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let ignored = args.set(2)?.iter().filter_map(Value::as_ref).cloned().collect();
    ask("snapshot", args, Some(ignored))
}

fn ask(operation: &str, args: Args<'_>, snapshot_without: Option<Vec<Ref>>) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let state = Copy {
        vm: vm.clone(),
        name: args.text(1)?.to_owned(),
        snapshot_without,
    };
    Request::new(&state, vec![Lock::new("VM", vm, operation)])
}

impl Operation for Copy {
    const KIND: &'static str = "VM.copy";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Copy>, ApiError> {
        match event {
            Event::Begun => {}
            // It never works a host, so nothing of a host can come.
            Event::Worked(_) | Event::Failed { .. } | Event::HostLost | Event::VmLost | Event::PeerLost => {
                return Err(ApiError::internal("a copy of a VM without images asks no host"));
            }
        }
        let ignored = self.snapshot_without.as_deref().unwrap_or_default();
        if !images(cx.view, &self.vm, ignored)?.is_empty() {
            return Err(ApiError::new(crate::NOT_BUILT, ["a copy of a VM that has disks"]));
        }
        for (field, what) in [("VGPUs", "a VGPU"), ("VTPMs", "a VTPM")] {
            if !rows::references(cx.view, "VM", &self.vm, field)?.is_empty() {
                return Err(ApiError::new(
                    crate::NOT_BUILT,
                    [format!("a copy of a VM that has {what}")],
                ));
            }
        }
        let new = New {
            name: &self.name,
            is_a_snapshot: self.snapshot_without.is_some(),
            without: ignored,
        };
        let made = copy_rows::add(cx.view, cx.now_ms, &mut *cx.ids, cx.tx, (&self.vm, &new))?;
        if new.is_a_snapshot {
            // The next snapshot is a child of this one.
            rows::set(cx.tx, "VM", &self.vm, "parent", &made)?;
        }
        let (after, _) = cx
            .view
            .apply(cx.tx)
            .map_err(|error| ApiError::internal(error.to_string()))?;
        domain::refresh_allowed(&after, cx.tx, &made)?;
        Ok(Next::End(Ok(Value::Ref(made))))
    }
}

/// The images that have to be copied: of disks, and its memory while it is suspended. A CD stays what it is: both look at the same one.
fn images(view: &View, vm: &Ref, ignored: &[Ref]) -> Result<Vec<Ref>, ApiError> {
    let mut images = Vec::new();
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        let image = rows::reference(view, "VBD", &vbd, "VDI")?;
        let is_disk = rows::text(view, "VBD", &vbd, "type")? != "CD" && !rows::boolean(view, "VBD", &vbd, "empty")?;
        if is_disk && !ignored.contains(&image) {
            images.push(image);
        }
    }
    let memory = rows::reference(view, "VM", vm, "suspend_VDI")?;
    if view.contains(rows::class("VDI")?, &memory) {
        images.push(memory);
    }
    Ok(images)
}
