//! Storage repositories: what they may do, which host works for them, what their figures say.

mod allowed;
mod scan;

pub(crate) use allowed::{allowed_now, can, check_operation};
pub use scan::Scan;

use crate::host::dead;
use crate::room::{Asker, Planned, Planner, done};
use crate::{Args, PlanCx, placement, rows};
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

pub fn asker(message: &str) -> Option<Asker> {
    Some(match message {
        "scan" => scan::ask_scan,
        "update" => scan::ask_update,
        _ => return None,
    })
}

/// The halves that only change rows: what a driver would keep of it, ours do not.
pub fn lookup(message: &str) -> Option<Planner> {
    Some(Planner::Write(match message {
        "set_name_label" => |cx, args| set(cx, args, "name_label"),
        "set_name_description" => |cx, args| set(cx, args, "name_description"),
        "set_physical_size" => |cx, args| set(cx, args, "physical_size"),
        _ => return None,
    }))
}

fn set(cx: &mut PlanCx<'_>, args: Args<'_>, field: &str) -> Planned {
    let mut tx = cx.transaction();
    rows::set(&mut tx, "SR", args.reference(0)?, field, args.value(1)?.clone())?;
    done(tx)
}

/// The connections that are plugged in: (PBD, host).
pub(crate) fn plugged(view: &View, sr: &Ref) -> Result<Vec<(Ref, Ref)>, ApiError> {
    let mut plugged = Vec::new();
    for pbd in rows::references(view, "SR", sr, "PBDs")? {
        if rows::boolean(view, "PBD", &pbd, "currently_attached")? {
            let host = rows::reference(view, "PBD", &pbd, "host")?;
            plugged.push((pbd, host));
        }
    }
    Ok(plugged)
}

pub(crate) fn is_plugged_on(view: &View, sr: &Ref, host: &Ref) -> Result<bool, ApiError> {
    Ok(plugged(view, sr)?.iter().any(|(_, plugged)| plugged == host))
}

/// The host that works for the repository now: the pool's first if it can, as in xapi, else any that lives. That only one writes its
/// metadata at a time is not its merit but that of the lock on the SR, which names one host until its order has ended (D4).
pub(crate) fn host_for(view: &View, sr: &Ref, silent: &BTreeSet<Ref>) -> Result<Ref, ApiError> {
    let plugged = plugged(view, sr)?;
    if plugged.is_empty() {
        return Err(ApiError::new("SR_HAS_NO_PBDS", [sr.as_str()]));
    }
    live_of(view, &plugged, silent)
}

/// One that sees the other repository, too. xapi would have two hosts copy over the network.
pub(crate) fn host_for_both(view: &View, (from, to): (&Ref, &Ref), silent: &BTreeSet<Ref>) -> Result<Ref, ApiError> {
    if from == to {
        return host_for(view, from, silent);
    }
    let (mut both, others) = (plugged(view, from)?, plugged(view, to)?);
    for (held, sr) in [(&both, from), (&others, to)] {
        if held.is_empty() {
            return Err(ApiError::new("SR_HAS_NO_PBDS", [sr.as_str()]));
        }
    }
    both.retain(|(_, host)| others.iter().any(|(_, other)| other == host));
    if both.is_empty() {
        let text = "a copy between repositories that no host sees both of";
        return Err(ApiError::new(crate::NOT_BUILT, [text]));
    }
    live_of(view, &both, silent)
}

fn live_of(view: &View, plugged: &[(Ref, Ref)], silent: &BTreeSet<Ref>) -> Result<Ref, ApiError> {
    let mut live = Vec::new();
    for (_, host) in plugged {
        if placement::is_live(view, host)? && !dead::is_dead(view, host)? && !silent.contains(host) {
            live.push(host.clone());
        }
    }
    for pool in rows::all(view, "pool")? {
        let first = rows::reference(view, "pool", &pool, "master")?;
        if live.contains(&first) {
            return Ok(first);
        }
    }
    let down = || {
        ApiError::new(
            "HOST_OFFLINE",
            plugged.first().map(|(_, host)| host.as_str().to_owned()),
        )
    };
    live.into_iter().next().ok_or_else(down)
}

/// Adds to `tx` what the repository's figures are when it is applied.
pub(crate) fn refresh_figures(view: &View, tx: &mut Transaction, sr: &Ref) -> Result<(), ApiError> {
    let (after, _) = view.apply(tx).map_err(|error| ApiError::internal(error.to_string()))?;
    let (mut promised, mut used) = (0_i64, 0_i64);
    for vdi in rows::references(&after, "SR", sr, "VDIs")? {
        promised = promised.saturating_add(rows::int(&after, "VDI", &vdi, "virtual_size")?);
        used = used.saturating_add(rows::int(&after, "VDI", &vdi, "physical_utilisation")?);
    }
    for (field, value) in [("virtual_allocation", promised), ("physical_utilisation", used)] {
        crate::birth::set_if_new(&after, tx, ("SR", sr), field, Value::Int(value))?;
    }
    Ok(())
}
