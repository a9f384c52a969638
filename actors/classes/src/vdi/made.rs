//! One disk that is to be made: from what, by which step, at which host, and what its row has of its origin.

use super::{found_fields, id, sr_id};
use crate::cx::date_time;
use crate::operation::StepCx;
use crate::{Ids, rows, sr};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{StorageEffect, VdiId, VdiNow};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// Where it is to be.
    pub sr: Ref,
    pub uuid: String,
    pub from: From,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum From {
    Nothing {
        size_bytes: i64,
    },
    /// In the repository of the original, as a snapshot.
    Clone(Ref),
    Snapshot(Ref),
    Copy(Ref),
}

impl From {
    fn original(&self) -> Option<&Ref> {
        match self {
            From::Nothing { .. } => None,
            From::Clone(from) | From::Snapshot(from) | From::Copy(from) => Some(from),
        }
    }
}

impl Wanted {
    pub fn new(ids: &mut dyn Ids, sr: &Ref, from: From) -> Wanted {
        Wanted {
            sr: sr.clone(),
            uuid: ids.uuid(),
            from,
        }
    }

    /// Sees where it comes from and where it goes.
    pub fn host(&self, cx: &StepCx<'_>) -> Result<Ref, ApiError> {
        match &self.from {
            From::Copy(from) => {
                let other = rows::reference(cx.view, "VDI", from, "SR")?;
                sr::host_for_both(cx.view, (&other, &self.sr), cx.silent)
            }
            From::Nothing { .. } | From::Clone(_) | From::Snapshot(_) => sr::host_for(cx.view, &self.sr, cx.silent),
        }
    }

    pub fn effect(&self, view: &View) -> Result<StorageEffect, ApiError> {
        let to = VdiId {
            sr: sr_id(view, &self.sr)?,
            location: self.uuid.clone(),
        };
        Ok(match &self.from {
            From::Nothing { size_bytes } => StorageEffect::VdiCreate {
                vdi: to,
                size_bytes: *size_bytes,
            },
            From::Clone(from) => StorageEffect::VdiClone {
                from: id(view, from)?,
                to,
            },
            From::Snapshot(from) => StorageEffect::VdiSnapshot {
                from: id(view, from)?,
                to,
            },
            From::Copy(from) => StorageEffect::VdiCopy {
                from: id(view, from)?,
                to,
            },
        })
    }

    /// Of a clone; a snapshot is that of one moment, which no copy is while the disk is written.
    pub fn copy_instead(&mut self) -> bool {
        match &self.from {
            From::Clone(from) => {
                self.from = From::Copy(from.clone());
                true
            }
            From::Nothing { .. } | From::Snapshot(_) | From::Copy(_) => false,
        }
    }
}

/// What a copy has of the original.
const OF_ORIGINAL: &[&str] = &[
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

/// The row of a disk that is there now. Fields of the operation's own go before all others.
pub(super) fn write_row(
    cx: &mut StepCx<'_>,
    wanted: &Wanted,
    now: &VdiNow,
    own: Vec<(&'static str, Value)>,
) -> Result<Ref, ApiError> {
    let mut fields = found_fields(&wanted.sr, now);
    let mut take = |field: &'static str, value: Value| {
        fields.retain(|(held, _)| *held != field);
        fields.push((field, value));
    };
    if let Some(from) = wanted.from.original() {
        for field in OF_ORIGINAL {
            take(field, rows::value(cx.view, "VDI", from, field)?);
        }
    }
    if let From::Snapshot(from) = &wanted.from {
        take("is_a_snapshot", Value::Bool(true));
        take("snapshot_of", Value::from(from));
        take("snapshot_time", Value::from(date_time(cx.now_ms)));
    }
    for (field, value) in own {
        take(field, value);
    }
    super::write_row(cx, &wanted.uuid, fields)
}

/// What the new disks may do, as this step leaves everything.
pub(super) fn refresh_allowed(cx: &mut StepCx<'_>, disks: &[Ref]) -> Result<(), ApiError> {
    let after = cx.after()?;
    for disk in disks {
        rows::set(
            cx.tx,
            "VDI",
            disk,
            "allowed_operations",
            super::allowed_now(&after, disk)?,
        )?;
    }
    Ok(())
}
