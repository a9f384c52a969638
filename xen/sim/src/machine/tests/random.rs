//! Anything in any order, with a network that loses, doubles and delays, and machines that lose their power.

use super::*;
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a", "b", "c"];
const MEMORY_BYTES: i64 = 5 * GIB / 2;

#[derive(Clone, Debug)]
enum Act {
    Begin(usize, Effect),
    Cancel(u64),
    Pass(u64),
    GuestStops(usize, usize, StopReason),
    Lose(usize),
    Double(usize),
    PowerOff(usize),
}

fn effect() -> impl Strategy<Value = Effect> {
    let name = prop::sample::select(&NAMES[..]);
    (name, 0..11usize, 0..2usize).prop_map(|(name, kind, other)| match kind {
        0 => create(name),
        1 | 2 => Effect::DomainUnpause(vm(name)),
        3 => Effect::DomainPause(vm(name)),
        4 => shutdown(name, 2_000),
        5 => Effect::DomainDestroy(vm(name)),
        6 => save(name),
        7 => restore(name),
        8 => receive(name),
        9 => send(name, other),
        _ => Effect::MigrationUndo(vm(name)),
    })
}

fn act() -> impl Strategy<Value = Act> {
    let reason = prop::sample::select(&[StopReason::Poweroff, StopReason::Reboot, StopReason::Crash][..]);
    prop_oneof![
        10 => (0..2usize, effect()).prop_map(|(machine, effect)| Act::Begin(machine, effect)),
        1 => (1..60u64).prop_map(Act::Cancel),
        6 => (0..4_000u64).prop_map(Act::Pass),
        1 => (0..2usize, 0..3usize, reason).prop_map(|(machine, name, reason)| Act::GuestStops(machine, name, reason)),
        1 => (0..8usize).prop_map(Act::Lose),
        1 => (0..8usize).prop_map(Act::Double),
        1 => (0..2usize).prop_map(Act::PowerOff),
    ]
}

fn trouble() -> impl Strategy<Value = Vec<Rule>> {
    let error = EffectError::Failed("scripted".to_owned());
    let troubles = vec![
        Trouble::Slow { by_ms: 3_000 },
        Trouble::GuestIgnores,
        Trouble::AcknowledgementLost,
        Trouble::Fail {
            at: Point::Percent(60),
            error: error.clone(),
        },
        Trouble::Fail {
            at: Point::Percent(100),
            error,
        },
        Trouble::GuestStops {
            after_ms: 5_000,
            reason: StopReason::Reboot,
        },
    ];
    let rule = (prop::sample::select(troubles), 0..6u32).prop_map(|(then, skip)| Rule {
        effect: None,
        vm: None,
        skip,
        times: Some(2),
        then,
    });
    prop::collection::vec(rule, 0..4)
}

/// What a machine may never show, whatever it is asked.
fn check(world: &World, highest_domid: &mut [i64; 2]) {
    for (machine, highest) in world.machines.iter().zip(highest_domid) {
        let domains = machine.domains();
        let vms: BTreeSet<&VmId> = domains.iter().map(|domain| &domain.vm).collect();
        assert_eq!(vms.len(), domains.len());
        let used: i64 = domains.iter().map(|domain| domain.memory_bytes).sum();
        assert!(used <= MEMORY_BYTES, "{used} bytes");
        assert_eq!(machine.free_bytes(), MEMORY_BYTES - used);
        let ids: BTreeSet<i64> = domains.iter().map(|domain| domain.domid).collect();
        assert_eq!(ids.len(), domains.len());
        *highest = ids.last().copied().unwrap_or(0).max(*highest);
        for domain in &domains {
            let sends =
                domain.state != DomainState::Running || matches!(half(machine, &domain.vm), Some(Half::Sending));
            assert!(
                !domain.migrating || sends,
                "runs while its migration is not decided: {domain:?}"
            );
            assert!(machine.guests[&domain.vm].running_since_ms.is_some() == (domain.state == DomainState::Running));
        }
    }
}

fn half<'a>(machine: &'a Machine, vm: &VmId) -> Option<&'a Half> {
    machine.guests.get(vm)?.half.as_ref()
}

fn act_on(world: &mut World, act: Act, begun: &mut BTreeMap<u64, usize>) {
    match act {
        Act::Begin(machine, effect) => {
            let ticket = world.begin(machine, effect);
            begun.insert(ticket, machine);
        }
        Act::Cancel(ticket) => {
            if let Some(machine) = begun.get(&ticket) {
                world.machines[*machine].cancel(world.now_ms, ticket);
            }
        }
        Act::Pass(ms) => world.pass(ms),
        Act::GuestStops(machine, name, reason) => {
            world.machines[machine].guest_stops(world.now_ms, &vm(NAMES[name]), reason);
        }
        Act::Lose(which) => drop(world.parcels.remove(which)),
        Act::Double(which) => {
            let again = world.parcels.get(which).cloned();
            world.parcels.extend(again);
        }
        Act::PowerOff(machine) => {
            world.machines[machine] = Machine::new(MEMORY_BYTES, Behaviour::lifelike(), 9);
            begun.retain(|ticket, on| *on != machine || world.finished.contains_key(ticket));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_machine_keeps_its_promises(acts in prop::collection::vec(act(), 1..60), rules in trouble()) {
        let behaviour = Behaviour { rules, ..Behaviour::lifelike() };
        let mut world = World::new(2, &behaviour);
        for machine in &mut world.machines {
            *machine = Machine::new(MEMORY_BYTES, behaviour.clone(), 3);
        }
        let (mut begun, mut domids) = (BTreeMap::new(), [0, 0]);
        for act in acts {
            let powered_off = match act { Act::PowerOff(machine) => Some(machine), _ => None };
            let before = domids;
            act_on(&mut world, act, &mut begun);
            if let Some(machine) = powered_off {
                domids[machine] = 0;
            } else {
                // A step at a time, so that parcels are there to be lost.
                world.step();
            }
            check(&world, &mut domids);
            prop_assert!(powered_off.is_some() || domids[0] >= before[0] && domids[1] >= before[1]);
        }
        // Without faults everything that was begun ends.
        world.pass(3_600_000);
        check(&world, &mut domids);
        for ticket in begun.keys() {
            prop_assert!(world.finished.contains_key(ticket), "ticket {} is not finished", ticket);
        }
        prop_assert!(world.machines.iter().all(|machine| machine.works.is_empty()));
    }

    /// Whatever was done before: an effect that succeeded succeeds again and changes no domain.
    #[test]
    fn a_repeated_effect_changes_nothing(acts in prop::collection::vec(act(), 1..30), last in effect()) {
        let mut world = World::new(2, &Behaviour::instant());
        let mut begun = BTreeMap::new();
        for act in acts {
            act_on(&mut world, act, &mut begun);
        }
        world.pass(3_600_000);
        if let Ok(done) = world.work(0, last.clone()) {
            world.pass(3_600_000);
            let before = (world.machines[0].domains(), world.images.clone());
            prop_assert_eq!(world.work(0, last), Ok(done));
            prop_assert_eq!((world.machines[0].domains(), world.images.clone()), before);
        }
    }
}
