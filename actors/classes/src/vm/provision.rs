//! VM.provision: a copy of a template becomes a VM, with the disks that its `other_config` asks for.
//!
//! ```text
//!  Begun ──► Making: each disk, one after the other ──► a VM with its disks, the end
//!               │ one cannot be made, or it is given up
//!               ▼
//!            what is made goes ──► a template as before, the end with the error
//! ```

use super::images::add;
use super::provision_spec::{self, Disk};
use super::setters;
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::vdi::{Batch, From, Turn, Wanted};
use crate::{Args, rows, vbd};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// Keys of `other_config`: the disks as XML, and a script to be run once.
const DISKS: &str = "disks";
const SCRIPT: &str = "postinstall";

#[derive(Debug, Serialize, Deserialize)]
pub struct Provision {
    vm: Ref,
    #[serde(default)]
    phase: Phase,
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Phase {
    #[default]
    Begun,
    Making {
        disks: Vec<Disk>,
        batch: Batch,
    },
}

pub fn ask(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    let mut locks = vec![Lock::new("VM", vm, "provision")];
    for disk in disks(view, vm)? {
        // Of one that is none the first step says so: what the VM itself may not is said before.
        if let Ok(sr) = repository(view, &disk.sr) {
            add(&mut locks, Lock::new("SR", &sr, "vdi_create"));
        }
    }
    let state = Provision {
        vm: vm.clone(),
        phase: Phase::Begun,
    };
    Request::new(&state, locks)
}

impl Operation for Provision {
    const KIND: &'static str = "VM.provision";

    fn progress(&self) -> Option<f64> {
        match &self.phase {
            Phase::Begun => None,
            Phase::Making { batch, .. } => Some(batch.progress()),
        }
    }

    fn step(mut self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Provision>, ApiError> {
        match std::mem::take(&mut self.phase) {
            Phase::Begun => self.begin(cx),
            Phase::Making { disks, mut batch } => {
                let turn = batch.step(cx, event)?;
                self.go_on(cx, (disks, batch), turn)
            }
        }
    }
}

impl Provision {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Provision>, ApiError> {
        // xapi runs such scripts in the control domain, those of a list that is empty today.
        if rows::map_text(cx.view, "VM", &self.vm, "other_config", SCRIPT)?.is_some() {
            return Err(ApiError::new(crate::NOT_BUILT, ["a script after the installation"]));
        }
        let disks = read(cx.view, &self.vm)?;
        let mut wanted = Vec::with_capacity(disks.len());
        for disk in &disks {
            let from = From::Nothing {
                size_bytes: disk.size_bytes,
            };
            wanted.push(Wanted::new(cx.ids, &repository(cx.view, &disk.sr)?, from));
        }
        self.check_rows(cx, &disks)?;
        let batch = Batch::new(wanted);
        let turn = batch.begin(cx)?;
        self.go_on(cx, (disks, batch), turn)
    }

    fn go_on(
        self,
        cx: &mut StepCx<'_>,
        (disks, mut batch): (Vec<Disk>, Batch),
        turn: Turn,
    ) -> Result<Next<Provision>, ApiError> {
        match turn {
            Turn::Work {
                host,
                effects,
                cancellable,
            } => Ok(Next::Work {
                state: Provision {
                    phase: Phase::Making { disks, batch },
                    ..self
                },
                host,
                effects,
                cancellable,
            }),
            Turn::Made => match batch.write(cx, |batch, cx| self.rows(cx, &disks, batch))? {
                Ok(()) => Ok(Next::End(Ok(Value::Void))),
                Err(turn) => self.go_on(cx, (disks, batch), turn),
            },
            Turn::Gone(why) => Ok(Next::End(Err(why))),
        }
    }

    /// What can be refused is refused before a disk is made: places that are taken, or are none.
    fn check_rows(&self, cx: &mut StepCx<'_>, disks: &[Disk]) -> Result<(), ApiError> {
        let before = cx.tx.clone();
        let mut checked = Ok(());
        for disk in disks {
            let empty_drive = self.vbd(disk, None);
            checked = checked.and_then(|()| add_vbd(cx, &empty_drive).map(drop));
        }
        *cx.tx = before;
        checked
    }

    fn rows(&self, cx: &mut StepCx<'_>, disks: &[Disk], batch: &Batch) -> Result<(), ApiError> {
        let uuid = rows::text(cx.view, "VM", &self.vm, "uuid")?;
        let made = batch.write_rows(cx, |at| {
            let disk = disks.get(at);
            vec![
                ("name_label", Value::text(disk.map_or("", |disk| &disk.device))),
                ("name_description", Value::text("Created by template provisioner")),
                ("type", Value::text(disk.map_or("system", |disk| &disk.kind))),
                ("sm_config", Value::text_map([("vmhint", &uuid)])),
            ]
        })?;
        for (disk, image) in disks.iter().zip(&made) {
            let vbd = add_vbd(cx, &self.vbd(disk, Some(image)))?;
            if disk.device == "autodetect" {
                let place = rows::text(&cx.after()?, "VBD", &vbd, "userdevice")?;
                rows::set(cx.tx, "VDI", image, "name_label", place)?;
            }
        }
        setters::changes_for_template(cx.view, &mut *cx.ids, cx.tx, (&self.vm, false))?;
        let column = rows::column("VM", "other_config")?;
        cx.tx.remove(&self.vm, column, Value::text(DISKS));
        let after = cx.after()?;
        for image in &made {
            let allowed = crate::vdi::allowed_now(&after, image)?;
            rows::set(cx.tx, "VDI", image, "allowed_operations", allowed)?;
        }
        Ok(())
    }

    /// Without an image: a drive, to see whether there is a place for it.
    fn vbd(&self, disk: &Disk, image: Option<&Ref>) -> Value {
        let fields: Vec<(&str, Value)> = vec![
            ("VM", Value::from(&self.vm)),
            ("VDI", image.map_or_else(|| Value::Ref(Ref::null()), Value::from)),
            ("userdevice", Value::text(&disk.device)),
            ("bootable", Value::Bool(disk.bootable)),
            ("mode", Value::text("RW")),
            ("type", Value::text(if image.is_some() { "Disk" } else { "CD" })),
            ("unpluggable", Value::Bool(disk.kind != "system")),
            ("empty", Value::Bool(image.is_none())),
            ("other_config", Value::text_map([(vbd::OWNER, "")])),
            ("qos_algorithm_type", Value::text("")),
            ("qos_algorithm_params", Value::map([])),
        ];
        Value::record(fields)
    }
}

fn add_vbd(cx: &mut StepCx<'_>, given: &Value) -> Result<Ref, ApiError> {
    vbd::add(&cx.after()?, cx.tx, cx.ids, given.as_record().unwrap_or_default())
}

fn disks(view: &View, vm: &Ref) -> Result<Vec<Disk>, ApiError> {
    // What cannot be read is told when the VM itself may be provisioned.
    Ok(read(view, vm).unwrap_or_default())
}

fn read(view: &View, vm: &Ref) -> Result<Vec<Disk>, ApiError> {
    let text = rows::map_text(view, "VM", vm, "other_config", DISKS)?;
    Ok(text
        .map(|text| provision_spec::read(&text))
        .transpose()?
        .unwrap_or_default())
}

/// By its uuid, or by a name that only one has; without either it is the pool's default.
fn repository(view: &View, named: &str) -> Result<Ref, ApiError> {
    let class = rows::class("SR")?;
    let none = || ApiError::new("UUID_INVALID", ["sr", named]);
    if named.is_empty() {
        for pool in rows::all(view, "pool")? {
            let sr = rows::reference(view, "pool", &pool, "default_SR")?;
            if view.contains(class, &sr) {
                return Ok(sr);
            }
        }
        return Err(none());
    }
    if let Some(sr) = view.by_uuid(class, named) {
        return Ok(sr);
    }
    let mut of_name = Vec::new();
    for sr in rows::all(view, "SR")? {
        if rows::text(view, "SR", &sr, "name_label")? == named {
            of_name.push(sr);
        }
    }
    match of_name.len() {
        1 => of_name.pop().ok_or_else(none),
        _ => Err(none()),
    }
}
