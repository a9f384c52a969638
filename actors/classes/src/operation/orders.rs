//! What hosts have to do now, read from committed rows: whoever coordinates finds the same (CORRECTNESS C3).

use super::Record;
use crate::rows;
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::View;
use xenith_xen_port::Effect;

/// Effects that a host works one after the other until one fails. Sent again, it is the same order: the host answers with the outcome
/// that it had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub operation: Ref,
    pub sequence: i64,
    pub effects: Vec<Effect>,
    /// The generation of the database that had the operation first: a host that has begun a journal since may have worked it before.
    pub created: u64,
    /// To be given up, if it still can be.
    pub cancel: bool,
}

/// Every order whose outcome is awaited, with its host. `view` must be a committed one.
pub fn orders(view: &View) -> Result<Vec<(Ref, Order)>, ApiError> {
    let mut orders = Vec::new();
    for operation in rows::all(view, "xenith_operation")? {
        orders.extend(order_of(view, &operation)?);
    }
    Ok(orders)
}

/// The newest order of one operation, with its host; nothing while it waits for its objects. `view` must be a committed one.
pub fn order_of(view: &View, operation: &Ref) -> Result<Option<(Ref, Order)>, ApiError> {
    let record = Record::read(view, operation)?;
    let created = view.generations(rows::class("xenith_operation")?, operation);
    let created = created.map_or(0, |(created, _)| created);
    Ok((!record.host.is_null()).then(|| (record.host.clone(), order(record, created))))
}

/// Whether an order is still awaited: what a host may forget otherwise.
pub fn is_live(view: &View, operation: &Ref, sequence: i64) -> Result<bool, ApiError> {
    if !Record::exists(view, operation)? {
        return Ok(false);
    }
    Ok(rows::int(view, "xenith_operation", operation, "sequence")? == sequence)
}

fn order(record: Record, created: u64) -> Order {
    Order {
        created,
        operation: record.reference,
        sequence: record.sequence,
        cancel: record.cancelled && record.cancellable,
        effects: record.effects,
    }
}
