//! What a disk may do: one function decides what is advertised and what is admitted (allowed_operations.md, VDI).

use crate::{rows, sr};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// What a VM that has the disk leaves of the operation.
#[derive(Clone, Copy, PartialEq)]
enum Attached {
    Goes,
    InUse,
    OnlyReadOnly,
}

/// (operation, what the driver must be able to do, with a VM that has it, for type cbt_metadata, advertised)
const OPERATIONS: &[(&str, &str, Attached, bool, bool)] = &[
    ("clone", "VDI_CLONE", Attached::Goes, false, true),
    ("copy", "", Attached::OnlyReadOnly, false, true),
    ("resize", "VDI_RESIZE", Attached::InUse, false, true),
    ("resize_online", "VDI_RESIZE_ONLINE", Attached::Goes, false, true),
    ("snapshot", "VDI_SNAPSHOT", Attached::Goes, false, true),
    ("destroy", "VDI_DELETE", Attached::InUse, true, true),
    ("forget", "", Attached::InUse, true, true),
    ("update", "VDI_UPDATE", Attached::InUse, true, true),
    // Held for, never asked.
    ("blocked", "", Attached::InUse, false, false),
    ("generate_config", "VDI_GENERATE_CONFIG", Attached::InUse, true, true),
];

pub(crate) fn check_operation(view: &View, vdi: &Ref, operation: &str) -> Result<(), ApiError> {
    let row = OPERATIONS.iter().find(|(name, ..)| *name == operation);
    let row = row.ok_or_else(|| ApiError::internal(format!("no VDI operation {operation}")))?;
    let (_, feature, attached, for_metadata, _) = *row;
    let text = |field| rows::text(view, "VDI", vdi, field);
    let sr = rows::reference(view, "VDI", vdi, "SR")?;
    check_current(view, vdi)?;
    if operation == "resize" && sr::plugged(view, &sr)?.is_empty() {
        return Err(ApiError::new("SR_HAS_NO_PBDS", [sr.as_str()]));
    }
    check_attached(view, vdi, (operation, attached))?;
    check_devices(view, vdi)?;
    if !feature.is_empty() && !sr::can(view, &sr, feature)? {
        return Err(ApiError::new("SR_OPERATION_NOT_SUPPORTED", [sr.as_str()]));
    }
    let kind = text("type")?;
    if kind == "cbt_metadata" && !for_metadata {
        return Err(ApiError::new("VDI_INCOMPATIBLE_TYPE", [vdi.as_str(), &kind]));
    }
    check_own(view, vdi, (operation, &sr, &kind))
}

fn check_current(view: &View, vdi: &Ref) -> Result<(), ApiError> {
    let current = rows::value(view, "VDI", vdi, "current_operations")?;
    let others = current.as_map().unwrap_or_default().iter();
    match others.clone().find(|(_, other)| other.as_text() != Some("copy")) {
        Some((task, other)) => Err(busy(vdi, other, task)),
        None => Ok(()),
    }
}

fn busy(vdi: &Ref, operation: &Value, task: &Value) -> ApiError {
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let params = ["VDI".to_owned(), vdi.as_str().to_owned(), text(operation), text(task)];
    ApiError::new("OTHER_OPERATION_IN_PROGRESS", params)
}

fn check_attached(view: &View, vdi: &Ref, (operation, attached): (&str, Attached)) -> Result<(), ApiError> {
    for vbd in rows::references(view, "VDI", vdi, "VBDs")? {
        let flag = |field| rows::boolean(view, "VBD", &vbd, field);
        if !flag("currently_attached")? && !flag("reserved")? {
            continue;
        }
        let goes = match attached {
            Attached::Goes => true,
            Attached::InUse => false,
            Attached::OnlyReadOnly => rows::text(view, "VBD", &vbd, "mode")? == "RO",
        };
        if !goes {
            return Err(ApiError::new("VDI_IN_USE", [vdi.as_str(), operation]));
        }
    }
    Ok(())
}

fn check_devices(view: &View, vdi: &Ref) -> Result<(), ApiError> {
    for vbd in rows::references(view, "VDI", vdi, "VBDs")? {
        let current = rows::value(view, "VBD", &vbd, "current_operations")?;
        if let Some((task, operation)) = current.as_map().unwrap_or_default().first() {
            return Err(busy(vdi, operation, task));
        }
    }
    Ok(())
}

fn check_own(view: &View, vdi: &Ref, (operation, sr, kind): (&str, &Ref, &str)) -> Result<(), ApiError> {
    let resets = || rows::text(view, "VDI", vdi, "on_boot").map(|on_boot| on_boot == "reset");
    match operation {
        "destroy" if rows::text(view, "SR", sr, "type")? == "udev" => {
            Err(ApiError::new("VDI_IS_A_PHYSICAL_DEVICE", [vdi.as_str()]))
        }
        "destroy" if rows::boolean(view, "SR", sr, "is_tools_sr")? => {
            Err(ApiError::new("SR_OPERATION_NOT_SUPPORTED", [sr.as_str()]))
        }
        "destroy" | "forget" if kind == "rrd" => Err(ApiError::new("VDI_HAS_RRDS", [vdi.as_str()])),
        "snapshot" if rows::boolean(view, "VDI", vdi, "sharable")? => {
            Err(ApiError::new("VDI_IS_SHARABLE", [vdi.as_str()]))
        }
        "snapshot" if is_copied(view, vdi)? => {
            let text = "Snapshot operation not allowed during copy.";
            Err(ApiError::new("OPERATION_NOT_ALLOWED", [text]))
        }
        "snapshot" | "copy" if resets()? => Err(ApiError::plain("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION")),
        _ => Ok(()),
    }
}

fn is_copied(view: &View, vdi: &Ref) -> Result<bool, ApiError> {
    let current = rows::value(view, "VDI", vdi, "current_operations")?;
    let mut current = current.as_map().unwrap_or_default().iter();
    Ok(current.any(|(_, operation)| operation.as_text() == Some("copy")))
}

/// The value of the field `allowed_operations`.
pub(crate) fn allowed_now(view: &View, vdi: &Ref) -> Result<Value, ApiError> {
    let allowed = OPERATIONS
        .iter()
        .filter(|(name, .., advertised)| *advertised && check_operation(view, vdi, name).is_ok());
    Ok(Value::set(allowed.map(|(name, ..)| Value::text(name))))
}
