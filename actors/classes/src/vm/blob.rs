//! Blobs of a VM: the row that names one. Its bytes are not in the database.

use crate::room::created;
use crate::{Args, PlanCx, implicit, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::Transaction;

pub fn create_new_blob(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    create_for(cx, "VM", args)
}

/// `(object, name, mime_type, public)`; no mime type means raw bytes.
pub(crate) fn create_for(cx: &mut PlanCx<'_>, class: &str, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (owner, name) = (args.reference(0)?, args.value(1)?);
    rows::check(cx.view, class, owner)?;
    let column = rows::column(class, "blobs")?;
    implicit::check_new_key(cx, column, owner, name)?;
    let mut tx = cx.transaction();
    let blob = new_blob(cx, &mut tx, args.text(2)?, args.boolean(3)?)?;
    tx.add(owner, column, Some(name.clone()), Value::from(&blob));
    created(tx, &blob)
}

fn new_blob(cx: &mut PlanCx<'_>, tx: &mut Transaction, mime_type: &str, public: bool) -> Result<Ref, ApiError> {
    let (blob, uuid) = cx.new_row();
    let mime_type = if mime_type.is_empty() {
        "application/octet-stream"
    } else {
        mime_type
    };
    let fields = vec![
        ("uuid", Value::text(uuid)),
        ("public", Value::Bool(public)),
        ("mime_type", Value::text(mime_type)),
        ("last_updated", Value::from(crate::cx::EPOCH)),
    ];
    rows::create(tx, "blob", &blob, fields)?;
    Ok(blob)
}
