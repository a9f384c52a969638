//! Rows that are there without anybody asking for them: a fresh pool of one, a host that joins, a host's own rows at each
//! start of it, and what a new coordinator writes first.
//!
//! Ids are made once, when the rows are; every later start finds the rows by the host's uuid and changes only what changed.

mod certificate;
mod disk;
mod eject;
mod facts;
mod host;
mod network;
mod opening;
mod template;
mod template_table;

pub use certificate::{ServerCertificate, server_certificates};
pub use eject::eject_host;
pub use opening::opening;

use crate::{Ids, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::HostFacts;

/// What `host.edition` says. The one that every client knows; all features are there all the same.
pub const EDITION: &str = "free";

/// A host as it is born or found at its start.
#[derive(Clone, Copy, Debug)]
pub struct HostBirth<'a> {
    pub facts: &'a HostFacts,
    pub host_uuid: &'a str,
    /// Where clients reach it.
    pub address: &'a str,
    /// SHA-256 of its certificate's DER.
    pub certificate_sha256: [u8; 32],
    /// What it shows to clients; `None` if it serves no TLS.
    pub certificate: Option<&'a ServerCertificate>,
    /// Its configuration refuses plain HTTP.
    pub https_only: bool,
}

/// A pool to be made.
#[derive(Clone, Copy, Debug)]
pub struct PoolBirth<'a> {
    pub pool_uuid: &'a str,
    pub name_label: &'a str,
    pub host: HostBirth<'a>,
}

/// Makes rows: where ids come from and where changes go.
pub(crate) struct Maker<'a> {
    pub tx: Transaction,
    pub ids: &'a mut dyn Ids,
    pub now_ms: i64,
}

impl Maker<'_> {
    /// A row with a fresh ref and uuid.
    pub fn row(&mut self, class: &str, mut fields: Vec<(&'static str, Value)>) -> Result<Ref, ApiError> {
        let (reference, uuid) = crate::cx::new_row(self.ids);
        fields.push(("uuid", Value::text(uuid)));
        rows::create(&mut self.tx, class, &reference, fields)?;
        Ok(reference)
    }
}

/// The transaction that makes a pool of one on an empty database.
pub fn new_pool(ids: &mut dyn Ids, now_ms: i64, pool: PoolBirth<'_>) -> Result<Transaction, ApiError> {
    let mut maker = Maker {
        tx: Transaction::new(now_ms),
        ids,
        now_ms,
    };
    network::internal_network(&mut maker)?;
    let made = host::host_rows(&mut maker, &View::default(), pool.host)?;
    for driver in disk::DRIVERS {
        driver.row(&mut maker)?;
    }
    template::templates(&mut maker)?;
    let reference = Ref::from_uuid_text(&maker.ids.uuid());
    let fields = vec![
        ("uuid", Value::text(pool.pool_uuid)),
        ("name_label", Value::text(pool.name_label)),
        ("name_description", Value::text("")),
        ("master", Value::from(&made.host)),
        ("default_SR", Value::from(&made.storage.of_pool())),
        ("suspend_image_SR", Value::from(&made.storage.of_pool())),
        ("crash_dump_SR", Value::from(&made.storage.of_pool())),
        ("other_config", Value::text_map([("memory-ratio-hvm", "0.25")])),
        ("restrictions", facts::license_params()),
        ("cpu_info", facts::pool_cpu_info(pool.host.facts)),
        ("tls_verification_enabled", Value::Bool(true)),
        (
            "allowed_operations",
            crate::pool::lifecycle::Facts::idle(&reference).allowed_operations(),
        ),
    ];
    rows::create(&mut maker.tx, "pool", &reference, fields)?;
    Ok(maker.tx)
}

/// The rows that a blank host brings into a pool. Its interfaces go on the pool-wide networks of their device names.
pub fn join_host(view: &View, ids: &mut dyn Ids, now_ms: i64, host: HostBirth<'_>) -> Result<Transaction, ApiError> {
    if view.by_uuid(rows::class("host")?, host.host_uuid).is_some() {
        return Err(ApiError::internal("a host with this uuid is in the pool already"));
    }
    let mut maker = Maker {
        tx: Transaction::new(now_ms),
        ids,
        now_ms,
    };
    // What `pool.set_https_only` has closed stays closed.
    let is_closed = |host: &Ref| rows::boolean(view, "host", host, "https_only").unwrap_or(false);
    let host = HostBirth {
        https_only: host.https_only || rows::all(view, "host")?.iter().all(is_closed),
        ..host
    };
    host::host_rows(&mut maker, view, host)?;
    Ok(maker.tx)
}

/// What a host's start changes in its own rows; `None` if nothing did.
pub fn refresh_host(
    view: &View,
    ids: &mut dyn Ids,
    now_ms: i64,
    host: HostBirth<'_>,
) -> Result<Option<Transaction>, ApiError> {
    let reference = view.by_uuid(rows::class("host")?, host.host_uuid);
    let reference = reference.ok_or_else(|| ApiError::uuid_invalid("host", host.host_uuid))?;
    let mut maker = Maker {
        tx: Transaction::new(now_ms),
        ids,
        now_ms,
    };
    host::refresh(view, &mut maker.tx, &reference, host)?;
    certificate::refresh(view, &mut maker, &reference, host)?;
    Ok((!maker.tx.changes.is_empty()).then_some(maker.tx))
}

/// Sets `host_metrics.live` of hosts by their uuids where it differs; `None` if nowhere. Hosts without rows are passed over.
pub fn set_live(view: &View, now_ms: i64, hosts: &[(String, bool)]) -> Result<Option<Transaction>, ApiError> {
    let mut tx = Transaction::new(now_ms);
    for (uuid, live) in hosts {
        let Some(host) = view.by_uuid(rows::class("host")?, uuid) else {
            continue;
        };
        let metrics = rows::reference(view, "host", &host, "metrics")?;
        if !view.contains(rows::class("host_metrics")?, &metrics)
            || rows::boolean(view, "host_metrics", &metrics, "live")? == *live
        {
            continue;
        }
        rows::set(&mut tx, "host_metrics", &metrics, "live", Value::Bool(*live))?;
        let now = crate::cx::date_time(now_ms);
        rows::set(&mut tx, "host_metrics", &metrics, "last_updated", Value::from(now))?;
    }
    Ok((!tx.changes.is_empty()).then_some(tx))
}

/// Adds a change unless the field has that value already.
pub(crate) fn set_if_new(
    view: &View,
    tx: &mut Transaction,
    (class, reference): (&str, &Ref),
    field: &str,
    value: Value,
) -> Result<(), ApiError> {
    if rows::value(view, class, reference, field)? == value {
        return Ok(());
    }
    rows::set(tx, class, reference, field, value)
}
