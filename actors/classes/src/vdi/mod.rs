//! Virtual disks: their rows, what they may do, and what is made of them.

mod allowed;
mod batch;
mod change;
mod made;
mod make;

pub(crate) use allowed::{allowed_now, check_operation};
pub(crate) use batch::{Batch, Turn};
pub use change::Change;
pub(crate) use change::{changes_for_destroy, removal};
pub(crate) use made::{From, Wanted};
pub use make::Make;

use crate::operation::StepCx;
use crate::room::{Asker, Planned, Planner, done};
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;
use xenith_storage_port::{SrId, StorageError, VdiId, VdiNow};
use xenith_xen_port::EffectError;

/// The messages that are operations.
pub fn asker(message: &str) -> Option<Asker> {
    Some(match message {
        "clone" => make::ask_clone,
        "copy" => make::ask_copy,
        "create" => make::ask_create,
        "destroy" => change::ask_destroy,
        "resize" => change::ask_resize,
        "snapshot" => make::ask_snapshot,
        _ => return None,
    })
}

/// The halves that only change rows: what a driver would keep of it, ours do not.
pub fn lookup(message: &str) -> Option<Planner> {
    Some(Planner::Write(match message {
        "set_allow_caching" => |cx, args| set(cx, args, "allow_caching"),
        "set_name_description" => |cx, args| set(cx, args, "name_description"),
        "set_name_label" => |cx, args| set(cx, args, "name_label"),
        "set_read_only" => |cx, args| set(cx, args, "read_only"),
        "set_sharable" => |cx, args| set(cx, args, "sharable"),
        _ => return None,
    }))
}

fn set(cx: &mut PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let vdi = args.reference(0)?;
    rows::check(cx.view, "VDI", vdi)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VDI", vdi, field, args.value(1)?.clone())?;
    done(tx)
}

pub(crate) fn sr_id(view: &View, sr: &Ref) -> Result<SrId, ApiError> {
    rows::text(view, "SR", sr, "uuid").map(SrId)
}

/// The disk as its storage knows it.
pub(crate) fn id(view: &View, vdi: &Ref) -> Result<VdiId, ApiError> {
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    Ok(VdiId {
        sr: sr_id(view, &sr)?,
        location: rows::text(view, "VDI", vdi, "location")?,
    })
}

/// Makes the row of a disk whose place is its uuid; a scan may have found it before.
pub(crate) fn write_row(cx: &mut StepCx<'_>, uuid: &str, fields: Vec<(&'static str, Value)>) -> Result<Ref, ApiError> {
    if let Some(there) = cx.view.by_uuid(rows::class("VDI")?, uuid) {
        for (field, value) in fields {
            rows::set(cx.tx, "VDI", &there, field, value)?;
        }
        return Ok(there);
    }
    let reference = Ref::from_uuid_text(&cx.ids.uuid());
    let mut all = vec![("uuid", Value::text(uuid)), ("location", Value::text(uuid))];
    all.extend(fields);
    rows::create(cx.tx, "VDI", &reference, all)?;
    Ok(reference)
}

/// Of a disk that nobody has said anything about.
pub(crate) fn found_fields(sr: &Ref, there: &VdiNow) -> Vec<(&'static str, Value)> {
    vec![
        ("SR", Value::from(sr)),
        ("type", Value::text("user")),
        ("managed", Value::Bool(true)),
        ("virtual_size", Value::Int(there.size_bytes)),
        ("physical_utilisation", Value::Int(there.used_bytes)),
    ]
}

/// What a failed step of storage is for a client.
pub(crate) fn error(error: &EffectError) -> ApiError {
    let failure = |text: String| ApiError::new("SR_BACKEND_FAILURE", ["", &text, ""]);
    match error {
        EffectError::Storage(StorageError::NoVdi(vdi)) => {
            ApiError::new("VDI_MISSING", [vdi.sr.0.as_str(), vdi.location.as_str()])
        }
        EffectError::Storage(StorageError::InUse(vdi)) => {
            ApiError::new("VDI_IN_USE", [vdi.location.as_str(), "attach"])
        }
        EffectError::Storage(StorageError::Full {
            needed_bytes,
            free_bytes,
        }) => ApiError::new("SR_FULL", [needed_bytes.to_string(), free_bytes.to_string()]),
        EffectError::Storage(StorageError::NoSr(sr)) => ApiError::new("SR_NOT_ATTACHED", [sr.0.as_str()]),
        other => failure(other.to_string()),
    }
}
