//! VDI.create, VDI.clone, VDI.snapshot, VDI.copy: a new disk, a [`Batch`] of one. And VDI.copy onto a disk that is there.
//!
//! ```text
//!  Begun ──► Making ── done ──► the row, the end
//!    │          │ failed, or its host is lost
//!    │          ▼
//!    │       Undoing, where the storage is seen ──► the end with the error
//!    └─────► Filling ── done, or failed ──► the end
//! ```

use super::batch::{Batch, Turn};
use super::made::{From, Wanted};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, implicit, rows, sr};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::StorageEffect;
use xenith_xen_port::Effect;

#[derive(Debug, Serialize, Deserialize)]
pub struct Make {
    sr: Ref,
    asked: Asked,
    #[serde(default)]
    phase: Phase,
}

#[derive(Debug, Serialize, Deserialize)]
enum Asked {
    /// What the caller has given.
    Create(Value),
    From(From),
    /// (from, onto): the content of one disk for another.
    Fill(Ref, Ref),
}

#[derive(Debug, Default, Serialize, Deserialize)]
enum Phase {
    #[default]
    Begun,
    Making(Batch),
    Filling,
}

pub fn ask_create(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let given = args.record(0)?;
    implicit::check_given(rows::class("VDI")?, given)?;
    let sr = crate::vbd::member(given, "SR").and_then(Value::as_ref);
    let sr = sr.cloned().unwrap_or_else(Ref::null);
    let lock = Lock::new("SR", &sr, "vdi_create");
    ask(&sr, Asked::Create(args.value(0)?.clone()), vec![lock])
}

pub fn ask_clone(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vdi = args.reference(0)?;
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    let locks = vec![Lock::new("VDI", vdi, "clone"), Lock::new("SR", &sr, "vdi_clone")];
    ask(&sr, Asked::From(From::Clone(vdi.clone())), locks)
}

pub fn ask_snapshot(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vdi = args.reference(0)?;
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    let locks = vec![Lock::new("VDI", vdi, "snapshot"), Lock::new("SR", &sr, "vdi_snapshot")];
    ask(&sr, Asked::From(From::Snapshot(vdi.clone())), locks)
}

/// To a new disk in a repository, or, whatever repository is named, onto a disk that is there.
pub fn ask_copy(view: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let (vdi, sr) = (args.reference(0)?, args.reference(1)?);
    let optional = |at| args.reference(at).cloned().unwrap_or_else(|_| Ref::null());
    let (base, onto) = (optional(2), optional(3));
    let lock = Lock::new("VDI", vdi, "copy");
    if view.contains(rows::class("VDI")?, &base) {
        return Err(ApiError::new(
            crate::NOT_BUILT,
            ["VDI.copy of the difference to another disk"],
        ));
    }
    if view.contains(rows::class("VDI")?, &onto) {
        let sr = rows::reference(view, "VDI", &onto, "SR")?;
        // Nobody may use it meanwhile, nor read what is half of one disk and half of another.
        let locks = vec![lock, Lock::new("VDI", &onto, "blocked")];
        return ask(&sr, Asked::Fill(vdi.clone(), onto), locks);
    }
    rows::check(view, "VDI", vdi)?;
    rows::check(view, "SR", sr)?;
    ask(sr, Asked::From(From::Copy(vdi.clone())), vec![lock])
}

fn ask(sr: &Ref, asked: Asked, locks: Vec<Lock>) -> Result<Request, ApiError> {
    let state = Make {
        sr: sr.clone(),
        asked,
        phase: Phase::Begun,
    };
    Request::new(&state, locks)
}

impl Operation for Make {
    const KIND: &'static str = "VDI.make";

    fn step(mut self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Make>, ApiError> {
        match std::mem::take(&mut self.phase) {
            Phase::Begun => self.begin(cx),
            Phase::Making(mut batch) => {
                let turn = batch.step(cx, event)?;
                self.go_on(cx, batch, turn)
            }
            Phase::Filling => self.filled(cx, event),
        }
    }
}

impl Make {
    fn begin(self, cx: &mut StepCx<'_>) -> Result<Next<Make>, ApiError> {
        let from = match &self.asked {
            Asked::Fill(from, onto) => {
                let (from, onto) = (from.clone(), onto.clone());
                return self.fill(cx, (&from, &onto));
            }
            Asked::From(from) => from.clone(),
            Asked::Create(given) => From::Nothing {
                size_bytes: given.member("virtual_size").and_then(Value::as_int).unwrap_or_default(),
            },
        };
        let batch = Batch::new(vec![Wanted::new(cx.ids, &self.sr, from)]);
        let turn = batch.begin(cx)?;
        self.go_on(cx, batch, turn)
    }

    fn go_on(self, cx: &mut StepCx<'_>, mut batch: Batch, turn: Turn) -> Result<Next<Make>, ApiError> {
        match turn {
            Turn::Work {
                host,
                effects,
                cancellable,
            } => Ok(Next::Work {
                state: Make {
                    phase: Phase::Making(batch),
                    ..self
                },
                host,
                effects,
                cancellable,
            }),
            Turn::Made => match batch.write(cx, |batch, cx| batch.write_rows(cx, |_| self.own_fields()))? {
                Ok(made) => {
                    let made = made.first().cloned().unwrap_or_else(Ref::null);
                    Ok(Next::End(Ok(Value::Ref(made))))
                }
                Err(turn) => self.go_on(cx, batch, turn),
            },
            Turn::Gone(why) => Ok(Next::End(Err(why))),
        }
    }

    fn own_fields(&self) -> Vec<(&'static str, Value)> {
        match &self.asked {
            Asked::Create(given) => {
                let taken = GIVEN.iter().map(|field| Some((*field, given.member(field)?.clone())));
                taken.flatten().collect()
            }
            Asked::From(_) | Asked::Fill(..) => Vec::new(),
        }
    }

    fn fill(self, cx: &mut StepCx<'_>, (from, onto): (&Ref, &Ref)) -> Result<Next<Make>, ApiError> {
        if rows::boolean(cx.view, "VDI", onto, "read_only")? {
            return Err(ApiError::new("VDI_READONLY", [onto.as_str()]));
        }
        let size = |vdi| rows::int(cx.view, "VDI", vdi, "virtual_size");
        let needed = size(from)?;
        if size(onto)? < needed {
            return Err(ApiError::new("VDI_TOO_SMALL", [onto.as_str(), &needed.to_string()]));
        }
        let other = rows::reference(cx.view, "VDI", from, "SR")?;
        let step = StorageEffect::VdiFill {
            from: super::id(cx.view, from)?,
            to: super::id(cx.view, onto)?,
        };
        Ok(Next::Work {
            host: sr::host_for_both(cx.view, (&other, &self.sr), cx.silent)?,
            state: Make {
                phase: Phase::Filling,
                ..self
            },
            effects: vec![Effect::Storage(step)],
            cancellable: true,
        })
    }

    /// What was written of the disk's content before it failed is not told: the caller has given it up anyway.
    fn filled(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Make>, ApiError> {
        let Asked::Fill(_, onto) = &self.asked else {
            return Err(ApiError::internal("a disk is filled that nobody wants"));
        };
        Ok(Next::End(match event {
            Event::Worked(_) => Ok(Value::from(onto)),
            Event::Failed { error, .. } => Err(cx.failure(super::error(&error))),
            Event::Begun | Event::HostLost | Event::VmLost | Event::PeerLost => {
                Err(ApiError::new("SR_HAS_NO_PBDS", [self.sr.as_str()]))
            }
        }))
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
