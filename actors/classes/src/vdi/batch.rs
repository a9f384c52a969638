//! Disks that an operation has made one after the other, whose rows it writes when all are there.
//!
//! ```text
//!  begin ──► first disk ── done ──► next disk … ──► Made: the operation writes their rows
//!              │ failed, given up, its host is lost
//!              ▼
//!            each that may be there is destroyed, the last first, where its repository is seen ──► Gone, with the error
//! ```
//!
//! A disk's place is its uuid, chosen before anything is done. Invariant: it ends either with `Made`, and then every disk is there, or with
//! `Gone`, and then none is, but for what cannot be reached or destroyed: that is found by the next scan.

use super::made::{self, Wanted};
use super::{error, sr_id};
use crate::operation::{Event, StepCx, pause_ms};
use crate::{rows, sr};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_storage_port::{Found, StorageEffect, StorageError, VdiId, VdiNow};
use xenith_xen_port::{Effect, EffectError};

/// A disk that cannot be destroyed is tried again so often, with longer and longer pauses.
const TRIES: u32 = 5;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    wanted: Vec<Wanted>,
    made: Vec<VdiNow>,
    undo: Option<Undo>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Undo {
    why: ApiError,
    /// The first so many may be there yet.
    left: usize,
    failures: u32,
}

/// What comes next.
pub(crate) enum Turn {
    Work {
        host: Ref,
        effects: Vec<Effect>,
        cancellable: bool,
    },
    /// All are there.
    Made,
    /// None is there.
    Gone(ApiError),
}

impl Batch {
    pub fn new(wanted: Vec<Wanted>) -> Batch {
        Batch {
            wanted,
            made: Vec::new(),
            undo: None,
        }
    }

    /// Refuses when one of them could not be made now; nothing is done then.
    pub fn begin(&self, cx: &StepCx<'_>) -> Result<Turn, ApiError> {
        for wanted in &self.wanted {
            wanted.host(cx)?;
        }
        self.make_next(cx)
    }

    pub fn step(&mut self, cx: &mut StepCx<'_>, event: Event) -> Result<Turn, ApiError> {
        if self.undo.is_some() {
            return self.undone(cx, &event);
        }
        match event {
            Event::Begun => self.begin(cx),
            Event::Worked(done) => {
                let found = done.into_iter().find_map(|done| done.found);
                self.worked(found);
                if cx.cancelled && self.current().is_some() {
                    let cancelled = ApiError::new("TASK_CANCELLED", [cx.task.as_str()]);
                    return self.give_up(cx, cancelled);
                }
                self.make_next(cx).or_else(|why| self.give_up(cx, why))
            }
            Event::Failed { error: failed, .. } => {
                if failed == EffectError::Storage(StorageError::NotSupported) && self.copies_instead() {
                    return self.make_next(cx).or_else(|why| self.give_up(cx, why));
                }
                let why = cx.failure(error(&failed));
                self.give_up(cx, why)
            }
            Event::HostLost | Event::VmLost | Event::PeerLost => {
                let sr = self.current().map(|wanted| wanted.sr.as_str().to_owned());
                self.give_up(cx, ApiError::new("SR_HAS_NO_PBDS", sr))
            }
        }
    }

    /// Destroys what has been made so far.
    pub fn give_up(&mut self, cx: &mut StepCx<'_>, why: ApiError) -> Result<Turn, ApiError> {
        self.undo = Some(Undo {
            why,
            left: self.wanted.len().min(self.made.len() + 1),
            failures: 0,
        });
        self.undo_next(cx)
    }

    /// All are made: runs what writes the rows. When it cannot be done nothing of it is kept, and the disks go.
    pub fn write<T>(
        &mut self,
        cx: &mut StepCx<'_>,
        write: impl FnOnce(&Batch, &mut StepCx<'_>) -> Result<T, ApiError>,
    ) -> Result<Result<T, Turn>, ApiError> {
        let before = cx.tx.clone();
        match write(self, cx) {
            Ok(written) => Ok(Ok(written)),
            Err(why) => {
                *cx.tx = before;
                self.give_up(cx, why).map(Err)
            }
        }
    }

    /// How much of it is made, 0 to less than 1.
    pub fn progress(&self) -> f64 {
        self.made.len() as f64 / (self.wanted.len() + 1) as f64
    }

    /// The rows of the disks, in the order in which they were asked for, with these fields beside those that each has of its origin.
    pub fn write_rows(
        &self,
        cx: &mut StepCx<'_>,
        own: impl Fn(usize) -> Vec<(&'static str, Value)>,
    ) -> Result<Vec<Ref>, ApiError> {
        let mut rows = Vec::with_capacity(self.wanted.len());
        for (at, (wanted, now)) in self.wanted.iter().zip(&self.made).enumerate() {
            rows.push(made::write_row(cx, wanted, now, own(at))?);
        }
        let mut repositories: Vec<&Ref> = self.wanted.iter().map(|wanted| &wanted.sr).collect();
        repositories.sort();
        repositories.dedup();
        for sr in repositories {
            sr::refresh_figures(cx.view, cx.tx, sr)?;
        }
        made::refresh_allowed(cx, &rows)?;
        Ok(rows)
    }

    fn current(&self) -> Option<&Wanted> {
        self.wanted.get(self.made.len())
    }

    fn make_next(&self, cx: &StepCx<'_>) -> Result<Turn, ApiError> {
        let Some(wanted) = self.current() else {
            return Ok(Turn::Made);
        };
        Ok(Turn::Work {
            host: wanted.host(cx)?,
            effects: vec![Effect::Storage(wanted.effect(cx.view)?)],
            cancellable: true,
        })
    }

    fn worked(&mut self, found: Option<Found>) {
        let Some(wanted) = self.current() else { return };
        self.made.push(match found {
            Some(Found::Vdi(now)) => now,
            Some(Found::Sr(_)) | None => VdiNow {
                location: wanted.uuid.clone(),
                size_bytes: 0,
                used_bytes: 0,
            },
        });
    }

    /// A driver that cannot clone after all: the disk is copied, as in xapi.
    fn copies_instead(&mut self) -> bool {
        let at = self.made.len();
        self.wanted.get_mut(at).is_some_and(Wanted::copy_instead)
    }

    fn undo_next(&mut self, cx: &mut StepCx<'_>) -> Result<Turn, ApiError> {
        let Some(undo) = &mut self.undo else {
            return Ok(Turn::Made);
        };
        while let Some(wanted) = undo.left.checked_sub(1).and_then(|at| self.wanted.get(at)) {
            let place = sr_id(cx.view, &wanted.sr).map(|sr| VdiId {
                sr,
                location: wanted.uuid.clone(),
            });
            let host = sr::host_for(cx.view, &wanted.sr, cx.silent);
            if let (Ok(place), Ok(host)) = (place, host) {
                return Ok(Turn::Work {
                    host,
                    effects: vec![Effect::Storage(StorageEffect::VdiDestroy(place))],
                    cancellable: false,
                });
            }
            undo.left -= 1;
        }
        Ok(Turn::Gone(undo.why.clone()))
    }

    fn undone(&mut self, cx: &mut StepCx<'_>, event: &Event) -> Result<Turn, ApiError> {
        let Some(undo) = &mut self.undo else {
            return Ok(Turn::Made);
        };
        let wanted = undo.left.checked_sub(1).and_then(|at| self.wanted.get(at));
        let is_over = match event {
            Event::Worked(_) => {
                let row = wanted.and_then(|wanted| cx.view.by_uuid(rows::class("VDI").ok()?, &wanted.uuid));
                // A scan may have found it meanwhile.
                if let Some(row) = row {
                    rows::destroy(cx.tx, "VDI", &row)?;
                }
                true
            }
            Event::Failed { .. } => {
                undo.failures += 1;
                cx.pause_ms = pause_ms(undo.failures);
                undo.failures >= TRIES
            }
            Event::HostLost | Event::VmLost | Event::PeerLost | Event::Begun => false,
        };
        if is_over {
            undo.left = undo.left.saturating_sub(1);
            undo.failures = 0;
            cx.pause_ms = 0;
        }
        self.undo_next(cx)
    }
}
