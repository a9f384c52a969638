//! What a VIF lets through: locking mode, allowed addresses, trunks.

use super::check_row_only;
use crate::room::done;
use crate::{Args, PlanCx, rows};
use std::net::{Ipv4Addr, Ipv6Addr};
use xenith_datamodel::{ApiError, Value};
use xenith_pooldb::Transaction;

type Planned = Result<(Transaction, Value), ApiError>;

pub fn set_locking_mode(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "locking_mode")
}

pub fn set_ipv4_allowed(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "ipv4_allowed")
}

pub fn set_ipv6_allowed(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "ipv6_allowed")
}

pub fn set_trunks(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "trunks")
}

pub fn add_ipv4_allowed(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    add(cx, args, "ipv4_allowed")
}

pub fn add_ipv6_allowed(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    add(cx, args, "ipv6_allowed")
}

pub fn add_trunks(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    add(cx, args, "trunks")
}

pub fn remove_ipv4_allowed(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    remove(cx, args, "ipv4_allowed")
}

pub fn remove_ipv6_allowed(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    remove(cx, args, "ipv6_allowed")
}

pub fn remove_trunks(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    remove(cx, args, "trunks")
}

/// Every member of `ipv4_allowed` and `ipv6_allowed` must be an address of its kind.
pub fn check_addresses(field: &'static str, value: Option<&Value>) -> Result<(), ApiError> {
    let items = match value {
        Some(Value::Set(items)) => &**items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let is_address = |text: &str| match field {
        "ipv4_allowed" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6_allowed" => text.parse::<Ipv6Addr>().is_ok(),
        _ => true,
    };
    if items.iter().filter_map(Value::as_text).all(is_address) {
        return Ok(());
    }
    Err(ApiError::new("INVALID_IP_ADDRESS_SPECIFIED", [field]))
}

fn set(cx: &PlanCx<'_>, args: Args<'_>, field: &'static str) -> Planned {
    let (vif, value) = (args.reference(0)?, args.value(1)?);
    check_row_only(cx.view, vif)?;
    check_addresses(field, Some(value))?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VIF", vif, field, value.clone())?;
    done(tx)
}

fn add(cx: &PlanCx<'_>, args: Args<'_>, field: &'static str) -> Planned {
    let (vif, value) = (args.reference(0)?, args.value(1)?);
    check_row_only(cx.view, vif)?;
    check_addresses(field, Some(value))?;
    let mut tx = cx.transaction();
    tx.add(vif, rows::column("VIF", field)?, None, value.clone());
    done(tx)
}

fn remove(cx: &PlanCx<'_>, args: Args<'_>, field: &'static str) -> Planned {
    let (vif, value) = (args.reference(0)?, args.value(1)?);
    check_row_only(cx.view, vif)?;
    let mut tx = cx.transaction();
    tx.remove(vif, rows::column("VIF", field)?, value.clone());
    done(tx)
}
