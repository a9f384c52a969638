//! The pool object: what its row answers. Membership and hand-over are the runtime's.

pub mod lifecycle;

use crate::room::{Planner, done};
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, Value};
use xenith_pooldb::Transaction;

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "create_new_blob" => Write(|cx, args| crate::vm::create_blob_for(cx, "pool", args)),
        "detect_nonhomogeneous_external_auth" => Read(crate::subject::detect_differing),
        "disable_external_auth" => Write(|cx, args| crate::subject::disable(cx, "pool", args)),
        "enable_external_auth" => Write(|cx, args| crate::subject::enable(cx, "pool", args)),
        "get_license_state" => Read(get_license_state),
        "set_https_only" => Write(set_https_only),
        "sync_database" => Read(sync_database),
        _ => return None,
    })
}

/// Nothing is licensed: every feature is there for ever.
fn get_license_state(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::check(cx.view, "pool", args.reference(0)?)?;
    Ok(Value::text_map([
        ("edition", crate::birth::EDITION),
        ("expiry", "never"),
    ]))
}

/// On every host of today, in one transaction.
fn set_https_only(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    rows::check(cx.view, "pool", args.reference(0)?)?;
    let mut tx = cx.transaction();
    for host in rows::all(cx.view, "host")? {
        rows::set(&mut tx, "host", &host, "https_only", args.value(1)?.clone())?;
    }
    done(tx)
}

/// Every acknowledged change is on a majority already: there is nothing to push.
fn sync_database(_: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    Ok(Value::Void)
}
