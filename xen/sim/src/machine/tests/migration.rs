//! From machine to machine, with a network that may fail at each parcel.

use super::*;
use xenith_xen_port::DomainState::{Building, Paused, Running, Stopped};

const SUSPENDED: DomainState = Stopped(StopReason::Suspend);

fn prepared(rules: Vec<Rule>) -> World {
    let behaviour = Behaviour {
        rules,
        ..Behaviour::lifelike()
    };
    let mut world = World::running(2, &behaviour, "a");
    world.work(1, receive("a")).unwrap();
    assert_eq!(world.state(1, "a"), Some(Building));
    world
}

fn states(world: &World) -> [Option<(DomainState, bool)>; 2] {
    [0, 1].map(|machine| {
        world
            .domain(machine, "a")
            .map(|domain| (domain.state, domain.migrating))
    })
}

/// Until the source has suspended, or nothing happens any more.
fn until_all_is_sent(world: &mut World) {
    while world.state(0, "a") == Some(Running) {
        assert!(world.step());
    }
}

#[test]
fn nobody_runs_until_it_is_decided() {
    let mut world = prepared(Vec::new());
    let boot = boot_id(&world.domain(0, "a").unwrap());
    assert!(
        world.work(1, Effect::DomainUnpause(vm("a"))).is_err(),
        "not all of it is there"
    );
    world.work(0, send("a", 1)).unwrap();
    world.pass(600_000);
    assert_eq!(states(&world), [Some((SUSPENDED, true)), Some((Paused, true))]);
    assert!(world.work(0, Effect::DomainUnpause(vm("a"))).is_err());
    assert!(world.work(0, save("a")).is_err());
    assert_eq!(world.work(0, send("a", 1)), Ok(Done::default()), "asked again");
    world.work(1, Effect::DomainUnpause(vm("a"))).unwrap();
    world.work(0, Effect::DomainDestroy(vm("a"))).unwrap();
    world.pass(600_000);
    assert_eq!(states(&world), [None, Some((Running, false))]);
    assert_eq!(boot_id(&world.domain(1, "a").unwrap()), boot);
}

#[test]
fn it_can_be_decided_for_the_source() {
    let mut world = prepared(Vec::new());
    world.work(0, send("a", 1)).unwrap();
    world.work(1, Effect::DomainDestroy(vm("a"))).unwrap();
    world.work(0, Effect::MigrationUndo(vm("a"))).unwrap();
    assert_eq!(states(&world), [Some((Running, false)), None]);
    world.work(0, Effect::MigrationUndo(vm("a"))).unwrap();
    world.work(0, save("a")).unwrap();
    assert!(world.work(0, Effect::MigrationUndo(vm("a"))).is_err(), "it was saved");
}

#[test]
fn broken_at_sixty_percent_it_runs_on_here_and_is_gone_there() {
    let rule = Rule::always(
        EffectKind::MigrationSend,
        Trouble::Fail {
            at: Point::Percent(60),
            error: EffectError::PeerLost,
        },
    );
    let mut world = prepared(vec![rule]);
    assert_eq!(world.work(0, send("a", 1)), Err(EffectError::PeerLost));
    world.pass(60_000);
    assert_eq!(states(&world), [Some((Running, false)), None]);
    assert!(world.attention.contains(&vm("a")));
}

#[test]
fn a_lost_acknowledgement_leaves_it_open() {
    let rule = Rule::always(EffectKind::MigrationReceive, Trouble::AcknowledgementLost);
    let mut world = prepared(vec![rule]);
    for _ in 0..2 {
        assert!(matches!(world.work(0, send("a", 1)), Err(EffectError::NotKnown(_))));
        world.pass(600_000);
        assert_eq!(states(&world), [Some((SUSPENDED, true)), Some((Paused, true))]);
    }
}

#[test]
fn a_lost_destination_is_noticed_before_the_guest_is_suspended() {
    let mut world = prepared(Vec::new());
    world.machines[1] = Machine::new(8 * GIB, Behaviour::lifelike(), 7);
    assert_eq!(world.work(0, send("a", 1)), Err(EffectError::PeerLost));
    assert_eq!(states(&world), [Some((Running, false)), None]);
}

#[test]
fn a_destination_lost_after_the_last_piece_does_not_wake_the_source() {
    let mut world = prepared(Vec::new());
    let ticket = world.begin(0, send("a", 1));
    until_all_is_sent(&mut world);
    world.machines[1] = Machine::new(8 * GIB, Behaviour::lifelike(), 7);
    world.pass(600_000);
    assert!(matches!(world.finished[&ticket], Err(EffectError::NotKnown(_))));
    assert_eq!(states(&world), [Some((SUSPENDED, true)), None]);
    world.work(0, Effect::MigrationUndo(vm("a"))).unwrap();
    assert_eq!(world.state(0, "a"), Some(Running));
}

/// The memory came once more after it was decided for the destination, which is gone by now.
#[test]
fn a_late_refusal_does_not_wake_the_source() {
    let mut world = prepared(Vec::new());
    let ticket = world.begin(0, send("a", 1));
    until_all_is_sent(&mut world);
    let rest = world.parcels.front().cloned().unwrap();
    world.step();
    let acknowledgement = world.parcels.pop_front();
    assert!(acknowledgement.is_some_and(|(.., parcel)| parcel.body == ParcelBody::HasAll));
    world.begin(1, Effect::DomainDestroy(vm("a")));
    while world.state(1, "a").is_some() {
        world.parcels.clear();
        world.step();
    }
    world.parcels.push_back(rest);
    world.pass(600_000);
    assert!(matches!(world.finished[&ticket], Err(EffectError::NotKnown(_))));
    assert_eq!(world.state(0, "a"), Some(SUSPENDED));
}

/// No source does this; what is half there does not run even so.
#[test]
fn a_rest_without_all_pieces_is_refused() {
    let mut world = prepared(Vec::new());
    let memory = world.machines[0].guests[&vm("a")].memory.clone();
    for parts in [1, 5] {
        let parcel = Parcel {
            vm: vm("a"),
            migration: "m1".to_owned(),
            body: ParcelBody::Rest {
                parts,
                memory: memory.clone(),
            },
        };
        world.machines[1].deliver(world.now_ms, "0", parcel);
        let happenings = world.machines[1].advance(world.now_ms, &mut world.images);
        let refused = |happening: &Happening| matches!(happening, Happening::Send { parcel, .. } if parcel.body == ParcelBody::Refused);
        assert!(
            happenings.iter().all(refused) && happenings.len() == 1,
            "{happenings:?}"
        );
        assert_eq!(world.state(1, "a"), Some(Building));
    }
}

#[test]
fn it_is_cancelled_while_the_guest_runs_and_not_after() {
    let mut world = prepared(Vec::new());
    let ticket = world.begin(0, send("a", 1));
    world.pass(2_000);
    world.machines[0].cancel(world.now_ms, ticket);
    world.pass(0);
    assert_eq!(world.finished[&ticket], Err(EffectError::Cancelled));
    assert_eq!(states(&world), [Some((Running, false)), None]);

    let mut world = prepared(Vec::new());
    let ticket = world.begin(0, send("a", 1));
    until_all_is_sent(&mut world);
    world.machines[0].cancel(world.now_ms, ticket);
    world.pass(60_000);
    assert_eq!(world.finished[&ticket], Ok(Done::default()));
}

#[test]
fn undo_ends_a_migration_that_is_under_way() {
    let mut world = prepared(Vec::new());
    let ticket = world.begin(0, send("a", 1));
    world.pass(2_000);
    world.work(0, Effect::MigrationUndo(vm("a"))).unwrap();
    world.pass(60_000);
    assert_eq!(world.finished[&ticket], Err(EffectError::Cancelled));
    assert_eq!(states(&world), [Some((Running, false)), None]);
}

/// Each parcel in turn is lost, doubled, or late. What is lost is sent again.
#[test]
fn every_single_parcel_may_be_lost_doubled_or_late() {
    for trouble in ["lost", "doubled", "late"] {
        let mut hit = 0;
        for which in 0.. {
            let mut world = prepared(Vec::new());
            let ticket = world.begin(0, send("a", 1));
            let (mut sent, mut kept) = (0, None);
            while !world.finished.contains_key(&ticket) {
                if let Some(parcel) = world.parcels.front().cloned() {
                    match trouble {
                        "doubled" if sent == which => world.parcels.push_back(parcel),
                        "late" if sent == which => kept = world.parcels.pop_front(),
                        "lost" if sent == which => drop(world.parcels.pop_front()),
                        _ => {}
                    }
                    sent += 1;
                }
                assert!(world.step());
            }
            assert_eq!(world.finished[&ticket], Ok(Done::default()), "{trouble} {which}");
            world.parcels.extend(kept);
            world.pass(600_000);
            assert_eq!(
                states(&world),
                [Some((SUSPENDED, true)), Some((Paused, true))],
                "{trouble} {which}"
            );
            if sent <= which {
                break;
            }
            hit += 1;
        }
        assert!(hit > 20, "{trouble}: only {hit} parcels");
    }
}
