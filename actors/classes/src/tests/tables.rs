//! Every cell of the tables of allowed operations (tests/facts/allowed_operations.json) against what our functions decide.
//!
//! Not compared: the columns for a rolling upgrade, which there is none of yet.

mod others;

use crate::vm::lifecycle::Facts;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref, Value};

static TABLES: std::sync::LazyLock<Json> = std::sync::LazyLock::new(|| {
    let text = include_str!("../../../../tests/facts/allowed_operations.json");
    serde_json::from_str(text).unwrap()
});

fn rows_of(class: &str) -> &'static [Json] {
    TABLES[class].as_array().unwrap()
}

fn text<'a>(row: &'a Json, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

fn names(row: &Json, field: &str) -> Vec<String> {
    let items = row[field].as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn operations(class: &str) -> Vec<&'static str> {
    rows_of(class).iter().map(|row| text(row, "op")).collect()
}

fn texts(value: &Value) -> BTreeSet<String> {
    let items = value.as_set().unwrap().iter();
    items.map(|item| item.as_text().unwrap().to_owned()).collect()
}

const STATES: [&str; 4] = ["Halted", "Paused", "Suspended", "Running"];

/// What a VM may be, beside its state.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    Template,
    DefaultTemplate,
    Snapshot,
    ControlDomain,
    Domain0,
}

const KINDS: [Kind; 6] = [
    Kind::Plain,
    Kind::Template,
    Kind::DefaultTemplate,
    Kind::Snapshot,
    Kind::ControlDomain,
    Kind::Domain0,
];

fn facts(kind: Kind, state: &str, current: &[&str]) -> Facts {
    let mut facts = Facts::halted(&Ref::new("OpaqueRef:vm"));
    facts.power_state = state.to_owned();
    let mark = |(at, operation): (usize, &&str)| (format!("OpaqueRef:task{at}"), (*operation).to_owned());
    facts.current = current.iter().enumerate().map(mark).collect();
    facts.is_a_template = matches!(kind, Kind::Template | Kind::DefaultTemplate | Kind::Snapshot);
    facts.is_default_template = kind == Kind::DefaultTemplate;
    facts.is_a_snapshot = kind == Kind::Snapshot;
    facts.is_control_domain = matches!(kind, Kind::ControlDomain | Kind::Domain0);
    facts.is_domain_0 = kind == Kind::Domain0;
    facts
}

/// The code that the table's row asks for, in the order of the checks.
fn expected(row: &Json, facts: &Facts, kind: Kind) -> &'static str {
    let (operation, state) = (text(row, "op"), facts.power_state.as_str());
    let excepted = match text(row, "state_exception") {
        "" => false,
        what if what.starts_with("also Suspended for a snapshot") => {
            state == "Suspended" && (facts.is_a_snapshot || facts.clones_suspended)
        }
        what if what.starts_with("also Running for a control domain") => state == "Running" && facts.is_control_domain,
        other => panic!("an exception that is not known: {other}"),
    };
    if row["states"][state] != "ok" && !excepted {
        return "VM_BAD_POWER_STATE";
    }
    if !goes_beside(row, facts) {
        return "OTHER_OPERATION_IN_PROGRESS";
    }
    if matches!(kind, Kind::Template | Kind::DefaultTemplate) {
        match text(row, "on_template") {
            "ok" => {}
            "ok unless default template" if kind == Kind::Template => {}
            _ => return "VM_IS_TEMPLATE",
        }
    }
    if kind == Kind::Snapshot && text(row, "on_snapshot") != "ok" {
        return "VM_IS_SNAPSHOT";
    }
    match operation {
        // ONLY_PROVISION_TEMPLATE and ONLY_REVERT_SNAPSHOT in the facts; these are their names on the wire.
        "provision" if !facts.is_a_template => return "PROVISION_ONLY_ALLOWED_ON_TEMPLATE",
        "revert" if !facts.is_a_snapshot => return "REVERT_ONLY_ALLOWED_ON_SNAPSHOT",
        _ => {}
    }
    if facts.is_control_domain {
        match text(row, "on_control_domain") {
            "ok" => {}
            "OPERATION_NOT_ALLOWED on domain 0, ok on other control domains" if kind == Kind::ControlDomain => {}
            _ => return "OPERATION_NOT_ALLOWED",
        }
    }
    match operation {
        "snapshot_with_quiesce" => "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED",
        "query_services" => "NOT_SYSTEM_DOMAIN",
        _ => "ok",
    }
}

fn goes_beside(row: &Json, facts: &Facts) -> bool {
    let current: Vec<&str> = facts.current.iter().map(|(_, operation)| operation.as_str()).collect();
    let all = |allowed: &[&str]| current.iter().all(|operation| allowed.contains(operation));
    let none = |refused: &[&str]| !current.iter().any(|operation| refused.contains(operation));
    current.is_empty()
        || names(row, "may_run_with_current_ops")
            .iter()
            .any(|what| match what.as_str() {
                "none" => false,
                "any mix of snapshot, checkpoint" => all(&["snapshot", "checkpoint"]),
                "any mix of clone, copy, export" => all(&["clone", "copy", "export"]),
                "exactly [snapshot_with_quiesce]" => current == ["snapshot_with_quiesce"],
                "exactly [migrate_send]" => current == ["migrate_send"],
                "anything except hard_shutdown" => none(&["hard_shutdown"]),
                "anything except hard_shutdown, hard_reboot" => none(&["hard_shutdown", "hard_reboot"]),
                "get_boot_record" => all(&["get_boot_record"]),
                other => panic!("a rule that is not known: {other}"),
            })
}

fn code(result: Result<(), ApiError>) -> String {
    result.map_or_else(|error| error.code.into_owned(), |()| "ok".to_owned())
}

/// Nothing under way, each operation alone, each twice, each with each.
fn combinations(all: &[&'static str]) -> Vec<Vec<&'static str>> {
    let mut current = vec![Vec::new()];
    for (at, one) in all.iter().enumerate() {
        current.push(vec![*one]);
        current.extend(all[at..].iter().map(|other| vec![*one, *other]));
    }
    current
}

#[test]
fn every_cell_of_the_vm_table() {
    let rows = rows_of("VM");
    let mut cells = 0;
    let mut wrong = Vec::new();
    for current in combinations(&operations("VM")) {
        for state in STATES {
            // Whether operations go beside each other does not depend on the kind: pairs are tried with one.
            for kind in KINDS
                .into_iter()
                .filter(|kind| *kind == Kind::Plain || current.len() < 2)
            {
                let facts = facts(kind, state, &current);
                for row in rows {
                    let (operation, expected) = (text(row, "op"), expected(row, &facts, kind));
                    let ours = code(facts.check(operation, false));
                    cells += 1;
                    if ours != expected {
                        wrong.push(format!(
                            "{operation} of {kind:?} {state} beside {current:?}: {ours}, not {expected}"
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cells} cells: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    assert!(cells > 300_000, "{cells}");
}

#[test]
fn what_is_advertised_of_a_vm() {
    for state in STATES {
        for kind in KINDS {
            let mut facts = facts(kind, state, &[]);
            facts.has_pv_drivers = true;
            let advertised = rows_of("VM").iter().filter(|row| row["advertised"] == true);
            let allowed = advertised.filter(|row| expected(row, &facts, kind) == "ok");
            let expected: BTreeSet<String> = allowed.map(|row| text(row, "op").to_owned()).collect();
            assert_eq!(texts(&facts.allowed_operations()), expected, "{kind:?} {state}");
        }
    }
}

#[test]
fn a_suspended_vm_is_cloned_where_the_pool_says_so() {
    for kind in [Kind::Plain, Kind::Snapshot] {
        let mut facts = facts(kind, "Suspended", &[]);
        for clones in [false, true] {
            facts.clones_suspended = clones;
            for row in rows_of("VM") {
                let operation = text(row, "op");
                let expected = expected(row, &facts, kind);
                assert_eq!(
                    code(facts.check(operation, false)),
                    expected,
                    "{operation} {kind:?} {clones}"
                );
            }
        }
    }
}

/// Rule 10 of allowed_operations.md: what the guest must be able to do, where that is asked for.
#[test]
fn what_a_guest_must_be_able_to_do() {
    let needs: &[(&str, &[&str])] = &[
        ("suspend", &["feature-suspend"]),
        ("pool_migrate", &["feature-suspend"]),
        ("migrate_send", &["feature-suspend"]),
        ("checkpoint", &["feature-suspend"]),
        ("clean_shutdown", &["feature-shutdown", "feature-poweroff"]),
        ("clean_reboot", &["feature-shutdown", "feature-reboot"]),
        ("changing_VCPUs_live", &["feature-vcpu-hotplug"]),
    ];
    let without = facts(Kind::Plain, "Running", &[]);
    for operation in operations("VM") {
        let loose = code(without.check(operation, false));
        let features = needs
            .iter()
            .find(|(name, _)| *name == operation)
            .map(|(_, features)| *features);
        let strict = code(without.check(operation, true));
        let Some(features) = features else {
            assert_eq!(strict, loose, "{operation}");
            continue;
        };
        assert_eq!(
            (strict.as_str(), loose.as_str()),
            ("VM_LACKS_FEATURE", "ok"),
            "{operation}"
        );
        for feature in features {
            let mut with = without.clone();
            with.guest = vec![((*feature).to_owned(), "1".to_owned())];
            assert_eq!(code(with.check(operation, true)), "ok", "{operation} with {feature}");
            with.guest = vec![((*feature).to_owned(), "0".to_owned())];
            assert_eq!(code(with.check(operation, true)), "VM_LACKS_FEATURE", "{operation}");
        }
        let drivers = Facts {
            has_pv_drivers: true,
            ..without.clone()
        };
        let paravirtual = Facts {
            is_paravirtual: true,
            ..without.clone()
        };
        for able in [drivers, paravirtual] {
            assert_eq!(code(able.check(operation, true)), "ok", "{operation}");
        }
    }
}

type Set = fn(&mut Facts);
const MOVING: &[&str] = &["suspend", "checkpoint", "pool_migrate", "migrate_send"];

/// Rules 1 and 7 to 17: each flag alone, the state, the operations that it refuses then, and what is told.
static FLAGS: &[(Set, &str, &[&str], &str)] = &[
    (
        |f| f.blocked = vec![("clean_reboot".to_owned(), "why".to_owned())],
        "Running",
        &["clean_reboot"],
        "OPERATION_BLOCKED",
    ),
    (|f| f.is_immobile = true, "Running", MOVING, "VM_IS_IMMOBILE"),
    (
        |f| f.has_nested_virt = true,
        "Running",
        &["changing_dynamic_range"],
        "VM_IS_USING_NESTED_VIRT",
    ),
    (
        |f| f.guest = vec![("data-cant-suspend-reason".to_owned(), "why".to_owned())],
        "Running",
        MOVING,
        "VM_NON_SUSPENDABLE",
    ),
    (
        |f| f.resets_on_boot = true,
        "Running",
        &["checkpoint", "snapshot", "suspend"],
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
    ),
    (
        |f| f.resets_a_cache = true,
        "Running",
        &["pool_migrate"],
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
    ),
    (|f| f.has_pcis = true, "Running", MOVING, "VM_HAS_PCI_ATTACHED"),
    (|f| f.has_vgpus = true, "Running", MOVING, "VM_HAS_VGPU"),
    (|f| f.has_vgpus = true, "Halted", &[], ""),
    (|f| f.has_vgpus = true, "Suspended", &["migrate_send"], "VM_HAS_VGPU"),
    (
        |f| f.has_vusbs = true,
        "Running",
        &["suspend", "checkpoint", "pool_migrate", "migrate_send", "snapshot"],
        "VM_HAS_VUSBS",
    ),
    (
        |f| f.in_appliance = true,
        "Halted",
        &["make_into_template"],
        "VM_IS_PART_OF_AN_APPLIANCE",
    ),
    (
        |f| f.in_snapshot_schedule = true,
        "Halted",
        &["make_into_template"],
        "VM_ASSIGNED_TO_SNAPSHOT_SCHEDULE",
    ),
    (|f| f.vtpms = 1, "Halted", &["create_vtpm"], "VTPM_MAX_AMOUNT_REACHED"),
];

#[test]
fn what_flags_refuse() {
    for (at, (set, state, refused, told)) in FLAGS.iter().enumerate() {
        let mut without = facts(Kind::Plain, state, &[]);
        without.has_pv_drivers = true;
        let mut with = without.clone();
        set(&mut with);
        for operation in operations("VM") {
            let before = code(without.check(operation, true));
            let expected = if refused.contains(&operation) {
                (*told).to_owned()
            } else {
                before
            };
            assert_eq!(code(with.check(operation, true)), expected, "row {at}, {operation}");
        }
    }
    let mut system = facts(Kind::Plain, "Running", &[]);
    system.is_system_domain = true;
    assert_eq!(code(system.check("query_services", true)), "ok");
}

#[test]
fn the_words_of_refusals() {
    let vm = Ref::new("OpaqueRef:vm");
    let refused = |facts: Facts, operation: &str| facts.check(operation, false).unwrap_err().to_string();
    let halted = Facts::halted(&vm);
    assert_eq!(
        refused(halted, "pause"),
        "VM_BAD_POWER_STATE [OpaqueRef:vm, running, halted]"
    );
    let busy = facts(Kind::Plain, "Halted", &["clone"]);
    assert_eq!(
        refused(busy, "start"),
        "OTHER_OPERATION_IN_PROGRESS [VM, OpaqueRef:vm, clone, OpaqueRef:task0]"
    );
    let busier = facts(Kind::Plain, "Halted", &["clone", "copy"]);
    let many = "OTHER_OPERATION_IN_PROGRESS [VM, OpaqueRef:vm, {clone,copy}, {OpaqueRef:task0,OpaqueRef:task1}]";
    assert_eq!(refused(busier, "start"), many);
}
