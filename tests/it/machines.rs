//! The simulated machines of a pool, as they are themselves: what the daemons and the rows say is held against them.

use crate::harness::{At, Outcome, Reach, eventually, outcome};
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::{Ref, Value};
use xenith_xen_port::{Domain, DomainState, Hypervisor as _, StopReason, VmId};
use xenith_xen_sim::SimulatedHost;
use xenith_xen_sim::machine::{Behaviour, EffectKind, Rule, Trouble};

pub fn machine(reach: &Reach, k: u8) -> SimulatedHost {
    SimulatedHost::new(reach.dir().join(format!("host-{k}/machine.sock")))
}

/// Each of these takes so much longer, on every machine.
pub async fn slow_down(reach: &Reach, effects: &[EffectKind], by_ms: u64) {
    let slow = |effect: &EffectKind| Rule::always(*effect, Trouble::Slow { by_ms });
    let behaviour = Behaviour {
        rules: effects.iter().map(slow).collect(),
        ..Behaviour::instant()
    };
    for k in 1..=reach.hosts {
        machine(reach, k).behave(behaviour.clone()).await.unwrap();
    }
}

pub async fn guest_stops(reach: &Reach, k: u8, vm: &str, reason: StopReason) {
    machine(reach, k)
        .guest_stops(VmId(vm.to_owned()), reason)
        .await
        .unwrap();
}

/// Until the rows say that the guest can be asked to do things.
pub async fn guest_speaks(reach: &Reach, session: &Ref, vm: &Ref) {
    eventually("the rows say what the guest says", async || {
        let at = reach.follow(session).await;
        let allowed = at.call("VM.get_allowed_operations", &[Value::Ref(vm.clone())]).await;
        allowed.is_ok_and(|allowed| allowed.as_set().unwrap().contains(&"clean_shutdown".into()))
    })
    .await;
}

pub async fn domain(reach: &Reach, k: u8, vm: &str) -> Option<Domain> {
    let domains = machine(reach, k).domains().await.unwrap();
    domains.into_iter().find(|domain| domain.vm.0 == vm)
}

/// What a VM's row says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    host: usize,
    vm: String,
    domid: i64,
    runs: bool,
}

/// Until nothing is under way; then every machine has just the domains that the rows say, and no VM is on two.
pub async fn agree(reach: &Reach, session: &Ref) {
    let hosts = reach.host_refs().await;
    let mut last = String::new();
    eventually("rows and machines say the same, and nothing is under way", async || {
        let look = differences(reach, &reach.follow(session).await, &hosts).await;
        let agree = look.is_empty();
        if look != last {
            println!("rows and machines: {look}");
        }
        last = look;
        agree
    })
    .await;
}

/// Nothing when all is as it should be.
async fn differences(reach: &Reach, at: &At, hosts: &[Ref]) -> String {
    let mut found = Vec::new();
    let Ok(all) = at.call("VM.get_all_records", &[]).await else {
        return "the records cannot be had".to_owned();
    };
    let mut rows = BTreeSet::new();
    for (vm, record) in all.as_map().unwrap() {
        let text = |field: &str| {
            record
                .member(field)
                .and_then(Value::as_text)
                .unwrap_or_default()
                .to_owned()
        };
        let is = |field: &str| record.member(field).and_then(Value::as_bool).unwrap();
        if is("is_a_template") || is("is_control_domain") {
            continue;
        }
        let held = record.member("current_operations").and_then(Value::as_map).unwrap();
        if !held.is_empty() {
            found.push(format!("{} is held: {held:?}", vm.as_ref().unwrap().as_str()));
        }
        let on = |field: &str| record.member(field).and_then(Value::as_ref).cloned().unwrap();
        if !on("scheduled_to_be_resident_on").is_null() {
            found.push(format!("{} has a claim", text("uuid")));
        }
        let resident = hosts.iter().position(|host| *host == on("resident_on"));
        let (state, uuid) = (text("power_state"), text("uuid"));
        match (state.as_str(), resident) {
            ("Running" | "Paused", Some(host)) => drop(rows.insert(Placed {
                host: host + 1,
                vm: uuid,
                domid: record.member("domid").and_then(Value::as_int).unwrap(),
                runs: state == "Running",
            })),
            ("Halted" | "Suspended", None) => {}
            other => found.push(format!("{uuid} is {other:?}")),
        }
    }
    let mut machines = BTreeSet::new();
    for k in 1..=reach.hosts {
        for domain in machine(reach, k).domains().await.unwrap() {
            machines.insert(Placed {
                host: k.into(),
                vm: domain.vm.0,
                domid: domain.domid,
                runs: domain.state == DomainState::Running,
            });
        }
    }
    found.extend(rows.difference(&machines).map(|row| format!("only a row: {row:?}")));
    found.extend(
        machines
            .difference(&rows)
            .map(|domain| format!("only a domain: {domain:?}")),
    );
    found.extend(pending(at).await);
    found.join("; ")
}

async fn pending(at: &At) -> Vec<String> {
    let Ok(tasks) = at.call("task.get_all_records", &[]).await else {
        return vec!["the tasks cannot be had".to_owned()];
    };
    let open = tasks.as_map().unwrap().iter().filter_map(|(task, record)| {
        let text = |field: &str| record.member(field).and_then(Value::as_text).unwrap_or_default();
        let is_open = text("status") == "pending" || text("status") == "cancelling";
        is_open.then(|| {
            format!(
                "{} of {} is not over",
                task.as_ref().unwrap().as_str(),
                text("name_label")
            )
        })
    });
    open.collect()
}

/// A call that must succeed, at whoever coordinates; asked again where it was refused by a host that does not.
pub async fn anywhere(reach: &Reach, session: &Ref, method: &str, params: &[Value]) -> Value {
    let mut answer = None;
    eventually(method, async || {
        match reach.follow(session).await.call(method, params).await {
            Ok(value) => {
                answer = Some(value);
                true
            }
            Err(error) => match outcome(Err(error)) {
                Outcome::NotDone(error) if error.code == "HOST_IS_SLAVE" => false,
                Outcome::Unreachable(_) => false,
                other => panic!("{method}: {other:?}"),
            },
        }
    })
    .await;
    answer.unwrap()
}

/// A VM's uuid, by which machines know it.
pub async fn uuid(at: &At, vm: &Ref) -> String {
    at.text("VM.get_uuid", &[Value::Ref(vm.clone())]).await
}

/// Status of a task that has ended, and its error. The call is asked wherever the session is served.
pub async fn ended(reach: &Reach, session: &Ref, task: &Ref) -> (String, Vec<String>) {
    let mut end = None;
    eventually("the task ends", async || {
        let at = reach.follow(session).await;
        let Ok(record) = at.call("task.get_record", &[Value::Ref(task.clone())]).await else {
            return false;
        };
        let status = record.member("status").and_then(Value::as_text).unwrap().to_owned();
        let info = record.member("error_info").and_then(Value::as_set).unwrap_or_default();
        let info = info.iter().filter_map(|one| one.as_text().map(str::to_owned)).collect();
        let is_over = status != "pending" && status != "cancelling";
        end = is_over.then_some((status, info));
        is_over
    })
    .await;
    end.unwrap()
}

/// How often each of these came, for a test's last line.
#[derive(Default)]
pub struct Counts(BTreeMap<String, usize>);

impl Counts {
    pub fn count(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<String> = self.0.iter().map(|(what, times)| format!("{what} {times}")).collect();
        f.write_str(&all.join(", "))
    }
}
