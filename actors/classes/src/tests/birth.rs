//! Born rows are whole: every ref resolves, every record can be read, a pool grows by joins.

use super::{CountedIds, FACTS, NOW_MS, Pool, facts_of, host_birth};
use crate::birth::{HostBirth, eject_host, join_host, opening, refresh_host, set_live};
use crate::rows;
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value};
use xenith_pooldb::View;

/// Classes and rows whose refs were found to point at nothing.
fn dangling(view: &View) -> Vec<String> {
    let mut rows = BTreeSet::new();
    for class in xenith_datamodel::all_classes() {
        rows.extend(view.refs(class).cloned());
    }
    let mut found = Vec::new();
    for class in xenith_datamodel::all_classes() {
        for row in view.refs(class) {
            let record = view.record(class, row).expect("every row has a record");
            let fields = record.as_record().unwrap();
            let refs = fields
                .iter()
                .flat_map(|(name, value)| refs_in(value).into_iter().map(move |at| (name, at)));
            let bad = refs.filter(|(_, reference)| !reference.is_null() && !rows.contains(reference));
            found.extend(bad.map(|(name, reference)| format!("{}.{name} {reference}", class.name())));
        }
    }
    found
}

fn refs_in(value: &Value) -> Vec<Ref> {
    match value {
        Value::Ref(reference) => vec![reference.clone()],
        Value::Set(items) => items.iter().flat_map(refs_in).collect(),
        Value::Map(pairs) => pairs
            .iter()
            .flat_map(|(key, value)| [refs_in(key), refs_in(value)].concat())
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_ref_of_a_fresh_pool_resolves() {
    let pool = Pool::of_one();
    assert_eq!(dangling(&pool.view), Vec::<String>::new());
    assert_eq!(rows::all(&pool.view, "pool").unwrap().len(), 1);
    assert_eq!(rows::all(&pool.view, "host").unwrap().len(), 1);
    assert_eq!(rows::all(&pool.view, "host_cpu").unwrap().len(), 4);
    assert_eq!(rows::all(&pool.view, "PIF").unwrap().len(), 2);
    // Two interfaces and the internal one.
    assert_eq!(rows::all(&pool.view, "network").unwrap().len(), 3);
}

#[test]
fn values_are_of_their_fields_types() {
    let pool = Pool::of_one();
    for class in xenith_datamodel::all_classes() {
        for row in pool.view.refs(class) {
            for column in class.columns() {
                let value = pool.view.value(row, column).unwrap();
                let at = format!("{}.{}", class.name(), column.desc().name);
                assert!(super::generic::fits(column.desc().ty, &value), "{at}: {value:?}");
            }
        }
    }
}

#[test]
fn templates_are_found_by_the_names_that_clients_know() {
    let mut pool = Pool::of_one();
    for name in [
        "Other install media",
        "Debian Bookworm 12",
        "Rocky Linux 9",
        "Windows Server 2022 (64-bit)",
    ] {
        let found = pool.call("VM.get_by_name_label", vec![name.into()]).unwrap();
        let template = found
            .as_set()
            .unwrap()
            .first()
            .unwrap_or_else(|| panic!("{name}"))
            .as_ref()
            .unwrap()
            .clone();
        assert_eq!(pool.get("VM.is_default_template", &template), Value::Bool(true));
        let error = super::code(pool.call("VM.destroy", vec![Value::from(&template)]));
        assert_eq!(error, format!("VM_CANNOT_DELETE_DEFAULT_TEMPLATE [{template}]"));
    }
}

#[test]
fn three_hosts_by_join_share_networks() {
    let mut pool = Pool::of_one();
    for number in [2, 3] {
        let facts = facts_of(number);
        let uuid = format!("host-uuid-{number}");
        let host = HostBirth {
            facts: &facts,
            host_uuid: &uuid,
            address: "127.0.0.2",
            certificate_sha256: [9; 32],
            certificate: None,
            https_only: false,
        };
        let tx = join_host(&pool.view, &mut pool.ids, NOW_MS, host).unwrap();
        pool.commit(&tx).unwrap();
        assert!(join_host(&pool.view, &mut pool.ids, NOW_MS, host).is_err(), "twice");
    }
    assert_eq!(dangling(&pool.view), Vec::<String>::new());
    assert_eq!(rows::all(&pool.view, "host").unwrap().len(), 3);
    assert_eq!(rows::all(&pool.view, "pool").unwrap().len(), 1);
    assert_eq!(rows::all(&pool.view, "network").unwrap().len(), 3);
    assert_eq!(rows::all(&pool.view, "PIF").unwrap().len(), 6);
    assert_eq!(
        rows::all(&pool.view, "SR").unwrap().len(),
        4,
        "one of each host, one of all"
    );
    assert_eq!(rows::all(&pool.view, "PBD").unwrap().len(), 6);
}

#[test]
fn an_ejected_host_takes_its_rows_along_and_no_others() {
    let mut pool = Pool::of_one();
    let first = pool.first("host");
    let error = eject_host(&pool.view, NOW_MS, &first).unwrap_err();
    assert_eq!(error.params, ["Xapi_pool.Cannot_eject_master"]);
    let counts = |pool: &Pool| -> Vec<usize> {
        xenith_datamodel::all_classes()
            .map(|class| pool.view.count(class))
            .collect()
    };
    let before = counts(&pool);
    let facts = facts_of(2);
    let host = HostBirth {
        facts: &facts,
        host_uuid: "host-uuid-2",
        address: "127.0.0.2",
        certificate_sha256: [9; 32],
        certificate: None,
        https_only: false,
    };
    let tx = join_host(&pool.view, &mut pool.ids, NOW_MS, host).unwrap();
    pool.commit(&tx).unwrap();
    let second = pool.view.by_uuid(rows::class("host").unwrap(), "host-uuid-2").unwrap();
    let tx = eject_host(&pool.view, NOW_MS, &second).unwrap();
    pool.commit(&tx).unwrap();
    assert_eq!(dangling(&pool.view), Vec::<String>::new());
    assert_eq!(counts(&pool), before);
    assert_eq!(
        eject_host(&pool.view, NOW_MS, &second).unwrap_err().code,
        "HANDLE_INVALID"
    );
}

#[test]
fn liveness_is_written_when_it_changes() {
    let mut pool = Pool::of_one();
    let uuid = "host-uuid-1".to_owned();
    let hosts = |live| [(uuid.clone(), live), ("no such host".to_owned(), false)];
    assert_eq!(set_live(&pool.view, NOW_MS, &hosts(true)).unwrap(), None);
    let tx = set_live(&pool.view, NOW_MS, &hosts(false)).unwrap().unwrap();
    pool.commit(&tx).unwrap();
    let metrics = pool.first("host_metrics");
    assert_eq!(pool.get("host_metrics.live", &metrics), Value::Bool(false));
    assert_eq!(set_live(&pool.view, NOW_MS, &hosts(false)).unwrap(), None);
}

#[test]
fn a_start_changes_only_what_changed() {
    let mut pool = Pool::of_one();
    assert_eq!(
        refresh_host(&pool.view, &mut pool.ids, NOW_MS, host_birth(&FACTS)).unwrap(),
        None
    );
    let mut facts = facts_of(1);
    facts.xen_version = "4.18.0".to_owned();
    facts.nics[1].carrier = false;
    let tx = refresh_host(&pool.view, &mut pool.ids, NOW_MS, host_birth(&facts))
        .unwrap()
        .unwrap();
    assert_eq!(tx.changes.len(), 2);
    pool.commit(&tx).unwrap();
    let host = pool.first("host");
    assert_eq!(
        pool.get("host.software_version", &host).member("xen"),
        Some(&Value::text("4.18.0"))
    );
}

#[test]
fn the_coordinator_opens_as_master() {
    assert!(opening(&View::default(), NOW_MS, "host-uuid-1").changes.is_empty());
    let mut pool = Pool::of_one();
    assert!(opening(&pool.view, NOW_MS, "host-uuid-1").changes.is_empty());
    let facts = facts_of(2);
    let host = HostBirth {
        facts: &facts,
        host_uuid: "two",
        address: "127.0.0.2",
        certificate_sha256: [9; 32],
        certificate: None,
        https_only: false,
    };
    let tx = join_host(&pool.view, &mut CountedIds(1 << 64), NOW_MS, host).unwrap();
    pool.commit(&tx).unwrap();
    let tx = opening(&pool.view, NOW_MS, "two");
    pool.commit(&tx).unwrap();
    let row = pool.first("pool");
    let two = pool.view.by_uuid(rows::class("host").unwrap(), "two").unwrap();
    assert_eq!(pool.get("pool.master", &row), Value::Ref(two));
}

#[test]
fn a_birth_is_the_same_each_time() {
    assert_eq!(super::born().0.state_hash(), super::born().0.state_hash());
}

/// A host's certificate has one row, made anew with another certificate and gone without one.
#[test]
fn a_certificate_has_the_row_of_its_host() {
    let shown = crate::birth::ServerCertificate {
        pem: "PEM".to_owned(),
        sha256: [0xab; 32],
        sha1: [0xcd; 20],
        not_before: 1_000,
        not_after: 2_000,
    };
    let mut pool = Pool::of_one();
    let host = pool.first("host");
    let start = |pool: &mut Pool, certificate: Option<&crate::birth::ServerCertificate>| {
        let birth = HostBirth {
            certificate,
            ..host_birth(&FACTS)
        };
        let tx = refresh_host(&pool.view, &mut pool.ids, NOW_MS, birth).unwrap();
        let is_changed = tx.is_some();
        if let Some(tx) = tx {
            pool.commit(&tx).unwrap();
        }
        let rows = crate::birth::server_certificates(&pool.view, &host).unwrap();
        (is_changed, rows)
    };
    let (_, rows) = start(&mut pool, Some(&shown));
    assert_eq!(rows.len(), 1);
    let row = rows[0].clone();
    let dated = |seconds| Value::from(xenith_datamodel::DateTime::from_unix(seconds));
    assert_eq!(pool.get("Certificate.not_before", &row), dated(1_000));
    assert_eq!(pool.get("Certificate.not_after", &row), dated(2_000));
    let sha1 = pool.get("Certificate.fingerprint_sha1", &row);
    assert_eq!(sha1, Value::from(["CD"; 20].join(":")));
    assert_eq!(start(&mut pool, Some(&shown)), (false, vec![row.clone()]));
    let other = crate::birth::ServerCertificate {
        sha256: [1; 32],
        ..shown
    };
    let (_, rows) = start(&mut pool, Some(&other));
    assert_eq!(rows.len(), 1);
    assert_ne!(rows[0], row);
    assert_eq!(start(&mut pool, None).1, Vec::new());
    // The one of the host link stays.
    assert_eq!(rows::all(&pool.view, "Certificate").unwrap().len(), 1);
}
