//! Hosts: what their rows answer. What needs the machine comes with the operations.

pub mod dead;
mod lifecycle;

#[cfg(test)]
pub(crate) use lifecycle::allowed;
pub use lifecycle::allowed_operations;
pub(crate) use lifecycle::{allowed_now, check_operation, operations_clash};

use crate::placement::evacuate;
use crate::room::{Planner, done};
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, DateTime, Ref, Value, Zone};
use xenith_pooldb::{Transaction, View};

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "assert_can_evacuate" => Read(assert_can_evacuate),
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
        "get_vms_which_prevent_evacuation" => Read(get_vms_which_prevent_evacuation),
        "list_methods" => Read(list_methods),
        "set_https_only" => Write(set_https_only),
        "set_power_on_mode" => Write(set_power_on_mode),
        _ => return None,
    })
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

/// The reasons of all VMs in one text, as xapi has it: `CODE,param,...|CODE,...`.
fn assert_can_evacuate(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let refused = evacuate::refusals(cx.view, args.reference(0)?)?;
    if refused.is_empty() {
        return Ok(Value::Void);
    }
    let reasons: Vec<String> = refused.iter().map(|(_, why)| why_parts(why).join(",")).collect();
    Err(ApiError::new("CANNOT_EVACUATE_HOST", [reasons.join("|")]))
}

fn get_vms_which_prevent_evacuation(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let refused = evacuate::refusals(cx.view, args.reference(0)?)?;
    let pairs = refused.iter().map(|(vm, why)| {
        let parts = why_parts(why).into_iter().map(Value::text);
        (Value::from(vm), Value::set(parts))
    });
    Ok(Value::map(pairs))
}

fn why_parts(why: &ApiError) -> Vec<&str> {
    let params = why.params.iter().map(String::as_str);
    std::iter::once(&*why.code).chain(params).collect()
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
