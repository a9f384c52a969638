//! Networks: rows and bridge names. Bridges themselves are made by the hosts when something is plugged.

use crate::room::{Planner, created, done};
use crate::vbd::member;
use crate::{Args, PlanCx, implicit, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// A Linux interface name has at most 15 bytes.
const BRIDGE_BYTES_MAX: usize = 15;
/// Names that the server gives itself.
const BRIDGE_RESERVED: &[&str] = &["xapi", "xenapi"];

pub fn lookup(message: &str) -> Option<Planner> {
    Some(Planner::Write(match message {
        "add_purpose" => add_purpose,
        "create" => create,
        "create_new_blob" => |cx, args| crate::vm::create_blob_for(cx, "network", args),
        "destroy" => destroy,
        "pool_introduce" => pool_introduce,
        "remove_purpose" => remove_purpose,
        "set_default_locking_mode" => set_default_locking_mode,
        _ => return None,
    }))
}

fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let given = args.record(0)?;
    let asked = member(given, "bridge").and_then(Value::as_text).unwrap_or_default();
    let managed = member(given, "managed").and_then(Value::as_bool).unwrap_or(true);
    let reserved = BRIDGE_RESERVED.iter().any(|prefix| asked.starts_with(prefix));
    if asked.len() > BRIDGE_BYTES_MAX || reserved {
        return Err(ApiError::invalid_value("bridge", asked));
    }
    let bridge = if asked.is_empty() && managed {
        free_bridge(cx.view)?
    } else {
        asked.to_owned()
    };
    let (network, uuid) = cx.new_row();
    let ours = vec![("uuid", Value::text(uuid)), ("bridge", Value::text(bridge))];
    let class = rows::class("network")?;
    let mut tx = cx.transaction();
    tx.create(class, &network, implicit::fields_with(class, given, ours)?);
    created(tx, &network)
}

fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let network = args.reference(0)?;
    let internal = rows::map_text(cx.view, "network", network, "other_config", INTERNAL_KEY)?;
    if internal.as_deref() == Some("true") {
        return Err(ApiError::new("CANNOT_DESTROY_SYSTEM_NETWORK", [network.as_str()]));
    }
    let vifs = rows::references(cx.view, "network", network, "VIFs")?;
    let attached = attached_of(cx.view, &vifs)?;
    if !attached.is_empty() {
        return Err(ApiError::new("NETWORK_CONTAINS_VIF", attached.iter().map(Ref::as_str)));
    }
    let pifs = rows::references(cx.view, "network", network, "PIFs")?;
    if !pifs.is_empty() {
        return Err(ApiError::new("NETWORK_CONTAINS_PIF", pifs.iter().map(Ref::as_str)));
    }
    let mut tx = cx.transaction();
    for vif in vifs {
        crate::vif::changes_for_destroy(cx.view, &mut tx, &vif)?;
    }
    rows::destroy(&mut tx, "network", network)?;
    done(tx)
}

/// The key in other_config that marks the network between guests and their host.
pub(crate) const INTERNAL_KEY: &str = "is_host_internal_management_network";

fn pool_introduce(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (network, uuid) = cx.new_row();
    let names = [
        "name_label",
        "name_description",
        "MTU",
        "other_config",
        "bridge",
        "managed",
        "purpose",
    ];
    let mut fields = vec![("uuid", Value::text(uuid))];
    for (at, name) in names.into_iter().enumerate() {
        fields.push((name, args.value(at)?.clone()));
    }
    let mut tx = cx.transaction();
    rows::create(&mut tx, "network", &network, fields)?;
    created(tx, &network)
}

fn add_purpose(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let network = args.reference(0)?;
    rows::check(cx.view, "network", network)?;
    let mut tx = cx.transaction();
    tx.add(
        network,
        rows::column("network", "purpose")?,
        None,
        args.value(1)?.clone(),
    );
    done(tx)
}

fn remove_purpose(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let network = args.reference(0)?;
    rows::check(cx.view, "network", network)?;
    let mut tx = cx.transaction();
    tx.remove(network, rows::column("network", "purpose")?, args.value(1)?.clone());
    done(tx)
}

/// Refused while an attached VIF takes its mode from the network: it would change under a running guest.
fn set_default_locking_mode(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (network, mode) = (args.reference(0)?, args.text(1)?);
    for vif in attached_of(cx.view, &rows::references(cx.view, "network", network, "VIFs")?)? {
        if rows::text(cx.view, "VIF", &vif, "locking_mode")? == "network_default" {
            return Err(ApiError::new("VIF_IN_USE", [network.as_str(), vif.as_str()]));
        }
    }
    let mut tx = cx.transaction();
    rows::set(&mut tx, "network", network, "default_locking_mode", mode)?;
    done(tx)
}

fn attached_of(view: &View, vifs: &[Ref]) -> Result<Vec<Ref>, ApiError> {
    let mut attached = Vec::new();
    for vif in vifs {
        if rows::boolean(view, "VIF", vif, "currently_attached")? {
            attached.push(vif.clone());
        }
    }
    Ok(attached)
}

/// The first `xapi<n>` that no network has.
fn free_bridge(view: &View) -> Result<String, ApiError> {
    let mut taken = BTreeSet::new();
    for network in rows::all(view, "network")? {
        taken.insert(rows::text(view, "network", &network, "bridge")?);
    }
    let mut names = (0..=taken.len()).map(|number| format!("xapi{number}"));
    names
        .find(|name| !taken.contains(name))
        .ok_or_else(|| ApiError::internal("no bridge name is free"))
}
