//! VDI.destroy, VDI.resize: one order each.
//!
//! ```text
//!  Begun ──► Changing ── done ──► the row, the end
//!               │ failed ──► the end with the error: it is as it was
//! ```

use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, rows, sr, vbd};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{Found, StorageEffect};
use xenith_xen_port::{Done, Effect};

#[derive(Debug, Serialize, Deserialize)]
pub struct Change {
    vdi: Ref,
    /// Else it is destroyed.
    resize_to: Option<i64>,
}

pub fn ask_destroy(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(view, args.reference(0)?, ("destroy", "vdi_destroy"), None)
}

pub fn ask_resize(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let size = args.value(1)?.as_int();
    ask(view, args.reference(0)?, ("resize", "vdi_resize"), size)
}

fn ask(view: &View, vdi: &Ref, (own, of_sr): (&str, &str), resize_to: Option<i64>) -> Result<Request, ApiError> {
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    let state = Change {
        vdi: vdi.clone(),
        resize_to,
    };
    Request::new(&state, vec![Lock::new("VDI", vdi, own), Lock::new("SR", &sr, of_sr)])
}

impl Operation for Change {
    const KIND: &'static str = "VDI.change";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Change>, ApiError> {
        let sr = rows::reference(cx.view, "VDI", &self.vdi, "SR")?;
        match event {
            Event::Begun => self.begin(cx, &sr),
            Event::Worked(done) => {
                match self.resize_to {
                    Some(_) => self.resized(cx, done)?,
                    None => changes_for_destroy(cx, &self.vdi)?,
                }
                sr::refresh_figures(cx.view, cx.tx, &sr)?;
                Ok(Next::End(Ok(Value::Void)))
            }
            Event::Failed { error, .. } => Ok(Next::End(Err(cx.failure(super::error(&error))))),
            // Another host does it once more; if there is none, the next scan tells what became of it.
            Event::HostLost | Event::VmLost | Event::PeerLost => {
                let none = || Ok(Next::End(Err(ApiError::new("SR_HAS_NO_PBDS", [sr.as_str()]))));
                self.begin(cx, &sr).or_else(|_| none())
            }
        }
    }
}

impl Change {
    fn begin(self, cx: &mut StepCx<'_>, sr: &Ref) -> Result<Next<Change>, ApiError> {
        let host = sr::host_for(cx.view, sr, cx.silent)?;
        let vdi = super::id(cx.view, &self.vdi)?;
        let effects = match self.resize_to {
            Some(size_bytes) => vec![Effect::Storage(StorageEffect::VdiResize { vdi, size_bytes })],
            None => removal(cx.view, &self.vdi)?,
        };
        Ok(Next::Work {
            state: self,
            host,
            effects,
            cancellable: false,
        })
    }

    fn resized(&self, cx: &mut StepCx<'_>, done: Vec<Done>) -> Result<(), ApiError> {
        if let Some(Found::Vdi(now)) = done.into_iter().find_map(|done| done.found) {
            rows::set(cx.tx, "VDI", &self.vdi, "virtual_size", now.size_bytes)?;
            rows::set(cx.tx, "VDI", &self.vdi, "physical_utilisation", now.used_bytes)?;
        }
        Ok(())
    }
}

/// The steps that remove a disk, with the memory of a VM that may be on it.
pub(crate) fn removal(view: &View, vdi: &Ref) -> Result<Vec<Effect>, ApiError> {
    let id = super::id(view, vdi)?;
    let mut effects = Vec::new();
    if rows::text(view, "VDI", vdi, "type")? == "suspend" {
        effects.push(Effect::ImageDelete(id.to_string()));
    }
    effects.push(Effect::Storage(StorageEffect::VdiDestroy(id)));
    Ok(effects)
}

/// The row, and what names it: drives are empty then, disks of VMs go. Its snapshots name it yet: by that they are known as those of one
/// disk when a VM is reverted to one of them.
pub(crate) fn changes_for_destroy(cx: &mut StepCx<'_>, vdi: &Ref) -> Result<(), ApiError> {
    for device in rows::references(cx.view, "VDI", vdi, "VBDs")? {
        if rows::text(cx.view, "VBD", &device, "type")? == "CD" {
            rows::set(cx.tx, "VBD", &device, "VDI", Ref::null())?;
            rows::set(cx.tx, "VBD", &device, "empty", true)?;
        } else {
            vbd::changes_for_destroy(cx.view, cx.tx, &device)?;
        }
    }
    rows::destroy(cx.tx, "VDI", vdi)
}
