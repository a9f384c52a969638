//! The VBD of a VM that is made from another.

use crate::cx::new_row;
use crate::{Ids, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// Says that its image goes with the VM.
pub(crate) const OWNER: &str = "owner";

/// Adds a copy of the VBD for the new VM, not attached: with the same image, or with this one.
pub(crate) fn copy(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    (vbd, vm): (&Ref, &Ref),
    image: Option<&Ref>,
) -> Result<Ref, ApiError> {
    let (metrics, metrics_uuid) = new_row(ids);
    let fields = vec![("uuid", Value::from(metrics_uuid))];
    rows::create(tx, "VBD_metrics", &metrics, fields)?;
    let (made, uuid) = new_row(ids);
    let mut own = vec![
        ("uuid", Value::from(uuid)),
        ("VM", Value::from(vm)),
        ("metrics", Value::from(&metrics)),
        ("currently_attached", Value::Bool(false)),
        ("reserved", Value::Bool(false)),
        ("storage_lock", Value::Bool(false)),
        ("status_code", Value::Int(0)),
        ("status_detail", Value::text("")),
        ("allowed_operations", Value::set([])),
        ("current_operations", Value::map([])),
        ("runtime_properties", Value::map([])),
        ("other_config", other_config(view, vbd)?),
    ];
    if let Some(image) = image {
        own.push(("VDI", Value::from(image)));
    }
    rows::copy(view, tx, "VBD", (vbd, &made), own)?;
    Ok(made)
}

fn other_config(view: &View, vbd: &Ref) -> Result<Value, ApiError> {
    let held = rows::value(view, "VBD", vbd, "other_config")?;
    if rows::text(view, "VBD", vbd, "type")? != "Disk" || held.member(OWNER).is_some() {
        return Ok(held);
    }
    let mut pairs = held.as_map().unwrap_or_default().to_vec();
    pairs.push((Value::text(OWNER), Value::text("")));
    Ok(Value::map(pairs))
}
