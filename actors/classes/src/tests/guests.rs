//! What guests say, from the host's agent to the rows; metrics and consoles of VMs that run.

use super::operations::{admit, answer, done, order, start, two_hosts, work_all};
use super::{Pool, vms};
use crate::agent::{Agent, Boot, Fence, GuestSeen, Journal, Report, Said, Signed, Stopped};
use crate::host::dead;
use crate::rows;
use crate::vm::guest::{Noted, observe_guests};
use crate::vm::observe::{Observed, observe_stop};
use xenith_datamodel::{Ref, Value};
use xenith_xen_port::{Domain, DomainState, GuestInfo, StopReason, VmId};

const BOOT: &str = "boot-1";

fn boot(number: i64) -> Boot {
    Boot {
        boot_id: BOOT.to_owned(),
        number,
        journal: "journal".to_owned(),
    }
}

/// Hosts whose boot the rows speak of, and a running VM.
fn running() -> (Pool, Ref, Ref) {
    let mut pool = two_hosts();
    for host in rows::all(&pool.view, "host").unwrap() {
        let back = dead::come_back(&pool.view, pool.now_ms, &mut pool.ids, (&host, &boot(1))).unwrap();
        pool.commit(&back.unwrap()).unwrap();
    }
    let vm = vms::create(&mut pool, &[]);
    start(&mut pool, &vm);
    work_all(&mut pool);
    let host = rows::reference(&pool.view, "VM", &vm, "resident_on").unwrap();
    (pool, vm, host)
}

fn info(pairs: &[(&str, &str)]) -> GuestInfo {
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    GuestInfo {
        features: pairs.collect(),
        os_version: vec![("name".to_owned(), "Debian".to_owned())],
        networks: vec![("0/ip".to_owned(), "10.0.0.1".to_owned())],
        pv_drivers: false,
    }
}

fn seen(pool: &Pool, vm: &Ref, domid: i64, guest: Option<GuestInfo>) -> GuestSeen {
    let int = |field| rows::int(&pool.view, "VM", vm, field).unwrap();
    GuestSeen {
        vm: VmId(rows::text(&pool.view, "VM", vm, "uuid").unwrap()),
        domid,
        memory_bytes: int("memory_dynamic_max") + int("memory_overhead"),
        guest,
    }
}

fn one(seen: &GuestSeen) -> &[GuestSeen] {
    std::slice::from_ref(seen)
}

fn observe(pool: &mut Pool, host: &Ref, seen: &[GuestSeen]) -> Noted {
    observe_guests(&pool.view, pool.now_ms, &mut pool.ids, (host, BOOT), seen).unwrap()
}

fn take(pool: &mut Pool, host: &Ref, seen: &[GuestSeen]) {
    let noted = observe(pool, host, seen);
    assert_eq!(noted.known, []);
    pool.commit(&noted.changes.unwrap()).unwrap();
    let again = observe(pool, host, seen);
    assert_eq!(
        (again.known, again.changes),
        (seen.to_vec(), None),
        "once it is in the rows it is known"
    );
}

fn may(pool: &mut Pool, vm: &Ref, operation: &str) -> bool {
    let allowed = pool.get("VM.allowed_operations", vm);
    allowed.as_set().unwrap().contains(&Value::text(operation))
}

#[test]
fn what_a_guest_says_is_shown_and_decides() {
    let (mut pool, vm, host) = running();
    // There is a row from the start on, and nothing in it.
    let guest = rows::reference(&pool.view, "VM", &vm, "guest_metrics").unwrap();
    assert_eq!(pool.get("VM_guest_metrics.other", &guest), Value::map([]));
    let refused = admit(&mut pool, "clean_shutdown", &[(&vm).into()]);
    assert_eq!(refused.unwrap_err().code, "VM_LACKS_FEATURE");
    assert!(!may(&mut pool, &vm, "clean_shutdown"));
    let first = seen(&pool, &vm, 7, Some(info(&[("feature-shutdown", "1")])));
    take(&mut pool, &host, std::slice::from_ref(&first));
    assert_eq!(rows::reference(&pool.view, "VM", &vm, "guest_metrics").unwrap(), guest);
    assert_eq!(pool.get("VM_guest_metrics.live", &guest), true.into());
    assert_eq!(
        pool.get("VM_guest_metrics.networks", &guest),
        Value::text_map([("0/ip", "10.0.0.1")])
    );
    assert!(may(&mut pool, &vm, "clean_shutdown"));
    assert!(!may(&mut pool, &vm, "pool_migrate"));

    pool.now_ms += 60_000;
    let features = [("feature-shutdown", "1"), ("feature-suspend", "1")];
    let more = seen(&pool, &vm, 7, Some(info(&features)));
    take(&mut pool, &host, &[more]);
    assert_eq!(
        rows::reference(&pool.view, "VM", &vm, "guest_metrics").unwrap(),
        guest,
        "the row stays"
    );
    assert!(may(&mut pool, &vm, "pool_migrate"));
    let updated = Value::from(crate::cx::date_time(pool.now_ms));
    assert_eq!(pool.get("VM_guest_metrics.last_updated", &guest), updated);

    admit(&mut pool, "hard_shutdown", &[(&vm).into()]).unwrap();
    work_all(&mut pool);
    assert_eq!(pool.get("VM.guest_metrics", &vm), Value::Ref(Ref::null()));
    assert!(!pool.view.contains(rows::class("VM_guest_metrics").unwrap(), &guest));
}

#[test]
fn many_guests_are_one_transaction() {
    let (mut pool, vm, host) = running();
    let mut all = vec![seen(&pool, &vm, 7, Some(info(&[])))];
    for _ in 0..5 {
        let vm = vms::create(&mut pool, &[]);
        admit(
            &mut pool,
            "start_on",
            &[(&vm).into(), (&host).into(), false.into(), false.into()],
        )
        .unwrap();
        work_all(&mut pool);
        all.push(seen(&pool, &vm, 7, Some(info(&[]))));
    }
    take(&mut pool, &host, &all);
    assert_eq!(rows::all(&pool.view, "VM_guest_metrics").unwrap().len(), 6);
}

#[test]
fn a_report_of_another_domain_changes_nothing() {
    let (mut pool, vm, host) = running();
    let guest = || Some(info(&[]));
    // Its guest has rebooted: the report of that has not come yet.
    let newer = seen(&pool, &vm, 8, guest());
    assert_eq!(observe(&mut pool, &host, one(&newer)), Noted::default());
    let stopped = Stopped {
        vm: newer.vm.clone(),
        boot_id: BOOT.to_owned(),
        first_domid: 7,
        last_domid: 7,
        reason: StopReason::Reboot,
        now: Some(8),
    };
    let older = seen(&pool, &vm, 7, guest());
    take(&mut pool, &host, &[older]);
    let Observed::Changed(tx) = observe_stop(&pool.view, pool.now_ms, &host, &stopped).unwrap() else {
        panic!("a stop is to be noted");
    };
    pool.commit(&tx).unwrap();
    let metrics = rows::reference(&pool.view, "VM", &vm, "guest_metrics").unwrap();
    let said = pool.get("VM_guest_metrics.os_version", &metrics);
    assert_eq!(said, Value::map([]), "what the old domain said is void");
    take(&mut pool, &host, one(&newer));
    // Another host, another boot, a VM that is not there, one that does not run.
    let hosts = rows::all(&pool.view, "host").unwrap();
    let other = hosts.iter().find(|other| **other != host).unwrap();
    assert_eq!(observe(&mut pool, other, one(&newer)).known, one(&newer));
    let old_boot = observe_guests(&pool.view, 0, &mut pool.ids, (&host, "boot-0"), one(&newer)).unwrap();
    assert_eq!(old_boot, Noted::default());
    let gone = GuestSeen {
        vm: VmId("gone".to_owned()),
        ..newer.clone()
    };
    assert_eq!(observe(&mut pool, &host, one(&gone)).known, [gone]);
    // While it starts nobody knows yet which domain will be its own.
    let late = vms::create(&mut pool, &[]);
    start(&mut pool, &late);
    let early = seen(&pool, &late, 9, guest());
    assert_eq!(observe(&mut pool, &host, &[early]), Noted::default());
}

#[test]
fn memory_is_followed_in_steps() {
    let (mut pool, vm, host) = running();
    let metrics = rows::reference(&pool.view, "VM", &vm, "metrics").unwrap();
    let mut one = seen(&pool, &vm, 7, None);
    assert_eq!(
        observe(&mut pool, &host, &[one.clone()]).known,
        [one.clone()],
        "as it was started"
    );
    one.memory_bytes -= 1000;
    assert_eq!(observe(&mut pool, &host, &[one.clone()]).changes, None);
    one.memory_bytes -= 32 << 20;
    take(&mut pool, &host, &[one.clone()]);
    let overhead = rows::int(&pool.view, "VM", &vm, "memory_overhead").unwrap();
    assert_eq!(
        pool.get("VM_metrics.memory_actual", &metrics),
        Value::Int(one.memory_bytes - overhead)
    );
    let guest = rows::reference(&pool.view, "VM", &vm, "guest_metrics").unwrap();
    let said = pool.get("VM_guest_metrics.networks", &guest);
    assert_eq!(said, Value::map([]), "its agent has said nothing");
}

#[test]
fn consoles_are_where_the_vm_is() {
    let (mut pool, vm, host) = running();
    let locations = |pool: &Pool| -> Vec<String> {
        let consoles = rows::references(&pool.view, "VM", &vm, "consoles").unwrap();
        let location = |console| rows::text(&pool.view, "console", console, "location").unwrap();
        consoles.iter().map(location).collect()
    };
    let address = rows::text(&pool.view, "host", &host, "address").unwrap();
    let first = locations(&pool);
    assert_eq!(first.len(), 2);
    assert!(
        first
            .iter()
            .all(|text| text.starts_with(&format!("https://{address}/console?uuid="))),
        "{first:?}"
    );
    for operation in ["pause", "unpause"] {
        admit(&mut pool, operation, &[(&vm).into()]).unwrap();
        work_all(&mut pool);
        assert_eq!(locations(&pool), first, "{operation}");
    }
    let hosts = rows::all(&pool.view, "host").unwrap();
    let other = hosts.iter().find(|other| **other != host).unwrap().clone();
    let params = [(&vm).into(), (&other).into(), Value::text_map([("force", "true")])];
    admit(&mut pool, "pool_migrate", &params).unwrap();
    work_all(&mut pool);
    assert_eq!(pool.get("VM.resident_on", &vm), Value::from(&other));
    let address = rows::text(&pool.view, "host", &other, "address").unwrap();
    let moved = locations(&pool);
    assert_eq!(moved.len(), 2);
    assert!(
        moved
            .iter()
            .all(|text| text.starts_with(&format!("https://{address}/"))),
        "{moved:?}"
    );
    admit(&mut pool, "hard_shutdown", &[(&vm).into()]).unwrap();
    let stop = order(&pool);
    assert_eq!(locations(&pool), moved, "until it has stopped");
    let outcome = done(&stop);
    answer(&mut pool, &stop, outcome);
    assert_eq!(locations(&pool), [""; 0]);
}

#[test]
fn platform_keys_decide_while_it_runs() {
    let (mut pool, ..) = running();
    let vm = vms::create(&mut pool, &[("platform", Value::text_map([("nomigrate", "1")]))]);
    start(&mut pool, &vm);
    work_all(&mut pool);
    let metrics = rows::reference(&pool.view, "VM", &vm, "metrics").unwrap();
    assert_eq!(pool.get("VM_metrics.nomigrate", &metrics), true.into());
    assert_eq!(pool.get("VM_metrics.current_domain_type", &metrics), Value::text("hvm"));
    let strict = crate::vm::lifecycle::Facts::of(&pool.view, &vm)
        .unwrap()
        .check("pool_migrate", true);
    assert_eq!(strict.unwrap_err().code, "VM_IS_IMMOBILE");
}

fn domain(vm: &str, domid: i64, guest: Option<GuestInfo>) -> Domain {
    Domain {
        vm: VmId(vm.to_owned()),
        domid,
        state: DomainState::Running,
        memory_bytes: 1 << 30,
        migrating: false,
        guest,
    }
}

fn told(agent: &mut Agent) -> Vec<GuestSeen> {
    let reports = agent.next_guests().into_iter();
    let seen = reports.flat_map(|report| match report {
        Report::Guests { seen, .. } => seen,
        other => panic!("{other:?}"),
    });
    seen.collect()
}

fn note(agent: &mut Agent, seen: Vec<GuestSeen>) {
    agent.hear(Signed {
        fence: Fence { term: 1, index: 1 },
        as_of: 1,
        said: Said::Noted(seen),
    });
}

#[test]
fn an_agent_tells_until_it_is_noted_and_only_what_has_changed() {
    let (mut agent, _) = Agent::restarted(Journal::default(), BOOT, "journal");
    agent.see(&[domain("a", 1, None), domain("b", 2, Some(info(&[])))]);
    let all = told(&mut agent);
    assert_eq!(all.len(), 2);
    assert_eq!(told(&mut agent), all, "nobody has noted it");
    note(&mut agent, all);
    assert!(agent.guests_are_told());
    agent.see(&[domain("a", 1, Some(info(&[]))), domain("b", 2, Some(info(&[])))]);
    let more = told(&mut agent);
    assert_eq!(more.iter().map(|seen| seen.vm.0.as_str()).collect::<Vec<_>>(), ["a"]);
    // What is noted of an older state does not count.
    note(
        &mut agent,
        vec![GuestSeen {
            guest: None,
            ..more[0].clone()
        }],
    );
    assert_eq!(told(&mut agent), more);
    note(&mut agent, more);
    let moved = |bytes: i64| Domain {
        memory_bytes: (1 << 30) - bytes,
        ..domain("a", 1, Some(info(&[])))
    };
    agent.see(&[moved(4096)]);
    assert!(agent.guests_are_told(), "a page or two");
    agent.see(&[moved(8 << 20)]);
    assert_eq!(told(&mut agent).len(), 1);
    agent.see(&[]);
    assert!(agent.guests_are_told(), "there is nothing");
}

#[test]
fn all_is_told_again_at_times_and_after_a_restart() {
    let (mut agent, _) = Agent::restarted(Journal::default(), BOOT, "journal");
    agent.see(&[domain("a", 1, None)]);
    let all = told(&mut agent);
    note(&mut agent, all.clone());
    let again = (0..200).filter(|_| {
        let told = told(&mut agent);
        note(&mut agent, told.clone());
        told == all
    });
    assert_eq!(again.count(), 3);
    let (mut agent, _) = Agent::restarted(agent.journal().clone(), BOOT, "journal");
    agent.see(&[domain("a", 1, None)]);
    assert_eq!(told(&mut agent), all);
}

#[test]
fn a_guest_cannot_fill_the_database() {
    let (mut agent, _) = Agent::restarted(Journal::default(), BOOT, "journal");
    let mut loud = info(&[("b\u{1}ad", "x\u{0}y\u{ffff}"), ("b\u{1}ad", "twice"), ("", "none")]);
    loud.features
        .extend((0..5000).map(|number| (format!("key-{number}"), "v".repeat(9000))));
    agent.see(&[domain("a", 1, Some(loud))]);
    let guest = told(&mut agent).remove(0).guest.unwrap();
    assert!(guest.features.len() <= 128);
    assert!(
        guest
            .features
            .iter()
            .all(|(key, value)| key.len() <= 128 && value.len() <= 1024 && !key.is_empty())
    );
    assert!(guest.features.contains(&("bad".to_owned(), "xy".to_owned())));
    let many: Vec<Domain> = (0..300)
        .map(|number| domain(&format!("vm-{number:03}"), number, None))
        .collect();
    agent.see(&many);
    // Nothing is noted; all have their turn.
    let mut heard = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let told = told(&mut agent);
        assert!(told.len() <= 128, "a report has a bound, too");
        heard.extend(told.into_iter().map(|seen| seen.vm));
    }
    assert_eq!(heard.len(), 300);
}
