//! Sessions: rows keyed by a hash of the secret, login, logout, limits and expiry.
//!
//! Invariant: the session's secret is in no row, no log and no error but the caller's own (CORRECTNESS A9).

mod login;
mod reap;

pub use login::{Identity, plan_login};
pub use reap::{plan_touch, reap_sessions};

use crate::room::{Planner, done};
use crate::{Args, Caller, PlanCx, Rights, rbac, rows};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Role, Value};
use xenith_pooldb::{Transaction, View};

pub fn lookup(message: &str) -> Option<Planner> {
    Some(match message {
        "get_all_subject_identifiers" => Planner::Read(get_all_subject_identifiers),
        "logout" => Planner::Write(logout),
        "logout_subject_identifier" => Planner::Write(logout_subject_identifier),
        _ => return None,
    })
}

/// The row of a session, from its secret: the first 16 bytes of its SHA-256 as a uuid.
pub fn row_ref(secret: &Ref) -> Ref {
    let digest: [u8; 32] = Sha256::digest(secret.as_str().as_bytes()).into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Ref::from_uuid_text(&uuid_text(half))
}

/// Who calls with this secret. A row's own ref opens nothing: only the secret does.
pub fn check(view: &View, secret: &Ref) -> Result<Caller, ApiError> {
    let row = row_ref(secret);
    caller_of_row(view, &row).map_err(|_| ApiError::session_invalid(secret))
}

/// The caller that a session's row stands for.
pub fn caller_of_row(view: &View, row: &Ref) -> Result<Caller, ApiError> {
    let is_pool = rows::boolean(view, "session", row, "pool")?;
    let rights = if is_pool || rows::boolean(view, "session", row, "is_local_superuser")? {
        Rights::Everything
    } else {
        let permissions = rows::value(view, "session", row, "rbac_permissions")?;
        Rights::Role(rbac::role_of_permissions(permissions.as_set().unwrap_or_default()).unwrap_or(Role::ReadOnly))
    };
    Ok(Caller {
        session: Some(row.clone()),
        user_name: rows::text(view, "session", row, "auth_user_name")?,
        user_sid: rows::text(view, "session", row, "auth_user_sid")?,
        subject: rows::reference(view, "session", row, "subject")?,
        is_pool,
        rights,
    })
}

/// The row that a parameter means: the row of a secret or, as fields such as `parent` answer it, a row's own ref.
pub(crate) fn row_of(view: &View, given: &Ref) -> Ref {
    let row = row_ref(given);
    let is_row =
        |reference: &Ref| xenith_datamodel::class("session").is_some_and(|class| view.contains(class, reference));
    if !is_row(&row) && is_row(given) {
        given.clone()
    } else {
        row
    }
}

/// The textual form of a uuid's 16 bytes.
pub(crate) fn uuid_text(bytes: [u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn logout(cx: &mut PlanCx<'_>, _: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let mut tx = cx.transaction();
    if let Some(row) = &cx.caller.session {
        rows::check(cx.view, "session", row)?;
        rows::destroy(&mut tx, "session", row)?;
    }
    done(tx)
}

/// The identifiers of the directory's accounts that have a session.
fn get_all_subject_identifiers(cx: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    let mut found = BTreeSet::new();
    for row in rows::all(cx.view, "session")? {
        let sid = rows::text(cx.view, "session", &row, "auth_user_sid")?;
        if !sid.is_empty() {
            found.insert(sid);
        }
    }
    Ok(Value::set(found.into_iter().map(Value::from)))
}

fn logout_subject_identifier(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let wanted = args.text(0)?;
    let mut tx = cx.transaction();
    for row in rows::all(cx.view, "session")? {
        let sid = rows::text(cx.view, "session", &row, "auth_user_sid")?;
        // The caller's own session goes on, as in xapi.
        if !sid.is_empty() && sid == wanted && cx.caller.session.as_ref() != Some(&row) {
            rows::destroy(&mut tx, "session", &row)?;
        }
    }
    done(tx)
}
