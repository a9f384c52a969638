//! Which device numbers are free, and other questions about a VM that its rows answer.

use crate::{Args, PlanCx, rows, vbd, vif};
use xenith_datamodel::{ApiError, Value};

pub fn get_allowed_vbd_devices(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let vm = args.reference(0)?;
    rows::check(cx.view, "VM", vm)?;
    let free = vbd::free_devices(cx.view, vm)?;
    Ok(Value::set(
        free.into_iter().map(|number| Value::from(number.to_string())),
    ))
}

pub fn get_allowed_vif_devices(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let vm = args.reference(0)?;
    rows::check(cx.view, "VM", vm)?;
    let free = vif::free_devices(cx.view, vm)?;
    Ok(Value::set(
        free.into_iter().map(|number| Value::from(number.to_string())),
    ))
}

/// Deprecated: every VM is said to follow its balloon target.
pub fn get_cooperative(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::check(cx.view, "VM", args.reference(0)?)?;
    Ok(Value::Bool(true))
}
