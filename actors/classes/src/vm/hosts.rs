//! Where a VM could run, and a VM that is said to have stopped.

use super::domain;
use super::lifecycle::Facts;
use super::memory::Limits;
use crate::host::dead;
use crate::room::{Planned, done};
use crate::{Args, PlanCx, placement, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

pub fn assert_can_boot_here(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let (vm, host) = (args.reference(0)?, args.reference(1)?);
    check_parameters(cx.view, vm)?;
    rows::check(cx.view, "host", host)?;
    if !placement::is_live(cx.view, host)? {
        return Err(ApiError::plain("HOST_NOT_LIVE"));
    }
    placement::check_host(cx.view, vm, host)?;
    Ok(Value::Void)
}

/// A VM that is on its way somewhere can only run there.
pub fn get_possible_hosts(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let vm = args.reference(0)?;
    let soon = rows::reference(cx.view, "VM", vm, "scheduled_to_be_resident_on")?;
    if !soon.is_null() {
        return Ok(Value::set([Value::Ref(soon)]));
    }
    if check_parameters(cx.view, vm).is_err() {
        return Ok(Value::set([]));
    }
    let hosts = placement::possible_hosts(cx.view, vm)?;
    Ok(Value::set(hosts.into_iter().map(Value::Ref)))
}

/// Refuses what no host could build a domain from.
pub(super) fn check_parameters(view: &View, vm: &Ref) -> Result<(), ApiError> {
    let (most, at_startup) = (
        rows::int(view, "VM", vm, "VCPUs_max")?,
        rows::int(view, "VM", vm, "VCPUs_at_startup")?,
    );
    if most < 1 {
        return Err(ApiError::invalid_value("VCPUs_max", &most.to_string()));
    }
    if at_startup < 1 {
        return Err(ApiError::invalid_value("VCPUs-at-startup", &at_startup.to_string()));
    }
    if at_startup > most {
        let text = at_startup.to_string();
        let params = ["VCPUs-at-startup", &text, "value greater than VCPUs-max"];
        return Err(ApiError::new("VALUE_NOT_SUPPORTED", params));
    }
    // The others are brought within these when the domain is built.
    let limits = Limits::of(view, vm)?;
    if limits.static_min > limits.static_max {
        return Err(ApiError::plain("MEMORY_CONSTRAINT_VIOLATION"));
    }
    Ok(())
}

/// Says that the VM does not run. It must not run twice: while its host is not declared dead its domain may be there, whatever the rows say
/// (CORRECTNESS D1); and once a host is declared dead its VMs have been reset already.
pub fn power_state_reset(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = args.reference(0)?;
    let facts = Facts::of(cx.view, vm)?;
    if facts.is_control_domain {
        return Err(ApiError::new("CANNOT_RESET_CONTROL_DOMAIN", [vm.as_str()]));
    }
    // Templates and snapshots may be reset, too: nothing is looked up for this message in the table but what is under way.
    facts.check_current("power_state_reset")?;
    let host = rows::reference(cx.view, "VM", vm, "resident_on")?;
    let may_run = cx.view.contains(rows::class("host")?, &host) && !dead::is_dead(cx.view, &host)?;
    if may_run && host == cx.this_host {
        return Err(ApiError::new("DOMAIN_EXISTS", [vm.as_str()]));
    }
    if may_run {
        return Err(ApiError::new("HOST_IS_LIVE", [host.as_str()]));
    }
    let mut tx = cx.transaction();
    domain::set_halted(cx.view, &mut tx, vm)?;
    let (after, _) = cx
        .view
        .apply(&tx)
        .map_err(|error| ApiError::internal(error.to_string()))?;
    domain::refresh_allowed(&after, &mut tx, vm)?;
    done(tx)
}
