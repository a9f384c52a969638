//! The VM's maps whose setters are written by hand: some of their keys have roles of their own, and blocking an operation
//! changes what is allowed.

use super::lifecycle::{self, Facts, pairs};
use crate::room::done;
use crate::{Args, PlanCx, implicit, rbac, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::Transaction;

type Planned = Result<(Transaction, Value), ApiError>;

pub fn set_other_config(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "other_config")
}

pub fn add_to_other_config(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    add(cx, args, "other_config")
}

pub fn remove_from_other_config(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    remove(cx, args, "other_config")
}

pub fn set_platform(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "platform")
}

pub fn add_to_platform(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    add(cx, args, "platform")
}

pub fn remove_from_platform(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    remove(cx, args, "platform")
}

pub fn set_xenstore_data(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "xenstore_data")
}

pub fn set_nvram(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    lifecycle::check(cx.view, args.reference(0)?, "changing_NVRAM")?;
    set(cx, args, "NVRAM")
}

pub fn add_to_nvram(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    lifecycle::check(cx.view, args.reference(0)?, "changing_NVRAM")?;
    add(cx, args, "NVRAM")
}

pub fn remove_from_nvram(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    lifecycle::check(cx.view, args.reference(0)?, "changing_NVRAM")?;
    remove(cx, args, "NVRAM")
}

pub fn set_blocked_operations(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    block(cx, args.reference(0)?, pairs(args.value(1)?))
}

pub fn add_to_blocked_operations(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = args.reference(0)?;
    let mut blocked = Facts::of(cx.view, vm)?.blocked;
    implicit::check_new_key(cx, rows::column("VM", "blocked_operations")?, vm, args.value(1)?)?;
    blocked.push((args.text(1)?.to_owned(), args.text(2)?.to_owned()));
    block(cx, vm, blocked)
}

pub fn remove_from_blocked_operations(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, operation) = (args.reference(0)?, args.text(1)?);
    let mut blocked = Facts::of(cx.view, vm)?.blocked;
    blocked.retain(|(held, _)| held != operation);
    block(cx, vm, blocked)
}

fn block(cx: &PlanCx<'_>, vm: &Ref, blocked: Vec<(String, String)>) -> Planned {
    let mut facts = Facts::of(cx.view, vm)?;
    let mut tx = cx.transaction();
    rows::set(
        &mut tx,
        "VM",
        vm,
        "blocked_operations",
        Value::text_map(blocked.clone()),
    )?;
    facts.blocked = blocked;
    rows::set(&mut tx, "VM", vm, "allowed_operations", facts.allowed_operations())?;
    done(tx)
}

fn set(cx: &PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let vm = args.reference(0)?;
    let held = rows::value(cx.view, "VM", vm, field)?;
    rbac::check_changed_keys(cx.caller, &format!("VM.add_to_{field}"), &held, args.value(1)?)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VM", vm, field, args.value(1)?.clone())?;
    done(tx)
}

fn add(cx: &PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let (vm, key) = (args.reference(0)?, args.value(1)?);
    rows::check(cx.view, "VM", vm)?;
    let column = rows::column("VM", field)?;
    implicit::check_new_key(cx, column, vm, key)?;
    let mut tx = cx.transaction();
    tx.add(vm, column, Some(key.clone()), args.value(2)?.clone());
    done(tx)
}

fn remove(cx: &PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let vm = args.reference(0)?;
    rows::check(cx.view, "VM", vm)?;
    let mut tx = cx.transaction();
    tx.remove(vm, rows::column("VM", field)?, args.value(1)?.clone());
    done(tx)
}
