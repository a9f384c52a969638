//! What a repository may do: one function decides what is advertised and what is admitted (allowed_operations.md, SR).

use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// (operation, what the driver must be able to do, advertised)
const OPERATIONS: &[(&str, &str, bool)] = &[
    ("scan", "", true),
    ("destroy", "", true),
    ("forget", "", true),
    ("plug", "", true),
    ("unplug", "", true),
    ("update", "SR_UPDATE", true),
    ("vdi_create", "VDI_CREATE", true),
    ("vdi_introduce", "VDI_INTRODUCE", true),
    ("vdi_destroy", "VDI_DELETE", true),
    ("vdi_resize", "VDI_RESIZE", true),
    ("vdi_clone", "", true),
    ("vdi_snapshot", "VDI_SNAPSHOT", true),
    ("pbd_create", "", true),
    ("pbd_destroy", "", true),
    // Always accepted.
    ("vdi_copy", "", false),
];

/// Whether the repository's driver can do this.
pub(crate) fn can(view: &View, sr: &Ref, feature: &str) -> Result<bool, ApiError> {
    let kind = rows::text(view, "SR", sr, "type")?;
    for driver in rows::all(view, "SM")? {
        if rows::text(view, "SM", &driver, "type")? == kind {
            return Ok(rows::value(view, "SM", &driver, "features")?.member(feature).is_some());
        }
    }
    Ok(false)
}

pub(crate) fn check_operation(view: &View, sr: &Ref, operation: &str) -> Result<(), ApiError> {
    let row = OPERATIONS.iter().find(|(name, ..)| *name == operation);
    let (_, feature, _) = row.ok_or_else(|| ApiError::internal(format!("no SR operation {operation}")))?;
    rows::check(view, "SR", sr)?;
    if operation == "vdi_copy" {
        return Ok(());
    }
    if !feature.is_empty() && !can(view, sr, feature)? {
        return Err(ApiError::new("SR_OPERATION_NOT_SUPPORTED", [sr.as_str()]));
    }
    if matches!(operation, "destroy" | "forget") && !super::plugged(view, sr)?.is_empty() {
        return Err(ApiError::new("SR_HAS_PBD", [sr.as_str()]));
    }
    if operation == "destroy" {
        if rows::references(view, "SR", sr, "PBDs")?.is_empty() {
            return Err(ApiError::new("SR_HAS_NO_PBDS", [sr.as_str()]));
        }
        for vdi in rows::references(view, "SR", sr, "VDIs")? {
            if rows::boolean(view, "VDI", &vdi, "managed")? && rows::text(view, "VDI", &vdi, "type")? != "rrd" {
                return Err(ApiError::plain("SR_NOT_EMPTY"));
            }
        }
    }
    let makes_disks = matches!(operation, "vdi_create" | "vdi_destroy");
    if makes_disks && rows::boolean(view, "SR", sr, "is_tools_sr")? {
        return Err(ApiError::new("SR_OPERATION_NOT_SUPPORTED", [sr.as_str()]));
    }
    check_current(view, sr, operation)
}

fn check_current(view: &View, sr: &Ref, operation: &str) -> Result<(), ApiError> {
    let current = rows::value(view, "SR", sr, "current_operations")?;
    let current = current.as_map().unwrap_or_default();
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let beside = operation == "plug" && current.iter().all(|(_, other)| other.as_text() == Some("plug"));
    match current.first() {
        Some((task, other)) if !beside => {
            let params = ["SR".to_owned(), sr.as_str().to_owned(), text(other), text(task)];
            Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params))
        }
        Some(_) | None => Ok(()),
    }
}

/// The value of the field `allowed_operations`.
pub(crate) fn allowed_now(view: &View, sr: &Ref) -> Result<Value, ApiError> {
    let allowed = OPERATIONS
        .iter()
        .filter(|(name, _, advertised)| *advertised && check_operation(view, sr, name).is_ok());
    Ok(Value::set(allowed.map(|(name, ..)| Value::text(name))))
}
