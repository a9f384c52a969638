//! Which crate may depend on which: the picture of ARCHITECTURE.md as a table.

use crate::run::{Failure, cargo, output_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Crate → the crates of the workspace it may name. Crates of the joins (binaries, tests, benches) may name all.
const ARROWS: &[(&str, &[&str])] = &[
    ("xenith-datamodel", &[]),
    ("xenith-storage-port", &[]),
    // A host's steps are one list: those of its storage are among them.
    ("xenith-xen-port", &["xenith-storage-port"]),
    ("xenith-link", &[]),
    ("xenith-wire", &["xenith-datamodel"]),
    ("xenith-pooldb", &["xenith-datamodel"]),
    (
        "xenith-classes",
        &[
            "xenith-datamodel",
            "xenith-wire",
            "xenith-pooldb",
            "xenith-xen-port",
            "xenith-storage-port",
        ],
    ),
    ("xenith-server", &["xenith-datamodel", "xenith-wire"]),
    ("xenith-client", &["xenith-datamodel", "xenith-wire"]),
    ("xenith-cli", &["xenith-datamodel", "xenith-wire", "xenith-client"]),
    ("xenith-raft", &["xenith-datamodel", "xenith-pooldb", "xenith-link"]),
    (
        "xenith-runtime",
        &[
            "xenith-datamodel",
            "xenith-wire",
            "xenith-pooldb",
            "xenith-classes",
            "xenith-raft",
            "xenith-link",
            "xenith-xen-port",
            "xenith-storage-port",
        ],
    ),
    ("xenith-storage-sim", &["xenith-storage-port"]),
    // The simulated machine has simulated disks, which live and die with it.
    (
        "xenith-xen-sim",
        &["xenith-xen-port", "xenith-storage-port", "xenith-storage-sim"],
    ),
];
const JOINS: &[&str] = &[
    "xenith",
    "xtask",
    "xenith-sim",
    "xenith-golden",
    "xenith-fuzz",
    "xenith-benches",
];

/// Pure crates, and what they may not reach, not even through others.
const PURE: &[&str] = &[
    "xenith-datamodel",
    "xenith-wire",
    "xenith-pooldb",
    "xenith-classes",
    "xenith-xen-port",
    "xenith-storage-port",
];
const IMPURE: &[&str] = &["tokio", "actix", "actix-web", "openraft", "sled", "rand", "mio"];
/// Each of these is named by one crate of the workspace alone.
const SINGLE_HOMES: &[(&str, &str)] = &[
    ("openraft", "xenith-raft"),
    ("sled", "xenith-raft"),
    ("actix-web", "xenith-server"),
    ("actix", "xenith-runtime"),
];

pub fn metadata() -> Result<Value, Failure> {
    let json = output_of(cargo().args(["metadata", "--format-version", "1"]))?;
    serde_json::from_slice(&json).map_err(|cause| Failure(format!("cargo metadata: {cause}")))
}

pub fn check(metadata: &Value) -> Result<Vec<String>, Failure> {
    let graph = Graph::new(metadata);
    let mut faults = Vec::new();
    for name in &graph.members {
        faults.extend(graph.forbidden_arrows(name));
        if PURE.contains(&name.as_str()) {
            let reached = graph.reachable(name);
            let impure = IMPURE.iter().filter(|bad| reached.contains(**bad));
            faults.extend(impure.map(|bad| format!("{name} is pure but reaches {bad}")));
        }
    }
    Ok(faults)
}

struct Graph {
    members: BTreeSet<String>,
    /// Package → its normal dependencies, by name (versions of one name are one here).
    normal: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn new(metadata: &Value) -> Graph {
        let id_to_name: BTreeMap<&str, &str> = list(&metadata["packages"])
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let name_of = |id: &Value| {
            id.as_str()
                .and_then(|id| id_to_name.get(id))
                .map(|name| (*name).to_owned())
        };
        let members = list(&metadata["workspace_members"]).filter_map(name_of).collect();
        let mut normal: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let Some(name) = name_of(&node["id"]) else { continue };
            let dependencies = list(&node["deps"])
                .filter(|dependency| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()))
                .filter_map(|dependency| name_of(&dependency["pkg"]));
            normal.entry(name).or_default().extend(dependencies);
        }
        Graph { members, normal }
    }

    fn forbidden_arrows(&self, name: &str) -> Vec<String> {
        if JOINS.contains(&name) {
            return Vec::new();
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            return vec![format!(
                "{name} has no row in the table of arrows (deploy/xtask/src/tidy/arrows.rs)"
            )];
        };
        let mut faults = Vec::new();
        for to in self.normal.get(name).into_iter().flatten() {
            if self.members.contains(to) && !allowed.contains(&to.as_str()) {
                faults.push(format!("{name} may not depend on {to}"));
            }
            let home = SINGLE_HOMES.iter().find(|(package, _)| package == to);
            if let Some((package, home)) = home.filter(|(_, home)| *home != name) {
                faults.push(format!("{package} belongs to {home} alone, but {name} names it"));
            }
        }
        faults
    }

    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(name) = next.pop() {
            for to in self.normal.get(name).into_iter().flatten() {
                if seen.insert(to.as_str()) {
                    next.push(to);
                }
            }
        }
        seen
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
