//! How a host reaches a storage repository: rows only, plugging comes with storage.

use crate::room::{Planner, created, done};
use crate::vbd::member;
use crate::{Args, PlanCx, implicit, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// What is put behind the name of a key whose value went into a secret.
const SECRET_SUFFIX: &str = "_secret";

pub fn lookup(message: &str) -> Option<Planner> {
    Some(Planner::Write(match message {
        "create" => create,
        "destroy" => destroy,
        _ => return None,
    }))
}

fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let given = args.record(0)?;
    let reference = |name: &str| {
        member(given, name)
            .and_then(Value::as_ref)
            .cloned()
            .unwrap_or_else(Ref::null)
    };
    let (host, sr) = (reference("host"), reference("SR"));
    rows::check(cx.view, "SR", &sr)?;
    rows::check(cx.view, "host", &host)?;
    for pbd in rows::references(cx.view, "SR", &sr, "PBDs")? {
        if rows::reference(cx.view, "PBD", &pbd, "host")? == host {
            return Err(ApiError::new("PBD_EXISTS", [sr.as_str(), host.as_str(), pbd.as_str()]));
        }
    }
    let mut tx = cx.transaction();
    let config = with_secrets(cx, &mut tx, member(given, "device_config"))?;
    let (pbd, uuid) = cx.new_row();
    let ours = vec![("uuid", Value::text(uuid)), ("device_config", config)];
    let class = rows::class("PBD")?;
    tx.create(class, &pbd, implicit::fields_with(class, given, ours)?);
    created(tx, &pbd)
}

fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let pbd = args.reference(0)?;
    if rows::boolean(cx.view, "PBD", pbd, "currently_attached")? {
        return Err(ApiError::new(
            "OPERATION_NOT_ALLOWED",
            ["a PBD that is plugged cannot be destroyed"],
        ));
    }
    let mut tx = cx.transaction();
    for secret in secrets_of(cx.view, pbd)? {
        rows::destroy(&mut tx, "secret", &secret)?;
    }
    rows::destroy(&mut tx, "PBD", pbd)?;
    done(tx)
}

/// A key that ends in `password` is renamed, its value goes into a secret and the secret's uuid takes its place
/// (semantics.md §9).
pub(crate) fn with_secrets(
    cx: &mut PlanCx<'_>,
    tx: &mut Transaction,
    config: Option<&Value>,
) -> Result<Value, ApiError> {
    let mut pairs = Vec::new();
    for (key, value) in config.and_then(Value::as_map).unwrap_or_default() {
        let name = key.as_text().unwrap_or_default();
        if !name.ends_with("password") {
            pairs.push((key.clone(), value.clone()));
            continue;
        }
        let (secret, uuid) = cx.new_row();
        let fields = vec![("uuid", Value::text(&uuid)), ("value", value.clone())];
        rows::create(tx, "secret", &secret, fields)?;
        pairs.push((Value::from(format!("{name}{SECRET_SUFFIX}")), Value::text(uuid)));
    }
    Ok(Value::map(pairs))
}

fn secrets_of(view: &View, pbd: &Ref) -> Result<Vec<Ref>, ApiError> {
    let class = rows::class("secret")?;
    let config = rows::value(view, "PBD", pbd, "device_config")?;
    let named = config.as_map().unwrap_or_default().iter().filter(|(key, _)| {
        key.as_text()
            .is_some_and(|key| key.ends_with(&format!("password{SECRET_SUFFIX}")))
    });
    Ok(named
        .filter_map(|(_, uuid)| view.by_uuid(class, uuid.as_text()?))
        .collect())
}
