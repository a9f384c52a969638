//! Virtual block devices: their rows, device numbers and what they may do.

mod attach;
mod copy;
mod device;

pub(crate) use attach::check_attach;
pub(crate) use copy::{OWNER, copy};
pub use device::free_devices;

/// The place on the guest's bus; the first for a name that means none.
pub(crate) fn place_of(device: &str) -> u32 {
    let place = device::place_of(device).unwrap_or_default();
    u32::try_from(place).unwrap_or_default()
}

use crate::cx::new_row;
use crate::room::{Planner, created, done};
use crate::{Args, Ids, PlanCx, implicit, rows};
use device::{Device, resolve};
use std::sync::Arc;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "assert_attachable" => Read(assert_attachable),
        "create" => Write(create),
        "destroy" => Write(destroy),
        "set_mode" => Write(set_mode),
        _ => return None,
    })
}

/// What decides what a VBD may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub vm_power_state: String,
    pub is_cd: bool,
    pub is_empty: bool,
    pub is_attached: bool,
    pub is_unpluggable: bool,
    /// What is under way with it.
    pub current: Vec<String>,
}

impl Facts {
    /// The value of the field `allowed_operations` (allowed_operations.md, VBD).
    pub fn allowed_operations(&self) -> Value {
        let idle = self.current.is_empty();
        let beside = |others: &[&str]| self.current.iter().all(|current| others.contains(&current.as_str()));
        let running = self.vm_power_state == "Running";
        let live = running || self.vm_power_state == "Paused";
        let changeable = self.is_cd && self.vm_power_state != "Suspended";
        let detachable = running && self.is_attached && self.is_unpluggable;
        let table = [
            ("attach", idle),
            ("plug", idle && running && !self.is_attached),
            ("unplug", idle && detachable),
            ("unplug_force", idle && detachable),
            ("insert", idle && changeable && self.is_empty),
            ("eject", idle && changeable && !self.is_empty),
            ("pause", live && beside(&["pause", "unpause"])),
            ("unpause", live && beside(&["pause", "unpause", "attach"])),
        ];
        Value::set(
            table
                .into_iter()
                .filter(|(_, allowed)| *allowed)
                .map(|(operation, _)| Value::text(operation)),
        )
    }
}

fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let mut tx = cx.transaction();
    let vbd = add(cx.view, &mut tx, cx.ids, args.record(0)?)?;
    created(tx, &vbd)
}

/// Adds a VBD with these fields to `tx`; what it names is in `view`.
pub(crate) fn add(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    given: &[(Arc<str>, Value)],
) -> Result<Ref, ApiError> {
    let text = |name: &str| member(given, name).and_then(Value::as_text).unwrap_or_default();
    let flag = |name: &str| member(given, name).and_then(Value::as_bool).unwrap_or_default();
    let reference = |name: &str| {
        member(given, name)
            .and_then(Value::as_ref)
            .cloned()
            .unwrap_or_else(Ref::null)
    };
    implicit::check_given(rows::class("VBD")?, given)?;
    let (vm, vdi) = (reference("VM"), reference("VDI"));
    rows::check(view, "VM", &vm)?;
    let is_cd = text("type") == "CD";
    if flag("empty") {
        if !is_cd {
            return Err(ApiError::new("VBD_NOT_REMOVABLE_MEDIA", ["in constructor"]));
        }
    } else {
        rows::check(view, "VDI", &vdi)?;
        check_read_only(view, &vdi, text("mode"))?;
    }
    let userdevice = match resolve(view, &vm, text("userdevice"))? {
        Device::Given(device) => device,
        Device::Found(number) => number.to_string(),
    };
    let facts = Facts {
        vm_power_state: rows::text(view, "VM", &vm, "power_state")?,
        is_cd,
        is_empty: flag("empty"),
        is_attached: false,
        is_unpluggable: member(given, "unpluggable").and_then(Value::as_bool).unwrap_or(true),
        current: Vec::new(),
    };
    let (metrics, metrics_uuid) = new_row(ids);
    rows::create(tx, "VBD_metrics", &metrics, vec![("uuid", Value::text(metrics_uuid))])?;
    let (vbd, uuid) = new_row(ids);
    let ours = vec![
        ("uuid", Value::text(uuid)),
        ("metrics", Value::from(&metrics)),
        ("VDI", Value::Ref(if flag("empty") { Ref::null() } else { vdi })),
        ("device", Value::text("")),
        ("userdevice", Value::text(userdevice)),
        ("currently_attached", Value::Bool(false)),
        ("allowed_operations", facts.allowed_operations()),
    ];
    let class = rows::class("VBD")?;
    tx.create(class, &vbd, implicit::fields_with(class, given, ours)?);
    Ok(vbd)
}

fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let vbd = args.reference(0)?;
    if rows::boolean(cx.view, "VBD", vbd, "currently_attached")? {
        let text = "a VBD that is attached cannot be destroyed";
        return Err(ApiError::new("OPERATION_NOT_ALLOWED", [text]));
    }
    check_free(cx.view, "VBD", vbd)?;
    let mut tx = cx.transaction();
    changes_for_destroy(cx.view, &mut tx, vbd)?;
    done(tx)
}

/// The row and its metrics.
pub(crate) fn changes_for_destroy(view: &View, tx: &mut Transaction, vbd: &Ref) -> Result<(), ApiError> {
    let metrics = rows::reference(view, "VBD", vbd, "metrics")?;
    if view.contains(rows::class("VBD_metrics")?, &metrics) {
        rows::destroy(tx, "VBD_metrics", &metrics)?;
    }
    rows::destroy(tx, "VBD", vbd)
}

fn set_mode(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (vbd, mode) = (args.reference(0)?, args.text(1)?);
    let vm = rows::reference(cx.view, "VBD", vbd, "VM")?;
    let state = rows::text(cx.view, "VM", &vm, "power_state")?;
    if state != "Halted" {
        return Err(ApiError::new(
            "VM_BAD_POWER_STATE",
            [vm.as_str(), "halted", &state.to_lowercase()],
        ));
    }
    let vdi = rows::reference(cx.view, "VBD", vbd, "VDI")?;
    if cx.view.contains(rows::class("VDI")?, &vdi) {
        check_read_only(cx.view, &vdi, mode)?;
    }
    let mut tx = cx.transaction();
    rows::set(&mut tx, "VBD", vbd, "mode", mode)?;
    done(tx)
}

/// Says whether the VM could use the disk now: of an empty drive there is nothing to say.
fn assert_attachable(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let vbd = args.reference(0)?;
    if !rows::boolean(cx.view, "VBD", vbd, "empty")? {
        let vdi = rows::reference(cx.view, "VBD", vbd, "VDI")?;
        rows::check(cx.view, "VDI", &vdi)?;
        check_read_only(cx.view, &vdi, &rows::text(cx.view, "VBD", vbd, "mode")?)?;
    }
    Ok(Value::Void)
}

fn check_read_only(view: &View, vdi: &Ref, mode: &str) -> Result<(), ApiError> {
    if mode == "RW" && rows::boolean(view, "VDI", vdi, "read_only")? {
        return Err(ApiError::new("VDI_READONLY", [vdi.as_str()]));
    }
    Ok(())
}

/// Refuses a device with an operation under way.
pub(crate) fn check_free(view: &View, class: &str, device: &Ref) -> Result<(), ApiError> {
    let current = rows::value(view, class, device, "current_operations")?;
    match current.as_map().unwrap_or_default().first() {
        Some((task, operation)) => {
            let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
            let params = [
                class.to_owned(),
                device.as_str().to_owned(),
                text(operation),
                text(task),
            ];
            Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params))
        }
        None => Ok(()),
    }
}

pub(crate) fn member<'a>(given: &'a [(Arc<str>, Value)], name: &str) -> Option<&'a Value> {
    given.iter().find(|(field, _)| &**field == name).map(|(_, value)| value)
}

/// What the VBD may do, as its rows are.
pub(crate) fn allowed_now(view: &View, vbd: &Ref) -> Result<Value, ApiError> {
    let flag = |field| rows::boolean(view, "VBD", vbd, field);
    let vm = rows::reference(view, "VBD", vbd, "VM")?;
    let current = rows::value(view, "VBD", vbd, "current_operations")?;
    let current = current.as_map().unwrap_or_default().iter();
    let facts = Facts {
        vm_power_state: rows::text(view, "VM", &vm, "power_state")?,
        is_cd: rows::text(view, "VBD", vbd, "type")? == "CD",
        is_empty: flag("empty")?,
        is_attached: flag("currently_attached")?,
        is_unpluggable: flag("unpluggable")?,
        current: current
            .map(|(_, operation)| operation.as_text().unwrap_or_default().to_owned())
            .collect(),
    };
    Ok(facts.allowed_operations())
}
