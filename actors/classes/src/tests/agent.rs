//! The working half: what a daemon that ended does not do again, guests that stop again and again, and what a host learns from the rows.

use super::{Pool, operations as ops, storage, vms};
use crate::agent::{Agent, Boot, Deed, Fence, Journal, Report, Said, Seen, Signed};
use crate::operation::Order;
use crate::{host::dead, rows};
use xenith_datamodel::{Ref, Value};
use xenith_storage_port::{Attachment, StorageEffect};
use xenith_xen_port::{Domain, DomainState, Done, Effect, EffectError, StopReason, VmId};

/// A host with its journal on a disk that survives the daemon.
struct Host {
    agent: Agent,
    journal: Journal,
    row: Ref,
    /// Asked of the machine, newest last.
    worked: Vec<(u64, Effect)>,
    told: Vec<Report>,
    restarts: u32,
}

impl Host {
    fn new(pool: &mut Pool) -> Host {
        let row = pool.first("host");
        let mut host = Host {
            agent: Agent::default(),
            journal: Journal::default(),
            row,
            worked: Vec::new(),
            told: Vec::new(),
            restarts: 0,
        };
        host.restart("boot-1");
        host.come(pool);
        host
    }

    fn restart(&mut self, boot_id: &str) {
        self.restarts += 1;
        let fresh = format!("journal-{}", self.restarts);
        let (agent, deeds) = Agent::restarted(self.journal.clone(), boot_id, &fresh);
        self.agent = agent;
        self.worked.clear();
        self.deeds(deeds);
    }

    /// The rows take the boot up, and the host is welcome.
    fn come(&mut self, pool: &mut Pool) {
        let boot = self.boot();
        if let Some(tx) = dead::come_back(&pool.view, pool.now_ms, &mut pool.ids, (&self.row, &boot)).unwrap() {
            pool.commit(&tx).unwrap();
        }
        let welcome = dead::welcome(&pool.view, &self.row, &boot).unwrap();
        self.say(pool, welcome.unwrap());
    }

    /// As it would be told.
    fn boot(&self) -> Boot {
        Boot {
            boot_id: self.journal.boot_id.clone(),
            number: self.journal.boot,
            journal: self.journal.id.clone(),
        }
    }

    fn say(&mut self, pool: &Pool, said: Said) {
        let deeds = self.agent.hear(Signed {
            fence: Fence { term: 1, index: 1 },
            as_of: pool.view.generation(),
            said,
        });
        self.deeds(deeds);
    }

    fn look(&mut self, pool: &Pool, domains: &[Domain]) {
        self.look_at(pool, domains, &[]);
    }

    fn look_at(&mut self, pool: &Pool, domains: &[Domain], attached: &[Attachment]) {
        let seen = Seen {
            domains,
            attached: self.agent.is_to_empty().then_some(attached),
        };
        let deeds = self.agent.look(seen, &pool.view, &self.row).unwrap();
        self.deeds(deeds);
    }

    fn deeds(&mut self, deeds: Vec<Deed>) {
        for deed in deeds {
            match deed {
                Deed::Keep(change) => self.journal.apply(&change),
                Deed::Work { ticket, effect } => self.worked.push((ticket, effect)),
                Deed::Tell(report) => self.told.push(report),
                Deed::Cancel { .. } => {}
            }
        }
    }

    /// The newest effect is done.
    fn done(&mut self, domid: Option<i64>) {
        let (ticket, _) = self.worked.last().unwrap().clone();
        let deeds = self.agent.worked(ticket, Ok(Done { domid, found: None }));
        self.deeds(deeds);
    }

    fn newest(&self) -> &Effect {
        &self.worked.last().unwrap().1
    }

    fn works(&mut self, pool: &mut Pool, order: &Order, domid: i64) {
        self.say(pool, Said::Order(order.clone()));
        for _ in &order.effects {
            self.done(Some(domid));
        }
        ops::answer(pool, order, ops::done(order));
        let (operation, sequence) = (order.operation.clone(), order.sequence);
        self.say(pool, Said::Passed { operation, sequence });
    }
}

/// A running VM on the only host, with domain 7.
fn running() -> (Pool, Host, Ref) {
    let mut pool = Pool::of_one();
    let vm = vms::create(&mut pool, &[]);
    let mut host = Host::new(&mut pool);
    ops::start(&mut pool, &vm);
    let order = ops::order(&pool);
    host.works(&mut pool, &order, 7);
    assert_eq!(pool.get("VM.power_state", &vm), Value::text("Running"));
    (pool, host, vm)
}

fn domain(pool: &Pool, vm: &Ref, state: DomainState) -> Domain {
    Domain {
        vm: VmId(rows::text(&pool.view, "VM", vm, "uuid").unwrap()),
        domid: 7,
        state,
        memory_bytes: 0,
        migrating: false,
        guest: None,
    }
}

#[test]
fn a_domain_is_not_destroyed_again_by_a_daemon_that_comes_back() {
    let (mut pool, mut host, vm) = running();
    ops::admit(&mut pool, "hard_reboot", &[(&vm).into()]).unwrap();
    let order = ops::order(&pool);
    host.say(&pool, Said::Order(order.clone()));
    assert!(matches!(host.newest(), Effect::DomainDestroy(_)));
    host.done(None);
    assert!(matches!(host.newest(), Effect::DomainCreate(_)));
    host.restart("boot-1");
    host.say(&pool, Said::Order(order));
    assert!(matches!(host.newest(), Effect::DomainCreate(_)), "{:?}", host.newest());
}

#[test]
fn nor_by_what_the_host_does_by_itself() {
    let (pool, mut host, vm) = running();
    host.look(&pool, &[domain(&pool, &vm, DomainState::Stopped(StopReason::Reboot))]);
    assert!(matches!(host.newest(), Effect::DomainDestroy(_)));
    host.done(None);
    host.restart("boot-1");
    assert!(matches!(host.newest(), Effect::DomainCreate(_)), "{:?}", host.newest());
}

#[test]
fn a_guest_that_crashes_at_once_is_not_started_again() {
    for (ran_ms, effects) in [(1_000, 1), (200_000, 3)] {
        let (mut pool, mut host, vm) = running();
        host.agent.pass_time(1_000_000);
        ops::admit(&mut pool, "hard_reboot", &[(&vm).into()]).unwrap();
        let order = ops::order(&pool);
        host.works(&mut pool, &order, 7);
        host.agent.pass_time(1_000_000 + ran_ms);
        host.look(&pool, &[domain(&pool, &vm, DomainState::Stopped(StopReason::Crash))]);
        let stopping = host.journal.stopping.values().next().unwrap();
        assert_eq!(stopping.effects.len(), effects, "after {ran_ms} ms");
    }
}

#[test]
fn a_guest_that_reboots_at_once_waits() {
    let (mut pool, mut host, vm) = running();
    host.agent.pass_time(1_000_000);
    ops::admit(&mut pool, "hard_reboot", &[(&vm).into()]).unwrap();
    let order = ops::order(&pool);
    host.works(&mut pool, &order, 7);
    host.worked.clear();
    let stopped = domain(&pool, &vm, DomainState::Stopped(StopReason::Reboot));
    host.look(&pool, std::slice::from_ref(&stopped));
    assert_eq!(host.worked, Vec::new());
    host.agent.pass_time(1_029_999);
    host.look(&pool, std::slice::from_ref(&stopped));
    assert_eq!(host.worked, Vec::new());
    host.agent.pass_time(1_030_000);
    host.look(&pool, &[stopped]);
    assert!(matches!(host.newest(), Effect::DomainDestroy(_)));
}

#[test]
fn what_becomes_of_a_guest_is_as_the_rows_say_now() {
    let (mut pool, mut host, vm) = running();
    pool.call("VM.set_actions_after_crash", vec![(&vm).into(), "destroy".into()])
        .unwrap();
    host.look(&pool, &[domain(&pool, &vm, DomainState::Running)]);
    host.look(&pool, &[domain(&pool, &vm, DomainState::Stopped(StopReason::Crash))]);
    assert_eq!(host.journal.stopping.values().next().unwrap().effects.len(), 1);
}

#[test]
fn a_host_that_lost_its_journal_answers_its_guests_yet() {
    let (mut pool, mut host, vm) = running();
    host.journal = Journal::default();
    host.restart("boot-1");
    host.come(&mut pool);
    host.look(&pool, &[domain(&pool, &vm, DomainState::Stopped(StopReason::Reboot))]);
    assert_eq!(host.journal.stopping.values().next().unwrap().effects.len(), 3);
}

/// Of a suspend or a migration that could not end (seed 627).
#[test]
fn a_suspended_domain_that_nobody_works_is_ended() {
    let (mut pool, mut host, vm) = running();
    host.worked.clear();
    let suspended = domain(&pool, &vm, DomainState::Stopped(StopReason::Suspend));
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    host.look(&pool, std::slice::from_ref(&suspended));
    assert_eq!(host.worked, Vec::new(), "an operation may know of it");
    let order = ops::order(&pool);
    ops::answer(&mut pool, &order, ops::failed(0, EffectError::Failed("no".to_owned())));
    host.look(&pool, &[suspended]);
    assert!(matches!(host.newest(), Effect::DomainDestroy(_)));
    host.done(None);
    assert!(matches!(host.told.last(), Some(Report::Stopped(stopped)) if stopped.now.is_none()));
}

#[test]
fn a_vm_that_went_with_the_journal_is_missed() {
    let (mut pool, mut host, _) = running();
    host.journal = Journal::default();
    host.restart("boot-1");
    host.come(&mut pool);
    host.look(&pool, &[]);
    assert!(
        matches!(host.newest(), Effect::DomainDestroy(_)),
        "its disks may be attached yet"
    );
    host.done(None);
    assert!(matches!(host.told.last(), Some(Report::Stopped(stopped)) if stopped.now.is_none()));
}

#[test]
fn a_lost_journal_does_not_keep_the_next_boot_out() {
    let (mut pool, mut host, _) = running();
    for boot in ["boot-2", "boot-3"] {
        host.restart(boot);
        host.come(&mut pool);
    }
    host.journal = Journal::default();
    host.restart("boot-4");
    host.look(&pool, &[]);
    host.come(&mut pool);
}

fn declare_dead(pool: &mut Pool, host: &Ref) {
    let caller = crate::Caller::root();
    let mut cx = super::context(&pool.view, &mut pool.ids, &caller, pool.now_ms);
    cx.this_host = Ref::null();
    let (tx, _) = dead::declare_dead(&mut cx, crate::Args(&[Value::from(host)])).unwrap();
    pool.commit(&tx).unwrap();
}

#[test]
fn a_host_declared_dead_alive_ends_its_domains_and_comes_back() {
    let (mut pool, mut host, vm) = running();
    declare_dead(&mut pool, &host.row);
    let boot_id = host.journal.boot_id.clone();
    host.look(&pool, &[domain(&pool, &vm, DomainState::Running)]);
    assert!(matches!(host.newest(), Effect::DomainDestroy(_)));
    assert_eq!(host.agent.untold(), Vec::new(), "not before its domains are gone");
    let (boot_id, journal, is_in_place_of_another) = (boot_id.clone(), host.journal.id.clone(), false);
    host.say(
        &pool,
        Said::Welcome {
            boot_id: boot_id.clone(),
            journal,
            is_in_place_of_another,
        },
    );
    assert!(host.journal.condemned, "a late welcome is not for it");
    host.done(None);
    host.look(&pool, &[]);
    host.look(&pool, &[]);
    assert!(matches!(host.agent.untold().as_slice(), [Report::Booted(_)]));
    assert_ne!(host.journal.boot_id, boot_id);
    host.come(&mut pool);
    host.restart("boot-1");
    assert!(dead::knows_boot(&pool.view, &host.row, &host.journal.boot_id).unwrap());
    assert!(!host.journal.condemned && host.journal.passed_as_of != u64::MAX);
    let boot_id = host.journal.boot_id.clone();
    host.journal = Journal::default();
    host.restart("boot-1");
    host.look(&pool, &[]);
    assert_eq!(host.journal.boot_id, boot_id, "it is the same boot, with domains of it");
}

#[test]
fn a_host_declared_dead_alive_lets_go_of_its_disks() {
    let mut pool = Pool::of_one();
    let disk = storage::disk(&mut pool, true);
    let vm = storage::vm_with(&mut pool, &disk, "RW");
    let mut host = Host::new(&mut pool);
    ops::start(&mut pool, &vm);
    let order = ops::order(&pool);
    host.works(&mut pool, &order, 7);
    let held = attached(&order);
    declare_dead(&mut pool, &host.row);
    // Of what was ordered here nothing is known any more.
    host.journal = Journal::default();
    host.restart("boot-1");
    host.look_at(&pool, &[domain(&pool, &vm, DomainState::Running)], &held);
    assert!(host.journal.condemned && matches!(host.newest(), Effect::DomainDestroy(_)));
    host.done(None);
    host.look_at(&pool, &[], &held);
    let detaches = |effect: &Effect| matches!(effect, Effect::Storage(StorageEffect::VdiDetach(_)));
    assert!(detaches(host.newest()));
    let (ticket, _) = host.worked.pop().unwrap();
    let failed = host
        .agent
        .worked(ticket, Err(EffectError::Failed("not now".to_owned())));
    host.deeds(failed);
    host.look_at(&pool, &[], &held);
    host.look_at(&pool, &[], &held);
    assert!(host.journal.condemned && detaches(host.newest()));
    host.done(None);
    host.look(&pool, &[]);
    host.look(&pool, &[]);
    assert!(!host.journal.condemned);
    assert!(matches!(host.agent.untold().as_slice(), [Report::Booted(_)]));
}

/// What is attached by the order.
fn attached(order: &Order) -> Vec<Attachment> {
    let attachment = |effect: &Effect| match effect {
        Effect::Storage(StorageEffect::VdiAttach { on, read_only }) => Some(Attachment {
            on: on.clone(),
            read_only: *read_only,
            is_active: true,
            source: String::new(),
        }),
        _ => None,
    };
    let held: Vec<Attachment> = order.effects.iter().filter_map(attachment).collect();
    assert!(!held.is_empty());
    held
}

#[test]
fn a_host_that_is_not_welcome_does_not_ask_for_orders_again() {
    let (mut pool, mut host, vm) = running();
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    let order = ops::order(&pool);
    host.restart("boot-2");
    host.told.clear();
    host.say(&pool, Said::Order(order));
    assert_eq!(host.told, Vec::new());
}

/// What it had heard of fences went with the journal: only who can commit may say that it is welcome.
#[test]
fn a_host_that_lost_its_journal_does_not_work_for_a_deposed_coordinator() {
    let (mut pool, mut host, vm) = running();
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    let order = ops::order(&pool);
    let said_by_the_old = dead::welcome(&pool.view, &host.row, &host.boot()).unwrap();
    host.journal = Journal::default();
    host.restart("boot-1");
    assert_eq!(host.agent.untold(), vec![Report::Booted(host.boot())]);
    assert_eq!(dead::welcome(&pool.view, &host.row, &host.boot()).unwrap(), None);
    host.say(&pool, said_by_the_old.unwrap());
    host.say(&pool, Said::Order(order.clone()));
    assert_eq!(host.worked, Vec::new());
    host.come(&mut pool);
    assert!(dead::knows_boot(&pool.view, &host.row, &host.journal.boot_id).unwrap());
    host.say(&pool, Said::Order(order));
    assert!(matches!(host.newest(), Effect::DomainPause(_)));
}

/// The guest may have been suspended before the journal was lost: to give the order up as if nothing were done would lose its memory.
#[test]
fn what_a_lost_journal_may_have_worked_is_not_given_up() {
    let (mut pool, mut host, vm) = running();
    ops::admit(&mut pool, "pause", &[(&vm).into()]).unwrap();
    let order = Order {
        cancel: true,
        ..ops::order(&pool)
    };
    host.journal = Journal::default();
    host.restart("boot-1");
    host.come(&mut pool);
    host.told.clear();
    host.say(&pool, Said::Order(order.clone()));
    assert!(host.journal.may_be_done_before > order.created);
    assert_eq!(host.told, Vec::new(), "it is worked to its end");
    assert!(matches!(host.newest(), Effect::DomainPause(_)));
}
