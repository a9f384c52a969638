//! Setters that run code: checks first, then the row.

use super::lifecycle::{self, Facts};
use crate::cx::date_time;
use crate::room::done;
use crate::{Args, Ids, PlanCx, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

type Planned = Result<(Transaction, Value), ApiError>;

pub fn set_is_a_template(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = (args.reference(0)?, args.boolean(1)?);
    let mut tx = cx.transaction();
    changes_for_template(cx.view, &mut *cx.ids, &mut tx, vm)?;
    done(tx)
}

/// Makes a template of a VM, or a VM of a template.
pub(super) fn changes_for_template(
    view: &View,
    ids: &mut dyn Ids,
    tx: &mut Transaction,
    (vm, wanted): (&Ref, bool),
) -> Result<(), ApiError> {
    let mut facts = Facts::of(view, vm)?;
    if wanted {
        facts.check("make_into_template", false)?;
    } else if facts.is_a_snapshot {
        return Err(ApiError::new("VM_IS_SNAPSHOT", [vm.as_str(), "make_into_template"]));
    } else if facts.is_default_template {
        return Err(ApiError::new("VM_IS_TEMPLATE", [vm.as_str(), "make_into_template"]));
    }
    facts.is_a_template = wanted;
    rows::set(tx, "VM", vm, "is_a_template", wanted)?;
    rows::set(tx, "VM", vm, "allowed_operations", facts.allowed_operations())?;
    metrics_of_template(view, ids, tx, vm, wanted)
}

/// A template has no metrics; one that becomes a VM gets some, and is installed at that time.
fn metrics_of_template(
    view: &View,
    ids: &mut dyn Ids,
    tx: &mut Transaction,
    vm: &Ref,
    is_a_template: bool,
) -> Result<(), ApiError> {
    let metrics = rows::reference(view, "VM", vm, "metrics")?;
    let has_some = view.contains(rows::class("VM_metrics")?, &metrics);
    if is_a_template && has_some {
        rows::destroy(tx, "VM_metrics", &metrics)?;
        rows::set(tx, "VM", vm, "metrics", Ref::null())?;
    } else if !is_a_template && !has_some {
        let installed = vec![("install_time", Value::from(date_time(tx.time_ms)))];
        let new = super::new_metrics(tx, ids, installed)?;
        rows::set(tx, "VM", vm, "metrics", new)?;
    } else if !is_a_template {
        rows::set(tx, "VM_metrics", &metrics, "install_time", date_time(tx.time_ms))?;
    }
    Ok(())
}

pub fn set_is_default_template(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, wanted) = (args.reference(0)?, args.boolean(1)?);
    let mut facts = Facts::of(cx.view, vm)?;
    if wanted && !facts.is_a_template {
        facts.check("make_into_template", false)?;
    }
    facts.is_default_template = wanted;
    facts.is_a_template |= wanted;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VM", vm, "is_default_template", wanted)?;
    rows::set(&mut tx, "VM", vm, "is_a_template", facts.is_a_template)?;
    rows::set(&mut tx, "VM", vm, "allowed_operations", facts.allowed_operations())?;
    done(tx)
}

pub fn set_vcpus_max(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, wanted) = (args.reference(0)?, args.int(1)?);
    lifecycle::check(cx.view, vm, "changing_VCPUs")?;
    check_vcpus(rows::int(cx.view, "VM", vm, "VCPUs_at_startup")?, wanted, wanted)?;
    set(cx, args, "VCPUs_max")
}

pub fn set_vcpus_at_startup(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, wanted) = (args.reference(0)?, args.int(1)?);
    rows::check(cx.view, "VM", vm)?;
    check_vcpus(wanted, rows::int(cx.view, "VM", vm, "VCPUs_max")?, wanted)?;
    set(cx, args, "VCPUs_at_startup")
}

pub fn set_hvm_shadow_multiplier(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, wanted) = (args.reference(0)?, args.float(1)?);
    lifecycle::check(cx.view, vm, "changing_shadow_memory")?;
    if wanted < 1.0 {
        // The number as OCaml writes it: a whole one ends in a point.
        let text = if wanted.fract() == 0.0 {
            format!("{wanted:.0}.")
        } else {
            wanted.to_string()
        };
        return Err(ApiError::invalid_value("multiplier", &text));
    }
    set(cx, args, "HVM_shadow_multiplier")
}

/// The old way to say what kind of domain it is: an empty policy is a paravirtual one.
pub fn set_hvm_boot_policy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, policy) = (args.reference(0)?, args.text(1)?);
    rows::check(cx.view, "VM", vm)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VM", vm, "HVM_boot_policy", policy)?;
    rows::set(
        &mut tx,
        "VM",
        vm,
        "domain_type",
        if policy.is_empty() { "pv" } else { "hvm" },
    )?;
    done(tx)
}

/// The policy, which old clients read, follows the type.
pub fn set_domain_type(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, kind) = (args.reference(0)?, args.text(1)?);
    let held = rows::text(cx.view, "VM", vm, "HVM_boot_policy")?;
    let policy = match kind {
        "hvm" if held.is_empty() => "BIOS order",
        "hvm" => held.as_str(),
        _ => "",
    };
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VM", vm, "domain_type", kind)?;
    rows::set(&mut tx, "VM", vm, "HVM_boot_policy", policy)?;
    done(tx)
}

/// The keys of a guest's BIOS strings that an operator may choose (xapi's list), and the longest value.
const BIOS_KEYS: &[&str] = &[
    "bios-vendor",
    "bios-version",
    "system-manufacturer",
    "system-product-name",
    "system-version",
    "system-serial-number",
    "baseboard-manufacturer",
    "baseboard-product-name",
    "baseboard-version",
    "baseboard-serial-number",
    "baseboard-asset-tag",
    "baseboard-location-in-chassis",
    "enclosure-asset-tag",
];
const BIOS_VALUE_BYTES_MAX: usize = 512;

pub fn set_bios_strings(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = args.reference(0)?;
    let held = rows::value(cx.view, "VM", vm, "bios_strings")?;
    if !held.as_map().unwrap_or_default().is_empty() {
        return Err(ApiError::plain("VM_BIOS_STRINGS_ALREADY_SET"));
    }
    for (key, value) in args.map(1)? {
        let (key, value) = (key.as_text().unwrap_or_default(), value.as_text().unwrap_or_default());
        if !BIOS_KEYS.contains(&key) {
            return Err(ApiError::invalid_value(key, "Unknown key"));
        }
        let printable = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if value.is_empty() || value.len() > BIOS_VALUE_BYTES_MAX || !printable {
            return Err(ApiError::invalid_value(key, value));
        }
    }
    set(cx, args, "bios_strings")
}

pub fn set_appliance(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (vm, appliance) = (args.reference(0)?, args.reference(1)?);
    let mut facts = Facts::of(cx.view, vm)?;
    check_ref_or_null(cx, "VM_appliance", appliance)?;
    facts.in_appliance = !appliance.is_null();
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VM", vm, "appliance", appliance.clone())?;
    rows::set(&mut tx, "VM", vm, "allowed_operations", facts.allowed_operations())?;
    done(tx)
}

/// For a VM whose appliance goes.
pub(crate) fn changes_for_leaving_appliance(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    let facts = Facts {
        in_appliance: false,
        ..Facts::of(view, vm)?
    };
    rows::set(tx, "VM", vm, "appliance", Ref::null())?;
    rows::set(tx, "VM", vm, "allowed_operations", facts.allowed_operations())
}

pub fn set_groups(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    for group in args.set(1)?.iter().filter_map(Value::as_ref) {
        rows::check(cx.view, "VM_group", group)?;
    }
    if args.set(1)?.len() > 1 {
        return Err(ApiError::plain("TOO_MANY_GROUPS"));
    }
    set(cx, args, "groups")
}

pub fn set_ha_restart_priority(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let priority = args.text(1)?;
    if !["", "best-effort", "restart"].contains(&priority) {
        return Err(ApiError::invalid_value("ha_restart_priority", priority));
    }
    set(cx, args, "ha_restart_priority")
}

pub fn set_ha_always_run(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "ha_always_run")
}

pub fn set_actions_after_crash(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set(cx, args, "actions_after_crash")
}

pub fn set_order(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set_not_negative(cx, args, "order")
}

pub fn set_start_delay(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set_not_negative(cx, args, "start_delay")
}

pub fn set_shutdown_delay(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    set_not_negative(cx, args, "shutdown_delay")
}

pub fn set_has_vendor_device(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = args.reference(0)?;
    let state = rows::text(cx.view, "VM", vm, "power_state")?;
    if state != "Halted" {
        return Err(ApiError::new(
            "VM_BAD_POWER_STATE",
            [vm.as_str(), "halted", &state.to_lowercase()],
        ));
    }
    set(cx, args, "has_vendor_device")
}

fn set_not_negative(cx: &PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let value = args.int(1)?;
    if value < 0 {
        let what = format!("{field} must be non-negative");
        return Err(ApiError::invalid_value(&what, &value.to_string()));
    }
    set(cx, args, field)
}

fn set(cx: &PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let vm = args.reference(0)?;
    rows::check(cx.view, "VM", vm)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VM", vm, field, args.value(1)?.clone())?;
    done(tx)
}

fn check_vcpus(at_startup: i64, most: i64, given: i64) -> Result<(), ApiError> {
    if 0 < at_startup && at_startup <= most {
        return Ok(());
    }
    let rule = "VCPU values must satisfy: 0 < VCPUs_at_startup \u{2264} VCPUs_max";
    Err(ApiError::invalid_value(rule, &given.to_string()))
}

fn check_ref_or_null(cx: &PlanCx<'_>, class: &str, reference: &Ref) -> Result<(), ApiError> {
    if reference.is_null() {
        Ok(())
    } else {
        rows::check(cx.view, class, reference)
    }
}
