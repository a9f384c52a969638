//! `subject`, and the messages about the directory that subjects come from. There is no directory: XenAPI's own errors say so. Subjects can
//! only come with an imported database, and can be given roles and removed.

use crate::room::{Planner, done};
use crate::vbd::member;
use crate::{Args, PlanCx, implicit, role, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// The one kind of directory that xapi knows.
const KIND_OF_XAPI: &str = "AD";

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "add_to_roles" => Write(add_to_roles),
        "create" => Write(create),
        "destroy" => Write(destroy),
        "get_permissions_name_label" => Read(get_permissions_name_label),
        "remove_from_roles" => Write(remove_from_roles),
        _ => return None,
    })
}

/// `auth`.
pub fn lookup_auth(message: &str) -> Option<Planner> {
    let asks = [
        "get_group_membership",
        "get_subject_identifier",
        "get_subject_information_from_identifier",
    ];
    asks.contains(&message)
        .then_some(Planner::Read(|_, _| Err(no_directory())))
}

/// `pool.enable_external_auth` and `host.enable_external_auth`: object, configuration, service, kind of directory.
pub fn enable(cx: &mut PlanCx<'_>, class: &str, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let object = args.reference(0)?;
    rows::check(cx.view, class, object)?;
    let kind = args.text(3)?;
    if kind != KIND_OF_XAPI {
        return Err(ApiError::new("AUTH_UNKNOWN_TYPE", [kind]));
    }
    let given = args.map(1)?;
    let has = |wanted: &str| given.iter().any(|(key, _)| key.as_text() == Some(wanted));
    let missing = ["user", "pass"].into_iter().find(|wanted| !has(wanted));
    let why = match missing {
        Some(wanted) => format!("enable requires {wanted}"),
        None => "this host has no service that could ask a directory".to_owned(),
    };
    Err(match class {
        "host" => ApiError::new("AUTH_ENABLE_FAILED", [why]),
        _ => ApiError::new("POOL_AUTH_ENABLE_FAILED", [cx.this_host.as_str().to_owned(), why]),
    })
}

/// No host has a directory, so none differs from the others.
pub fn detect_differing(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    rows::check(cx.view, "pool", args.reference(0)?)?;
    Ok(Value::Void)
}

/// Of what was never enabled: nothing is to be done, as in xapi.
pub fn disable(cx: &mut PlanCx<'_>, class: &str, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    rows::check(cx.view, class, args.reference(0)?)?;
    done(cx.transaction())
}

fn no_directory() -> ApiError {
    ApiError::plain("AUTH_IS_DISABLED")
}

/// xapi takes what it keeps of a subject from the directory, whatever the client says of it.
fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let given = args.record(0)?;
    implicit::check_given(rows::class("subject")?, given)?;
    let wanted = member(given, "subject_identifier").and_then(Value::as_text);
    for subject in rows::all(cx.view, "subject")? {
        if Some(rows::text(cx.view, "subject", &subject, "subject_identifier")?.as_str()) == wanted {
            return Err(ApiError::plain("SUBJECT_ALREADY_EXISTS"));
        }
    }
    Err(no_directory())
}

/// Ends its sessions too: xapi does so when it next looks at them, half an hour later.
fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let subject = args.reference(0)?;
    rows::check(cx.view, "subject", subject)?;
    let mut tx = cx.transaction();
    for session in rows::all(cx.view, "session")? {
        if rows::reference(cx.view, "session", &session, "subject")? == *subject {
            rows::destroy(&mut tx, "session", &session)?;
        }
    }
    rows::destroy(&mut tx, "subject", subject)?;
    done(tx)
}

fn roles(view: &View, subject: &Ref) -> Result<Vec<Ref>, ApiError> {
    rows::references(view, "subject", subject, "roles")
}

fn set_roles(cx: &PlanCx<'_>, subject: &Ref, roles: Vec<Ref>) -> Result<(Transaction, Value), ApiError> {
    let mut tx = cx.transaction();
    let roles = Value::set(roles.into_iter().map(Value::Ref));
    rows::set(&mut tx, "subject", subject, "roles", roles)?;
    done(tx)
}

fn add_to_roles(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (subject, role) = (args.reference(0)?, args.reference(1)?);
    let mut roles = roles(cx.view, subject)?;
    if !role::can_be_given(role) {
        return Err(ApiError::plain("ROLE_NOT_FOUND"));
    }
    if roles.contains(role) {
        return Err(ApiError::plain("ROLE_ALREADY_EXISTS"));
    }
    roles.push(role.clone());
    set_roles(cx, subject, roles)
}

fn remove_from_roles(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (subject, role) = (args.reference(0)?, args.reference(1)?);
    let mut roles = roles(cx.view, subject)?;
    if !roles.contains(role) {
        return Err(ApiError::plain("ROLE_NOT_FOUND"));
    }
    roles.retain(|held| held != role);
    set_roles(cx, subject, roles)
}

/// Of all its roles, each name once.
fn get_permissions_name_label(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let mut names = BTreeSet::new();
    for role in roles(cx.view, args.reference(0)?)? {
        names.extend(role::permission_names(&role));
    }
    Ok(Value::set(names.into_iter().map(Value::text)))
}
