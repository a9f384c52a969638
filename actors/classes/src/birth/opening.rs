//! What a new coordinator writes first.

use super::set_if_new;
use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// `pool.master` is the new coordinator, whose host is alive. Empty on a database without a pool, and when nothing changes.
pub fn opening(view: &View, now_ms: i64, host_uuid: &str) -> Transaction {
    let mut tx = Transaction::new(now_ms);
    // A pool that is not there yet, or a row that is missing, must not keep a leader from opening.
    match changes(view, &mut tx, host_uuid) {
        Ok(()) => tx,
        Err(_) => Transaction::new(now_ms),
    }
}

fn changes(view: &View, tx: &mut Transaction, host_uuid: &str) -> Result<(), ApiError> {
    let Some(host) = view.by_uuid(rows::class("host")?, host_uuid) else {
        return Ok(());
    };
    let pools: Vec<Ref> = rows::all(view, "pool")?;
    for pool in pools {
        set_if_new(view, tx, ("pool", &pool), "master", Value::from(&host))?;
    }
    let metrics = rows::reference(view, "host", &host, "metrics")?;
    set_if_new(view, tx, ("host_metrics", &metrics), "live", Value::Bool(true))
}
