//! The console rows of a VM: there while it runs, at the address of its host.

use super::domain::new_id;
use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// Makes the rows follow where the VM is. The control domain's are made with its host.
pub(super) fn follow(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    if rows::boolean(view, "VM", vm, "is_control_domain")? {
        return Ok(());
    }
    let place = place(view, vm)?;
    let mut wanted: Vec<&str> = match (&place, rows::text(view, "VM", vm, "domain_type")?.as_str()) {
        (None, _) => Vec::new(),
        (Some(_), "pv" | "pvh" | "pv_in_pvh") => vec!["vt100"],
        (Some(_), _) => vec!["rfb", "vt100"],
    };
    for console in rows::references(view, "VM", vm, "consoles")? {
        let protocol = rows::text(view, "console", &console, "protocol")?;
        let location = rows::text(view, "console", &console, "location")?;
        let is_there = place.as_ref().is_some_and(|place| location.starts_with(place));
        match wanted.iter().position(|wanted| *wanted == protocol) {
            Some(at) if is_there => drop(wanted.remove(at)),
            Some(_) | None => rows::destroy(tx, "console", &console)?,
        }
    }
    for protocol in wanted {
        let place = place.as_deref().unwrap_or_default();
        open(view, tx, (vm, protocol, place))?;
    }
    Ok(())
}

/// What the location of a console begins with; nothing while there is no domain.
fn place(view: &View, vm: &Ref) -> Result<Option<String>, ApiError> {
    let state = rows::text(view, "VM", vm, "power_state")?;
    let host = rows::reference(view, "VM", vm, "resident_on")?;
    let runs = matches!(state.as_str(), "Running" | "Paused") && rows::int(view, "VM", vm, "domid")? >= 0;
    if !runs || !view.contains(rows::class("host")?, &host) {
        return Ok(None);
    }
    let address = rows::text(view, "host", &host, "address")?;
    // An IPv6 address stands in brackets.
    let address = if address.contains(':') {
        format!("[{address}]")
    } else {
        address
    };
    Ok(Some(format!("https://{address}/console?uuid=")))
}

fn open(view: &View, tx: &mut Transaction, (vm, protocol, place): (&Ref, &str, &str)) -> Result<(), ApiError> {
    let id = |what: &str| new_id(view, vm, &format!("{what}/{protocol}"));
    let uuid = id("uuid");
    let fields = vec![
        ("VM", Value::from(vm)),
        ("protocol", Value::text(protocol)),
        ("location", Value::from(format!("{place}{uuid}"))),
        ("port", Value::Int(-1)),
        ("uuid", Value::from(uuid)),
    ];
    rows::create(tx, "console", &Ref::from_uuid_text(&id("ref")), fields)
}
