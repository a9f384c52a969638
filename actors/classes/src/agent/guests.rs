//! What guests say of themselves, told until the rows say so. Nothing of it is kept over a restart of the daemon: all is told again then,
//! and what the rows know already costs no change (CORRECTNESS C8).

use super::{Agent, Report};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xenith_xen_port::{Domain, DomainState, GuestInfo, VmId};

/// A running domain as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestSeen {
    pub vm: VmId,
    pub domid: i64,
    /// As the hypervisor counts, bytes.
    pub memory_bytes: i64,
    /// Nothing before its agent has spoken.
    pub guest: Option<GuestInfo>,
}

/// Memory that moves by less is not told.
pub const MEMORY_STEP_BYTES: i64 = 1 << 20;
/// VMs in one report, and so in one transaction.
const REPORT_VMS_MAX: usize = 128;
/// Everything is told again with every so many calls of [`Agent::next_guests`]: a report that was overtaken on its way has made the rows
/// older than what was noted last.
const ALL_AGAIN_CALLS: u32 = 60;
/// A guest writes what it likes: this much is passed on.
const PAIRS_MAX: usize = 128;
const KEY_BYTES_MAX: usize = 128;
const VALUE_BYTES_MAX: usize = 1024;

#[derive(Clone, Debug, Default)]
pub struct Guests {
    seen: BTreeMap<VmId, GuestSeen>,
    /// What the rows are known to say.
    noted: BTreeMap<VmId, GuestSeen>,
    calls: u32,
    last_told: Option<VmId>,
}

impl Agent {
    /// All domains of the host. What is not among them is forgotten.
    pub fn see(&mut self, domains: &[Domain]) {
        let is_up = |domain: &&Domain| match domain.state {
            DomainState::Running | DomainState::Paused => !domain.migrating,
            DomainState::Building | DomainState::Stopped(_) => false,
        };
        let seen = domains.iter().filter(is_up).map(|domain| {
            let seen = GuestSeen {
                vm: domain.vm.clone(),
                domid: domain.domid,
                memory_bytes: domain.memory_bytes,
                guest: domain.guest.as_ref().map(bounded),
            };
            (domain.vm.clone(), seen)
        });
        self.guests.seen = seen.collect();
        let seen = &self.guests.seen;
        self.guests.noted.retain(|vm, _| seen.contains_key(vm));
    }

    /// What the rows may not say yet, those first whose turn it is. To be called, and told, every few seconds: it is one change of the
    /// database at most.
    pub fn next_guests(&mut self) -> Option<Report> {
        self.guests.calls += 1;
        if self.guests.calls.is_multiple_of(ALL_AGAIN_CALLS) {
            self.guests.noted.clear();
        }
        let last = self.guests.last_told.clone();
        let (before, after): (Vec<_>, Vec<_>) = self.guests.untold().partition(|seen| Some(&seen.vm) <= last.as_ref());
        let turn = after.into_iter().chain(before).take(REPORT_VMS_MAX);
        let seen: Vec<GuestSeen> = turn.cloned().collect();
        self.guests.last_told = Some(seen.last()?.vm.clone());
        Some(Report::Guests {
            boot_id: self.journal.boot_id.clone(),
            seen,
        })
    }

    /// A guest speaks that the rows take for dumb: people wait for what it can be asked then.
    pub fn has_first_words(&self) -> bool {
        let mut untold = self.guests.untold().filter(|seen| seen.guest.is_some());
        untold.any(|seen| {
            let noted = self.guests.noted.get(&seen.vm);
            !noted.is_some_and(|noted| noted.domid == seen.domid && noted.guest.is_some())
        })
    }

    /// Nothing about guests waits to be told.
    pub fn guests_are_told(&self) -> bool {
        self.guests.untold().next().is_none()
    }

    pub(super) fn noted(&mut self, noted: Vec<GuestSeen>) {
        for one in noted {
            self.guests.noted.insert(one.vm.clone(), one);
        }
    }
}

impl Guests {
    fn untold(&self) -> impl Iterator<Item = &GuestSeen> {
        self.seen.values().filter(|seen| {
            let noted = self.noted.get(&seen.vm);
            !noted.is_some_and(|noted| is_the_same(noted, seen))
        })
    }
}

fn is_the_same(noted: &GuestSeen, seen: &GuestSeen) -> bool {
    let moved = noted.memory_bytes.abs_diff(seen.memory_bytes);
    noted.domid == seen.domid && noted.guest == seen.guest && moved < MEMORY_STEP_BYTES.unsigned_abs()
}

/// In order, each key once, text that every format of the API carries, and not more than anybody needs.
fn bounded(info: &GuestInfo) -> GuestInfo {
    let pairs = |pairs: &[(String, String)]| {
        let mut kept = BTreeMap::new();
        for (key, value) in pairs {
            let key = cut(key, KEY_BYTES_MAX);
            if kept.len() < PAIRS_MAX && !key.is_empty() {
                kept.entry(key).or_insert_with(|| cut(value, VALUE_BYTES_MAX));
            }
        }
        kept.into_iter().collect()
    };
    GuestInfo {
        features: pairs(&info.features),
        os_version: pairs(&info.os_version),
        networks: pairs(&info.networks),
        pv_drivers: info.pv_drivers,
    }
}

fn cut(text: &str, bytes_max: usize) -> String {
    let mut cut = String::new();
    for c in text.chars().filter(|c| !c.is_control() && *c < '\u{fffe}') {
        if cut.len() + c.len_utf8() > bytes_max {
            break;
        }
        cut.push(c);
    }
    cut
}
