//! SR.scan, SR.update: the rows are brought in line with the storage.
//!
//! ```text
//!  Begun ──► Looking ── done ──► figures (scan: disks found and missing, too), the end
//! ```

use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, rows, vdi};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{Found, SrNow, StorageEffect};
use xenith_xen_port::Effect;

#[derive(Debug, Serialize, Deserialize)]
pub struct Scan {
    sr: Ref,
    disks: bool,
}

pub fn ask_scan(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(args.reference(0)?, true)
}

pub fn ask_update(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    ask(args.reference(0)?, false)
}

fn ask(sr: &Ref, disks: bool) -> Result<Request, ApiError> {
    let operation = if disks { "scan" } else { "update" };
    let state = Scan { sr: sr.clone(), disks };
    Request::new(&state, vec![Lock::new("SR", sr, operation)])
}

impl Operation for Scan {
    const KIND: &'static str = "SR.scan";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Scan>, ApiError> {
        match event {
            Event::Begun => {
                let host = super::host_for(cx.view, &self.sr, cx.silent)?;
                let scan = StorageEffect::SrScan(vdi::sr_id(cx.view, &self.sr)?);
                Ok(Next::Work {
                    state: self,
                    host,
                    effects: vec![Effect::Storage(scan)],
                    cancellable: true,
                })
            }
            Event::Worked(done) => {
                if let Some(Found::Sr(now)) = done.into_iter().find_map(|done| done.found) {
                    self.found(cx, &now)?;
                }
                Ok(Next::End(Ok(Value::Void)))
            }
            Event::Failed { error, .. } => Ok(Next::End(Err(cx.failure(vdi::error(&error))))),
            Event::HostLost | Event::VmLost | Event::PeerLost => {
                Ok(Next::End(Err(ApiError::new("SR_HAS_NO_PBDS", [self.sr.as_str()]))))
            }
        }
    }
}

impl Scan {
    fn found(&self, cx: &mut StepCx<'_>, now: &SrNow) -> Result<(), ApiError> {
        rows::set(cx.tx, "SR", &self.sr, "physical_size", now.size_bytes)?;
        rows::set(cx.tx, "SR", &self.sr, "physical_utilisation", now.used_bytes)?;
        if !self.disks {
            return Ok(());
        }
        let mut known = Vec::new();
        for row in rows::references(cx.view, "SR", &self.sr, "VDIs")? {
            let location = rows::text(cx.view, "VDI", &row, "location")?;
            let there = now.vdis.iter().find(|there| there.location == location);
            rows::set(cx.tx, "VDI", &row, "missing", there.is_none())?;
            if let Some(there) = there {
                rows::set(cx.tx, "VDI", &row, "virtual_size", there.size_bytes)?;
                rows::set(cx.tx, "VDI", &row, "physical_utilisation", there.used_bytes)?;
            }
            known.push(location);
        }
        for there in now.vdis.iter().filter(|there| !known.contains(&there.location)) {
            vdi::write_row(cx, &there.location.clone(), vdi::found_fields(&self.sr, there))?;
        }
        Ok(())
    }
}
