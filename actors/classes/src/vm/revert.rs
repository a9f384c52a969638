//! VM.revert: a VM becomes again what it was when a snapshot was taken of it.
//!
//! ```text
//!  Begun ──► Stopping, if it runs ──► Making: a clone of each disk of the snapshot ──► [ rows: decided ] ──► Removing its old disks ──► the end
//!               │ fails for good          │ one cannot be made
//!               ▼                         ▼
//!            stays, Paused             what is made goes ──► the end with the error: halted, with its disks as they were
//! ```
//!
//! Invariant: until it is decided the VM has the disks that it had. xapi destroys these first, to have room; here there must be room for both.

use super::images::{self, How};
use super::revert_rows::{self, Target};
use super::{copy, disks, domain};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::vdi::{self, Batch, Turn};
use crate::{Args, rows, sr};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_xen_port::Effect;

#[derive(Debug, Serialize, Deserialize)]
pub struct Revert {
    target: Target,
    phase: Phase,
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Phase {
    #[default]
    Begun,
    Stopping {
        tries_left: u8,
    },
    Making {
        /// Of the snapshot.
        devices: Vec<(Ref, Option<Ref>)>,
        batch: Batch,
    },
    /// The last is being destroyed.
    Removing {
        old: Vec<Ref>,
        tries_left: u8,
    },
}

pub fn ask(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let snapshot = args.reference(0)?;
    let vm = rows::reference(view, "VM", snapshot, "snapshot_of")?;
    let is_there = view.contains(rows::class("VM")?, &vm);
    if !is_there && rows::text(view, "VM", snapshot, "snapshot_metadata")?.is_empty() {
        return Err(failed(snapshot, &vm));
    }
    let mut locks = Vec::new();
    if is_there {
        locks.push(Lock::new("VM", &vm, "reverting"));
    }
    locks.push(Lock::new("VM", snapshot, "revert"));
    let devices = images::devices(view, snapshot, &How::Clone)?;
    locks.extend(images::locks(view, &devices, &How::Clone)?);
    let state = Revert {
        target: Target {
            snapshot: snapshot.clone(),
            vm,
        },
        phase: Phase::Begun,
    };
    Request::new(&state, locks)
}

fn failed(snapshot: &Ref, vm: &Ref) -> ApiError {
    ApiError::new("VM_REVERT_FAILED", [snapshot.as_str(), vm.as_str()])
}

/// Of what goes wrong once it has begun clients hear this, but for what they can do something about, as in xapi.
fn told(target: &Target, why: ApiError) -> ApiError {
    match why.code.as_ref() {
        "SR_FULL" | "SR_BACKEND_FAILURE_44" | "SR_BACKEND_FAILURE_109" | "VDI_INCOMPATIBLE_TYPE" => why,
        _ => failed(&target.snapshot, &target.vm),
    }
}

impl Operation for Revert {
    const KIND: &'static str = "VM.revert";

    fn progress(&self) -> Option<f64> {
        match &self.phase {
            Phase::Begun | Phase::Stopping { .. } => Some(0.0),
            Phase::Making { batch, .. } => Some(0.1 + 0.7 * batch.progress()),
            Phase::Removing { .. } => Some(0.9),
        }
    }

    fn step(mut self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Revert>, ApiError> {
        match std::mem::take(&mut self.phase) {
            Phase::Begun => self.begin(cx),
            Phase::Stopping { tries_left } => match event {
                Event::Failed { error, .. } if tries_left == 0 => {
                    let host = rows::reference(cx.view, "VM", &self.target.vm, "resident_on")?;
                    domain::set_stuck(cx.view, cx.tx, &self.target.vm, &host)?;
                    Ok(Next::End(Err(domain::error(&self.target.vm, &error))))
                }
                Event::Failed { .. } => self.stop(cx, tries_left - 1),
                Event::Worked(_) | Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun => {
                    domain::set_halted(cx.view, cx.tx, &self.target.vm)?;
                    let target = self.target.clone();
                    self.make(cx).or_else(|why| Ok(Next::End(Err(told(&target, why)))))
                }
            },
            Phase::Making { devices, mut batch } => {
                let turn = batch.step(cx, event)?;
                self.go_on(cx, (devices, batch), turn)
            }
            Phase::Removing { old, tries_left } => self.removed(cx, (old, tries_left), &event),
        }
    }
}

impl Revert {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Revert>, ApiError> {
        copy::check_devices(cx.view, &self.target.snapshot)?;
        if rows::text(cx.view, "VM", &self.target.snapshot, "power_state")? != "Halted" {
            return Err(ApiError::new(crate::NOT_BUILT, ["to revert to a snapshot with memory"]));
        }
        revert_rows::check(cx.view, &self.target)?;
        if self.target.is_there(cx.view)? {
            copy::check_devices(cx.view, &self.target.vm)?;
            if !rows::reference(cx.view, "VM", &self.target.vm, "resident_on")?.is_null() {
                // Whether its disks can be made is asked before it is stopped.
                let devices = images::devices(cx.view, &self.target.snapshot, &How::Clone)?;
                images::batch(cx, &devices, &How::Clone)?.begin(cx)?;
                return self.stop(cx, domain::TRIES);
            }
        }
        self.make(cx)
    }

    fn stop(self, cx: &mut StepCx<'_>, tries_left: u8) -> Result<Next<Revert>, ApiError> {
        let effects = disks::clear(cx.view, &self.target.vm)?;
        let host = rows::reference(cx.view, "VM", &self.target.vm, "resident_on")?;
        self.work(Phase::Stopping { tries_left }, host, effects)
    }

    fn make(self, cx: &mut StepCx<'_>) -> Result<Next<Revert>, ApiError> {
        let devices = images::devices(cx.view, &self.target.snapshot, &How::Clone)?;
        let batch = images::batch(cx, &devices, &How::Clone)?;
        let turn = batch.begin(cx)?;
        self.go_on(cx, (devices, batch), turn)
    }

    fn go_on(
        self,
        cx: &mut StepCx<'_>,
        (devices, mut batch): (Vec<(Ref, Option<Ref>)>, Batch),
        turn: Turn,
    ) -> Result<Next<Revert>, ApiError> {
        match turn {
            Turn::Work { host, effects, .. } => self.work(Phase::Making { devices, batch }, host, effects),
            Turn::Made => match batch.write(cx, |batch, cx| self.decide(cx, &devices, batch))? {
                Ok(old) => self.remove(cx, old, domain::TRIES),
                Err(turn) => self.go_on(cx, (devices, batch), turn),
            },
            Turn::Gone(why) => {
                let why = told(&self.target, why);
                Ok(Next::End(Err(why)))
            }
        }
    }

    /// With this commit the VM is what it was. Answers the disks that it had and that nobody needs any more; they are held from now on.
    fn decide(&self, cx: &mut StepCx<'_>, devices: &[(Ref, Option<Ref>)], batch: &Batch) -> Result<Vec<Ref>, ApiError> {
        let images = batch.write_rows(cx, |_| Vec::new())?;
        let vbds = images::with_images(devices.to_vec(), images);
        let old = revert_rows::write(cx, &self.target, &vbds)?;
        let mut repositories = Vec::new();
        for disk in devices.iter().filter_map(|(_, disk)| disk.as_ref()) {
            repositories.push(rows::reference(cx.view, "VDI", disk, "SR")?);
        }
        let mut held = Vec::new();
        for disk in old {
            // One that cannot be had stays, without a VM.
            if hold(cx, &disk, &mut repositories)? {
                held.push(disk);
            }
        }
        Ok(held)
    }

    fn remove(self, cx: &mut StepCx<'_>, mut old: Vec<Ref>, tries_left: u8) -> Result<Next<Revert>, ApiError> {
        while let Some(disk) = old.last() {
            let repository = rows::reference(cx.view, "VDI", disk, "SR")?;
            if let Ok(host) = sr::host_for(cx.view, &repository, cx.silent) {
                let effects = vdi::removal(cx.view, disk)?;
                return self.work(Phase::Removing { old, tries_left }, host, effects);
            }
            old.pop();
        }
        Ok(Next::End(Ok(Value::Void)))
    }

    fn removed(
        self,
        cx: &mut StepCx<'_>,
        (mut old, tries_left): (Vec<Ref>, u8),
        event: &Event,
    ) -> Result<Next<Revert>, ApiError> {
        match (event, old.last()) {
            (Event::Worked(_), Some(disk)) => {
                let repository = rows::reference(cx.view, "VDI", disk, "SR")?;
                vdi::changes_for_destroy(cx, disk)?;
                sr::refresh_figures(cx.view, cx.tx, &repository)?;
            }
            (Event::Failed { .. }, Some(_)) if tries_left > 0 => return self.remove(cx, old, tries_left - 1),
            // Another host tries it.
            (Event::HostLost | Event::VmLost | Event::PeerLost, Some(_)) => return self.remove(cx, old, tries_left),
            // It stays, without a VM. Whether it is still there the next scan tells.
            _ => {}
        }
        old.pop();
        self.remove(cx, old, domain::TRIES)
    }

    fn work(self, phase: Phase, host: Ref, effects: Vec<Effect>) -> Result<Next<Revert>, ApiError> {
        Ok(Next::Work {
            state: Revert { phase, ..self },
            host,
            effects,
            // It has stopped the VM, and is near its end.
            cancellable: false,
        })
    }
}

/// Holds a disk to destroy it, and its repository unless it is one of those that are held already.
fn hold(cx: &mut StepCx<'_>, disk: &Ref, repositories: &mut Vec<Ref>) -> Result<bool, ApiError> {
    let repository = rows::reference(cx.view, "VDI", disk, "SR")?;
    let held_before = cx.more.len();
    if cx.hold_after(Lock::new("VDI", disk, "destroy")).is_err() {
        return Ok(false);
    }
    if repositories.contains(&repository) {
        return Ok(true);
    }
    if cx.hold_after(Lock::new("SR", &repository, "vdi_destroy")).is_err() {
        cx.more.truncate(held_before);
        return Ok(false);
    }
    repositories.push(repository);
    Ok(true)
}
