//! Hosts: what their rows answer. What needs the machine comes with the operations.

pub mod dead;

use crate::room::{Planner, done};
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, DateTime, Ref, Value, Zone};
use xenith_pooldb::{Transaction, View};

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "compute_free_memory" => Read(compute_free_memory),
        "compute_memory_overhead" => Read(compute_memory_overhead),
        "create_new_blob" => Write(|cx, args| crate::vm::create_blob_for(cx, "host", args)),
        "declare_dead" => Write(dead::declare_dead),
        "disable_external_auth" => Write(|cx, args| crate::subject::disable(cx, "host", args)),
        "enable_external_auth" => Write(|cx, args| crate::subject::enable(cx, "host", args)),
        "get_management_interface" => Read(get_management_interface),
        "get_server_localtime" => Read(get_server_localtime),
        "get_server_certificate" => Read(get_server_certificate),
        "get_servertime" => Read(get_servertime),
        "get_uncooperative_resident_VMs" => Read(get_uncooperative_resident_vms),
        "list_methods" => Read(list_methods),
        "set_https_only" => Write(set_https_only),
        "set_power_on_mode" => Write(set_power_on_mode),
        _ => return None,
    })
}

/// What a host with nothing under way may do (allowed_operations.json, host).
pub fn allowed_operations(is_enabled: bool) -> Value {
    let always = ["provision", "evacuate", "vm_start", "vm_resume", "vm_migrate", "enable"];
    let when_disabled = ["shutdown", "reboot", "apply_updates"];
    let more = when_disabled.into_iter().filter(|_| !is_enabled);
    Value::set(always.into_iter().chain(more).map(Value::text))
}

/// Operations that bring VMs to the host, and those that want it empty: the two exclude each other (allowed_operations.md, host).
const BRING: &[&str] = &["provision", "vm_resume", "vm_migrate"];
const EMPTY: &[&str] = &["evacuate", "reboot", "shutdown"];

/// Whether the host may be held for the operation beside those that hold it already.
pub(crate) fn check_operation(view: &View, host: &Ref, operation: &str) -> Result<(), ApiError> {
    let current = rows::value(view, "host", host, "current_operations")?;
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    for (task, other) in current.as_map().unwrap_or_default() {
        let other = text(other);
        if operations_clash(operation, &other) {
            let params = ["host".to_owned(), host.as_str().to_owned(), other, text(task)];
            return Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params));
        }
    }
    Ok(())
}

/// Whether the two exclude each other.
pub(crate) fn operations_clash(one: &str, other: &str) -> bool {
    let clash = |ours: &[&str], theirs: &[&str]| ours.contains(&one) && theirs.contains(&other);
    clash(BRING, EMPTY) || clash(EMPTY, BRING) || clash(EMPTY, EMPTY)
}

/// The value of the field `allowed_operations` with what is under way.
pub(crate) fn allowed_now(view: &View, host: &Ref) -> Result<Value, ApiError> {
    let idle = allowed_operations(rows::boolean(view, "host", host, "enabled")?);
    let operations = idle.as_set().unwrap_or_default().iter();
    let free = operations.filter(|operation| {
        operation
            .as_text()
            .is_some_and(|operation| check_operation(view, host, operation).is_ok())
    });
    Ok(Value::set(free.cloned()))
}

/// Memory that no guest, no control domain and not Xen itself has claimed.
pub fn free_memory_bytes(view: &View, host: &Ref) -> Result<i64, ApiError> {
    rows::check(view, "host", host)?;
    let free = crate::placement::free_memory(view)?;
    Ok(free.get(host).copied().unwrap_or_default().max(0))
}

fn compute_free_memory(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    free_memory_bytes(cx.view, args.reference(0)?).map(Value::Int)
}

fn compute_memory_overhead(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::value(cx.view, "host", args.reference(0)?, "memory_overhead")
}

fn get_servertime(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::check(cx.view, "host", args.reference(0)?)?;
    Ok(Value::from(cx.now()))
}

/// Hosts keep UTC: the text has no zone, as the field's meaning asks.
fn get_server_localtime(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::check(cx.view, "host", args.reference(0)?)?;
    Ok(Value::from(DateTime {
        zone: Zone::Local,
        ..cx.now()
    }))
}

/// As the host's last start told it, so that it can be had when the host is away.
fn get_server_certificate(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let uuid = rows::text(cx.view, "host", args.reference(0)?, "uuid")?;
    for member in rows::all(cx.view, "xenith_member")? {
        let text = |field| rows::text(cx.view, "xenith_member", &member, field);
        if text("host_uuid")? == uuid && !text("server_certificate")?.is_empty() {
            return text("server_certificate").map(Value::from);
        }
    }
    Err(ApiError::plain("CERTIFICATE_LIBRARY_CORRUPT"))
}

/// The listener of that host looks at the row (see [`is_https_only`]).
fn set_https_only(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let host = args.reference(0)?;
    rows::check(cx.view, "host", host)?;
    let mut tx = cx.transaction();
    rows::set(&mut tx, "host", host, "https_only", args.value(1)?.clone())?;
    done(tx)
}

/// Whether plain HTTP is to be refused by the host; a host without a row refuses nothing.
pub fn is_https_only(view: &View, host_uuid: &str) -> bool {
    let host = rows::class("host")
        .ok()
        .and_then(|class| view.by_uuid(class, host_uuid));
    host.is_some_and(|host| rows::boolean(view, "host", &host, "https_only").unwrap_or(false))
}

/// A fingerprint of a certificate, as `Certificate` rows have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    Sha256,
    Sha1,
}

/// The fingerprint of the certificate that the host at this address shows to clients.
pub fn thumbprint_at(view: &View, address: &str, digest: Digest) -> Option<String> {
    let field = match digest {
        Digest::Sha256 => "fingerprint_sha256",
        Digest::Sha1 => "fingerprint_sha1",
    };
    let hosts = rows::all(view, "host").ok()?;
    let is_there = |host: &&Ref| rows::text(view, "host", host, "address").is_ok_and(|found| found == address);
    let host = hosts.iter().find(is_there)?;
    let row = crate::birth::server_certificates(view, host).ok()?.into_iter().next()?;
    rows::text(view, "Certificate", &row, field)
        .ok()
        .filter(|text| !text.is_empty())
}

fn list_methods(_: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    Ok(Value::set(xenith_datamodel::list_methods().iter().map(Value::text)))
}

fn get_management_interface(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let host = args.reference(0)?;
    for pif in rows::references(cx.view, "host", host, "PIFs")? {
        if rows::boolean(cx.view, "PIF", &pif, "management")? {
            return Ok(Value::Ref(pif));
        }
    }
    Ok(Value::Ref(Ref::null()))
}

/// Deprecated: no VM is said to ignore its balloon target.
fn get_uncooperative_resident_vms(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::check(cx.view, "host", args.reference(0)?)?;
    Ok(Value::set([]))
}

fn set_power_on_mode(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let host = args.reference(0)?;
    rows::check(cx.view, "host", host)?;
    let mut tx = cx.transaction();
    let config = crate::pbd::with_secrets(cx, &mut tx, Some(args.value(2)?))?;
    rows::set(&mut tx, "host", host, "power_on_mode", args.text(1)?)?;
    rows::set(&mut tx, "host", host, "power_on_config", config)?;
    done(tx)
}
