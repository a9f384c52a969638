//! The table of steps: each operation, with each kind of trouble at each of its steps, one at a time.
//!
//! The operation is run once without trouble; wherever something of it has happened (a commit, a deed of a host's agent) the world is copied,
//! the blow is struck in the copy, what it broke is mended a little later, and everything has to end: the task, and with it locks, claims,
//! domains and attachments, by the same checkers as of the runs by chance. So a new step is tried without being named here.

use super::host::{Fate, Meddle};
use super::net::Message;
use super::world::World;
use super::{PoolOptions, PoolPlant, calls, checkers, faults};
use std::collections::BTreeSet;
use xenith_classes::operation::Record;
use xenith_datamodel::{Ref, Value, class};
use xenith_xen_port::{EffectError, StopReason};

mod table;

use table::{CASES, Case};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// Another coordinator: what is in flight is lost, or is not.
    Coordinator,
    DaemonEnds,
    /// After so many more of its deeds.
    DaemonEndsSoon,
    JournalLost,
    PowerLost,
    DeclaredDead,
    /// All that were said so far.
    OrdersAgain,
    Cancelled,
    GuestStops,
    /// One effect, once.
    EffectFails,
    /// One effect and what follows it, a few times or for a minute.
    EffectsFail,
    AnswerLost,
}

impl Blow {
    pub const ALL: [Blow; 12] = [
        Blow::Coordinator,
        Blow::DaemonEnds,
        Blow::DaemonEndsSoon,
        Blow::JournalLost,
        Blow::PowerLost,
        Blow::DeclaredDead,
        Blow::OrdersAgain,
        Blow::Cancelled,
        Blow::GuestStops,
        Blow::EffectFails,
        Blow::EffectsFail,
        Blow::AnswerLost,
    ];
}

/// How many were tried, and what was found.
#[derive(Debug, Default)]
pub struct Tried {
    pub runs: usize,
    /// What is not built yet, or not for this VM.
    pub refused: Vec<&'static str>,
    pub found: Vec<String>,
}

const SEED: u64 = 1;
/// The VM that all is about: its disk is seen by every host.
const VM: usize = 1;
/// Nothing may need more.
const STEPS_MAX: u64 = 3_000;
/// What is broken is mended after so long.
const MEND_MS: i64 = 3_000;
const FAILS_FOR_MS: i64 = 60_000;

/// Every case of the table under this blow; `only`: the one of this name, with its trace.
pub fn try_all(blow: Blow, plant: PoolPlant, only: Option<&str>) -> Tried {
    let mut tried = Tried::default();
    for case in CASES {
        let mut table = Table {
            case,
            blow,
            plant,
            only,
            fails_at: None,
            tried: &mut tried,
        };
        match blow {
            Blow::EffectFails | Blow::EffectsFail | Blow::AnswerLost => table.at_each_effect(),
            Blow::Coordinator | Blow::DaemonEnds | Blow::Cancelled => {
                table.at_each_point();
                table.while_it_is_undone();
            }
            _ => table.at_each_point(),
        }
    }
    tried
}

type Strike = Box<dyn Fn(&mut World)>;

struct Table<'a> {
    case: &'static Case,
    blow: Blow,
    plant: PoolPlant,
    only: Option<&'a str>,
    /// Beside the blow: the host and the number of the effect that fails there.
    fails_at: Option<(usize, usize)>,
    tried: &'a mut Tried,
}

impl Table<'_> {
    fn at_each_point(&mut self) {
        let mut world = prepared(self.case);
        world.said = Some(Vec::new());
        if let Some((host, skip)) = self.fails_at {
            let (times, fate) = (1, failed());
            world.hosts[host].meddle = Some(Meddle { skip, times, fate });
        }
        let Some(task) = ask(&mut world, self.case) else {
            return self.tried.refused.push(self.case.name);
        };
        let (mut seen, mut point) = (None, 0);
        for step in 1..STEPS_MAX {
            let mark = mark(&world);
            if seen.as_ref() != Some(&mark) {
                seen = Some(mark);
                point += 1;
                for (number, strike) in self.strikes(&world, &task).into_iter().enumerate() {
                    self.run(world.clone(), &task, (point, number), strike);
                }
            }
            if is_over(&world, &task) && world.is_quiet() {
                return;
            }
            world.begin_step(step);
            world.pass_on();
        }
        self.tried
            .found
            .push(format!("{} does not end by itself", self.case.name));
    }

    /// The steps by which an operation goes back are steps, too.
    fn while_it_is_undone(&mut self) {
        for place in self.effects().unwrap_or_default() {
            self.fails_at = Some(place);
            self.at_each_point();
        }
    }

    fn at_each_effect(&mut self) {
        let Some(effects) = self.effects() else {
            return self.tried.refused.push(self.case.name);
        };
        let base = prepared(self.case);
        for (host, skip) in effects {
            for (number, (times, fate)) in fates(self.blow).into_iter().enumerate() {
                let mut world = base.clone();
                world.hosts[host].meddle = Some(Meddle { skip, times, fate });
                if let Some(task) = ask(&mut world, self.case) {
                    self.run(world, &task, (host * 100 + skip, number), |_| {});
                }
            }
        }
    }

    /// What is begun where, without trouble; nothing when it is refused.
    fn effects(&self) -> Option<Vec<(usize, usize)>> {
        let mut world = prepared(self.case);
        let before: Vec<usize> = world.hosts.iter().map(|host| host.begun).collect();
        ask(&mut world, self.case)?;
        settle(&mut world);
        let begun = world.hosts.iter().zip(before).map(|(host, before)| host.begun - before);
        let effects = begun
            .enumerate()
            .flat_map(|(host, effects)| (0..effects).map(move |at| (host, at)));
        Some(effects.collect())
    }

    fn run(&mut self, mut world: World, task: &Ref, (point, number): (usize, usize), strike: impl FnOnce(&mut World)) {
        let fails = self
            .fails_at
            .map_or_else(String::new, |(host, at)| format!("+{host}.{at}"));
        let name = format!(
            "{}.{}{fails}/{:?}/{point}/{number}",
            self.case.class, self.case.name, self.blow
        );
        world.print = self.only == Some(name.as_str());
        if self.only.is_some() && !world.print {
            return;
        }
        self.tried.runs += 1;
        world.plant = self.plant;
        strike(&mut world);
        if let Some(what) = self.finish(&mut world, task) {
            self.tried.found.push(format!("{name}: {what}"));
        }
    }

    /// What the blow is on this state of the world.
    fn strikes(&self, world: &World, task: &Ref) -> Vec<Strike> {
        let mut strikes: Vec<Strike> = Vec::new();
        let task = task.clone();
        match self.blow {
            Blow::Coordinator => {
                strikes.push(Box::new(|world| world.change_coordinator(0)));
                strikes.push(Box::new(|world| {
                    world.change_coordinator(world.coordinator.in_flight())
                }));
            }
            Blow::OrdersAgain => strikes.push(Box::new(say_again)),
            Blow::Cancelled => strikes.push(Box::new(move |world| calls::cancel_task(world, &task))),
            _ => {
                for host in concerned(world) {
                    self.strikes_at(host, &mut strikes);
                }
            }
        }
        strikes
    }

    fn strikes_at(&self, host: usize, strikes: &mut Vec<Strike>) {
        match self.blow {
            Blow::DaemonEnds => strikes.push(Box::new(move |world| world.hosts[host].stop_daemon())),
            Blow::DaemonEndsSoon => {
                for deeds in 0..4 {
                    strikes.push(Box::new(move |world| world.hosts[host].ends_in = Some(deeds)));
                }
            }
            Blow::JournalLost => strikes.push(Box::new(move |world| faults::lose_journal(world, host))),
            Blow::PowerLost => strikes.push(Box::new(move |world| world.hosts[host].power_off())),
            Blow::DeclaredDead => strikes.push(Box::new(move |world| {
                world.hosts[host].power_off();
                faults::declare(world, host);
            })),
            Blow::GuestStops => {
                for reason in [StopReason::Poweroff, StopReason::Reboot, StopReason::Crash] {
                    strikes.push(Box::new(move |world| guest_stops(world, host, reason)));
                }
            }
            Blow::Coordinator
            | Blow::OrdersAgain
            | Blow::Cancelled
            | Blow::EffectFails
            | Blow::EffectsFail
            | Blow::AnswerLost => {}
        }
    }

    /// Mends, and waits for the end; what is wrong.
    fn finish(&self, world: &mut World, task: &Ref) -> Option<String> {
        let after_ms = if self.blow == Blow::EffectsFail {
            FAILS_FOR_MS
        } else {
            MEND_MS
        };
        let mend_at = world.now_ms + after_ms;
        let mut is_mended = false;
        for step in 1..STEPS_MAX {
            if !is_mended && world.now_ms >= mend_at {
                world.heal();
                is_mended = true;
            }
            if is_mended && world.is_quiet() && checkers::not_shown_of_guests(world).is_none() {
                return checkers::check_quiet(world).or_else(|| self.judge(world, task));
            }
            world.begin_step(step);
            world.pass_on();
            if let Some(what) = checkers::check(world, step) {
                return Some(what);
            }
        }
        Some(format!("it does not end: {}", world.unfinished()))
    }

    /// What more can be said than that all is well: how the task must end, and that one blow does not cost a guest.
    fn judge(&self, world: &World, task: &Ref) -> Option<String> {
        let status = text(world, ("task", task), "status");
        let must_succeed = self.fails_at.is_none()
            && matches!(
                self.blow,
                Blow::Coordinator | Blow::OrdersAgain | Blow::DaemonEnds | Blow::DaemonEndsSoon
            );
        if must_succeed && status.as_deref().is_some_and(|status| status != "success") {
            let error = value(world, ("task", task), "error_info");
            return Some(format!("its task ends as {status:?}: {error:?}"));
        }
        let vm = world.vms.get(VM)?;
        let state = text(world, ("VM", vm), "power_state")?;
        let costs_guests = matches!(
            self.blow,
            Blow::PowerLost | Blow::DeclaredDead | Blow::GuestStops | Blow::EffectsFail
        );
        let domid = value(world, ("VM", vm), "domid")?.as_int()?;
        if state == "Paused" && domid < 0 && self.blow != Blow::EffectsFail {
            return Some("what is left of it stays".to_owned());
        }
        (self.case.keeps_guest && !costs_guests && state == "Halted").then(|| "its guest is lost".to_owned())
    }
}

fn prepared(case: &Case) -> World {
    let options = PoolOptions {
        seed: SEED,
        steps: 0,
        plant: PoolPlant::None,
        print: false,
    };
    let mut world = World::of(options, VM + 1, false);
    for message in case.before {
        let params = table::params_of(&world, message);
        let asked = calls::ask_of(&mut world, ("VM", message), &params);
        assert!(asked.is_some(), "{}: {message} is refused", case.name);
        settle(&mut world);
    }
    world
}

fn ask(world: &mut World, case: &Case) -> Option<Ref> {
    let params = (case.params)(world);
    calls::ask_of(world, (case.class, case.message), &params)
}

/// Until nothing is under way.
fn settle(world: &mut World) {
    for step in 1..STEPS_MAX {
        world.begin_step(step);
        world.pass_on();
        if world.is_quiet() && checkers::not_shown_of_guests(world).is_none() {
            return;
        }
    }
    panic!("it does not end without trouble: {}", world.unfinished());
}

/// Changes when something has happened that another step can follow.
fn mark(world: &World) -> (u64, usize, usize) {
    let deeds = world.hosts.iter().map(|host| host.deeds).sum();
    (world.committed.generation(), world.coordinator.in_flight(), deeds)
}

fn is_over(world: &World, task: &Ref) -> bool {
    let status = text(world, ("task", task), "status");
    status.is_some_and(|status| status != "pending")
}

/// Hosts with a domain, or that an operation holds or works on.
fn concerned(world: &World) -> Vec<usize> {
    let mut rows = BTreeSet::new();
    let operations = class("xenith_operation").into_iter();
    for operation in operations.flat_map(|class| world.committed.refs(class)) {
        if let Ok(record) = Record::read(&world.committed, operation) {
            rows.extend([record.host, record.later_host]);
            rows.extend(record.locks.into_iter().map(|lock| lock.object));
        }
    }
    let is_concerned = |at: &usize| {
        let host = &world.hosts[*at];
        let has_domains = host
            .machine
            .as_ref()
            .is_some_and(|machine| !machine.domains().is_empty());
        has_domains || rows.contains(&host.row)
    };
    (0..world.hosts.len()).filter(is_concerned).collect()
}

fn say_again(world: &mut World) {
    for (host, signed) in world.said.clone().unwrap_or_default() {
        world.send(|| Message::ToHost {
            host,
            signed: signed.clone(),
            deposed: false,
        });
    }
}

fn guest_stops(world: &mut World, host: usize, reason: StopReason) {
    let now_ms = world.machine_ms();
    let Some(machine) = world.hosts[host].machine.as_mut() else {
        return;
    };
    for domain in machine.domains() {
        machine.guest_stops(now_ms, &domain.vm, reason);
    }
}

fn failed() -> Fate {
    Fate::Fails(EffectError::Failed("the table says so".to_owned()))
}

fn fates(blow: Blow) -> Vec<(usize, Fate)> {
    let not_known = || Fate::Fails(EffectError::NotKnown("the table says so".to_owned()));
    match blow {
        Blow::AnswerLost => vec![(1, Fate::AnswerLost)],
        Blow::EffectsFail => vec![
            (2, not_known()),
            (5, failed()),
            (5, Fate::AnswerLost),
            (usize::MAX, failed()),
        ],
        _ => vec![(1, failed()), (1, not_known())],
    }
}

fn value(world: &World, (name, row): (&str, &Ref), field: &str) -> Option<Value> {
    world.committed.value(row, class(name)?.column(field)?)
}

fn text(world: &World, place: (&str, &Ref), field: &str) -> Option<String> {
    value(world, place, field)?.as_text().map(str::to_owned)
}
