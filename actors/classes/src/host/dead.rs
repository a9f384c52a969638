//! Hosts that an operator has declared dead, and hosts whose machine has started anew (CORRECTNESS D1).
//!
//! A host that does not answer is not dead: it may run its VMs. Only somebody who knows can say so, or the machine itself by its next
//! boot. Until the rows know of that boot the host works nothing: what was asked of the last one has to end first.

use crate::agent::{Boot, Said};
use crate::room::done;
use crate::{Args, Ids, PlanCx, rows, vm};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

const CLASS: &str = "xenith_host_state";

pub fn declare_dead(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let host = args.reference(0)?;
    rows::check(cx.view, "host", host)?;
    if *host == cx.this_host {
        return Err(ApiError::new("HOST_IS_LIVE", [host.as_str()]));
    }
    let mut tx = cx.transaction();
    write(cx.view, &mut tx, cx.ids, host, &[("dead", Value::Bool(true))])?;
    set_live(cx.view, &mut tx, host, false)?;
    vm::observe::lose_host(cx.view, &mut tx, cx.ids, host)?;
    done(tx)
}

/// What the rows say of the host's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostState {
    pub boot_id: String,
    pub boot: i64,
    pub dead: bool,
}

pub fn state(view: &View, host: &Ref) -> Result<Option<HostState>, ApiError> {
    let Some(row) = row(view, host)? else {
        return Ok(None);
    };
    Ok(Some(HostState {
        boot_id: rows::text(view, CLASS, &row, "boot_id")?,
        boot: rows::int(view, CLASS, &row, "boot")?,
        dead: rows::boolean(view, CLASS, &row, "dead")?,
    }))
}

pub fn is_dead(view: &View, host: &Ref) -> Result<bool, ApiError> {
    match row(view, host)? {
        Some(row) => rows::boolean(view, CLASS, &row, "dead"),
        None => Ok(false),
    }
}

/// Whether the rows speak of this boot of the host's machine.
pub fn knows_boot(view: &View, host: &Ref, boot_id: &str) -> Result<bool, ApiError> {
    match row(view, host)? {
        Some(row) => Ok(rows::text(view, CLASS, &row, "boot_id")? == boot_id && !is_dead(view, host)?),
        None => Ok(false),
    }
}

/// What the host is told when the rows speak of this boot and of this journal: by whoever reads it here.
pub fn welcome(view: &View, host: &Ref, boot: &Boot) -> Result<Option<Said>, ApiError> {
    let Some(row) = row(view, host)? else {
        return Ok(None);
    };
    let is_known = rows::text(view, CLASS, &row, "journal")? == boot.journal && knows_boot(view, host, &boot.boot_id)?;
    Ok(is_known.then_some(Said::Welcome {
        boot_id: boot.boot_id.clone(),
        journal: boot.journal.clone(),
        is_in_place_of_another: rows::boolean(view, CLASS, &row, "journal_lost")?,
    }))
}

/// The host's machine has started anew: no domain of before is left on it, and what was asked of it has ended. Or only its journal is
/// another: its domains live, but of the fence that it had heard it knows nothing, and a coordinator that was deposed meanwhile, which can
/// commit nothing, must not be the one that it works for (C3). Nothing for a boot before the one that the rows speak of: its report is old.
pub fn come_back(
    view: &View,
    now_ms: i64,
    ids: &mut dyn Ids,
    (host, boot): (&Ref, &Boot),
) -> Result<Option<Transaction>, ApiError> {
    rows::check(view, "host", host)?;
    let known = row(view, host)?;
    let mut tx = Transaction::new(now_ms);
    if let Some(row) = &known
        && rows::int(view, CLASS, row, "boot")? >= boot.number
    {
        if !knows_boot(view, host, &boot.boot_id)? || welcome(view, host, boot)?.is_some() {
            return Ok(None);
        }
        rows::set(&mut tx, CLASS, row, "journal", boot.journal.clone())?;
        rows::set(&mut tx, CLASS, row, "journal_lost", true)?;
        return Ok(Some(tx));
    }
    // Before the first boot that the rows hear of a host has worked nothing: what was asked of it is still to be done.
    if known.is_some() {
        vm::observe::lose_host(view, &mut tx, ids, host)?;
    }
    let fields = [
        ("dead", Value::Bool(false)),
        ("boot_id", Value::text(&boot.boot_id)),
        ("boot", Value::Int(boot.number)),
        ("journal", Value::text(&boot.journal)),
        ("journal_lost", Value::Bool(false)),
    ];
    write(view, &mut tx, ids, host, &fields)?;
    set_live(view, &mut tx, host, true)?;
    Ok(Some(tx))
}

fn write(
    view: &View,
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    host: &Ref,
    fields: &[(&'static str, Value)],
) -> Result<(), ApiError> {
    if let Some(row) = row(view, host)? {
        for (field, value) in fields {
            rows::set(tx, CLASS, &row, field, value.clone())?;
        }
        return Ok(());
    }
    let (reference, uuid) = crate::cx::new_row(ids);
    let mut all = vec![("uuid", Value::from(uuid)), ("host", Value::from(host))];
    all.extend(fields.iter().cloned());
    rows::create(tx, CLASS, &reference, all)
}

fn row(view: &View, host: &Ref) -> Result<Option<Ref>, ApiError> {
    for row in rows::all(view, CLASS)? {
        if rows::reference(view, CLASS, &row, "host")? == *host {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn set_live(view: &View, tx: &mut Transaction, host: &Ref, live: bool) -> Result<(), ApiError> {
    let metrics = rows::reference(view, "host", host, "metrics")?;
    match view.contains(rows::class("host_metrics")?, &metrics) {
        true => rows::set(tx, "host_metrics", &metrics, "live", live),
        false => Ok(()),
    }
}
