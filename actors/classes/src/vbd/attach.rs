//! Whether a VM may have its disk now (allowed_operations.md, VBD, 7 and 8).

use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// Refuses a device that is busy, or whose disk others have in a way that does not go together.
pub(crate) fn check_attach(view: &View, vbd: &Ref) -> Result<(), ApiError> {
    super::check_free(view, "VBD", vbd)?;
    if rows::boolean(view, "VBD", vbd, "empty")? {
        return Ok(());
    }
    let vdi = rows::reference(view, "VBD", vbd, "VDI")?;
    let flag = |field| rows::boolean(view, "VDI", &vdi, field);
    if !flag("managed")? {
        return Err(ApiError::new("VDI_NOT_MANAGED", [vdi.as_str()]));
    }
    let current = rows::value(view, "VDI", &vdi, "current_operations")?;
    let beside = |other: &Value| matches!(other.as_text(), Some("mirror" | "copy"));
    let others = current.as_map().unwrap_or_default().iter();
    if let Some((task, other)) = others.clone().find(|(_, other)| !beside(other)) {
        let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
        let params = ["VDI".to_owned(), vdi.as_str().to_owned(), text(other), text(task)];
        return Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params));
    }
    let vm = rows::reference(view, "VBD", vbd, "VM")?;
    let is_suspended = rows::text(view, "VM", &vm, "power_state")? == "Suspended";
    if rows::boolean(view, "VBD", vbd, "currently_attached")? && !is_suspended {
        return Ok(());
    }
    let writes = rows::text(view, "VBD", vbd, "mode")? == "RW";
    if writes && flag("read_only")? {
        return Err(ApiError::new("VDI_READONLY", [vdi.as_str()]));
    }
    match flag("sharable")? {
        true => Ok(()),
        false => check_sharing(view, vbd, (&vdi, writes)),
    }
}

/// One writes, or many read. A suspended VM does neither.
fn check_sharing(view: &View, vbd: &Ref, (vdi, writes): (&Ref, bool)) -> Result<(), ApiError> {
    for other in rows::references(view, "VDI", vdi, "VBDs")? {
        let flag = |field| rows::boolean(view, "VBD", &other, field);
        let current = rows::value(view, "VBD", &other, "current_operations")?;
        let is_busy = current.as_map().is_some_and(|current| !current.is_empty());
        if other == *vbd || !(flag("currently_attached")? || flag("reserved")? || is_busy) {
            continue;
        }
        let vm = rows::reference(view, "VBD", &other, "VM")?;
        if rows::text(view, "VM", &vm, "power_state")? == "Suspended" && !is_busy {
            continue;
        }
        if writes || rows::text(view, "VBD", &other, "mode")? == "RW" {
            return Err(ApiError::new("VDI_IN_USE", [vdi.as_str()]));
        }
    }
    Ok(())
}
