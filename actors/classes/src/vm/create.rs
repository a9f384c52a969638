//! Making a VM's rows: its record and its metrics.

use super::lifecycle::{Facts, pairs};
use super::memory::overhead_bytes;
use crate::cx::EPOCH;
use crate::room::created;
use crate::{Args, Ids, PlanCx, implicit, rows};
use std::sync::Arc;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::Transaction;

/// A VM to be made, with the fields that differ from the defaults of [`new_vm`].
pub struct NewVm {
    pub reference: Ref,
    pub metrics: Ref,
    pub fields: Vec<(&'static str, Value)>,
}

pub fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let given = args.record(0)?;
    let (vm, uuid) = cx.new_row();
    check_power_state(&vm, given)?;
    let mut tx = cx.transaction();
    let metrics = new_metrics(&mut tx, cx.ids, Vec::new())?;
    let member = |name: &str| given.iter().find(|(field, _)| &**field == name).map(|(_, value)| value);
    let policy = member("HVM_boot_policy").and_then(Value::as_text).unwrap_or_default();
    let domain_type = match member("domain_type").and_then(Value::as_text) {
        Some(known) if known != "unspecified" => known,
        Some(_) | None if policy.is_empty() => "pv",
        Some(_) | None => "hvm",
    };
    let int = |name: &str| member(name).and_then(Value::as_int).unwrap_or_default();
    let multiplier = member("HVM_shadow_multiplier").and_then(Value::as_float).unwrap_or(1.0);
    let overhead = overhead_bytes(
        domain_type != "pv",
        int("memory_static_max"),
        int("VCPUs_max"),
        multiplier,
    );
    let mut facts = Facts::halted(&vm);
    facts.is_a_template = member("is_a_template").and_then(Value::as_bool).unwrap_or_default();
    facts.blocked = member("blocked_operations").map(pairs).unwrap_or_default();
    facts.in_appliance = member("appliance")
        .and_then(Value::as_ref)
        .is_some_and(|appliance| !appliance.is_null());
    let ours = vec![
        ("uuid", Value::text(uuid)),
        ("power_state", Value::text("Halted")),
        ("suspend_VDI", Value::Ref(Ref::null())),
        ("metrics", Value::from(&metrics)),
        ("domid", Value::Int(-1)),
        ("domain_type", Value::text(domain_type)),
        ("memory_overhead", Value::Int(overhead)),
        ("other_config", with_mac_seed(cx.ids, member("other_config"))),
        ("allowed_operations", facts.allowed_operations()),
    ];
    let class = rows::class("VM")?;
    tx.create(class, &vm, implicit::fields_with(class, given, ours)?);
    created(tx, &vm)
}

/// A VM's row from values of our own: templates and control domains. Adds it and its metrics to `tx`.
pub fn new_vm(tx: &mut Transaction, vm: NewVm) -> Result<(), ApiError> {
    let mut fields = vec![
        ("metrics", Value::from(&vm.metrics)),
        ("power_state", Value::text("Halted")),
        ("domid", Value::Int(-1)),
        ("user_version", Value::Int(1)),
    ];
    for (name, value) in vm.fields {
        match fields.iter_mut().find(|(field, _)| *field == name) {
            Some(slot) => slot.1 = value,
            None => fields.push((name, value)),
        }
    }
    rows::create(tx, "VM", &vm.reference, fields)
}

/// The metrics row of a new VM.
pub fn new_metrics(tx: &mut Transaction, ids: &mut dyn Ids, more: Vec<(&'static str, Value)>) -> Result<Ref, ApiError> {
    let (metrics, uuid) = crate::cx::new_row(ids);
    let mut fields = vec![
        ("uuid", Value::text(uuid)),
        ("memory_actual", Value::Int(0)),
        ("VCPUs_number", Value::Int(0)),
        ("VCPUs_utilisation", Value::map([(Value::Int(0), Value::Float(0.0))])),
        ("start_time", Value::from(EPOCH)),
        ("install_time", Value::from(EPOCH)),
        ("last_updated", Value::from(EPOCH)),
    ];
    for (name, value) in more {
        match fields.iter_mut().find(|(field, _)| *field == name) {
            Some(slot) => slot.1 = value,
            None => fields.push((name, value)),
        }
    }
    rows::create(tx, "VM_metrics", &metrics, fields)?;
    Ok(metrics)
}

/// A VM is born halted; a suspended one would need its memory image, which only an import brings.
fn check_power_state(vm: &Ref, given: &[(Arc<str>, Value)]) -> Result<(), ApiError> {
    let state = given
        .iter()
        .find(|(name, _)| &**name == "power_state")
        .and_then(|(_, value)| value.as_text());
    match state {
        Some("Suspended") => Err(ApiError::new(
            "VM_BAD_POWER_STATE",
            [vm.as_str(), "halted", "suspended"],
        )),
        Some(_) | None => Ok(()),
    }
}

/// Generated MAC addresses stay the same for a VM: they are made from this seed.
fn with_mac_seed(ids: &mut dyn Ids, given: Option<&Value>) -> Value {
    let mut held = given.and_then(Value::as_map).unwrap_or_default().to_vec();
    if !held.iter().any(|(key, _)| key.as_text() == Some("mac_seed")) {
        held.insert(0, (Value::text("mac_seed"), Value::from(ids.uuid())));
    }
    Value::map(held)
}
