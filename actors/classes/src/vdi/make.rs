//! VDI.create, VDI.clone, VDI.copy: a new disk. Its place is its uuid, chosen before anything is done.
//!
//! ```text
//!  Begun ──► Making ── done ──► the row, the end
//!               │ failed, or its host is lost
//!               ▼
//!            Undoing, where the storage is seen ──► the end with the error
//! ```

use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, implicit, rows, sr};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{Found, StorageEffect, VdiId, VdiNow};
use xenith_xen_port::{Done, Effect};

#[derive(Debug, Serialize, Deserialize)]
pub struct Make {
    sr: Ref,
    from: From,
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum From {
    /// What the caller has given.
    Nothing(Value),
    Clone(Ref),
    Copy(Ref),
}

#[derive(Debug, Serialize, Deserialize)]
enum Phase {
    Begun,
    Making { uuid: String },
    Undoing { why: ApiError },
}

pub fn ask_create(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let given = args.record(0)?;
    implicit::check_given(rows::class("VDI")?, given)?;
    let sr = crate::vbd::member(given, "SR").and_then(Value::as_ref);
    let sr = sr.cloned().unwrap_or_else(Ref::null);
    let lock = Lock::new("SR", &sr, "vdi_create");
    ask(&sr, From::Nothing(args.value(0)?.clone()), vec![lock])
}

pub fn ask_clone(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vdi = args.reference(0)?;
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    let locks = vec![Lock::new("VDI", vdi, "clone"), Lock::new("SR", &sr, "vdi_clone")];
    ask(&sr, From::Clone(vdi.clone()), locks)
}

/// Within its own repository, to a new disk.
pub fn ask_copy(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vdi = args.reference(0)?;
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    let to = args.reference(1)?;
    let into_another = [2, 3]
        .into_iter()
        .any(|at| args.reference(at).is_ok_and(|given| !given.is_null()));
    if into_another || !(to.is_null() || *to == sr) {
        return Err(ApiError::new(
            crate::NOT_BUILT,
            ["VDI.copy to another repository or disk"],
        ));
    }
    ask(&sr, From::Copy(vdi.clone()), vec![Lock::new("VDI", vdi, "copy")])
}

fn ask(sr: &Ref, from: From, locks: Vec<Lock>) -> Result<Request, ApiError> {
    let state = Make {
        sr: sr.clone(),
        from,
        phase: Phase::Begun,
    };
    Request::new(&state, locks)
}

impl Operation for Make {
    const KIND: &'static str = "VDI.make";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Make>, ApiError> {
        match (&self.phase, event) {
            (Phase::Begun, _) => self.begin(cx),
            (Phase::Making { uuid }, Event::Worked(done)) => {
                let made = self.row(cx, &uuid.clone(), done)?;
                Ok(Next::End(Ok(Value::Ref(made))))
            }
            (Phase::Making { uuid }, Event::Failed { error, .. }) => {
                let (uuid, why) = (uuid.clone(), cx.failure(super::error(&error)));
                self.undo(cx, &uuid, why)
            }
            (Phase::Making { uuid }, Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun) => {
                let (uuid, why) = (uuid.clone(), ApiError::new("SR_HAS_NO_PBDS", [self.sr.as_str()]));
                self.undo(cx, &uuid, why)
            }
            // What cannot be removed is found by the next scan.
            (Phase::Undoing { why }, _) => Ok(Next::End(Err(why.clone()))),
        }
    }
}

impl Make {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Make>, ApiError> {
        let host = sr::host_for(cx.view, &self.sr, cx.silent)?;
        let uuid = cx.ids.uuid();
        let to = self.place(cx, &uuid)?;
        let step = match &self.from {
            From::Nothing(given) => StorageEffect::VdiCreate {
                vdi: to,
                size_bytes: given.member("virtual_size").and_then(Value::as_int).unwrap_or_default(),
            },
            From::Clone(from) => StorageEffect::VdiClone {
                from: super::id(cx.view, from)?,
                to,
            },
            From::Copy(from) => StorageEffect::VdiCopy {
                from: super::id(cx.view, from)?,
                to,
            },
        };
        self.work(Phase::Making { uuid }, host, step, true)
    }

    fn undo(self, cx: &mut StepCx<'_>, uuid: &str, why: ApiError) -> Result<Next<Make>, ApiError> {
        let Ok(host) = sr::host_for(cx.view, &self.sr, cx.silent) else {
            return Ok(Next::End(Err(why)));
        };
        let step = StorageEffect::VdiDestroy(self.place(cx, uuid)?);
        self.work(Phase::Undoing { why }, host, step, false)
    }

    fn work(self, phase: Phase, host: Ref, step: StorageEffect, cancellable: bool) -> Result<Next<Make>, ApiError> {
        Ok(Next::Work {
            state: Make { phase, ..self },
            host,
            effects: vec![Effect::Storage(step)],
            cancellable,
        })
    }

    fn place(&self, cx: &StepCx<'_>, uuid: &str) -> Result<VdiId, ApiError> {
        Ok(VdiId {
            sr: super::sr_id(cx.view, &self.sr)?,
            location: uuid.to_owned(),
        })
    }

    fn row(&self, cx: &mut StepCx<'_>, uuid: &str, done: Vec<Done>) -> Result<Ref, ApiError> {
        let made = done.into_iter().find_map(|done| done.found);
        let now = match made {
            Some(Found::Vdi(now)) => now,
            Some(Found::Sr(_)) | None => VdiNow {
                location: uuid.to_owned(),
                size_bytes: 0,
                used_bytes: 0,
            },
        };
        let mut fields = super::found_fields(&self.sr, &now);
        let mut take = |field: &'static str, value: Value| {
            fields.retain(|(held, _)| *held != field);
            fields.push((field, value));
        };
        match &self.from {
            From::Nothing(given) => {
                for field in GIVEN {
                    if let Some(value) = given.member(field) {
                        take(field, value.clone());
                    }
                }
            }
            From::Clone(from) | From::Copy(from) => {
                for field in CLONED {
                    take(field, rows::value(cx.view, "VDI", from, field)?);
                }
            }
        }
        let made = super::write_row(cx, uuid, fields)?;
        sr::refresh_figures(cx.view, cx.tx, &self.sr)?;
        let after = cx.after()?;
        rows::set(
            cx.tx,
            "VDI",
            &made,
            "allowed_operations",
            super::allowed_now(&after, &made)?,
        )?;
        Ok(made)
    }
}

/// What a new disk has of the caller's.
const GIVEN: &[&str] = &[
    "name_label",
    "name_description",
    "type",
    "sharable",
    "read_only",
    "other_config",
    "xenstore_data",
    "sm_config",
    "tags",
];
/// What a copy has of the original.
const CLONED: &[&str] = &[
    "name_label",
    "name_description",
    "type",
    "sharable",
    "other_config",
    "xenstore_data",
    "allow_caching",
    "on_boot",
    "tags",
];
