//! VBD, VIF, host and pool.

use super::{STATES, code, combinations, names, operations, rows_of, text, texts};
use crate::{host, pool, vbd, vif};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value};

#[test]
fn every_cell_of_the_vbd_table() {
    let (vm_states, operations) = (STATES, operations("VBD"));
    for current in combinations(&operations) {
        for state in vm_states {
            for flags in 0..16_u8 {
                let flag = |at: u8| flags & (1 << at) != 0;
                let facts = vbd::Facts {
                    vm_power_state: state.to_owned(),
                    is_cd: flag(0),
                    is_empty: flag(1),
                    is_attached: flag(2),
                    is_unpluggable: flag(3),
                    current: current.iter().map(|name| (*name).to_owned()).collect(),
                };
                let allowed = rows_of("VBD").iter().filter(|row| vbd_may(row, &facts));
                let expected: BTreeSet<String> = allowed.map(|row| text(row, "op").to_owned()).collect();
                assert_eq!(texts(&facts.allowed_operations()), expected, "{facts:?}");
            }
        }
    }
}

fn vbd_may(row: &Json, facts: &vbd::Facts) -> bool {
    let spared: Vec<&str> = match text(row, "busy") {
        "blocked by any VBD current op" => Vec::new(),
        busy => busy
            .trim_start_matches("blocked by any VBD current op except ")
            .split(", ")
            .collect(),
    };
    let in_state = row["vm_states"] == "any" || names(row, "vm_states").contains(&facts.vm_power_state);
    let needs = match text(row, "needs") {
        "" => true,
        "not plugged (else DEVICE_ALREADY_ATTACHED)" => !facts.is_attached,
        "plugged (else DEVICE_ALREADY_DETACHED) and unpluggable (else VBD_NOT_UNPLUGGABLE)" => {
            facts.is_attached && facts.is_unpluggable
        }
        "type CD (else VBD_NOT_REMOVABLE_MEDIA) and empty (else VBD_NOT_EMPTY)" => facts.is_cd && facts.is_empty,
        "type CD (else VBD_NOT_REMOVABLE_MEDIA) and not empty (else VBD_IS_EMPTY)" => facts.is_cd && !facts.is_empty,
        other => panic!("a need that is not known: {other}"),
    };
    in_state && needs && facts.current.iter().all(|current| spared.contains(&current.as_str()))
}

#[test]
fn every_cell_of_the_vif_table() {
    for state in STATES {
        for (attached, domain_0) in [(false, false), (false, true), (true, false), (true, true)] {
            let may = |row: &&Json| {
                let in_state = row["vm_states"] == "any" || names(row, "vm_states").contains(&state.to_owned());
                let needs = text(row, "needs");
                in_state
                    && (!needs.starts_with("not plugged") || (!attached && !domain_0))
                    && (!needs.starts_with("plugged") || attached)
            };
            let allowed = rows_of("VIF").iter().filter(may);
            let expected: BTreeSet<String> = allowed.map(|row| text(row, "op").to_owned()).collect();
            let ours = texts(&vif::allowed_operations(state, attached, domain_0));
            assert_eq!(ours, expected, "{state} {attached} {domain_0}");
        }
    }
}

/// `power_on` is left out: see docs/compatibility.md.
#[test]
fn every_cell_of_the_host_table() {
    let operations = operations("host");
    for current in combinations(&operations) {
        for enabled in [false, true] {
            let may = |row: &&Json| {
                let blocked = names(row, "blocked_by_current_ops");
                let needs_disabled = text(row, "needs").starts_with("host.enabled = false");
                let free = current.iter().all(|held| !blocked.iter().any(|other| other == held));
                free && (!needs_disabled || !enabled) && text(row, "op") != "power_on"
            };
            let allowed = rows_of("host").iter().filter(may);
            let expected: BTreeSet<String> = allowed.map(|row| text(row, "op").to_owned()).collect();
            let mark = |(at, held): (usize, &&str)| (Value::from(format!("OpaqueRef:{at}")), Value::text(held));
            let marks: Vec<_> = current.iter().enumerate().map(mark).collect();
            assert_eq!(
                texts(&host::allowed(enabled, &marks)),
                expected,
                "{current:?} {enabled}"
            );
        }
    }
}

#[test]
fn every_cell_of_the_pool_table() {
    let operations = operations("pool");
    for current in combinations(&operations) {
        for flags in 0..4_u8 {
            let facts = pool::lifecycle::Facts {
                ha_enabled: flags & 1 != 0,
                has_cluster: flags & 2 != 0,
                current: current
                    .iter()
                    .map(|held| ("OpaqueRef:task".to_owned(), (*held).to_owned()))
                    .collect(),
                ..pool::lifecycle::Facts::idle(&Ref::new("OpaqueRef:pool"))
            };
            for row in rows_of("pool") {
                let expected = pool_code(row, &facts, &current);
                let ours = code(facts.check(text(row, "op")));
                assert_eq!(ours, expected, "{} beside {current:?} {flags}", text(row, "op"));
            }
        }
    }
}

fn pool_code(row: &Json, facts: &pool::lifecycle::Facts, current: &[&str]) -> String {
    let kind_of = |operation: &str| {
        let found = rows_of("pool").iter().find(|row| text(row, "op") == operation);
        text(found.unwrap(), "kind")
    };
    // Which of two blocking ones is named does not follow from the table.
    let ours: Vec<String> = current
        .iter()
        .filter(|held| kind_of(held) == "blocking")
        .map(|held| {
            let found = rows_of("pool").iter().find(|row| text(row, "op") == *held).unwrap();
            text(found, "error_it_causes_to_other_blocking_ops").to_owned()
        })
        .collect();
    if !ours.is_empty() && text(row, "kind") == "blocking" {
        let told = code(facts.check(text(row, "op")));
        assert!(ours.contains(&told), "{told} is none of {ours:?}");
        return told;
    }
    if !current.is_empty() {
        return "OTHER_OPERATION_IN_PROGRESS".to_owned();
    }
    let rules = text(row, "when_idle").split("; ");
    let holds = |rule: &&str| match rule.split(": ").next().unwrap_or_default() {
        "HA on" => facts.ha_enabled,
        "HA off" => !facts.ha_enabled,
        "a Cluster exists" => facts.has_cluster,
        _ => false,
    };
    let first = rules.into_iter().find(holds);
    first
        .and_then(|rule| rule.split(": ").nth(1))
        .unwrap_or("ok")
        .to_owned()
}
